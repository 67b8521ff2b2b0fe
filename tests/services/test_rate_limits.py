"""Attempts are counted exactly, before they are made, for every process."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import TooMany
from kametrix.models import RateLimit
from kametrix.services import rate_limits
from kametrix.services.clean_up import LIMITS_KEPT
from kametrix.services.rate_limits import Limit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIVE = Limit("five", 5, timedelta(minutes=15), timedelta(minutes=15))
TWO = Limit("two", 2, timedelta(minutes=10), timedelta(minutes=20))


def tries(session: Session, limit: Limit, subject: str, count: int) -> list[bool]:
    results: list[bool] = []
    for _ in range(count):
        try:
            rate_limits.take(session, (limit, subject))
            results.append(True)
        except TooMany:
            results.append(False)
    return results


def test_the_fifth_attempt_locks_for_fifteen_minutes(session: Session) -> None:
    with clock.at(NOON):
        assert tries(session, FIVE, "a", 6) == [True] * 5 + [False]
        with pytest.raises(TooMany, match="try again in 15 minutes") as refused:
            rate_limits.take(session, (FIVE, "a"))
    assert refused.value.retry_after == 900
    with clock.at(NOON + timedelta(minutes=14, seconds=59)), pytest.raises(TooMany, match="in 1 minute\\.") as refused:
        rate_limits.take(session, (FIVE, "a"))
    assert refused.value.retry_after == 1
    with clock.at(NOON + timedelta(minutes=15)):
        assert tries(session, FIVE, "a", 6) == [True] * 5 + [False]


def test_the_words_name_the_minutes_that_are_left(session: Session) -> None:
    with clock.at(NOON):
        tries(session, FIVE, "a", 5)
    for seconds, told in ((13 * 60, "in 2 minutes\\."), (13 * 60 + 59, "in 2 minutes\\."), (14 * 60, "in 1 minute\\.")):
        with clock.at(NOON + timedelta(seconds=seconds)), pytest.raises(TooMany, match=told):
            rate_limits.take(session, (FIVE, "a"))


@pytest.mark.parametrize(
    ("limit", "attempts", "minutes"),
    [
        (rate_limits.LOGIN_ACCOUNT, 5, 15),
        (rate_limits.LOGIN_ADDRESS, 5, 15),
        (rate_limits.OLD_PASSWORD, 5, 15),
        (rate_limits.SIGN_UP, 20, 60),
    ],
    ids=lambda value: value.name if isinstance(value, Limit) else None,
)
def test_the_limits_are_those_of_the_documents(session: Session, limit: Limit, attempts: int, minutes: int) -> None:
    with clock.at(NOON):
        assert tries(session, limit, "a", attempts + 1) == [True] * attempts + [False]
    with clock.at(NOON + timedelta(minutes=minutes, seconds=-1)):
        assert tries(session, limit, "a", 1) == [False]
    with clock.at(NOON + timedelta(minutes=minutes)):
        assert tries(session, limit, "a", 1) == [True]


def test_counters_are_kept_longer_than_any_window_and_lock() -> None:
    limits = [value for value in vars(rate_limits).values() if isinstance(value, Limit)]
    assert max(limit.window + limit.lock for limit in limits) < LIMITS_KEPT


def test_attempts_of_an_old_window_do_not_count(session: Session) -> None:
    with clock.at(NOON):
        assert tries(session, FIVE, "a", 4) == [True] * 4
    with clock.at(NOON + timedelta(minutes=15)):
        assert tries(session, FIVE, "a", 6) == [True] * 5 + [False]


def test_subjects_and_limits_do_not_touch_each_other(session: Session) -> None:
    tries(session, FIVE, "a", 6)
    assert tries(session, FIVE, "b", 1) == [True]
    assert tries(session, TWO, "a", 1) == [True]


def test_what_is_counted_cannot_be_read_from_the_table(session: Session) -> None:
    rate_limits.take(session, (FIVE, "dana@brightside-dental.com"))
    assert "dana" not in session.exec(select(RateLimit.key)).one()


def test_when_one_key_is_locked_nothing_else_is_counted(database: str) -> None:
    with db.transaction() as session:
        tries(session, FIVE, "account", 5)
    for _ in range(7):
        with pytest.raises(TooMany), db.transaction() as session:
            rate_limits.take(session, (TWO, "address"), (FIVE, "account"))
    with db.transaction() as session:
        assert tries(session, TWO, "address", 1) == [True]


def test_a_success_gives_its_attempt_and_the_lock_it_caused_back(session: Session) -> None:
    tries(session, FIVE, "a", 5)
    rate_limits.give_back(session, FIVE, "a")
    assert tries(session, FIVE, "a", 2) == [True, False]
    rate_limits.forget(session, FIVE, "a")
    assert tries(session, FIVE, "a", 6) == [True] * 5 + [False]


def test_attempts_at_once_are_counted_exactly(database: str) -> None:
    def attempt(_: int) -> bool:
        try:
            with db.transaction() as session:
                rate_limits.take(session, (FIVE, "account"), (Limit("many", 1000, FIVE.window, FIVE.lock), "address"))
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(64))) == 5


@examples(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=30))
def test_never_more_than_the_limit_within_a_window_after_a_lock(session: Session, steps: list[tuple[int, bool]]) -> None:
    """Against a plain model: a window from its first attempt, a lock at the last, a success giving one back."""
    rate_limits.forget(session, FIVE, "model")
    now, started, count, locked = NOON, NOON - timedelta(days=1), 0, None
    for seconds, succeeds in steps:
        now += timedelta(seconds=seconds)
        if locked <= now if locked else started <= now - FIVE.window:
            started, count, locked = now, 0, None
        with clock.at(now):
            assert tries(session, FIVE, "model", 1) == [locked is None]
            if locked is None:
                count += 1
                locked = now + FIVE.lock if count == FIVE.attempts else None
                if succeeds:
                    rate_limits.give_back(session, FIVE, "model")
                    count, locked = count - 1, None

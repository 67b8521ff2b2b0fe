"""A month of the ledger: it adds up, months join without a gap, and no row stands in two of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import TransactionType
from kametrix.services import ledger, statements
from kametrix.services.access import Actor
from kametrix.services.statement_words import month_name, movements
from kametrix.services.statements import Month, Rate
from tests import factories

NOV = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


def post(session: Session, actor: Actor, amount: int, at: datetime) -> None:
    with clock.at(at):
        factories.post_credit(session, actor, amount)


def call(session: Session, actor: Actor, seconds: int, rate: int, at: datetime) -> None:
    with clock.at(at):
        ledger.charge_call(session, factories.create_call(session, factories.create_agent(session, actor)), seconds=seconds, rate=rate)


def days(session: Session, actor: Actor, shown: statements.Statement) -> list[statements.Day]:
    return statements.days(session, actor, shown.opening.seq, shown.closing.seq, shown.zone)


def member(session: Session, zone: str = "UTC") -> Actor:
    return factories.create_member(session, factories.create_organization(session, timezone=zone))


def test_a_month_adds_up_from_its_opening_to_its_closing_balance(session: Session) -> None:
    actor = member(session)
    post(session, actor, 100, NOV - timedelta(days=20))
    call(session, actor, 272, 15, NOV)
    call(session, actor, 30, 12, NOV)
    call(session, actor, 125, 15, NOV + timedelta(hours=1))
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType.PURCHASE, amount=1_000, key="pi:1", description="Starter",
        stripe_payment_id="pi_1",
    )  # fmt: skip
    with clock.at(NOV + timedelta(days=30)):
        shown = statements.statement(session, actor, "2026-11")
    assert (shown.opening.seq, shown.opening.balance, shown.closing.seq, shown.closing.balance) == (1, 100, 5, 968)
    assert (shown.rows, shown.calls, shown.minutes, shown.is_complete) == (4, 3, 9, True)
    assert shown.rates == (Rate(12, 1, 1, -12), Rate(15, 2, 8, -120))
    assert (shown.grace_used, shown.grace_repaid) == (32, 32)
    assert movements(shown) == [("Payments", 1, 1_000), ("Calls", 2, -87), ("Calls in grace", 1, -45)]
    assert shown.opening.balance + sum(amount for *_, amount in movements(shown)) == shown.closing.balance
    first = days(session, actor, shown)[0]
    assert (first.day.day, first.calls, first.minutes, first.used, first.other, first.balance) == (10, 3, 9, -132, 0, -32)


def test_a_month_is_that_of_the_organizations_clock(session: Session) -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    berlin, angeles = member(session, "Europe/Berlin"), member(session, "America/Los_Angeles")
    for actor in (berlin, angeles):
        post(session, actor, 5, late)
        post(session, actor, 7, datetime(2026, 12, 1, 4, 0, tzinfo=UTC))
    with clock.at(datetime(2026, 12, 20, tzinfo=UTC)):
        assert [month.month for month in statements.months(session, berlin)] == ["2026-12", "2026-11"]
        assert [month.month for month in statements.months(session, angeles)] == ["2026-11", "2026-10"]
        assert statements.statement(session, berlin, "2026-11").closing.balance == 5
        assert statements.statement(session, angeles, "2026-11").closing.balance == 12


def test_the_list_tells_each_month_and_the_current_one_so_far(session: Session) -> None:
    actor = member(session)
    post(session, actor, 500, NOV - timedelta(days=40))
    call(session, actor, 61, 15, NOV)
    with clock.at(NOV + timedelta(hours=1)):
        assert statements.months(session, actor) == [
            Month("2026-11", 1, 2, 30, 0, -30, 470, is_complete=False),
            Month("2026-10", 0, 0, 0, 0, 500, 500, is_complete=True),
        ]
        assert not statements.statement(session, actor, "2026-11").is_complete


def test_a_month_without_rows_between_others_stands_still(session: Session) -> None:
    actor = member(session)
    post(session, actor, 500, NOV - timedelta(days=70))
    with clock.at(NOV + timedelta(days=60)):
        shown = statements.statement(session, actor, "2026-11")
    assert (shown.rows, shown.opening, shown.kinds) == (0, shown.closing, ())


@pytest.mark.parametrize(
    "month", ["2026-07", "2026-12", "2026-13", "2026-00", "26-11", "2026-1", "", "x", "2026-11' or 1=1", "２０２６-11", "9999-12"]
)
def test_there_is_none_before_the_first_row_to_come_or_of_no_month(session: Session, month: str) -> None:
    actor = member(session)
    post(session, actor, 500, NOV - timedelta(days=70))
    with clock.at(NOV), pytest.raises(NotFound):
        statements.statement(session, actor, month)


def test_another_organizations_rows_are_in_none(session: Session) -> None:
    actor, other = member(session), member(session)
    post(session, other, 500, NOV)
    with clock.at(NOV):
        assert statements.months(session, actor) == []
        with pytest.raises(NotFound):
            statements.statement(session, actor, "2026-11")


HOURS = st.lists(st.tuples(st.integers(-60 * 24, 60 * 24), st.integers(1, 500)), min_size=1, max_size=25)


@settings(max_examples=40)
@given(posted=HOURS, zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"]))
def test_months_join_without_a_gap_however_rows_are_timed(session: Session, posted: list[tuple[int, int]], zone: str) -> None:
    """Rows committed in an order that their moments contradict: each is in one month, all of them make the balance."""
    with session.begin_nested() as point:
        actor = member(session, zone)
        for hours, amount in posted:
            post(session, actor, amount, NOV + timedelta(hours=hours))
        with clock.at(NOV + timedelta(days=200)):
            listed = statements.months(session, actor)[::-1]
            shown = [statements.statement(session, actor, month.month) for month in listed]
        assert [one.opening for one in shown] == [statements.Place(0, 0, bytes(32)), *(one.closing for one in shown[:-1])]
        assert shown[-1].closing.seq == len(posted)
        assert [one.closing.balance for one in shown] == [month.closing for month in listed]
        for one, month in zip(shown, listed, strict=True):
            assert one.opening.balance + sum(kind.amount for kind in one.kinds) == one.closing.balance
            assert sum(kind.amount for kind in one.kinds) == month.change
            assert sum(day.used + day.other for day in days(session, actor, one)) == month.change
        point.rollback()


def test_months_have_names_and_bounds() -> None:
    assert month_name("2026-03") == "March 2026"
    begin, end = statements.bounds("2026-12", ZoneInfo("America/Santiago"))
    assert (begin.isoformat(), end.isoformat()) == ("2026-12-01T00:00:00-03:00", "2027-01-01T00:00:00-03:00")

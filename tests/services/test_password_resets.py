"""A reset link: works once, for an hour, ends every session; a newer one replaces it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.errors import Invalid, TooMany
from kametrix.models import AuditLog, User, UserStatus
from kametrix.services import accounts, password_resets, passwords, sessions
from kametrix.services.password_resets import EXPIRED, USED
from kametrix.services.sign_in import Browser
from tests import factories

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD = "kupfer-Wolke-73-tanzt"
BROWSER = Browser("203.0.113.7", "Firefox/1 Windows")


def issued(session: Session) -> tuple[User, str]:
    user = session.get_one(User, factories.create_member(session, password_hash=passwords.hashed("Zimt-Regen-41-lacht")).user_id)
    with clock.at(NOON):
        return user, password_resets.issue(session, user)


def test_a_link_sets_the_password_once_and_ends_every_session(session: Session) -> None:
    user, token = issued(session)
    cookie = token_hash(sessions.start(session, user, ip_address="", user_agent=""))
    with clock.at(NOON + timedelta(minutes=59)):
        assert password_resets.problem(session, token) == ""
        assert password_resets.redeem(session, token, GOOD, BROWSER) == user.id
        assert password_resets.problem(session, token) == USED
        with pytest.raises(Invalid, match="used already"):
            password_resets.redeem(session, token, GOOD, BROWSER)
    assert accounts.log_in(session, user.email, GOOD).id == user.id
    assert sessions.principal(session, cookie) is None
    trace = session.exec(select(AuditLog)).one()
    assert (trace.action, trace.actor_id, trace.ip_address) == ("USER_PASSWORD_RESET_USED", user.id, "203.0.113.7")


def test_a_link_ends_after_an_hour(session: Session) -> None:
    _, token = issued(session)
    with clock.at(NOON + timedelta(hours=1)):
        assert password_resets.problem(session, token) == EXPIRED
        with pytest.raises(Invalid, match="one hour"):
            password_resets.redeem(session, token, GOOD, BROWSER)


def test_a_newer_link_replaces_an_older_one(session: Session) -> None:
    user, old = issued(session)
    with clock.at(NOON):
        new = password_resets.issue(session, user)
        assert (password_resets.problem(session, old), password_resets.problem(session, new)) == (USED, "")


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000])
def test_an_unknown_link_is_told(session: Session, token: str) -> None:
    assert password_resets.problem(session, token) == USED


def test_whoever_was_suspended_meanwhile_sets_nothing(session: Session) -> None:
    user, token = issued(session)
    user.status = UserStatus.SUSPENDED
    with clock.at(NOON), pytest.raises(Invalid):
        password_resets.redeem(session, token, GOOD, BROWSER)


def test_a_weak_password_is_told_and_the_link_goes_on_working(session: Session) -> None:
    user, token = issued(session)
    with clock.at(NOON):
        with pytest.raises(Invalid) as refused:
            password_resets.redeem(session, token, f"{user.email}A1", BROWSER)
        assert "password" in refused.value.errors
        assert password_resets.problem(session, token) == ""


def test_attempts_are_limited_by_network(session: Session) -> None:
    for _ in range(10):
        password_resets.count(session, BROWSER)
    with pytest.raises(TooMany):
        password_resets.count(session, BROWSER)
    password_resets.count(session, Browser("198.51.100.1", ""))


def test_a_link_sent_twice_at_once_sets_one_password(database: str) -> None:
    with db.transaction() as session:
        user = session.get_one(User, factories.create_member(session).user_id)
        token = password_resets.issue(session, user)

    def redeem(password: str) -> bool:
        try:
            with db.transaction() as session:
                return bool(password_resets.redeem(session, token, password, BROWSER))
        except Invalid:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(redeem, (GOOD, "Zimt-Regen-41-lacht"))) == [False, True]


def test_who_belongs_to_no_organization_any_more_can_set_a_password(session: Session) -> None:
    user = factories.create_user(session, current_org_id=None)
    assert password_resets.redeem(session, password_resets.issue(session, user), "kupfer-Wolke-73-tanzt", BROWSER) == user.id

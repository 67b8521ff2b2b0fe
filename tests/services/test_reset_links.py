"""A reset link sets one new password, for somebody who may log in, and shuts out whoever knew the old one."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.errors import Invalid
from kametrix.models import AuditLog, User, UserStatus
from kametrix.models import Session as LoginSession
from kametrix.services import accounts, password_resets, passwords, sessions
from kametrix.services.access import Actor
from kametrix.services.admin import user_acts
from kametrix.services.sign_in import Browser
from tests import factories
from tests.services.test_team import at_once

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLD, NEW = "kupfer-Wolke-73-tanzt", "Nebel-giraffe-4-Leuchtturm"
HERE = Browser("203.0.113.7", "test")


def person(session: Session, **columns: object) -> tuple[Actor, User]:
    actor = factories.create_member(session, password_hash=passwords.hashed(OLD), **columns)
    return actor, session.get_one(User, actor.user_id)


def is_dead(session: Session, token: str) -> bool:
    try:
        password_resets.redeem(session, token, NEW, HERE)
    except Invalid:
        return True
    return False


def test_a_link_works_once_and_ends_every_session(session: Session) -> None:
    actor, user = person(session)
    sessions.start(session, user, ip_address="", user_agent="")
    token = password_resets.issue(session, user)
    assert password_resets.redeem(session, token, NEW, HERE) == user.id
    assert passwords.matches(NEW, user.password_hash)
    assert session.exec(select(LoginSession)).all() == []
    assert is_dead(session, token)
    assert session.exec(select(AuditLog.actor_id).where(AuditLog.action == "USER_PASSWORD_RESET_USED")).all() == [actor.user_id]


def test_only_the_hash_is_kept_and_nothing_of_it_is_audited(session: Session) -> None:
    _, user = person(session)
    token = user_acts.reset_link(session, factories.create_operator(session), user.id).path.partition("token=")[2]
    assert user.password_reset_token_hash == token_hash(token)
    kept = f"{user.model_dump()}{[row.model_dump() for row in session.exec(select(AuditLog))]}"
    assert token not in kept


def test_a_link_lasts_an_hour_and_a_newer_one_ends_it(session: Session) -> None:
    _, user = person(session)
    with clock.at(NOON):
        first = password_resets.issue(session, user)
        second = password_resets.issue(session, user)
        assert is_dead(session, first)
    with clock.at(NOON + timedelta(hours=1)):
        assert is_dead(session, second)


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 10_000, "\x00", "é"])
def test_whatever_is_no_link_is_refused_in_words(session: Session, token: str) -> None:
    assert is_dead(session, token)


def test_one_link_sent_twice_at_once_sets_one_password(database: str) -> None:
    with db.transaction() as session:
        _, user = person(session)
        token = password_resets.issue(session, user)
    failed = at_once(*[lambda session, new=new: password_resets.redeem(session, token, new, HERE) for new in (NEW, f"{NEW}-2")])
    assert failed == [password_resets.USED]


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INVITED])
def test_a_link_opens_no_account_that_may_not_log_in(session: Session, status: UserStatus) -> None:
    _, user = person(session)
    token = password_resets.issue(session, user)
    user.status = status
    session.flush()
    assert is_dead(session, token)


def test_a_link_opens_no_deleted_account(session: Session) -> None:
    _, user = person(session)
    token = password_resets.issue(session, user)
    user.deleted_at = clock.now()
    session.flush()
    assert is_dead(session, token)


def test_suspending_somebody_ends_their_link_for_good(session: Session) -> None:
    _, user = person(session)
    operator, token = factories.create_operator(session), password_resets.issue(session, user)
    for status in (UserStatus.SUSPENDED, UserStatus.ACTIVE):
        user_acts.set_status(session, operator, user.id, status)
    assert is_dead(session, token)


def test_changing_the_password_ends_a_link_that_waits(session: Session) -> None:
    actor, user = person(session)
    token = password_resets.issue(session, user)
    accounts.change_password(session, actor, "none", OLD, NEW)
    assert is_dead(session, token)


def test_a_password_replaced_while_it_is_measured_opens_no_session(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who knows the old password and keeps logging in would else outlive the reset."""
    with db.transaction() as session:
        actor, user = person(session)
        token = password_resets.issue(session, user)
    measured, matches = threading.Event(), passwords.matches

    def slow(password: str, stored: str | None) -> bool:
        found = matches(password, stored)
        if not measured.is_set():
            measured.set()
            with db.transaction() as session:
                password_resets.redeem(session, token, NEW, HERE)
        return found

    monkeypatch.setattr(passwords, "matches", slow)
    with pytest.raises(Invalid, match=accounts.WRONG), db.transaction() as session:
        accounts.log_in(session, actor.email, OLD)


def test_a_password_replaced_while_the_old_one_is_measured_stays(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits at a stolen session and knows the old password cannot take the account back in that moment."""
    with db.transaction() as session:
        actor, user = person(session)
        token = password_resets.issue(session, user)
    hashed, made = passwords.hashed, list[str]()

    def slow(password: str) -> str:
        made.append(password)
        if len(made) == 1:
            with db.transaction() as session:
                password_resets.redeem(session, token, NEW, HERE)
        return hashed(password)

    monkeypatch.setattr(passwords, "hashed", slow)
    with pytest.raises(Invalid), db.transaction() as session:
        accounts.change_password(session, actor, "none", OLD, f"{NEW}-2")
    with db.transaction() as session:
        assert passwords.matches(NEW, session.get_one(User, user.id).password_hash)

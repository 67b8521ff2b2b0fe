"""Login sessions: who they prove, how long, and who may end them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.errors import NotFound
from kametrix.models import AuditLog, User, UserStatus
from kametrix.models import Session as LoginSession
from kametrix.services import sessions
from kametrix.services.access import Actor
from kametrix.services.devices import device_name
from tests import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def opened(session: Session, actor: Actor, *, agent: str = "") -> str:
    token = sessions.start(session, session.get_one(User, actor.user_id), ip_address="203.0.113.7", user_agent=agent)
    session.flush()
    return token


def test_a_token_has_32_random_bytes_and_only_its_hash_is_kept(session: Session) -> None:
    token = opened(session, factories.create_member(session))
    assert len(token) == 43
    row = session.exec(select(LoginSession)).one()
    assert row.token_hash == token_hash(token)
    assert token not in str(row.model_dump())


def test_a_session_proves_a_person_in_their_current_organization(session: Session) -> None:
    actor = factories.create_member(session, name="Dana Whitlock")
    found = sessions.principal(session, token_hash(opened(session, actor)))
    assert found
    assert found.actor == actor
    assert found.name == "Dana Whitlock"
    assert sessions.principal(session, token_hash("something else")) is None


def test_a_session_ends_after_seven_unused_days(session: Session) -> None:
    with clock.at(NOON):
        hashed = token_hash(opened(session, factories.create_member(session)))
    with clock.at(NOON + timedelta(days=6, hours=23)):
        assert sessions.principal(session, hashed)
    session.expire_all()
    with clock.at(NOON + timedelta(days=13, hours=22)):
        assert sessions.principal(session, hashed)
    session.expire_all()
    with clock.at(NOON + timedelta(days=20, hours=22)):
        assert sessions.principal(session, hashed) is None


def test_a_session_in_daily_use_ends_after_thirty_days(session: Session) -> None:
    with clock.at(NOON):
        hashed = token_hash(opened(session, factories.create_member(session)))
    for day in range(1, 30):
        with clock.at(NOON + timedelta(days=day)):
            assert sessions.principal(session, hashed), day
        session.expire_all()
    assert session.exec(select(LoginSession.expires_at)).one() == NOON + timedelta(days=30)
    with clock.at(NOON + timedelta(days=30)):
        assert sessions.principal(session, hashed) is None


def test_use_is_written_at_most_once_a_minute(session: Session) -> None:
    with clock.at(NOON):
        hashed = token_hash(opened(session, factories.create_member(session)))
    for seconds, seen in ((59, 0), (60, 60), (119, 60), (121, 121)):
        with clock.at(NOON + timedelta(seconds=seconds)):
            sessions.principal(session, hashed)
        session.expire_all()
        assert session.exec(select(LoginSession.last_seen_at)).one() == NOON + timedelta(seconds=seen)


@pytest.mark.parametrize("status", [status for status in UserStatus if status is not UserStatus.ACTIVE])
def test_a_person_who_may_not_sign_in_has_no_session_any_more(session: Session, status: UserStatus) -> None:
    actor = factories.create_member(session)
    hashed = token_hash(opened(session, actor))
    session.get_one(User, actor.user_id).status = status
    session.flush()
    assert sessions.principal(session, hashed) is None


def test_a_deleted_person_has_no_session_any_more(session: Session) -> None:
    actor = factories.create_member(session)
    hashed = token_hash(opened(session, actor))
    session.get_one(User, actor.user_id).deleted_at = clock.now()
    session.flush()
    assert sessions.principal(session, hashed) is None


def test_a_membership_not_yet_accepted_gives_nothing(session: Session) -> None:
    user = factories.create_user(session)
    token = sessions.start(session, user, ip_address="", user_agent="")
    session.flush()
    assert sessions.principal(session, token_hash(token)) is None


def test_own_sessions_are_listed_with_the_current_one_first(database: str) -> None:
    with db.transaction() as session:
        actor, other = factories.create_member(session), factories.create_member(session)
        firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
        with clock.at(NOON):
            current = sessions.principal(session, token_hash(opened(session, actor, agent=firefox)))
        with clock.at(NOON + timedelta(hours=1)):
            opened(session, actor)
            opened(session, other)
        with clock.at(NOON - timedelta(days=8)):
            opened(session, actor)
    assert current
    with clock.at(NOON + timedelta(hours=2)), db.transaction(actor) as session:
        views = sessions.all_of(session, actor, current.session_id)
    assert [(view.device, view.is_current) for view in views] == [("Firefox on Windows", True), ("Unknown device", False)]
    assert views[0].ip_address == "203.0.113.7"


def test_one_session_is_revoked_and_ends_at_once(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        hashed = token_hash(opened(session, actor))
        found = sessions.principal(session, hashed)
    assert found
    with db.transaction(actor) as session:
        sessions.revoke(session, actor, found.session_id)
    with db.transaction() as session:
        assert sessions.principal(session, hashed) is None
    with db.transaction(actor) as session, pytest.raises(NotFound):
        sessions.revoke(session, actor, found.session_id)


def test_nobody_ends_the_session_of_somebody_else(database: str) -> None:
    with db.transaction() as session:
        actor, stranger = factories.create_member(session), factories.create_member(session)
        teammate = factories.create_member(session, session.get_one(factories.Organization, actor.organization_id))
        hashed = token_hash(opened(session, actor))
        found = sessions.principal(session, hashed)
    assert found
    for thief in (stranger, teammate):
        with db.transaction(thief) as session, pytest.raises(NotFound):
            sessions.revoke(session, thief, found.session_id)
        with db.transaction(thief) as session:
            assert sessions.revoke_others(session, thief, "none") == 0
    with db.transaction() as session:
        assert sessions.principal(session, hashed)


def test_all_other_sessions_end_and_the_current_one_stays(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        hashes = [token_hash(opened(session, actor)) for _ in range(3)]
        current = sessions.principal(session, hashes[1])
    assert current
    with db.transaction(actor) as session:
        assert sessions.revoke_others(session, actor, current.session_id) == 2
        assert sessions.revoke_others(session, actor, current.session_id) == 0
    with db.transaction() as session:
        assert [bool(sessions.principal(session, hashed)) for hashed in hashes] == [False, True, False]
        [noted] = session.exec(select(AuditLog).where(AuditLog.action == "SESSION_REVOKE_OTHERS"))
        assert (noted.actor_id, noted.new_values) == (actor.user_id, {"ended": 2})


def test_logging_out_ends_the_session_and_may_be_repeated(session: Session) -> None:
    hashed = token_hash(opened(session, factories.create_member(session)))
    sessions.end(session, hashed)
    sessions.end(session, hashed)
    assert sessions.principal(session, hashed) is None


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 CriOS/141.0 Mobile Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("SomethingElse on Linux", "Unknown browser on Linux"),
        ("python-httpx/0.28", "Unknown device"),
        (None, "Unknown device"),
    ],
)  # fmt: skip
def test_a_device_is_told_in_words(agent: str | None, words: str) -> None:
    assert device_name(agent) == words

"""Who follows a call up, and what a role that sees only its own calls sees of the others."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.errors import Forbidden, Invalid, NotFound
from kametrix.models import AuditLog, Call, CallStatus, Organization, OrgRole, UserOrganization
from kametrix.services import call_detail, call_export, call_search, calls, follow_ups, recordings
from kametrix.services.access import Actor
from kametrix.services.call_filters import EVERY, Filter, choices, read
from tests import factories


@pytest.fixture
def owner(session: Session) -> Actor:
    return factories.create_member(session, name="Dana Whitlock")


def colleague(session: Session, owner: Actor, role: OrgRole = OrgRole.AGENT, name: str = "Robin") -> Actor:
    return factories.create_member(session, session.get_one(Organization, owner.organization_id), role=role, name=name)


def ended(session: Session, owner: Actor, **columns: Any) -> Call:
    agent = factories.create_agent(session, owner)
    given = {"status": CallStatus.COMPLETED, "has_recording": True, "transcript": "User: cleaning", **columns}
    return factories.create_call(session, agent, **given)


def noted(session: Session) -> list[tuple[Any, Any]]:
    session.flush()
    rows = session.exec(select(AuditLog).where(col(AuditLog.action) == "CALL_ASSIGN"))
    return [((row.old_values or {})["handled_by_id"], (row.new_values or {})["handled_by_id"]) for row in rows]


def test_a_call_is_taken_handed_on_and_let_go_of_and_the_trail_says_so(session: Session, owner: Actor) -> None:
    robin, call = colleague(session, owner), ended(session, owner)
    assert follow_ups.assign(session, owner, call.id, owner.user_id) == "Dana Whitlock"
    assert follow_ups.assign(session, owner, call.id, robin.user_id) == "Robin"
    follow_ups.assign(session, owner, call.id, robin.user_id)
    assert calls.page(session, owner).rows[0].follower == "Robin"
    assert call_detail.detail(session, owner, call.id).follower == "Robin"
    assert follow_ups.assign(session, owner, call.id, None) == ""
    assert calls.page(session, owner).rows[0].follower == ""
    assert sorted(noted(session), key=str) == sorted(
        [(None, owner.user_id), (owner.user_id, robin.user_id), (robin.user_id, None)], key=str
    )


def test_nobody_from_outside_can_be_given_a_call(session: Session, owner: Actor) -> None:
    call, stranger = ended(session, owner), factories.create_member(session)
    invited = factories.create_user(session)
    session.add(UserOrganization(user_id=invited.id, organization_id=owner.organization_id, role=OrgRole.AGENT, invited_at=clock.now()))
    session.flush()
    for person in (stranger.user_id, invited.id, "unknown", "'; --"):
        with pytest.raises(Invalid, match="does not belong"):
            follow_ups.assign(session, owner, call.id, person)
    assert call.handled_by_id is None
    assert noted(session) == []


def test_nobody_gives_away_another_organizations_call(session: Session, owner: Actor) -> None:
    call, stranger = ended(session, owner), factories.create_member(session)
    with pytest.raises(NotFound):
        follow_ups.assign(session, stranger, call.id, stranger.user_id)


def test_who_only_looks_assigns_nothing(session: Session, owner: Actor) -> None:
    call, viewer = ended(session, owner), colleague(session, owner, OrgRole.VIEWER)
    assert call_detail.detail(session, viewer, call.id).id == call.id
    with pytest.raises(Forbidden):
        follow_ups.assign(session, viewer, call.id, viewer.user_id)


READS: dict[str, Callable[[Session, Actor, str], Any]] = {
    "detail": call_detail.detail,
    "recording": recordings.source,
    "assign": lambda session, actor, call_id: follow_ups.assign(session, actor, call_id, actor.user_id),
}


@pytest.mark.parametrize("name", READS)
def test_role_agent_reaches_the_calls_assigned_to_it_and_no_others(session: Session, owner: Actor, name: str) -> None:
    robin = colleague(session, owner)
    mine, free, theirs = (ended(session, owner, handled_by_id=person) for person in (robin.user_id, None, owner.user_id))
    READS[name](session, robin, mine.id)
    for other in (free, theirs):
        with pytest.raises(NotFound):
            READS[name](session, robin, other.id)
        READS[name](session, owner, other.id)


@pytest.mark.parametrize("window", [400, 0])
def test_role_agent_lists_finds_and_counts_only_its_own(
    session: Session, owner: Actor, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(call_search, "WINDOW", window)
    robin = colleague(session, owner)
    mine = ended(session, owner, handled_by_id=robin.user_id)
    for person in (None, owner.user_id):
        ended(session, owner, handled_by_id=person)
        ended(session, owner, handled_by_id=person, status=CallStatus.RINGING)
    running = ended(session, owner, handled_by_id=robin.user_id, status=CallStatus.RINGING)
    for wanted in (EVERY, Filter(words="cleaning"), Filter(status="completed"), Filter(words="0147")):
        assert [row.id for row in calls.page(session, robin, wanted).rows] == [mine.id]
        assert call_search.count(session, robin, wanted) == 1
    assert calls.page(session, robin, Filter(assigned=owner.user_id)).rows == []
    assert [row.id for row in calls.live(session, robin)] == [running.id]
    assert call_detail.neighbours(session, robin, mine.id, EVERY) == ("", "")
    with pytest.raises(Forbidden):
        call_export.lines(session, robin, EVERY, None)


def test_role_agent_loses_sight_of_a_call_it_hands_on(session: Session, owner: Actor) -> None:
    robin = colleague(session, owner)
    call = ended(session, owner, handled_by_id=robin.user_id)
    assert follow_ups.assign(session, robin, call.id, owner.user_id) == "Dana Whitlock"
    session.flush()
    with pytest.raises(NotFound):
        call_detail.detail(session, robin, call.id)


def test_the_pages_login_may_assign(database: str) -> None:
    with db.transaction() as session:
        owner = factories.create_member(session)
        call_id = ended(session, owner).id
    with db.transaction(owner) as session:
        follow_ups.assign(session, owner, call_id, owner.user_id)
    with db.transaction(owner) as session:
        assert [row.id for row in calls.page(session, owner, Filter(assigned=owner.user_id)).rows] == [call_id]


def test_what_can_be_chosen_is_the_organizations_own(session: Session, owner: Actor) -> None:
    robin, stranger = colleague(session, owner), factories.create_member(session)
    foreign = factories.create_agent(session, stranger)
    gone = factories.create_agent(session, owner, name="Zoe", deleted_at=clock.now())
    offered = choices(session, owner)
    assert offered.agents == ((gone.id, "Zoe (deleted)"),)
    assert offered.members == ((owner.user_id, "Dana Whitlock"), (robin.user_id, "Robin"))
    wanted, unusable = read({"agent": foreign.id, "assigned": stranger.user_id}, owner, offered)
    assert (wanted, unusable) == (EVERY, ("agent", "assigned"))

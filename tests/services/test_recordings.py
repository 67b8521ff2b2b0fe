"""Whose recording may be heard, and that listening leaves a trace."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Forbidden, NotFound
from kametrix.models import AuditLog, Organization
from kametrix.services import recordings
from kametrix.services.access import Actor
from tests import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _heard(session: Session, actor: Actor) -> list[str | None]:
    session.flush()
    query = select(AuditLog.entity_id).where(col(AuditLog.action) == recordings.PLAYED, AuditLog.organization_id == actor.organization_id)
    return list(session.exec(query))


def test_listening_is_audited_once_a_sitting_whichever_piece_is_asked_for(session: Session) -> None:
    actor = factories.create_member(session)
    colleague = factories.create_member(session, session.get_one(Organization, actor.organization_id))
    agent = factories.create_agent(session, actor)
    call, other = (factories.create_call(session, agent, has_recording=True) for _ in range(2))
    with clock.at(NOON):
        assert recordings.source(session, actor, call.id) == call.vapi_call_id
        recordings.source(session, actor, call.id)
        assert _heard(session, actor) == [call.id]
        recordings.source(session, colleague, call.id)
        recordings.source(session, actor, other.id)
        assert sorted(_heard(session, actor), key=str) == sorted([call.id, call.id, other.id])
    with clock.at(NOON + recordings.ONE_SITTING):
        recordings.source(session, actor, call.id)
    assert _heard(session, actor).count(call.id) == 3


def test_nobody_hears_another_organizations_call(session: Session) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, owner), has_recording=True)
    with pytest.raises(NotFound):
        recordings.source(session, stranger, call.id)
    assert _heard(session, stranger) == _heard(session, owner) == []


@pytest.mark.parametrize("columns", [{"has_recording": False}, {"has_recording": True, "vapi_call_id": None}])
def test_a_call_without_recording_says_so(session: Session, columns: dict[str, object]) -> None:
    actor = factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, actor), **columns)
    with pytest.raises(NotFound, match="no recording"):
        recordings.source(session, actor, call.id)
    assert _heard(session, actor) == []


def test_hearing_needs_the_permission(session: Session) -> None:
    actor = factories.create_member(session)
    nobody = Actor(actor.user_id, actor.email, actor.organization_id, actor.role, frozenset())
    with pytest.raises(Forbidden):
        recordings.source(session, nobody, "x")

"""Whose recording may be heard, and that listening leaves a trace."""

import pytest
from sqlmodel import Session, col, select

from kametrix.errors import Forbidden, NotFound
from kametrix.models import AuditLog
from kametrix.services import recordings
from kametrix.services.access import Actor
from tests import factories


def _heard(session: Session, actor: Actor) -> list[str | None]:
    session.flush()
    query = select(AuditLog.entity_id).where(col(AuditLog.action) == recordings.PLAYED, AuditLog.organization_id == actor.organization_id)
    return list(session.exec(query))


def test_listening_from_the_start_is_audited_and_seeking_is_not(session: Session) -> None:
    actor = factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, actor), has_recording=True)
    assert recordings.source(session, actor, call.id, from_start=True) == call.vapi_call_id
    assert recordings.source(session, actor, call.id, from_start=False) == call.vapi_call_id
    assert _heard(session, actor) == [call.id]


def test_nobody_hears_another_organizations_call(session: Session) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, owner), has_recording=True)
    with pytest.raises(NotFound):
        recordings.source(session, stranger, call.id, from_start=True)
    assert _heard(session, stranger) == _heard(session, owner) == []


@pytest.mark.parametrize("columns", [{"has_recording": False}, {"has_recording": True, "vapi_call_id": None}])
def test_a_call_without_recording_says_so(session: Session, columns: dict[str, object]) -> None:
    actor = factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, actor), **columns)
    with pytest.raises(NotFound, match="no recording"):
        recordings.source(session, actor, call.id, from_start=True)
    assert _heard(session, actor) == []


def test_hearing_needs_the_permission(session: Session) -> None:
    actor = factories.create_member(session)
    nobody = Actor(actor.user_id, actor.email, actor.organization_id, actor.role, frozenset())
    with pytest.raises(Forbidden):
        recordings.source(session, nobody, "x", from_start=True)

"""Who may hear which recording; who listened is kept in the audit trail."""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, col

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import AuditLog
from kametrix.services import audit
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_detail import UNKNOWN, seen

PLAYED: Final = "RECORDING_PLAYED"
ONE_SITTING: Final = timedelta(minutes=10)
"""A player asks for a recording in many pieces; within this time they are one time of listening, whichever piece came first."""


@allows("calls:read")
def source(session: Session, actor: Actor, call_id: str) -> str:
    """The provider's id of a recorded call; the audit trail notes that somebody listens.

    Raises NotFound for an unknown call, another organization's, and one that was not recorded.
    """
    call = session.exec(seen(actor, call_id)).one_or_none()
    if call is None:
        raise NotFound(UNKNOWN)
    if not call.has_recording or not call.vapi_call_id:
        raise NotFound("There is no recording of this call.")
    if not _is_listening(session, actor, call.id):
        audit.record(session, actor, PLAYED, entity="call", entity_id=call.id)
    return call.vapi_call_id


def _is_listening(session: Session, actor: Actor, call_id: str) -> bool:
    noted = scoped(actor, AuditLog).where(col(AuditLog.created_at) > clock.now() - ONE_SITTING, AuditLog.action == PLAYED)
    return session.exec(noted.where(AuditLog.actor_id == actor.user_id, AuditLog.entity_id == call_id).limit(1)).first() is not None

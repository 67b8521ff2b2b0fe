"""Who may hear which recording; each time somebody listens is kept in the audit trail."""

from typing import Final

from sqlmodel import Session

from kametrix.errors import NotFound
from kametrix.models import Call
from kametrix.services import audit
from kametrix.services.access import Actor, allows, one

PLAYED: Final = "RECORDING_PLAYED"


@allows("calls:read")
def source(session: Session, actor: Actor, call_id: str, *, from_start: bool) -> str:
    """The provider's id of a recorded call. `from_start`: somebody begins to listen, which the audit trail notes.

    Raises NotFound for an unknown call, another organization's, and one that was not recorded.
    """
    call = one(session, actor, Call, call_id)
    if not call.has_recording or not call.vapi_call_id:
        raise NotFound("There is no recording of this call.")
    if from_start:
        audit.record(session, actor, PLAYED, entity="call", entity_id=call.id)
    return call.vapi_call_id

"""Who follows a call up: a member of the organization, or nobody."""

from sqlmodel import Session

from kametrix import clock
from kametrix.errors import Invalid, NotFound
from kametrix.models import Call
from kametrix.services import audit
from kametrix.services.access import Actor, allows
from kametrix.services.call_detail import UNKNOWN, seen
from kametrix.services.call_filters import names_of_members
from kametrix.services.calls import only


@allows("calls:write")
def assign(session: Session, actor: Actor, call_id: str, member_id: str | None) -> str:
    """Have a member follow a call up, or nobody; returns their name. Who sees only their own calls loses sight of one they hand on.

    Raises NotFound for a call the actor does not see, Invalid for somebody who does not belong to the organization.
    """
    call = session.exec(seen(actor, call_id).options(only(Call.handled_by_id)).with_for_update()).one_or_none()
    if call is None:
        raise NotFound(UNKNOWN)
    names = names_of_members(session, actor) if member_id else {}
    if member_id and member_id not in names:
        raise Invalid("This person does not belong to your organization, or has not accepted the invitation yet.")
    if call.handled_by_id != (member_id or None):
        old, new = {"handled_by_id": call.handled_by_id}, {"handled_by_id": member_id or None}
        audit.record(session, actor, "CALL_ASSIGN", entity="call", entity_id=call.id, old=old, new=new)
        call.handled_by_id, call.updated_at = member_id or None, clock.now()
    return names.get(member_id or "", "")

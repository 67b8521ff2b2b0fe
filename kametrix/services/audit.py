"""The audit trail: who did what to which thing, written in the transaction of the act."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlmodel import Session

from kametrix.errors import TooMany
from kametrix.models import ActorType, AuditLog
from kametrix.services import rate_limits
from kametrix.services.access import SYSTEM, Actor, open_to

DENIED: Final = rate_limits.Limit("access-denied", 5, timedelta(minutes=10), timedelta(minutes=10))
"""So many refusals of one person are noted in this time; the rest are in the log."""


@open_to(SYSTEM)
def record(
    session: Session,
    actor: Actor | None,
    action: str,
    *,
    entity: str,
    entity_id: str | None,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    organization_id: str | None = None,
    by_operator: bool = False,
) -> None:
    """Note `action` on `entity`; without an actor the system acted.

    `old` and `new` hold the values that changed, ready for JSON and free of secrets. `by_operator`: done in the console, so it
    belongs to `organization_id` or to none, never to the organization the operator happens to be a member of.
    """
    own = actor.organization_id if actor and not by_operator else None
    session.add(
        AuditLog(
            organization_id=organization_id or own or None,
            actor_type=ActorType.USER if actor else ActorType.SYSTEM,
            actor_id=actor.user_id if actor else None,
            actor_email=actor.email if actor else None,
            action=action,
            entity_type=entity,
            entity_id=entity_id,
            old_values=old,
            new_values=new,
            meta={"operator": True} if by_operator else None,
            ip_address=(actor.ip_address or None) if actor else None,
            user_agent=(actor.user_agent or None) if actor else None,
        )
    )


@open_to(SYSTEM)
def denied(session: Session, actor: Actor, what: str) -> None:
    """Note that somebody who is no operator tried `what` of the operator's; a flood of tries leaves few rows."""
    with suppress(TooMany):
        rate_limits.take(session, (DENIED, actor.user_id))
        record(session, actor, "ACCESS_DENIED", entity="console", entity_id=what[:64], by_operator=True)

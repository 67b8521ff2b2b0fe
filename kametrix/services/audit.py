"""The audit trail: who did what to which thing, written in the transaction of the act."""

from typing import Any

from sqlmodel import Session

from kametrix.models import ActorType, AuditLog
from kametrix.services.access import SYSTEM, Actor, open_to


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
) -> None:
    """Note `action` on `entity`; without an actor the system acted.

    `old` and `new` hold the values that changed, ready for JSON and free of secrets.
    """
    session.add(
        AuditLog(
            organization_id=organization_id or (actor.organization_id if actor else None),
            actor_type=ActorType.USER if actor else ActorType.SYSTEM,
            actor_id=actor.user_id if actor else None,
            actor_email=actor.email if actor else None,
            action=action,
            entity_type=entity,
            entity_id=entity_id,
            old_values=old,
            new_values=new,
        )
    )

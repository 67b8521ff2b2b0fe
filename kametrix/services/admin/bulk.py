"""One act on many people: who could not be changed is told with the reason, the others are changed together."""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, col, select

from kametrix.errors import Invalid
from kametrix.models import User, UserStatus
from kametrix.services import audit
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.admin.operator import Done, Operator, named

MOST: Final = 100
ACTIONS: Final = {UserStatus.ACTIVE: "BULK_ACTIVATE", UserStatus.SUSPENDED: "BULK_SUSPEND"}


@dataclass(frozen=True)
class Result:
    """`done`: whom it was done to; `skipped`: (name, why not)."""

    done: tuple[Done, ...]
    skipped: tuple[tuple[str, str], ...]


@allows(PLATFORM)
def set_status(session: Session, actor: Actor, user_ids: tuple[str, ...], status: UserStatus) -> Result:
    """Suspend or reactivate many people at once; oneself is skipped. Raises Invalid for none or too many."""
    if status not in ACTIONS:
        raise Invalid("People are suspended or reactivated, nothing else.")
    if not user_ids or len(user_ids) > MOST:
        raise Invalid(f"Choose between 1 and {MOST} people.")
    operator = Operator(session, actor)
    operator.hold_administrators()
    query = select(User).where(col(User.id).in_(user_ids), col(User.deleted_at).is_(None)).order_by(col(User.id)).with_for_update()
    changed: list[Done] = []
    skipped: list[tuple[str, str]] = []
    for user in session.exec(query.execution_options(populate_existing=True)).all():
        why = operator.obstacle(user, status) or ("" if user.status != status else f"Is {status.value.lower()} already.")
        if why:
            skipped.append((named(user), why))
            continue
        changed.append(operator.change_status(user, status, ""))
    if changed:
        told = {"changed": len(changed), "skipped": len(skipped)}
        audit.record(session, actor, ACTIONS[status], entity="user", entity_id=None, new=told, by_operator=True)
    return Result(tuple(changed), tuple(skipped))

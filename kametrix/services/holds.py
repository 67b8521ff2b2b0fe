"""What running calls may still cost, kept out of the reach of other calls: reserved at the gate, released with the settlement.

Only calls of an organization with a ceiling have one. Reserve with the organization's row locked: then the sum of what is held
and the balance are those of one moment, and calls at once cannot together be granted more than there is.
"""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from kametrix import clock
from kametrix.models import Call, CreditHold
from kametrix.services.access import SYSTEM, open_to

LATENESS: Final = timedelta(minutes=10)
"""A call whose end nobody told us of holds its minutes this much longer than it may last."""


@open_to(SYSTEM)
def reserve(session: Session, call: Call, *, minutes: int, rate: int, longest_seconds: int) -> None:
    """Hold `minutes` at `rate` cents for a call, once, and let it keep that rate whatever the price becomes.

    It ends by itself LATENESS after `longest_seconds`.
    """
    now = clock.now()
    call.rate_cents_per_minute = rate
    session.add(
        CreditHold(
            organization_id=call.organization_id, call_id=call.id, minutes=minutes, rate_cents=rate, amount=minutes * rate,
            created_at=now, expires_at=now + timedelta(seconds=longest_seconds) + LATENESS,
        )
    )  # fmt: skip


@open_to(SYSTEM)
def held(session: Session, organization_id: str) -> int:
    """Cents that running calls of the organization may still use."""
    return int(session.exec(summed(organization_id)).one())


def summed(organization_id: str) -> SelectOfScalar[int]:
    """The query behind `held`, for who asks it together with other things."""
    active = (
        CreditHold.organization_id == organization_id,
        col(CreditHold.released_at).is_(None),
        col(CreditHold.expires_at) > clock.now(),
    )
    return select(func.coalesce(func.sum(CreditHold.amount), 0)).where(*active)


@open_to(SYSTEM)
def release(session: Session, call_id: str) -> None:
    """End what is held for a call: what it did cost is in the ledger, in the same transaction."""
    open_holds = update(CreditHold).where(col(CreditHold.call_id) == call_id, col(CreditHold.released_at).is_(None))
    session.connection().execute(open_holds.values(released_at=clock.now()))

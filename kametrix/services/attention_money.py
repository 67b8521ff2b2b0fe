"""What waits for a person about money: a payment being checked, a payment its bank took back, a card that is no longer charged."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, exists, func, select

from kametrix.models import AutoRecharge, CreditDispute, CreditPurchase, DisputeStatus, PurchaseStatus, RechargeFailure
from kametrix.services import disputes, recharge
from kametrix.services.access import Actor, allows


@dataclass(frozen=True)
class MoneyTrouble:
    """`in_review`: payments that are being checked; `disputed`: cents of payments taken back by a bank and not yet decided.

    `declines_calls`: because of a dispute; `recharge_stopped`: why the saved card is no longer charged, none while it is or was never.
    """

    in_review: int = 0
    disputed: int = 0
    declines_calls: bool = False
    recharge_stopped: RechargeFailure | None = None


@allows("credits:read")
def trouble(session: Session, actor: Actor) -> MoneyTrouble:
    """What is wrong with the organization's payments now, in one question."""
    reviewed: Any = select(func.count()).where(
        CreditPurchase.organization_id == actor.organization_id, CreditPurchase.status == PurchaseStatus.REVIEW
    )
    disputed: Any = select(func.coalesce(func.sum(CreditDispute.amount), 0)).where(
        CreditDispute.organization_id == actor.organization_id,
        CreditDispute.status == DisputeStatus.OPEN,
        col(CreditDispute.lifted_at).is_(None),
    )
    # only the failures switched it off: whoever switches it off or on themselves begins to count anew
    stopped = select(AutoRecharge.last_failure).where(
        AutoRecharge.organization_id == actor.organization_id,
        col(AutoRecharge.enabled).is_(False),
        AutoRecharge.failures >= recharge.MOST_FAILURES,
    )
    declines = exists(disputes.blocking(actor.organization_id).limit(1))
    asked: Any = (reviewed.scalar_subquery(), disputed.scalar_subquery(), declines, stopped.scalar_subquery())
    in_review, taken, is_declining, failure = session.exec(select(*asked)).one()
    return MoneyTrouble(in_review, int(taken), is_declining, failure)

"""What waits for a person about money: a payment being checked, a payment its bank took back, a card that is no longer charged."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, func, select

from kametrix.models import AutoRecharge, CreditDispute, CreditPurchase, DisputeStatus, Organization, PurchaseStatus, RechargeFailure
from kametrix.services.access import Actor, allows

LAST_STRAW: Final = 2
"""Failures in a row after which the saved card is no longer charged."""


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
    """What is wrong with the organization's payments now."""
    reviewed: Any = select(func.count()).where(
        CreditPurchase.organization_id == actor.organization_id, CreditPurchase.status == PurchaseStatus.REVIEW
    )
    disputes = session.exec(
        select(CreditDispute).where(
            CreditDispute.organization_id == actor.organization_id,
            CreditDispute.status != DisputeStatus.WON,
            col(CreditDispute.lifted_at).is_(None),
        )
    ).all()
    is_open = any(dispute.status is DisputeStatus.OPEN for dispute in disputes)
    return MoneyTrouble(
        in_review=session.exec(reviewed).one(),
        disputed=sum(dispute.amount for dispute in disputes if dispute.status is DisputeStatus.OPEN),
        declines_calls=is_open or (bool(disputes) and _is_in_debt(session, actor)),
        recharge_stopped=_stopped(session, actor),
    )


def _is_in_debt(session: Session, actor: Actor) -> bool:
    balance = select(Organization.balance_cents).where(col(Organization.id) == actor.organization_id)
    return session.exec(balance).one() < 0


def _stopped(session: Session, actor: Actor) -> RechargeFailure | None:
    """Only the failures switched it off: whoever switches it off or on themselves begins to count anew."""
    found = session.exec(select(AutoRecharge).where(AutoRecharge.organization_id == actor.organization_id)).one_or_none()
    return found.last_failure if found and not found.enabled and found.failures >= LAST_STRAW else None

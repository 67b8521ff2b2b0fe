"""Money given back. What Stripe says has happened is posted once; what we ask for is asked for once.

A refund an operator orders is capped at what is unspent of the payment unless he says otherwise; one made at Stripe itself has
happened and is posted in full. Only a succeeded one is in the ledger; one that fails afterwards is undone by a correction.
"""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlmodel import Session, select

from kametrix import clock
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import Refund
from kametrix.models import CreditPurchase, CreditRefund, RefundStatus, TransactionType
from kametrix.services import ledger, paid
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import Refused

STATES: Final = {"succeeded": RefundStatus.SUCCEEDED, "failed": RefundStatus.FAILED, "canceled": RefundStatus.FAILED}
"""Stripe's words; any other is one of waiting."""

log = structlog.get_logger()


@dataclass(frozen=True)
class RefundPlan:
    """A refund to ask Stripe for."""

    refund_id: str
    organization_id: str
    payment_id: str
    amount: int
    metadata: dict[str, str]


@open_to(SYSTEM)
def apply(session: Session, facts: Refund) -> str | None:
    """Bring a refund to what Stripe says of it; returns its organization, none when it is about no payment of ours.

    Raises NotYet before its payment is credited, Refused when it cannot be: another currency or amount, or more than was paid.
    """
    if facts.payment_id is None:
        log.info("refund.without_payment", stripe_refund_id=facts.id)
        return None
    purchase = paid.behind(session, facts.payment_id)
    refund = _row(session, purchase, facts)
    told = STATES.get(facts.state, RefundStatus.PENDING)
    if refund.status == RefundStatus.SUCCEEDED and told == RefundStatus.FAILED:
        _give_again(session, purchase, refund)
    elif refund.status in (RefundStatus.REQUESTED, RefundStatus.PENDING):
        refund.status = told
        if told == RefundStatus.SUCCEEDED:
            _take(session, purchase, refund)
    if refund.status == RefundStatus.FAILED:
        refund.failure = facts.failure or refund.failure
    refund.updated_at = clock.now()
    session.flush()
    return purchase.organization_id


@open_to(SYSTEM)
def plan(session: Session, refund_id: str) -> RefundPlan | None:
    """What to ask Stripe for; none when it was asked."""
    query = select(CreditRefund, CreditPurchase).join(CreditPurchase).where(CreditRefund.id == refund_id)
    refund, purchase = session.exec(query).one()
    if refund.status != RefundStatus.REQUESTED or refund.stripe_refund_id is not None:
        return None
    metadata = {"refund": refund.id, "purchase": purchase.id, "organization": purchase.organization_id}
    return RefundPlan(refund.id, purchase.organization_id, purchase.stripe_payment_id or "", refund.amount, metadata)


@open_to(SYSTEM)
def could_not(session: Session, refund_id: str, failure: StripeFailure) -> None:
    """Stripe refused: nothing was given back."""
    refund = session.exec(select(CreditRefund).where(CreditRefund.id == refund_id).with_for_update()).one()
    if refund.status == RefundStatus.REQUESTED:
        refund.status, refund.failure, refund.updated_at = RefundStatus.FAILED, failure.message[:300], clock.now()


def _row(session: Session, purchase: CreditPurchase, facts: Refund) -> CreditRefund:
    """The row of this refund, by Stripe's id or, when its answer to us was lost, by ours; made when it was ordered elsewhere."""
    rows = select(CreditRefund).where(CreditRefund.credit_purchase_id == purchase.id)
    found = session.exec(rows.where(CreditRefund.stripe_refund_id == facts.id)).one_or_none()
    if found is None and facts.own_id:
        found = session.exec(rows.where(CreditRefund.id == facts.own_id)).one_or_none()
    if facts.currency != purchase.currency or (found is not None and found.amount != facts.amount):
        raise Refused("A refund of another amount or currency than it was; nothing was posted.")
    if found is not None:
        if found.stripe_refund_id not in (None, facts.id):
            raise Refused("Two refunds name one order; only the first was posted.")
        if found.stripe_refund_id is None and found.status == RefundStatus.FAILED:  # we gave up, Stripe did it all the same
            found.status, found.failure = RefundStatus.REQUESTED, None
        found.stripe_refund_id = facts.id
        return found
    already = paid.given_back(session, purchase, RefundStatus.PENDING, RefundStatus.SUCCEEDED)
    if already + facts.amount > purchase.price_in_cents and facts.state not in ("failed", "canceled"):
        raise Refused("More was given back than was paid; nothing was posted.")
    row = CreditRefund(
        organization_id=purchase.organization_id, credit_purchase_id=purchase.id, stripe_refund_id=facts.id, amount=facts.amount,
        status=RefundStatus.PENDING,
    )  # fmt: skip
    session.add(row)
    return row


def _take(session: Session, purchase: CreditPurchase, refund: CreditRefund) -> None:
    """The credits the money bought; shares of several refunds add up to all of them."""
    session.flush()
    total = paid.given_back(session, purchase, RefundStatus.SUCCEEDED)
    credits = paid.credits_of(purchase, total) - paid.credits_of(purchase, total - refund.amount)
    if credits:
        ledger.post(
            session, organization_id=purchase.organization_id, type=TransactionType.REFUND, amount=-credits,
            key=f"refund:{refund.stripe_refund_id}", description="Refund", user_id=refund.requested_by_id,
            stripe_payment_id=purchase.stripe_payment_id,
        )  # fmt: skip


def _give_again(session: Session, purchase: CreditPurchase, refund: CreditRefund) -> None:
    """The money did not arrive: the credits come back."""
    taken = paid.posted(session, f"refund:{refund.stripe_refund_id}")
    refund.status = RefundStatus.FAILED
    if taken:
        ledger.post(
            session, organization_id=purchase.organization_id, type=TransactionType.CORRECTION, amount=-taken,
            key=f"refund_failed:{refund.stripe_refund_id}", description="Refund that failed", user_id=refund.requested_by_id,
            stripe_payment_id=purchase.stripe_payment_id,
        )  # fmt: skip


@open_to(SYSTEM)
def compare_total(session: Session, payment_id: str | None, given_back: Any) -> None:
    """Log when Stripe's total of a payment's refunds is not ours: one of its events is still on its way, or was lost."""
    purchase = session.exec(select(CreditPurchase).where(CreditPurchase.stripe_payment_id == (payment_id or ""))).one_or_none()
    ours = paid.given_back(session, purchase, RefundStatus.SUCCEEDED, RefundStatus.PENDING) if purchase else 0
    if purchase is not None and ours != given_back:
        log.warning("refund.totals_differ", purchase_id=purchase.id, ours=ours, stripe=given_back)

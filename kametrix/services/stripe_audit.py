"""Our purchases, refunds and disputes against Stripe's lists of them: every difference is named, nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import StripeGateway
from kametrix.integrations.stripe.events import Payment, PaymentState
from kametrix.models import CreditDispute, CreditPurchase, CreditRefund, DisputeStatus, PurchaseStatus, RefundStatus
from kametrix.services import disputes, refunds
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.ledger_audit import Fault


@dataclass(frozen=True)
class Listed:
    """What Stripe lists of the time since `since`."""

    since: datetime
    payments: tuple[Payment, ...]
    refunds: tuple[events.Refund, ...]
    disputes: tuple[events.Dispute, ...]


def ask(gateway: StripeGateway, since: datetime) -> Listed:
    """Stripe's lists since then. Raises StripeFailure."""
    return Listed(
        since,
        tuple(map(events.intent_payment, gateway.payments(since))),
        tuple(found for one in gateway.refunds(since) if (found := events.refund(one))),
        tuple(found for one in gateway.disputes(since) if (found := events.dispute(one))),
    )


@open_to(SYSTEM)
def compare(session: Session, listed: Listed) -> list[Fault]:
    """Every difference between our rows and Stripe's, of the time the lists cover. What is not of our purchases is passed over."""
    session.flush()
    purchases = _purchases(session, listed)
    by_payment = {purchase.stripe_payment_id: purchase for purchase in purchases.values() if purchase.stripe_payment_id}
    given = or_(CreditRefund.created_at >= listed.since, col(CreditRefund.stripe_refund_id).in_([refund.id for refund in listed.refunds]))
    taken = or_(CreditDispute.created_at >= listed.since, col(CreditDispute.stripe_dispute_id).in_([one.id for one in listed.disputes]))
    return [
        *_payments(listed, purchases),
        *_refunds(listed, by_payment, list(session.exec(select(CreditRefund).where(given)))),
        *_disputes(listed, by_payment, list(session.exec(select(CreditDispute).where(taken)))),
    ]


def _purchases(session: Session, listed: Listed) -> dict[str, CreditPurchase]:
    """Those of the time, and those the lists name."""
    named = [payment.purchase_id for payment in listed.payments if payment.purchase_id]
    payments = [one.payment_id for one in (*listed.refunds, *listed.disputes) if one.payment_id]
    meant = or_(
        CreditPurchase.created_at >= listed.since, col(CreditPurchase.id).in_(named), col(CreditPurchase.stripe_payment_id).in_(payments)
    )
    return {purchase.id: purchase for purchase in session.exec(select(CreditPurchase).where(meant))}


def _payments(listed: Listed, purchases: dict[str, CreditPurchase]) -> Iterator[Fault]:
    paid = [payment for payment in listed.payments if payment.state == PaymentState.PAID and payment.purchase_id]
    for payment in paid:
        purchase = purchases.get(payment.purchase_id or "")
        if purchase is None or purchase.status != PurchaseStatus.PAID:
            stands = f"its purchase is {purchase.status.value}" if purchase else "we have no such purchase"
            yield Fault(payment.organization_id or "unknown", None, f"payment {payment.payment_id} is paid at Stripe, {stands}")
        elif purchase.stripe_payment_id != payment.payment_id:
            yield Fault(purchase.organization_id, None, f"purchase {purchase.id} was paid a second time, by payment {payment.payment_id}")
        elif (purchase.price_in_cents, purchase.currency) != (payment.amount, payment.currency):
            told = f"{payment.amount} {payment.currency} at Stripe, {purchase.price_in_cents} {purchase.currency} here"
            yield Fault(purchase.organization_id, None, f"payment {payment.payment_id} is {told}")
    known = {payment.payment_id for payment in paid}
    for purchase in purchases.values():
        if purchase.status == PurchaseStatus.PAID and purchase.created_at >= listed.since and purchase.stripe_payment_id not in known:
            yield Fault(
                purchase.organization_id, None, f"purchase {purchase.id} is credited, Stripe shows no paid {purchase.stripe_payment_id}"
            )


def _refunds(listed: Listed, by_payment: dict[str, CreditPurchase], rows: list[CreditRefund]) -> Iterator[Fault]:
    ours = {row.stripe_refund_id: row for row in rows if row.stripe_refund_id}
    for refund in listed.refunds:
        purchase, row = by_payment.get(refund.payment_id or ""), ours.get(refund.id)
        told = refunds.STATES.get(refund.state, RefundStatus.PENDING)
        if purchase is None or (row is None and told == RefundStatus.FAILED):
            continue
        if row is None:
            yield Fault(purchase.organization_id, None, f"refund {refund.id} of {refund.amount} at Stripe is not known here")
        elif (row.status, row.amount) != (told, refund.amount):
            here = f"{row.amount} {row.status.value} here"
            yield Fault(purchase.organization_id, None, f"refund {refund.id} is {refund.amount} {told.value} at Stripe, {here}")
    shown = {refund.id for refund in listed.refunds}
    for row in ours.values():
        if row.created_at >= listed.since and row.status == RefundStatus.SUCCEEDED and row.stripe_refund_id not in shown:
            yield Fault(row.organization_id, None, f"refund {row.stripe_refund_id} of {row.amount} here is not known at Stripe")


def _disputes(listed: Listed, by_payment: dict[str, CreditPurchase], rows: list[CreditDispute]) -> Iterator[Fault]:
    ours = {row.stripe_dispute_id: row for row in rows}
    for dispute in listed.disputes:
        purchase, row = by_payment.get(dispute.payment_id or ""), ours.get(dispute.id)
        told = disputes.CLOSED.get(dispute.state, DisputeStatus.OPEN)
        if purchase is None or (row is None and disputes.is_inquiry(dispute)):
            continue
        if row is None:
            yield Fault(purchase.organization_id, None, f"dispute {dispute.id} of {dispute.amount} at Stripe is not known here")
        elif (row.status, row.amount) != (told, dispute.amount) and not disputes.is_inquiry(dispute):
            here = f"{row.amount} {row.status.value} here"
            yield Fault(purchase.organization_id, None, f"dispute {dispute.id} is {dispute.amount} {told.value} at Stripe, {here}")
    shown = {dispute.id for dispute in listed.disputes}
    for row in ours.values():
        if row.created_at >= listed.since and row.stripe_dispute_id not in shown:
            yield Fault(row.organization_id, None, f"dispute {row.stripe_dispute_id} of {row.amount} here is not known at Stripe")

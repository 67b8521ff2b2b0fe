"""Purchases whose news was lost: which to ask Stripe about, and what its answers do. The same functions as its events end here."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.events import Payment, PaymentState
from kametrix.models import CreditPurchase, PurchaseKind, PurchaseStatus
from kametrix.services import disputes, inbox, payment_events, recharge, refunds
from kametrix.services.access import SYSTEM, open_to

PATIENCE: Final = timedelta(minutes=5)
"""How long Stripe's events are waited for."""
AT_ONCE: Final = 500

log = structlog.get_logger()


@dataclass(frozen=True)
class Unfinished:
    """A purchase to ask about: by its Checkout session, or, for a recharge, by its payment."""

    purchase_id: str
    organization_id: str
    session_id: str | None
    payment_id: str | None


@open_to(SYSTEM)
def unfinished(session: Session) -> list[Unfinished]:
    """Purchases begun some minutes ago and neither paid nor over, the oldest first; what Stripe was never asked for is dealt with here."""
    waiting = col(CreditPurchase.status).in_((PurchaseStatus.OPEN, PurchaseStatus.PENDING))
    old = select(CreditPurchase).where(waiting, CreditPurchase.created_at < clock.now() - PATIENCE)
    found: list[Unfinished] = []
    for row in session.exec(old.order_by(col(CreditPurchase.created_at), CreditPurchase.id).limit(AT_ONCE)):
        if row.stripe_session_id or row.stripe_payment_id:
            found.append(Unfinished(row.id, row.organization_id, row.stripe_session_id, row.stripe_payment_id))
        elif row.kind == PurchaseKind.RECHARGE:
            recharge.begin_soon(session, row.organization_id)
        elif row.expires_at is None or row.expires_at < clock.now():
            row.status, row.updated_at = PurchaseStatus.EXPIRED, clock.now()
    return found


@open_to(SYSTEM)
def give_up(session: Session, purchase_id: str) -> None:
    """Stripe does not know the page of a purchase: once it may be used no more, nobody can have paid on it."""
    row = session.exec(select(CreditPurchase).where(CreditPurchase.id == purchase_id).with_for_update()).one()
    if row.status == PurchaseStatus.OPEN and row.expires_at is not None and row.expires_at < clock.now():
        row.status, row.updated_at = PurchaseStatus.EXPIRED, clock.now()


def joined(page: Payment, payment: Payment | None) -> Payment:
    """What session and payment say together: only the payment tells whether an unpaid, completed session is still being paid."""
    if page.state != PaymentState.PENDING or payment is None or payment.state not in (PaymentState.PAID, PaymentState.FAILED):
        return page
    return replace(page, state=payment.state, failure_code=payment.failure_code, failure=payment.failure)


@open_to(SYSTEM)
def adopt_payment(session: Session, payment: dict[str, Any]) -> str | None:
    """Credit a listed payment that was made for one of our purchases; returns the organization it changed."""
    facts = events.intent_payment(payment)
    if facts.state != PaymentState.PAID or not facts.purchase_id:
        return None
    status = session.exec(select(CreditPurchase.status).where(CreditPurchase.id == facts.purchase_id)).first()
    if status in (None, PurchaseStatus.PAID, PurchaseStatus.REVIEW):
        return None
    log.warning("reconcile.payment_adopted", purchase_id=facts.purchase_id, payment_id=facts.payment_id)
    return payment_events.learn(session, facts)


@open_to(SYSTEM)
def adopt_refund(session: Session, refund: dict[str, Any]) -> str | None:
    """Post a listed refund; returns its organization. Raises NotYet, Refused."""
    facts = events.refund(refund)
    return refunds.apply(session, facts) if facts else None


@open_to(SYSTEM)
def adopt_dispute(session: Session, dispute: dict[str, Any]) -> str | None:
    """Post a listed dispute; returns its organization. Raises NotYet, Refused."""
    facts = events.dispute(dispute)
    return disputes.apply(session, facts) if facts else None


@open_to(SYSTEM)
def adopt_events(session: Session, listed: list[dict[str, Any]]) -> int:
    """Put events Stripe could not deliver into the inbox; returns how many are new."""
    taken: list[inbox.Received] = []
    for body in listed:
        try:
            taken.append(payment_events.received(events.event(body)))
        except Invalid as error:
            log.warning("reconcile.no_event", error=error.message)
    return inbox.receive(session, taken) if taken else 0

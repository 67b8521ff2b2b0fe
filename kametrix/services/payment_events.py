"""What Stripe's events do to purchases, refunds and disputes. Each may come twice, late, and in any order.

Our own rows decide whose payment it is; what names none of ours does nothing. What is about a payment we have not heard of yet
is tried again by the inbox.
"""

from dataclasses import replace
from typing import Any, Final

import structlog
from sqlmodel import Session, select

from kametrix.integrations.reading import text
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import API_VERSION
from kametrix.integrations.stripe.events import Event, Payment, PaymentState
from kametrix.integrations.stripe.redaction import redact
from kametrix.models import CreditPurchase, Organization, PurchaseKind
from kametrix.services import disputes, purchases, queue, recharge, refunds
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import InboxEvent, Received, Refused

PROVIDER: Final = "stripe"
"""The name of the payment provider on its events."""

log = structlog.get_logger()


def received(event: Event) -> Received:
    """An event for the inbox, redacted; in no order with others, since Stripe promises none."""
    return Received(
        provider=PROVIDER, dedupe_key=event.id, type=event.type, subject="", organization_id=None, agent_id=None, payload=redact(event.body)
    )


@open_to(SYSTEM)
def apply(session: Session, received: InboxEvent) -> str | None:
    """Apply a claimed event; returns the organization it changed, none when it changed nothing.

    Raises Refused for another API version than ours: reconciliation, which asks in ours, does what is to be done.
    """
    event = events.event(received.payload)
    if event.api_version != API_VERSION:
        raise Refused(f"Stripe sent this in API version {event.api_version or 'unknown'}; the endpoint has to be set to {API_VERSION}.")
    family = event.type.split(".")[0]
    if family == "checkout":
        return _checkout(session, event)
    if family == "payment_intent":
        return _intent(session, event)
    if family == "refund":
        facts = events.refund(event.subject)
        return refunds.apply(session, facts) if facts else None
    if event.type == "charge.refunded":
        refunds.compare_total(session, events.reference(event.subject.get("payment_intent")), event.subject.get("amount_refunded"))
    if event.type.startswith("charge.dispute."):
        return _dispute(session, event)
    return None


@open_to(SYSTEM)
def learn(session: Session, facts: Payment) -> str | None:
    """Bring a purchase to what Stripe says of it, told or asked; returns its organization, none when it is none of ours."""
    if facts.state == PaymentState.FAILED and facts.purchase_id and _is_recharge(session, facts):
        recharge.record_failure(session, facts.purchase_id, facts.failure_code or "declined", facts.failure or "The card was not charged.")
        return facts.organization_id
    standing = purchases.settle(session, facts)
    return standing.organization_id if standing else None


def _checkout(session: Session, event: Event) -> str | None:
    about, facts = event.subject, events.session_payment(event.subject)
    if about.get("mode") == "setup":
        return _setup(session, about) if event.type == "checkout.session.completed" else None
    match event.type:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            return learn(session, facts)
        case "checkout.session.async_payment_failed":
            return learn(session, replace(facts, state=PaymentState.FAILED, failure="The payment was not carried out by the bank."))
        case "checkout.session.expired":
            return learn(session, replace(facts, state=PaymentState.EXPIRED))
        case _:
            return None


def _setup(session: Session, about: dict[str, Any]) -> str | None:
    """A card was saved: what it is has to be asked for."""
    organization_id, session_id = text(about.get("client_reference_id")), text(about.get("id"))
    ours = session.exec(select(Organization.id).where(Organization.id == (organization_id or ""))).first()
    if ours is not None and session_id:
        queue.enqueue(session, "save_card", organization_id=ours, session_id=session_id)
    return ours


def _intent(session: Session, event: Event) -> str | None:
    """Only of recharges: what is paid on Stripe's page is told of by its session."""
    facts = events.intent_payment(event.subject)
    if not _is_recharge(session, facts):
        return None
    match event.type:
        case "payment_intent.succeeded":
            return learn(session, facts)
        case "payment_intent.payment_failed" | "payment_intent.canceled":
            return learn(session, replace(facts, state=PaymentState.FAILED))
        case _:
            return None


def _dispute(session: Session, event: Event) -> str | None:
    facts, what = events.dispute(event.subject), event.type.removeprefix("charge.dispute.")
    if facts is None:
        return None
    return disputes.apply(session, facts, withdrawn=what == "funds_withdrawn", reinstated=what == "funds_reinstated")


def _is_recharge(session: Session, facts: Payment) -> bool:
    named = select(CreditPurchase.kind).where(CreditPurchase.id == (facts.purchase_id or ""))
    return session.exec(named).first() == PurchaseKind.RECHARGE

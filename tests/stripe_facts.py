"""Purchases for tests, and what Stripe says of them: sessions, payments, refunds, disputes, signed events."""

import json
from typing import Any

import stripe
from sqlmodel import Session, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.integrations.stripe.client import API_VERSION, OpenedSession
from kametrix.integrations.stripe.events import session_payment
from kametrix.models import CreditPack, CreditPurchase, Organization, PurchaseKind
from kametrix.services import packs, purchases
from kametrix.services.access import Actor

SECRET = "whsec_test_0123456789abcdef"


def pack(session: Session, name: str = "Starter") -> CreditPack:
    """A pack on sale."""
    packs.seed(session)
    return session.exec(select(CreditPack).where(CreditPack.name == name)).one()


def opened(session: Session, actor: Actor, name: str = "Starter") -> CreditPurchase:
    """A purchase whose page is open at Stripe."""
    order = purchases.begin(session, actor, pack(session, name).id)
    if order.checkout_url:
        return session.get_one(CreditPurchase, order.checkout.purchase_id)
    purchases.record_customer(session, actor.organization_id, f"cus_{actor.organization_id}")
    page = OpenedSession(f"cs_test_{new_id()}", "https://checkout.stripe.example/pay", order.checkout.expires_at)
    purchases.record_session(session, order.checkout.purchase_id, page)
    return session.get_one(CreditPurchase, order.checkout.purchase_id)


def recharge(session: Session, actor: Actor, name: str = "Starter") -> CreditPurchase:
    """A purchase by the saved card, not charged yet."""
    of = pack(session, name)
    purchases.record_customer(session, actor.organization_id, f"cus_{actor.organization_id}")
    row = CreditPurchase(
        organization_id=actor.organization_id, kind=PurchaseKind.RECHARGE, credit_pack_id=of.id, pack_name=of.name, credits=of.credits,
        price_in_cents=of.price_in_cents, currency="USD",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def metadata(purchase: CreditPurchase) -> dict[str, str]:
    return {
        "organization": purchase.organization_id, "purchase": purchase.id, "pack": purchase.credit_pack_id, "user": purchase.user_id or "",
    }  # fmt: skip


def checkout(purchase: CreditPurchase, *, paid: bool = True, status: str = "complete", **more: Any) -> dict[str, Any]:
    """The Checkout session of a purchase."""
    return {
        "id": purchase.stripe_session_id, "object": "checkout.session", "mode": "payment", "status": status,
        "payment_status": "paid" if paid else "unpaid", "client_reference_id": purchase.organization_id,
        "customer": f"cus_{purchase.organization_id}", "payment_intent": payment_id(purchase) if status == "complete" else None,
        "amount_total": purchase.price_in_cents, "currency": purchase.currency.lower(), "metadata": metadata(purchase),
        "customer_details": {"email": "payer@example.com", "name": "Pat Payer"}, **more,
    }  # fmt: skip


def intent(purchase: CreditPurchase, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    """The PaymentIntent of a purchase."""
    received = purchase.price_in_cents if status == "succeeded" else 0
    return {
        "id": payment_id(purchase), "object": "payment_intent", "status": status, "amount": purchase.price_in_cents,
        "amount_received": received, "currency": purchase.currency.lower(), "customer": f"cus_{purchase.organization_id}",
        "metadata": metadata(purchase), "client_secret": "pi_secret_FAKE", **more,
    }  # fmt: skip


def payment_id(purchase: CreditPurchase) -> str:
    return purchase.stripe_payment_id or f"pi_{purchase.id}"


def refund(purchase: CreditPurchase, amount: int, *, status: str = "succeeded", id: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": id or f"re_{new_id()}", "object": "refund", "amount": amount, "currency": purchase.currency.lower(), "status": status,
        "payment_intent": payment_id(purchase), "charge": f"ch_{purchase.id}", "metadata": {}, **more,
    }  # fmt: skip


def dispute(purchase: CreditPurchase, *, status: str = "needs_response", id: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": id or f"du_{purchase.id}", "object": "dispute", "amount": purchase.price_in_cents, "currency": purchase.currency.lower(),
        "status": status, "reason": "fraudulent", "payment_intent": payment_id(purchase), "charge": f"ch_{purchase.id}", **more,
    }  # fmt: skip


def event(type: str, about: dict[str, Any], *, id: str = "", api_version: str = API_VERSION) -> dict[str, Any]:
    """An event as Stripe sends it."""
    return {
        "id": id or f"evt_{new_id()}", "object": "event", "type": type, "api_version": api_version,
        "created": int(clock.now().timestamp()), "livemode": False, "data": {"object": about}, "pending_webhooks": 1,
    }  # fmt: skip


def signed(body: dict[str, Any] | bytes, *, secret: str = SECRET, seconds_off: int = 0) -> tuple[bytes, dict[str, str]]:
    """The bytes of an event and their signature."""
    raw = body if isinstance(body, bytes) else json.dumps(body, indent=2).encode()
    stamp = int(clock.now().timestamp()) + seconds_off
    header = stripe.WebhookSignature.generate_signature_header(raw.decode("utf-8", "replace"), secret, timestamp=stamp)
    return raw, {"Stripe-Signature": header, "Content-Type": "application/json"}


def balance(session: Session, actor: Actor) -> int:
    return session.exec(select(Organization.balance_cents).where(Organization.id == actor.organization_id)).one()


def bought(session: Session, actor: Actor, name: str = "Starter") -> CreditPurchase:
    """A purchase that is paid and credited."""
    purchase = opened(session, actor, name)
    purchases.settle(session, session_payment(checkout(purchase)))
    return session.get_one(CreditPurchase, purchase.id)

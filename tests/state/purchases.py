"""Rows of money, for tests of pages: as payments, refunds, disputes and saved cards leave them."""

from typing import Any

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.models import (
    AutoRecharge,
    CreditDispute,
    CreditPack,
    CreditPurchase,
    CreditRefund,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
)
from kametrix.services import packs
from kametrix.services.access import Actor


def pack(session: Session, name: str = "Starter") -> CreditPack:
    """A pack of the usual ones, which are put on sale."""
    packs.seed(session)
    return session.exec(select(CreditPack).where(col(CreditPack.name) == name)).one()


def create_purchase(session: Session, actor: Actor, status: PurchaseStatus = PurchaseStatus.OPEN, **columns: Any) -> CreditPurchase:
    """A Starter pack somebody set out to buy; PAID without its ledger row."""
    sold = pack(session, columns.pop("pack_name", "Starter"))
    is_paid = status is PurchaseStatus.PAID
    given = {
        "organization_id": actor.organization_id, "user_id": actor.user_id, "kind": PurchaseKind.CHECKOUT, "status": status,
        "credit_pack_id": sold.id, "pack_name": sold.name, "credits": sold.credits, "price_in_cents": sold.price_in_cents,
        "currency": "USD", "stripe_session_id": f"cs_test_{new_id()}", "checkout_url": "https://checkout.example/pay",
        "stripe_payment_id": f"pi_{new_id()}" if is_paid else None, "paid_at": clock.now() if is_paid else None, **columns,
    }  # fmt: skip
    row = CreditPurchase(**given)
    session.add(row)
    session.flush()
    return row


def create_refund(session: Session, purchase: CreditPurchase, amount: int, **columns: Any) -> CreditRefund:
    """Money given back, which has arrived."""
    given = {"status": RefundStatus.SUCCEEDED, "stripe_refund_id": f"re_{new_id()}", **columns}
    row = CreditRefund(organization_id=purchase.organization_id, credit_purchase_id=purchase.id, amount=amount, **given)
    session.add(row)
    session.flush()
    return row


def create_dispute(session: Session, purchase: CreditPurchase, **columns: Any) -> CreditDispute:
    """The whole payment, taken back by its bank."""
    given = {"stripe_dispute_id": f"du_{new_id()}", "amount": purchase.price_in_cents, "reason": "fraudulent", **columns}
    row = CreditDispute(organization_id=purchase.organization_id, credit_purchase_id=purchase.id, **given)
    session.add(row)
    session.flush()
    return row


def create_recharge(session: Session, actor: Actor, **columns: Any) -> AutoRecharge:
    """A saved card, not charged unless `enabled`."""
    card = {"stripe_payment_method_id": f"pm_{new_id()}", "card_brand": "visa", "card_last4": "4242", "card_expires": "12/2030"}
    row = AutoRecharge(organization_id=actor.organization_id, credit_pack_id=pack(session).id, **{**card, **columns})
    session.add(row)
    session.flush()
    return row

"""Buying credits: a purchase is written before Stripe is asked, and credited once, by `settle` alone, whoever brings the news.

Webhook, return page and reconciliation all end here, with the purchase's row locked: what was paid is compared with what was
asked for, and the ledger's key `pi:<payment>` makes the rest safe to repeat.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlmodel import Session, col, or_, select

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.integrations.stripe.client import CheckoutOrder, OpenedSession
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import Payment, PaymentState
from kametrix.models import (
    CreditPack,
    CreditPurchase,
    CreditTransaction,
    MailKind,
    Organization,
    PurchaseKind,
    PurchaseStatus,
    TransactionType,
)
from kametrix.services import balance_watch, credits, ledger, mail, pack_prices, rate_limits, recharge
from kametrix.services.access import SYSTEM, Actor, allows, open_to, scoped
from kametrix.services.ledger import Posted
from kametrix.services.payment_list import PaymentPage, PaymentRow, payments

AGAIN: Final = timedelta(minutes=5)
"""A page opened this short ago for the same pack and person is opened again: a double click, or a second tab, pays once."""
USABLE: Final = AGAIN + timedelta(minutes=31)
"""How long a page may be paid on, from the first opening: Stripe refuses less than 30 minutes, by its own clock."""
UNFINISHED: Final = (PurchaseStatus.OPEN, PurchaseStatus.PENDING)

__all__ = [
    "Order", "PaymentPage", "PaymentRow", "Standing", "begin", "could_not_open", "customer", "forget_unknown", "payments",
    "record_customer", "record_session", "settle", "standing",
]  # fmt: skip

log = structlog.get_logger()


@dataclass(frozen=True)
class Order:
    """What to ask Stripe for. With `checkout_url` the page is open already, as session `session_id`."""

    checkout: CheckoutOrder
    customer_id: str | None
    session_id: str | None
    checkout_url: str | None


@dataclass(frozen=True)
class Standing:
    """Where a purchase stands; money in cents. `grace_repaid` and `balance` are of its crediting, else 0 and the balance now."""

    purchase_id: str
    status: str
    kind: str
    pack_name: str
    credits: int
    price_in_cents: int
    grace_repaid: int
    balance: int
    failure: str
    checkout_url: str
    organization_id: str


@allows("billing:write")
def begin(session: Session, actor: Actor, pack_id: str) -> Order:
    """A purchase of a pack as it is now, or the one the same person began minutes ago. Needs the platform's login.

    Raises NotFound for a pack that is not on sale and TooMany.
    """
    mine = select(Organization).where(Organization.id == actor.organization_id)
    organization = session.exec(mine.with_for_update(key_share=True)).one()
    on_sale = select(CreditPack).where(CreditPack.id == pack_id, col(CreditPack.is_active))
    pack = session.exec(on_sale).one_or_none()
    if pack is None:
        raise NotFound("This pack is not on sale any more. Please choose another one.")
    purchase = _begun(session, actor, pack, organization.currency)
    if purchase is None:
        rate_limits.take(session, (rate_limits.CHECKOUT, actor.organization_id))
        purchase = CreditPurchase(
            organization_id=actor.organization_id, user_id=actor.user_id, kind=PurchaseKind.CHECKOUT, credit_pack_id=pack.id,
            pack_name=pack.name, credits=pack.credits, price_in_cents=pack.price_in_cents, currency=organization.currency,
            created_at=clock.now(), expires_at=clock.now() + USABLE,
        )  # fmt: skip
        session.add(purchase)
        session.flush()
    return Order(_checkout(purchase, pack), organization.stripe_customer_id, purchase.stripe_session_id, purchase.checkout_url)


@allows("billing:write")
def customer(session: Session, actor: Actor) -> str | None:
    """Stripe's customer of the organization, for whoever may have a card saved; none before the first time."""
    return session.exec(select(Organization.stripe_customer_id).where(Organization.id == actor.organization_id)).one()


@open_to(SYSTEM)
def record_customer(session: Session, organization_id: str, customer_id: str) -> str:
    """Keep Stripe's customer of an organization; returns the one that was first."""
    mine = select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)
    organization = session.exec(mine.execution_options(populate_existing=True)).one()
    organization.stripe_customer_id = organization.stripe_customer_id or customer_id
    return organization.stripe_customer_id


@open_to(SYSTEM)
def forget_unknown(session: Session, organization_id: str, pack_id: str, param: str) -> None:
    """Stripe does not know the customer or the price it was given as `param`: this account is another than before. It is made anew."""
    if "price" in param:
        pack = session.exec(select(CreditPack).where(CreditPack.id == pack_id).with_for_update()).one()
        pack.stripe_price_id = None
        pack_prices.sync_soon(session)
    else:
        mine = select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)
        session.exec(mine.execution_options(populate_existing=True)).one().stripe_customer_id = None


@open_to(SYSTEM)
def record_session(session: Session, purchase_id: str, opened: OpenedSession) -> None:
    """Keep the page a purchase is paid on: the first, there is one for each."""
    purchase = _locked(session, purchase_id)
    if purchase is None or purchase.status == PurchaseStatus.PAID or purchase.stripe_session_id not in (None, opened.id):
        return
    purchase.stripe_session_id, purchase.checkout_url, purchase.expires_at = opened.id, opened.url, opened.expires_at
    if purchase.status == PurchaseStatus.FAILED:  # another tab of the same purchase met with a failure
        purchase.status, purchase.failure_code, purchase.failure = PurchaseStatus.OPEN, None, None
    _touch(session, purchase)


@open_to(SYSTEM)
def could_not_open(session: Session, purchase_id: str, failure: StripeFailure) -> None:
    """Stripe opened no page: the purchase is over, unless another tab of it was luckier."""
    purchase = _locked(session, purchase_id)
    if purchase is not None and purchase.status == PurchaseStatus.OPEN and purchase.stripe_session_id is None:
        _fail(session, purchase, failure.code, failure.message)


@open_to(SYSTEM)
def settle(session: Session, facts: Payment) -> Standing | None:
    """Bring a purchase to what Stripe says of it; none when it is not one of ours. The only function that credits a payment.

    PAID is never left, late news of an earlier stage changes nothing, and what was paid differently than asked for is set
    aside for REVIEW with nothing credited.
    """
    purchase = _locked(session, facts.purchase_id) if facts.purchase_id else None
    if purchase is None:
        log.info("purchase.unknown", purchase_id=facts.purchase_id, payment_id=facts.payment_id)
        return None
    if facts.state == PaymentState.PAID:
        _paid(session, purchase, facts)
    elif facts.state == PaymentState.PENDING and purchase.status == PurchaseStatus.OPEN:
        purchase.status, purchase.stripe_session_id = PurchaseStatus.PENDING, purchase.stripe_session_id or facts.session_id
    elif facts.state == PaymentState.FAILED and purchase.status in UNFINISHED:
        _failed(session, purchase, facts.failure_code, facts.failure or "The payment was not completed.")
    elif facts.state == PaymentState.EXPIRED and purchase.status == PurchaseStatus.OPEN:
        purchase.status = PurchaseStatus.EXPIRED
    _touch(session, purchase)
    return _standing(session, purchase)


@allows("credits:read")
def standing(session: Session, actor: Actor, purchase: str) -> Standing:
    """Where a purchase of the organization stands, by its id or that of its Checkout session. Raises NotFound."""
    named = or_(CreditPurchase.id == purchase, CreditPurchase.stripe_session_id == purchase)
    found = session.exec(scoped(actor, CreditPurchase).where(named)).one_or_none()
    if found is None:
        raise NotFound("This purchase does not exist, or it belongs to another organization.")
    return _standing(session, found)


def _begun(session: Session, actor: Actor, pack: CreditPack, currency: str) -> CreditPurchase | None:
    """The purchase of the same thing by the same person that can still be paid as it was begun."""
    asked = (CreditPurchase.pack_name, CreditPurchase.credits, CreditPurchase.price_in_cents, CreditPurchase.currency)
    mine = scoped(actor, CreditPurchase).where(
        CreditPurchase.user_id == actor.user_id,
        CreditPurchase.credit_pack_id == pack.id,
        CreditPurchase.kind == PurchaseKind.CHECKOUT,
        CreditPurchase.status == PurchaseStatus.OPEN,
        CreditPurchase.created_at > clock.now() - AGAIN,
        *(column == value for column, value in zip(asked, (pack.name, pack.credits, pack.price_in_cents, currency), strict=True)),
    )
    return session.exec(mine.order_by(col(CreditPurchase.created_at).desc(), col(CreditPurchase.id)).limit(1)).one_or_none()


def _checkout(purchase: CreditPurchase, pack: CreditPack) -> CheckoutOrder:
    assert purchase.expires_at is not None
    return CheckoutOrder(
        purchase_id=purchase.id,
        organization_id=purchase.organization_id,
        user_id=purchase.user_id or "",
        pack_id=purchase.credit_pack_id,
        pack_name=purchase.pack_name,
        price_in_cents=purchase.price_in_cents,
        currency=purchase.currency,
        price_id=pack.stripe_price_id if purchase.currency == "USD" else None,
        expires_at=purchase.expires_at,
    )


def _locked(session: Session, purchase_id: str) -> CreditPurchase | None:
    query = select(CreditPurchase).where(CreditPurchase.id == purchase_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one_or_none()


def _paid(session: Session, purchase: CreditPurchase, facts: Payment) -> None:
    if purchase.status == PurchaseStatus.PAID:
        if facts.payment_id != purchase.stripe_payment_id:
            log.error("purchase.paid_twice", purchase_id=purchase.id, credited=purchase.stripe_payment_id, also=facts.payment_id)
        return
    if problem := _problem(session, purchase, facts):
        log.error("purchase.review", purchase_id=purchase.id, payment_id=facts.payment_id, problem=problem)
        purchase.status, purchase.failure = PurchaseStatus.REVIEW, f"Paid, not credited: {problem}"[:300]
        return
    is_first = not credits.has_purchased(session, purchase.organization_id)
    purchase.stripe_session_id = purchase.stripe_session_id or facts.session_id
    purchase.status, purchase.paid_at, purchase.stripe_payment_id = PurchaseStatus.PAID, clock.now(), facts.payment_id
    purchase.failure_code = purchase.failure = None
    posted = ledger.post(
        session, organization_id=purchase.organization_id, type=TransactionType.PURCHASE, amount=purchase.credits,
        key=f"pi:{facts.payment_id}", description=f"Bought {purchase.credits:,} credits", user_id=purchase.user_id,
        stripe_payment_id=facts.payment_id,
    )  # fmt: skip
    balance_watch.after_top_up(session, purchase.organization_id, is_first=is_first)
    _receipt(session, purchase, posted)


def _problem(session: Session, purchase: CreditPurchase, facts: Payment) -> str:
    """Why what was paid cannot be credited, in words; empty when it is what was asked for."""
    customer = session.exec(select(Organization.stripe_customer_id).where(Organization.id == purchase.organization_id)).one()
    other = select(CreditPurchase.id).where(CreditPurchase.stripe_payment_id == facts.payment_id, CreditPurchase.id != purchase.id)
    if facts.organization_id != purchase.organization_id:
        return "the payment names another organization."
    if facts.pack_id not in (None, purchase.credit_pack_id):
        return "the payment names another pack."
    if facts.session_id and purchase.stripe_session_id not in (None, facts.session_id):
        return "it was paid on another page than the one opened for it."
    if facts.customer_id not in (None, customer):
        return "another customer paid."
    if (facts.amount, facts.currency) != (purchase.price_in_cents, purchase.currency):
        paid = f"{facts.amount} {facts.currency} in the smallest unit"
        return f"{paid} instead of {purchase.price_in_cents} {purchase.currency}."
    if not facts.payment_id or session.exec(other).first() is not None:
        return "there is no payment of its own behind it."
    return ""


def _receipt(session: Session, purchase: CreditPurchase, posted: Posted) -> None:
    assert purchase.paid_at is not None
    facts = {
        "purchase_id": purchase.id, "pack": purchase.pack_name, "credits": purchase.credits, "amount": purchase.price_in_cents,
        "currency": purchase.currency, "paid_at": purchase.paid_at.isoformat(), "balance": posted.balance,
        "grace_repaid": posted.grace_repaid, "automatic": purchase.kind == PurchaseKind.RECHARGE,
    }  # fmt: skip
    mail.post_to_owners(session, purchase.organization_id, MailKind.RECEIPT, key=f"receipt:{purchase.id}", facts=facts)


def _failed(session: Session, purchase: CreditPurchase, code: str | None, failure: str) -> None:
    """Somebody who paid himself is told so; a saved card has its own road, where failures are counted."""
    if purchase.kind == PurchaseKind.RECHARGE:
        recharge.record_failure(session, purchase.id, code or "", failure)
        return
    _fail(session, purchase, code, failure)
    told = {
        "pack": purchase.pack_name, "amount": purchase.price_in_cents, "currency": purchase.currency, "failure": purchase.failure,
    }  # fmt: skip
    mail.post_to_owners(session, purchase.organization_id, MailKind.PAYMENT_FAILED, key=f"unpaid:{purchase.id}", facts=told)


def _fail(session: Session, purchase: CreditPurchase, code: str | None, failure: str) -> None:
    purchase.status, purchase.failure_code, purchase.failure = PurchaseStatus.FAILED, (code or "")[:80] or None, failure[:300]
    _touch(session, purchase)


def _touch(session: Session, purchase: CreditPurchase) -> None:
    if session.is_modified(purchase):
        purchase.updated_at = clock.now()
    session.flush()


def _standing(session: Session, purchase: CreditPurchase) -> Standing:
    """Read past the actor: the purchase is already known to be theirs."""
    key = f"pi:{purchase.stripe_payment_id}"
    row = session.exec(select(CreditTransaction).where(CreditTransaction.idempotency_key == key)).one_or_none()
    balance = select(Organization.balance_cents).where(Organization.id == purchase.organization_id)
    is_usable = purchase.status == PurchaseStatus.OPEN and purchase.expires_at is not None and purchase.expires_at > clock.now()
    return Standing(
        purchase_id=purchase.id,
        status=purchase.status.value,
        kind=purchase.kind.value,
        pack_name=purchase.pack_name,
        credits=purchase.credits,
        price_in_cents=purchase.price_in_cents,
        grace_repaid=row.grace_repaid if row else 0,
        balance=row.balance_after if row else session.exec(balance).one(),
        failure=purchase.failure or "",
        checkout_url=(purchase.checkout_url or "") if is_usable else "",
        organization_id=purchase.organization_id,
    )

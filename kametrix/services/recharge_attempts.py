"""Charging the saved card, once: `plan` and `record` are transactions, the network stands between them.

The purchase's row comes first, and its id is the key under which Stripe knows the charge: after a crash anywhere in between the
same charge is asked for again under the same key, so the card is charged once. Credits come with the purchase, when Stripe
says that it is paid.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session, select

from kametrix import clock
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.models import AutoRecharge, CreditPack, CreditPurchase, Organization, PurchaseKind, PurchaseStatus, RechargeFailure
from kametrix.services import disputes, recharge
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.zones import start_of_month

KEY_LIVES: Final = timedelta(hours=23)
"""Stripe keeps a key for 24 hours; under a forgotten one the same request would charge again."""
ON_ITS_WAY: Final = ("succeeded", "processing", "requires_capture")
"""States of a payment whose money is taken or being taken."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Attempt:
    """One charge of the saved card, `amount` in cents. Equal for every repetition under `key`."""

    purchase_id: str
    organization_id: str
    customer_id: str
    payment_method_id: str
    amount: int
    currency: str
    metadata: dict[str, str]
    key: str


@dataclass(frozen=True)
class Outcome:
    """What Stripe said: a payment and its state, or why there is none (`code` is Stripe's word, `failure` a sentence)."""

    payment_id: str | None = None
    status: str = ""
    code: str = ""
    failure: str = ""


@open_to(SYSTEM)
def plan(session: Session, organization_id: str) -> Attempt | None:
    """The charge to make now; none when nothing is due, the cap is reached, or one is on its way.

    One that was begun and never recorded is the one to make, as it was begun.
    """
    locked = select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)
    organization = session.exec(locked.execution_options(populate_existing=True)).one()
    begun = recharge.unfinished(session, organization_id)
    if begun is not None:
        return _again(organization, begun)
    rules = session.exec(select(AutoRecharge).where(AutoRecharge.organization_id == organization_id).with_for_update()).one_or_none()
    if rules is None or not _is_due(session, organization, rules):
        return None
    pack = session.get_one(CreditPack, rules.credit_pack_id)
    if _is_capped(session, organization, rules, pack):
        return None
    purchase = _purchase(organization, rules, pack)
    session.add(purchase)
    session.flush()
    if organization.stripe_customer_id is None:
        recharge.record_failure(session, purchase.id, "no_method", "No card is saved at the payment provider.")
        return None
    return _attempt(organization, purchase)


@open_to(SYSTEM)
def record(session: Session, attempt: Attempt, outcome: Outcome) -> None:
    """Keep what Stripe said. A payment is waited for; the event that it is paid credits it, and may have been faster."""
    if outcome.status not in ON_ITS_WAY:
        code = outcome.code or outcome.status or "declined"
        recharge.record_failure(session, attempt.purchase_id, code, outcome.failure or "The card was not charged.")
        return
    purchase = session.exec(select(CreditPurchase).where(CreditPurchase.id == attempt.purchase_id).with_for_update()).one()
    purchase.stripe_payment_id = purchase.stripe_payment_id or outcome.payment_id
    if purchase.status is PurchaseStatus.OPEN:
        purchase.status = PurchaseStatus.PENDING
    purchase.updated_at = clock.now()


def card_problem(failure: StripeFailure) -> str | None:
    """Stripe's word when it refused this card; none when the failure says nothing of the card: then the same request may still succeed."""
    if failure.retryable or failure.provider_status in (401, 403):
        return None
    if failure.provider_status == 402:
        told = (failure.decline_code, failure.code)
        return "authentication_required" if "authentication_required" in told else failure.decline_code or failure.code or "declined"
    about_the_card = failure.param in ("payment_method", "customer") or failure.code in recharge.NO_METHOD_CODES
    return "no_method" if about_the_card else None


def _is_due(session: Session, organization: Organization, rules: AutoRecharge) -> bool:
    """Whoever asked for it may be late: what counts is how things stand now."""
    wanted = rules.enabled and organization.deleted_at is None and organization.balance_cents < rules.threshold_cents
    return wanted and not disputes.is_blocking(session, organization.id)


def _is_capped(session: Session, organization: Organization, rules: AutoRecharge, pack: CreditPack) -> bool:
    """Whether the pack would go beyond the month's cap; its owner is told once a month. That is no failure of the card."""
    spent = recharge.spent_this_month(session, organization.id, organization.timezone)
    if spent + pack.price_in_cents <= rules.monthly_cap_cents:
        return False
    month = start_of_month(clock.now(), ZoneInfo(organization.timezone))
    rules.last_failure, rules.last_failure_at, rules.updated_at = RechargeFailure.CAP_REACHED, clock.now(), clock.now()
    if rules.cap_told_at is None or rules.cap_told_at < month:
        rules.cap_told_at = clock.now()
        key, capped = f"cap:{organization.id}:{month:%Y-%m}", RechargeFailure.CAP_REACHED
        recharge.tell(session, rules, capped, pack=pack.name, amount=pack.price_in_cents, switched_off=False, key=key)
    return True


def _purchase(organization: Organization, rules: AutoRecharge, pack: CreditPack) -> CreditPurchase:
    """The pack as it is now. One taken off sale is still bought: the owner chose it while it was on."""
    return CreditPurchase(
        organization_id=organization.id, kind=PurchaseKind.RECHARGE, credit_pack_id=pack.id, pack_name=pack.name, credits=pack.credits,
        price_in_cents=pack.price_in_cents, currency=organization.currency, stripe_payment_method_id=rules.stripe_payment_method_id,
    )  # fmt: skip


def _again(organization: Organization, begun: CreditPurchase) -> Attempt | None:
    """The same charge under the same key, unless Stripe has answered, or may have forgotten the key: then only Stripe's events can tell."""
    if begun.status is not PurchaseStatus.OPEN or begun.stripe_payment_id is not None:
        return None
    if begun.created_at < clock.now() - KEY_LIVES:
        log.error("recharge.unknown", purchase=begun.id)
        begun.status, begun.failure_code, begun.updated_at = PurchaseStatus.FAILED, "unknown", clock.now()
        begun.failure = "The payment provider did not say within a day whether the card was charged. If it was, the credits still come."
        return None
    return _attempt(organization, begun)


def _attempt(organization: Organization, purchase: CreditPurchase) -> Attempt:
    metadata: dict[str, Any] = {"organization": organization.id, "purchase": purchase.id, "pack": purchase.credit_pack_id}
    return Attempt(
        purchase_id=purchase.id,
        organization_id=organization.id,
        customer_id=organization.stripe_customer_id or "",
        payment_method_id=purchase.stripe_payment_method_id or "",
        amount=purchase.price_in_cents,
        currency=purchase.currency.lower(),
        metadata=metadata,
        key=f"recharge:{purchase.id}",
    )

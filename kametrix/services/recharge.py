"""Buying credits by itself: what the owner chose, the card he saved, and what came of charging it.

The charge itself is planned and recorded in services/recharge_attempts.py. Of the card we know what its owner knows it by.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.integrations.stripe.client import Card
from kametrix.models import AutoRecharge, CreditPack, CreditPurchase, MailKind, Organization, PurchaseKind, PurchaseStatus, RechargeFailure
from kametrix.services import audit, mail, queue
from kametrix.services.access import SYSTEM, Actor, allows, open_to
from kametrix.services.wording import dollars
from kametrix.services.zones import start_of_month

HIGHEST_THRESHOLD: Final = 100_000
HIGHEST_CAP: Final = 10_000_000
"""In cents."""
MOST_FAILURES: Final = 2
"""In a row; then it is switched off."""
UNFINISHED: Final = (PurchaseStatus.OPEN, PurchaseStatus.PENDING)
SPENT: Final = (*UNFINISHED, PurchaseStatus.PAID, PurchaseStatus.REVIEW)
"""What counts towards the cap of a month: money that was taken, or may be."""
_AUTHENTICATION: Final = frozenset({"authentication_required", "requires_action", "payment_intent_authentication_failure"})
NO_METHOD_CODES: Final = frozenset(
    {"no_method", "resource_missing", "payment_method_unactivated", "payment_method_not_available", "payment_method_invalid_parameter"}
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Recharge:
    """Amounts in cents. `spent_cents`: charged by itself this calendar month, in the organization's zone. Empty texts: none.

    `last_failure` is a RechargeFailure value; `is_running`: a charge is on its way.
    """

    enabled: bool
    threshold_cents: int
    pack_id: str
    pack_name: str
    pack_price_cents: int
    monthly_cap_cents: int
    spent_cents: int
    card_brand: str
    card_last4: str
    card_expires: str
    failures: int
    last_failure: str
    last_failure_at: datetime | None
    is_running: bool

    @property
    def has_card(self) -> bool:
        """Whether a card is saved."""
        return bool(self.card_last4)


@allows("credits:read")
def shown(session: Session, actor: Actor) -> Recharge:
    """The owner's settings, and how the last charge went."""
    found = session.exec(select(AutoRecharge).where(AutoRecharge.organization_id == actor.organization_id)).one_or_none()
    row = found or AutoRecharge(organization_id=actor.organization_id)
    pack = session.get(CreditPack, row.credit_pack_id) if row.credit_pack_id else None
    zone = session.exec(select(Organization.timezone).where(Organization.id == actor.organization_id)).one()
    return Recharge(
        enabled=row.enabled,
        threshold_cents=row.threshold_cents,
        pack_id=pack.id if pack else "",
        pack_name=pack.name if pack else "",
        pack_price_cents=pack.price_in_cents if pack else 0,
        monthly_cap_cents=row.monthly_cap_cents,
        spent_cents=spent_this_month(session, actor.organization_id, zone),
        card_brand=row.card_brand or "",
        card_last4=row.card_last4 or "",
        card_expires=row.card_expires or "",
        failures=row.failures,
        last_failure=row.last_failure.value if row.last_failure else "",
        last_failure_at=row.last_failure_at,
        is_running=unfinished(session, actor.organization_id) is not None,
    )


@allows("billing:write")
def save(session: Session, actor: Actor, *, enabled: bool, threshold_cents: int, pack_id: str, monthly_cap_cents: int) -> None:
    """Save what is charged when. Switched on below the threshold, the card is charged at once. Raises Invalid with every wrong field."""
    organization, row = _locked(session, actor.organization_id)
    pack = session.get(CreditPack, pack_id) if pack_id else None
    _check(row, pack, enabled=enabled, threshold=threshold_cents, cap=monthly_cap_cents)
    old = _audited(row)
    if not row.enabled:  # switched on again, or seen and left off: either way the failures are known
        row.failures, row.last_failure, row.last_failure_at = 0, None, None
    row.enabled, row.threshold_cents, row.monthly_cap_cents = enabled, threshold_cents, monthly_cap_cents
    row.credit_pack_id, row.updated_at = pack.id if pack else None, clock.now()
    session.flush()
    if old != _audited(row):
        audit.record(session, actor, "RECHARGE_UPDATE", entity="organization", entity_id=organization.id, old=old, new=_audited(row))
    if enabled and organization.balance_cents < threshold_cents:
        begin_soon(session, organization.id)


@open_to(SYSTEM)
def keep_card(session: Session, organization_id: str, card: Card) -> None:
    """Charge this card from now on; the one before is removed at the payment provider."""
    organization, row = _locked(session, organization_id)
    before = row.stripe_payment_method_id
    if before == card.payment_method_id:
        return
    row.stripe_payment_method_id, row.card_brand, row.card_last4 = card.payment_method_id, card.brand[:40], card.last4[-4:]
    row.card_expires, row.failures, row.last_failure, row.last_failure_at = card.expires[:7], 0, None, None
    row.updated_at = clock.now()
    session.flush()
    told = {"card": f"{row.card_brand} {row.card_last4}"}
    audit.record(session, None, "CARD_SAVE", entity="organization", entity_id=organization.id, new=told, organization_id=organization.id)
    if before:
        queue.enqueue(session, "detach_card", payment_method_id=before)


@allows("billing:write")
def forget_card(session: Session, actor: Actor) -> None:
    """Switch the recharge off and have the card removed, here and at the payment provider, by a job."""
    organization, row = _locked(session, actor.organization_id)
    if row.stripe_payment_method_id is None:
        return
    row.enabled, row.updated_at = False, clock.now()
    session.flush()
    told = {"card": f"{row.card_brand} {row.card_last4}"}
    audit.record(session, actor, "CARD_FORGET", entity="organization", entity_id=organization.id, old=told)
    queue.enqueue(session, "forget_card", organization_id=organization.id, payment_method_id=row.stripe_payment_method_id)


@open_to(SYSTEM)
def drop_card(session: Session, organization_id: str, payment_method_id: str) -> None:
    """Know nothing of this card any more; one saved since stays."""
    _, row = _locked(session, organization_id)
    if row.stripe_payment_method_id == payment_method_id:
        row.enabled, row.stripe_payment_method_id, row.updated_at = False, None, clock.now()
        row.card_brand = row.card_last4 = row.card_expires = None


@open_to(SYSTEM)
def begin_soon(session: Session, organization_id: str) -> None:
    """Have the card charged by a job, if that is due by then: one waits at most, and two of one organization never overlap."""
    one = f"recharge:{organization_id}"
    queue.enqueue(session, "recharge", once=one, serial=one, organization_id=organization_id)


@open_to(SYSTEM)
def record_failure(session: Session, purchase_id: str, code: str, failure: str) -> None:
    """The card was not charged: the purchase is over, once, and its owner is told why. The second in a row switches the recharge off.

    `code` is Stripe's word, `failure` a sentence. What was paid, or failed before, stays as it is.
    """
    purchase = session.exec(select(CreditPurchase).where(CreditPurchase.id == purchase_id).with_for_update()).one_or_none()
    if purchase is None or purchase.kind is not PurchaseKind.RECHARGE or purchase.status not in UNFINISHED:
        return
    purchase.status, purchase.failure_code, purchase.failure = PurchaseStatus.FAILED, code[:80], failure[:300]
    purchase.updated_at = clock.now()
    _, row = _locked(session, purchase.organization_id)
    reason = reason_of(code)
    row.failures, row.last_failure, row.last_failure_at, row.updated_at = row.failures + 1, reason, clock.now(), clock.now()
    off = row.enabled and row.failures >= MOST_FAILURES
    row.enabled = row.enabled and not off
    session.flush()
    if off:
        told = {"reason": reason.value, "failures": row.failures}
        audit.record(
            session,
            None,
            "RECHARGE_OFF",
            entity="organization",
            entity_id=row.organization_id,
            new=told,
            organization_id=row.organization_id,
        )
    tell(session, row, reason, pack=purchase.pack_name, amount=purchase.price_in_cents, switched_off=off, key=f"recharge:{purchase.id}")
    log.warning("recharge.failed", purchase=purchase.id, reason=reason.value, code=code, switched_off=off)


@open_to(SYSTEM)
def forgive_failures(session: Session, organization_id: str) -> None:
    """Once the saved card was charged, what failed before counts no more."""
    failed = select(AutoRecharge).where(AutoRecharge.organization_id == organization_id, col(AutoRecharge.last_failure_at).is_not(None))
    row = session.exec(failed.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return
    charged = select(CreditPurchase.id).where(
        CreditPurchase.organization_id == organization_id,
        CreditPurchase.kind == PurchaseKind.RECHARGE,
        CreditPurchase.status == PurchaseStatus.PAID,
        col(CreditPurchase.paid_at) >= row.last_failure_at,
    )
    if session.exec(charged.limit(1)).first() is not None:
        row.failures, row.last_failure, row.last_failure_at, row.updated_at = 0, None, None, clock.now()


@open_to(SYSTEM)
def tell(session: Session, row: AutoRecharge, reason: RechargeFailure, *, pack: str, amount: int, switched_off: bool, key: str) -> None:
    """Mail to the owners why the card was not charged, once per `key`."""
    facts: dict[str, Any] = {
        "reason": reason.value,
        "pack": pack,
        "amount": amount,
        "switched_off": switched_off,
        "cap": row.monthly_cap_cents,
    }
    mail.post_to_owners(session, row.organization_id, MailKind.RECHARGE_FAILED, key=f"recharge_failed:{key}", facts=facts)


@open_to(SYSTEM)
def unfinished(session: Session, organization_id: str) -> CreditPurchase | None:
    """The charge that is on its way; the database allows one."""
    mine = select(CreditPurchase).where(CreditPurchase.organization_id == organization_id, CreditPurchase.kind == PurchaseKind.RECHARGE)
    return session.exec(mine.where(col(CreditPurchase.status).in_(UNFINISHED))).one_or_none()


@open_to(SYSTEM)
def spent_this_month(session: Session, organization_id: str, timezone: str) -> int:
    """Cents charged by itself, or about to be, since the calendar month began in this IANA zone."""
    mine = (CreditPurchase.organization_id == organization_id, CreditPurchase.kind == PurchaseKind.RECHARGE)
    since = col(CreditPurchase.created_at) >= start_of_month(clock.now(), ZoneInfo(timezone))
    total = select(func.coalesce(func.sum(CreditPurchase.price_in_cents), 0))
    return int(session.exec(total.where(*mine, since, col(CreditPurchase.status).in_(SPENT))).one())


def reason_of(code: str) -> RechargeFailure:
    """Stripe's word for a failure as one of ours; what we do not know was declined."""
    if code in _AUTHENTICATION:
        return RechargeFailure.AUTHENTICATION_REQUIRED
    return RechargeFailure.NO_METHOD if code in NO_METHOD_CODES else RechargeFailure.DECLINED


def _locked(session: Session, organization_id: str) -> tuple[Organization, AutoRecharge]:
    """Organization and settings, locked in this order; settings nobody made yet are made."""
    wallet = select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)
    organization = session.exec(wallet.execution_options(populate_existing=True)).one()
    now = clock.now()
    made = insert(AutoRecharge).values(organization_id=organization_id, created_at=now, updated_at=now).on_conflict_do_nothing()
    session.connection().execute(made)
    settings = select(AutoRecharge).where(AutoRecharge.organization_id == organization_id).with_for_update()
    return organization, session.exec(settings.execution_options(populate_existing=True)).one()


def _check(row: AutoRecharge, pack: CreditPack | None, *, enabled: bool, threshold: int, cap: int) -> None:
    errors: dict[str, str] = {}
    if not 0 <= threshold <= HIGHEST_THRESHOLD:
        errors["threshold_cents"] = f"Between {dollars(0)} and {dollars(HIGHEST_THRESHOLD)}."
    if (pack is None and enabled) or (pack is not None and not pack.is_active and pack.id != row.credit_pack_id):
        errors["pack_id"] = "Choose one of the packs on sale."
    if not 0 < cap <= HIGHEST_CAP:
        errors["monthly_cap_cents"] = f"More than {dollars(0)}, and at most {dollars(HIGHEST_CAP)}."
    elif pack is not None and cap < pack.price_in_cents:
        errors["monthly_cap_cents"] = f"The pack costs {dollars(pack.price_in_cents)}: a lower limit would never allow it."
    if enabled and row.stripe_payment_method_id is None:
        errors["enabled"] = "Save a card first."
    if errors:
        raise Invalid.fields(errors)


def _audited(row: AutoRecharge) -> dict[str, Any]:
    names = ("enabled", "threshold_cents", "credit_pack_id", "monthly_cap_cents")
    return {name: getattr(row, name) for name in names}

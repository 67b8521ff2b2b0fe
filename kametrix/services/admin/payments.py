"""Payments in the operator's console: what was paid, given back and disputed; refunds are ordered and disputes lifted here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, exists, func, or_, select

from kametrix import clock
from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.models import (
    CreditDispute,
    CreditPurchase,
    CreditRefund,
    DisputeStatus,
    Organization,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
    User,
)
from kametrix.services import audit, keyset, paid, queue, sync_requests
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.keyset import Page, Place
from kametrix.services.wording import dollars

LONGEST_REASON: Final = 500


@dataclass(frozen=True)
class PaymentRow:
    """A purchase, money in cents. `disputed`: some of it is, or was, disputed."""

    id: str
    organization_id: str
    organization: str
    kind: PurchaseKind
    status: PurchaseStatus
    pack_name: str
    credits: int
    price_in_cents: int
    currency: str
    payment_id: str
    failure: str
    created_at: datetime
    paid_at: datetime | None
    refunded: int
    disputed: bool


@dataclass(frozen=True)
class RefundRow:
    """Money given back. `by_us`: ordered here, with a reason; else at Stripe."""

    id: str
    amount: int
    status: RefundStatus
    by_us: bool
    reason: str
    failure: str
    created_at: datetime


@dataclass(frozen=True)
class DisputeRow:
    """Money a bank took back. `blocks`: it can keep calls waiting, as long as it is not lifted."""

    id: str
    amount: int
    reason: str
    status: DisputeStatus
    blocks: bool
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Detail:
    """A payment with what became of it. `unspent` may be refunded as a matter of course, `refundable` with a reason to go further."""

    payment: PaymentRow
    unspent: int
    refundable: int
    balance: int
    refunds: tuple[RefundRow, ...]
    disputes: tuple[DisputeRow, ...]


@allows(PLATFORM)
def payments(session: Session, actor: Actor, status: PurchaseStatus | None, search: str, place: Place) -> Page[PaymentRow]:
    """A page of purchases, newest first. `search`: part of the organization's name or the buyer's e-mail, or an id of ours or Stripe's."""
    query = select(CreditPurchase)
    if status is not None:
        query = query.where(CreditPurchase.status == status)
    if text := search.strip():
        named = exists().where(
            col(Organization.id) == CreditPurchase.organization_id, col(Organization.name).icontains(text, autoescape=True)
        )
        buyer = exists().where(col(User.id) == CreditPurchase.user_id, col(User.email).icontains(text, autoescape=True))
        ids = (CreditPurchase.id, CreditPurchase.stripe_payment_id, CreditPurchase.stripe_session_id)
        query = query.where(or_(named, buyer, *(column == text for column in ids)))
    found = keyset.listed(session, query, col(CreditPurchase.created_at), place=place)
    return Page(_rows(session, found.rows), found.newer, found.older)


@allows(PLATFORM)
def payment(session: Session, actor: Actor, purchase_id: str) -> Detail:
    """One payment. Raises NotFound."""
    purchase = _purchase(session, purchase_id)
    refunds = session.exec(
        select(CreditRefund).where(CreditRefund.credit_purchase_id == purchase.id).order_by(col(CreditRefund.created_at))
    )
    disputes = session.exec(select(CreditDispute).where(CreditDispute.credit_purchase_id == purchase.id))
    return Detail(
        payment=_rows(session, [purchase])[0],
        unspent=paid.unspent(session, purchase),
        refundable=_refundable(session, purchase),
        balance=session.exec(select(Organization.balance_cents).where(Organization.id == purchase.organization_id)).one(),
        refunds=tuple(
            RefundRow(row.id, row.amount, row.status, row.requested_by_id is not None, row.reason or "", row.failure or "", row.created_at)
            for row in refunds
        ),
        disputes=tuple(
            DisputeRow(
                row.id, row.amount, row.reason or "", row.status, row.lifted_at is None and row.status != DisputeStatus.WON,
                row.created_at, row.closed_at,
            )
            for row in disputes
        ),
    )  # fmt: skip


@allows(PLATFORM)
def request_refund(session: Session, actor: Actor, purchase_id: str, amount: int, reason: str, beyond_unspent: bool) -> None:
    """Have `amount` cents of a payment given back by a job.

    At most what is unspent of it; with `beyond_unspent` also what was spent, into debt if need be. Raises NotFound, Conflict for
    what is not paid, and Invalid with every wrong field.
    """
    purchase = _purchase(session, purchase_id, lock=True)
    if purchase.status != PurchaseStatus.PAID:
        raise Conflict("Only a payment that was credited can be refunded here.")
    session.exec(select(Organization.id).where(Organization.id == purchase.organization_id).with_for_update(key_share=True)).one()
    _check(session, purchase, amount, reason.strip(), beyond_unspent=beyond_unspent)
    refund = CreditRefund(
        organization_id=purchase.organization_id, credit_purchase_id=purchase.id, amount=amount, status=RefundStatus.REQUESTED,
        requested_by_id=actor.user_id, reason=reason.strip(), beyond_unspent=beyond_unspent,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    queue.enqueue(session, "refund_payment", once=f"refund_payment:{refund.id}", refund_id=refund.id)
    told = {"amount": amount, "reason": reason.strip(), "beyond_unspent": beyond_unspent, "name": purchase.pack_name}
    _note(session, actor, "PAYMENT_REFUND", "credit_purchase", purchase.id, purchase.organization_id, told)


@allows(PLATFORM)
def lift_dispute(session: Session, actor: Actor, dispute_id: str) -> None:
    """Let calls start although a payment is disputed. Raises NotFound; lifted before, or won, it stays as it is."""
    dispute = session.exec(select(CreditDispute).where(CreditDispute.id == dispute_id).with_for_update()).one_or_none()
    if dispute is None:
        raise NotFound("This dispute does not exist.")
    if dispute.lifted_at is not None or dispute.status == DisputeStatus.WON:
        return
    dispute.lifted_at, dispute.lifted_by_id, dispute.updated_at = clock.now(), actor.user_id, clock.now()
    session.flush()
    sync_requests.push_organization(session, dispute.organization_id)
    _note(session, actor, "DISPUTE_LIFT", "credit_dispute", dispute.id, dispute.organization_id, {"amount": dispute.amount})


def _check(session: Session, purchase: CreditPurchase, amount: int, reason: str, *, beyond_unspent: bool) -> None:
    most = _refundable(session, purchase)
    unspent = min(paid.unspent(session, purchase), most)
    errors: dict[str, str] = {}
    if not 0 < amount <= most:
        errors["amount"] = (
            f"Between {dollars(1)} and {dollars(most)}, which is left of this payment." if most else "Nothing is left to refund."
        )
    elif amount > unspent and not beyond_unspent:
        errors["amount"] = f"{dollars(unspent)} of this payment is unspent. More takes a decision to go beyond it."
    if not 0 < len(reason) <= LONGEST_REASON:
        errors["reason"] = f"Say why, in at most {LONGEST_REASON} characters."
    if errors:
        raise Invalid.fields(errors)


def _refundable(session: Session, purchase: CreditPurchase) -> int:
    """What was neither given back yet nor taken back by the payer's bank; none while nothing is credited."""
    if purchase.status != PurchaseStatus.PAID:
        return 0
    statuses = (RefundStatus.REQUESTED, RefundStatus.PENDING, RefundStatus.SUCCEEDED)
    disputed = select(func.coalesce(func.sum(CreditDispute.amount), 0)).where(
        CreditDispute.credit_purchase_id == purchase.id, CreditDispute.status != DisputeStatus.WON
    )
    return max(purchase.price_in_cents - paid.given_back(session, purchase, *statuses) - int(session.exec(disputed).one()), 0)


def _purchase(session: Session, purchase_id: str, *, lock: bool = False) -> CreditPurchase:
    query = select(CreditPurchase).where(CreditPurchase.id == purchase_id)
    found = session.exec(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound("This payment does not exist.")
    return found


def _rows(session: Session, purchases: list[CreditPurchase]) -> list[PaymentRow]:
    ids, organizations = [row.id for row in purchases], {row.organization_id for row in purchases}
    names = dict(session.exec(select(Organization.id, Organization.name).where(col(Organization.id).in_(organizations))).all())
    disputed = set(session.exec(select(CreditDispute.credit_purchase_id).where(col(CreditDispute.credit_purchase_id).in_(ids))))
    back = session.exec(
        select(CreditRefund).where(col(CreditRefund.credit_purchase_id).in_(ids), CreditRefund.status == RefundStatus.SUCCEEDED)
    ).all()
    refunded = {id: sum(row.amount for row in back if row.credit_purchase_id == id) for id in ids}
    return [_row(row, names[row.organization_id], refunded[row.id], disputed=row.id in disputed) for row in purchases]


def _row(purchase: CreditPurchase, organization: str, refunded: int, *, disputed: bool) -> PaymentRow:
    return PaymentRow(
        id=purchase.id,
        organization_id=purchase.organization_id,
        organization=organization,
        kind=purchase.kind,
        status=purchase.status,
        pack_name=purchase.pack_name,
        credits=purchase.credits,
        price_in_cents=purchase.price_in_cents,
        currency=purchase.currency,
        payment_id=purchase.stripe_payment_id or "",
        failure=purchase.failure or "",
        created_at=purchase.created_at,
        paid_at=purchase.paid_at,
        refunded=refunded,
        disputed=disputed,
    )


def _note(session: Session, actor: Actor, action: str, entity: str, entity_id: str, organization_id: str, new: dict[str, Any]) -> None:
    audit.record(session, actor, action, entity=entity, entity_id=entity_id, new=new, organization_id=organization_id, by_operator=True)

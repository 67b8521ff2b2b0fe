"""The payments of an organization, each with what was given or taken back since."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select, tuple_

from kametrix.errors import Invalid
from kametrix.models import (
    CreditDispute,
    CreditPurchase,
    CreditRefund,
    DisputeStatus,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
    User,
)
from kametrix.services.access import Actor, allows
from kametrix.services.keyset import CURSOR, moment

LARGEST_PAGE: Final = 100
_WAITING: Final = (RefundStatus.REQUESTED, RefundStatus.PENDING)


@dataclass(frozen=True)
class PaymentRow:
    """A purchase, money in cents. `buyer`: who began it, empty for a recharge. `refunding` is on its way back, `refunded` arrived.

    `disputed` is held by the payer's bank while it decides, `lost` it kept.
    """

    id: str
    status: PurchaseStatus
    kind: PurchaseKind
    pack_name: str
    credits: int
    price_in_cents: int
    currency: str
    created_at: datetime
    paid_at: datetime | None
    buyer: str
    session_id: str | None
    checkout_url: str | None
    failure: str | None
    refunded: int
    refunding: int
    disputed: int
    lost: int


@dataclass(frozen=True)
class PaymentPage:
    """Rows, newest first, and the cursor of the page after them; none on the last."""

    rows: list[PaymentRow]
    next: str | None


@allows("credits:read")
def payments(session: Session, actor: Actor, *, after: str | None = None, size: int = 20) -> PaymentPage:
    """A page of purchases, newest first, of 1 to 100 rows. `after` is the cursor of the page before; raises Invalid when it is none."""
    size = min(max(size, 1), LARGEST_PAGE)
    mine = select(CreditPurchase, User.name, User.email).where(CreditPurchase.organization_id == actor.organization_id)
    query = mine.join(User, col(User.id) == CreditPurchase.user_id, isouter=True)
    if after is not None:
        query = query.where(tuple_(CreditPurchase.created_at, CreditPurchase.id) < _place(after))
    order = col(CreditPurchase.created_at).desc(), col(CreditPurchase.id).desc()
    found = session.exec(query.order_by(*order).limit(size + 1)).all()
    shown, ids = found[:size], [purchase.id for purchase, _, _ in found[:size]]
    mine = select(CreditRefund).where(CreditRefund.organization_id == actor.organization_id)
    refunds = session.exec(mine.where(col(CreditRefund.credit_purchase_id).in_(ids))).all()
    mine = select(CreditDispute).where(CreditDispute.organization_id == actor.organization_id)
    disputes = session.exec(mine.where(col(CreditDispute.credit_purchase_id).in_(ids))).all()
    rows = [_row(purchase, name or email or "", refunds, disputes) for purchase, name, email in shown]
    return PaymentPage(rows, _cursor(shown[-1][0]) if len(found) > size else None)


def _row(purchase: CreditPurchase, buyer: str, refunds: Sequence[CreditRefund], disputes: Sequence[CreditDispute]) -> PaymentRow:
    back = [refund for refund in refunds if refund.credit_purchase_id == purchase.id]
    taken = [dispute for dispute in disputes if dispute.credit_purchase_id == purchase.id]
    return PaymentRow(
        id=purchase.id,
        status=purchase.status,
        kind=purchase.kind,
        pack_name=purchase.pack_name,
        credits=purchase.credits,
        price_in_cents=purchase.price_in_cents,
        currency=purchase.currency,
        created_at=purchase.created_at,
        paid_at=purchase.paid_at,
        buyer=buyer,
        session_id=purchase.stripe_session_id,
        checkout_url=purchase.checkout_url,
        failure=purchase.failure,
        refunded=sum(refund.amount for refund in back if refund.status == RefundStatus.SUCCEEDED),
        refunding=sum(refund.amount for refund in back if refund.status in _WAITING),
        disputed=sum(dispute.amount for dispute in taken if dispute.status == DisputeStatus.OPEN),
        lost=sum(dispute.amount for dispute in taken if dispute.status == DisputeStatus.LOST),
    )


def _cursor(purchase: CreditPurchase) -> str:
    return f"{purchase.created_at:{CURSOR}}-{purchase.id}"


def _place(cursor: str) -> tuple[datetime, str]:
    if not re.fullmatch("[0-9]{8}T[0-9]{12}-[0-9a-f]{24}", cursor):
        raise Invalid("This page of payments does not exist. Start again from the first.")
    at, _, row_id = cursor.partition("-")
    try:
        return moment(at), row_id
    except ValueError as error:
        raise Invalid("This page of payments does not exist. Start again from the first.") from error

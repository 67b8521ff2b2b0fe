"""What became of a credited payment: the purchase behind it, what was taken back, and what of it is unspent."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from kametrix.errors import KametrixError
from kametrix.models import CreditPurchase, CreditRefund, CreditTransaction, PurchaseStatus, RefundStatus
from kametrix.services.access import SYSTEM, open_to

_UNSPENT: Final = text("""
    with bought as (select organization_id, seq, stripe_payment_id as payment from credit_transaction where idempotency_key = :key),
    payments as (
      select t.stripe_payment_id as payment, min(t.seq) as seq, sum(t.amount) as cents from credit_transaction t
      join bought on bought.organization_id = t.organization_id where t.stripe_payment_id is not null group by 1)
    select o.balance_cents as balance, own.cents as own,
      coalesce((select sum(greatest(later.cents, 0)) from payments later where later.seq > bought.seq), 0)
      + coalesce((select sum(t.amount) from credit_transaction t where t.organization_id = bought.organization_id
          and t.seq > bought.seq and t.type = 'ADMIN_ADJUSTMENT' and t.amount > 0), 0) as later
    from bought join organization o on o.id = bought.organization_id join payments own on own.payment = bought.payment""")


class NotYet(KametrixError):
    """News of a payment we have not been told of: Stripe promises no order, so it is tried again."""

    status = 409


@open_to(SYSTEM)
def behind(session: Session, payment_id: str) -> CreditPurchase:
    """The credited purchase of a payment, its row locked. Raises NotYet."""
    query = select(CreditPurchase).where(CreditPurchase.stripe_payment_id == payment_id).with_for_update()
    purchase = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if purchase is None or purchase.status != PurchaseStatus.PAID:
        raise NotYet("The payment this is about is not credited here yet. It is tried again.")
    return purchase


@open_to(SYSTEM)
def unspent(session: Session, purchase: CreditPurchase) -> int:
    """What of a payment, in cents of money, is still unspent: the oldest credit is spent first, so what came later is unspent before it.

    What is on its way back already is not unspent.
    """
    found = session.connection().execute(_UNSPENT, {"key": f"pi:{purchase.stripe_payment_id}"}).one_or_none()
    if found is None:
        return 0
    left = min(max(int(found.balance) - int(found.later), 0), max(int(found.own), 0))
    waiting = given_back(session, purchase, RefundStatus.REQUESTED, RefundStatus.PENDING)
    return max(left * purchase.price_in_cents // purchase.credits - waiting, 0)


@open_to(SYSTEM)
def given_back(session: Session, purchase: CreditPurchase, *statuses: RefundStatus) -> int:
    """Cents of this purchase's refunds in one of these states."""
    total = select(func.coalesce(func.sum(CreditRefund.amount), 0)).where(CreditRefund.credit_purchase_id == purchase.id)
    return int(session.exec(total.where(col(CreditRefund.status).in_(statuses))).one())


@open_to(SYSTEM)
def posted(session: Session, key: str) -> int | None:
    """The amount of the ledger row with this key; none when there is none."""
    return session.exec(select(CreditTransaction.amount).where(CreditTransaction.idempotency_key == key)).one_or_none()


def credits_of(purchase: CreditPurchase, cents: int) -> int:
    """The credits that `cents` of its price bought."""
    return cents * purchase.credits // purchase.price_in_cents

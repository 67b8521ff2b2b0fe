"""The ledger: the only code that moves money, through the database function `post_credit`."""

from dataclasses import replace
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.errors import Conflict, Invalid, KametrixError, NotFound
from kametrix.models import Call, CreditTransaction, Organization, TransactionType
from kametrix.services import audit, balance_watch
from kametrix.services.access import SYSTEM, Actor, open_to
from kametrix.services.posted import Posted
from kametrix.services.wording import dollars

LONGEST_CALL_SECONDS: Final = 24 * 60 * 60
"""No provider holds a call half as long; a longer duration is a fault in the report and is not charged."""

LARGEST_ADJUSTMENT: Final = 10_000_000
"""In cents: beyond it a slip of the finger is likelier than a decision."""

LONGEST_REASON: Final = 500
"""Characters."""

_POST: Final = (
    "select posted.*, (select threshold_cents from auto_recharge where organization_id = %(organization)s and enabled)"
    " from post_credit(%(organization)s, %(type)s, %(amount)s, %(key)s, %(description)s, %(at)s,"
    " p_user => %(user)s, p_call => %(call)s, p_payment => %(payment)s, p_note => %(note)s) as posted"
)  # for the driver: compiling it anew for each posting costs a tenth of the rate
_WALLET = ("balance_cents", "credit_balance", "grace_credits_used", "ledger_seq", "ledger_hash")
_REFUSALS: dict[str, type[KametrixError]] = {"23505": Conflict, "P0002": NotFound}


@open_to(SYSTEM)
def post(
    session: Session,
    *,
    organization_id: str,
    type: TransactionType,
    amount: int,
    key: str,
    description: str,
    user_id: str | None = None,
    call_id: str | None = None,
    stripe_payment_id: str | None = None,
    note: str | None = None,
) -> Posted:
    """Append one row of `amount` cents (negative takes) and move the wallet, once per `key` however often it is asked.

    `CALL_USAGE` becomes `GRACE_USAGE` when the balance ends below zero. `description` is generated and names nobody; free text
    goes into `note`, outside the hash. Raises Conflict when `key` was used for another cause or amount and NotFound for an
    unknown organization; the transaction cannot go on after either.
    """
    cause = {"user": user_id, "call": call_id, "payment": stripe_payment_id, "note": note}
    row = {"organization": organization_id, "type": type.value, "amount": amount, "key": key, "description": description}
    session.flush()
    try:
        *posted, recharge_below = session.connection().exec_driver_sql(_POST, {**row, **cause, "at": clock.now()}).one()
    except DBAPIError as error:
        refusal = _REFUSALS.get(getattr(error.orig, "pgcode", ""))
        if refusal is None:
            raise
        raise refusal(f"This posting was refused and nothing was charged: {_reason(error)}.") from error
    _forget_wallet(session, organization_id)
    told = Posted(*posted)
    return replace(told, before=told.balance - amount, recharge_below=recharge_below)


@open_to(SYSTEM)
def adjust(session: Session, *, organization_id: str, amount: int, reason: str, admin: Actor, key: str | None = None) -> Posted:
    """Give or take `amount` cents by an administrator's decision, with an audit entry; the same `key` again changes nothing.

    Raises Invalid for zero, a missing reason, or taking more than the balance; NotFound for an unknown organization.
    """
    if not amount or abs(amount) > LARGEST_ADJUSTMENT:
        raise Invalid.fields({"amount": f"Give a whole number of cents, not zero, up to {dollars(LARGEST_ADJUSTMENT)} either way."})
    if not reason.strip():
        raise Invalid.fields({"reason": "Say why: the reason is kept beside the transaction."})
    if len(reason) > LONGEST_REASON:
        raise Invalid.fields({"reason": f"Use at most {LONGEST_REASON} characters."})
    key = f"adjust:{key or new_id()}"
    before = _locked_balance(session, organization_id)
    if before + amount < 0 and amount < 0 and not _is_posted(session, key):
        raise Invalid.fields(
            {"amount": f"The balance is {dollars(before)}; an adjustment may not take it below zero. Nothing was changed."}
        )
    posted = post(
        session, organization_id=organization_id, type=TransactionType.ADMIN_ADJUSTMENT, amount=amount, key=key,
        description="Adjustment", user_id=admin.user_id, note=reason.strip(),
    )  # fmt: skip
    if posted.applied:
        _audit_adjustment(session, admin, organization_id, posted, amount, reason.strip())
    if posted.applied and amount > 0:
        balance_watch.after_top_up(session, organization_id, is_first=False)
    return posted


def cost_cents(seconds: int, rate: int) -> tuple[int, int]:
    """Started minutes and their price in cents: ceil(seconds / 60) x rate; nothing for no time (product.md 4.6-3)."""
    minutes = max(0, -(-seconds // 60))
    return minutes, minutes * rate


@open_to(SYSTEM)
def charge_call(session: Session, call: Call, *, seconds: int, rate: int) -> Posted | None:
    """Make the ledger's total for `call` the price of `seconds` at `rate` cents a minute; none when it neither costs nor cost anything.

    The first charge is one row of key `call:<id>`; a later difference is one CORRECTION row; the same facts again post nothing.
    A call keeps the rate of its first charge. The caller holds the lock on the call's row. Raises Invalid for an impossible duration.
    """
    if seconds > LONGEST_CALL_SECONDS:
        raise Invalid(f"A call of {seconds} seconds cannot be right; it was not charged. Check the provider's report.")
    rows = _rows_of(session, call)
    rate = call.rate_cents_per_minute if rows and call.rate_cents_per_minute is not None else rate
    minutes, cents = cost_cents(seconds, rate)
    call.billed_minutes, call.rate_cents_per_minute, call.credits_used = minutes, rate, cents
    difference = -cents - sum(row.amount for row in rows)
    if difference:
        return _charge(session, call, difference, minutes, corrections=len(rows))
    return _outcome(rows[-1]) if rows else None


def _locked_balance(session: Session, organization_id: str) -> int:
    wallet = select(Organization.balance_cents).where(Organization.id == organization_id).with_for_update(key_share=True)
    balance = session.exec(wallet).one_or_none()
    if balance is None:
        raise NotFound("This organization does not exist. Nothing was changed.")
    return balance


def _is_posted(session: Session, key: str) -> bool:
    return session.exec(select(CreditTransaction.id).where(CreditTransaction.idempotency_key == key)).first() is not None


def _audit_adjustment(session: Session, admin: Actor, organization_id: str, posted: Posted, amount: int, reason: str) -> None:
    audit.record(
        session,
        admin,
        "USER_CREDIT_ADJUST",
        entity="organization",
        entity_id=organization_id,
        old={"balance": posted.balance - amount},
        new={"balance": posted.balance, "amount": amount, "reason": reason, "transaction": posted.transaction_id},
        organization_id=organization_id,
        by_operator=True,
    )


def _charge(session: Session, call: Call, amount: int, minutes: int, *, corrections: int) -> Posted:
    """The call's first row, or its next correction: every row after the first is one."""
    first = corrections == 0
    posted = post(
        session,
        organization_id=call.organization_id,
        type=TransactionType.CALL_USAGE if first else TransactionType.CORRECTION,
        amount=amount,
        key=f"call:{call.id}" if first else f"call:{call.id}:correction:{corrections}",
        description=f"Call: {minutes} min" if first else f"Corrected call: {minutes} min",
        user_id=call.user_id,
        call_id=call.id,
    )
    balance_watch.after_charge(session, call.organization_id, posted)
    return posted


def _rows_of(session: Session, call: Call) -> list[CreditTransaction]:
    query = select(CreditTransaction).where(col(CreditTransaction.call_id) == call.id).order_by(col(CreditTransaction.seq))
    return list(session.exec(query))


def _outcome(row: CreditTransaction) -> Posted:
    return Posted(False, row.id, row.balance_after, row.grace_used, row.grace_repaid)


def _forget_wallet(session: Session, organization_id: str) -> None:
    """The function wrote the wallet behind the session's back: a loaded organization is read afresh."""
    loaded = session.identity_map.get(identity_key(Organization, organization_id))
    if loaded is not None:
        session.expire(loaded, _WALLET)


def _reason(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0]

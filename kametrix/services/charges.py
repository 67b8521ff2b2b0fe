"""One row of the ledger, explained: what caused it, how its amount came about, and where it stands in the chain."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session, col

from kametrix.models import Call, CreditPurchase, CreditTransaction, LedgerCheckpoint
from kametrix.services.access import PLATFORM, Actor, allows, one, scoped
from kametrix.services.calls import agent_names
from kametrix.services.statements import USAGE
from kametrix.services.zones import zone_of


@dataclass(frozen=True)
class ChargedCall:
    """The call a row charges. `cost` is what the provider took, in US dollars, and `margin` what is left; both for operators alone."""

    id: str
    agent: str
    provider_id: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    settled_at: datetime | None
    seconds: int | None
    rate: int | None
    total: int
    cost: Decimal | None
    margin: Decimal | None


@dataclass(frozen=True)
class Bought:
    """The purchase a row is about: a payment, or what was taken back of one. Cents."""

    id: str
    pack: str
    credits: int
    price: int
    currency: str
    paid_at: datetime | None


@dataclass(frozen=True)
class Related:
    """Another row of the same call or payment."""

    id: str
    type: str
    amount: int


@dataclass(frozen=True)
class Charge:
    """A row of the ledger, amounts in cents. `minutes`: those its amount pays at the call's rate. `signed_on`: by which checkpoint."""

    id: str
    seq: int
    type: str
    description: str
    note: str
    amount: int
    balance_before: int
    balance_after: int
    grace_used: int
    grace_repaid: int
    minutes: int | None
    posted_at: datetime
    key: str
    payment_id: str
    link: str
    hash: str
    signed_on: str
    call: ChargedCall | None
    bought: Bought | None
    related: tuple[Related, ...]


@allows("credits:read")
def explain(session: Session, actor: Actor, transaction_id: str) -> Charge:
    """The row with this id. Raises NotFound, also for another organization's row. Moments are in the organization's zone."""
    row = one(session, actor, CreditTransaction, transaction_id)
    call = _call(session, actor, row)
    rate = call.rate if call and row.type.value in USAGE else None
    return Charge(
        id=row.id, seq=row.seq, type=row.type.value, description=row.description, note=row.note or "", amount=row.amount,
        balance_before=row.balance_before, balance_after=row.balance_after, grace_used=row.grace_used, grace_repaid=row.grace_repaid,
        minutes=-row.amount // rate if rate else None, posted_at=row.created_at.astimezone(zone_of(session, actor)),
        key=row.idempotency_key, payment_id=row.stripe_payment_id or "", link=bytes(row.prev_hash).hex(), hash=bytes(row.hash).hex(),
        signed_on=_signed_on(session, actor, row), call=call, bought=_bought(session, actor, row), related=_related(session, actor, row),
    )  # fmt: skip


def _call(session: Session, actor: Actor, row: CreditTransaction) -> ChargedCall | None:
    if row.call_id is None:
        return None
    found, zone = one(session, actor, Call, row.call_id), zone_of(session, actor)
    cost = found.cost if actor.may(PLATFORM) else None
    return ChargedCall(
        id=found.id, agent=agent_names(session, actor, {found.agent_id})[found.agent_id], provider_id=found.vapi_call_id or "",
        started_at=found.started_at.astimezone(zone), answered_at=found.answered_at and found.answered_at.astimezone(zone),
        ended_at=found.ended_at and found.ended_at.astimezone(zone), settled_at=found.settled_at and found.settled_at.astimezone(zone),
        seconds=found.duration_seconds, rate=found.rate_cents_per_minute, total=found.credits_used, cost=cost,
        margin=None if cost is None else Decimal(found.credits_used) / 100 - cost,
    )  # fmt: skip


def _bought(session: Session, actor: Actor, row: CreditTransaction) -> Bought | None:
    if row.stripe_payment_id is None:
        return None
    found = session.exec(scoped(actor, CreditPurchase).where(CreditPurchase.stripe_payment_id == row.stripe_payment_id)).one_or_none()
    if found is None:
        return None
    paid_at = found.paid_at and found.paid_at.astimezone(zone_of(session, actor))
    return Bought(found.id, found.pack_name, found.credits, found.price_in_cents, found.currency, paid_at)


def _related(session: Session, actor: Actor, row: CreditTransaction) -> tuple[Related, ...]:
    if row.call_id:
        same = col(CreditTransaction.call_id) == row.call_id
    elif row.stripe_payment_id:
        same = col(CreditTransaction.stripe_payment_id) == row.stripe_payment_id
    else:
        return ()
    query = scoped(actor, CreditTransaction).where(same, CreditTransaction.id != row.id).order_by(col(CreditTransaction.seq))
    return tuple(Related(other.id, other.type.value, other.amount) for other in session.exec(query))


def _signed_on(session: Session, actor: Actor, row: CreditTransaction) -> str:
    """The day (UTC) of the first checkpoint that covers the row; empty while there is none."""
    query = scoped(actor, LedgerCheckpoint).where(LedgerCheckpoint.seq >= row.seq).order_by(col(LedgerCheckpoint.seq)).limit(1)
    first = session.exec(query).first()
    return first.day.isoformat() if first else ""

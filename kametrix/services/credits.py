"""The wallet as its organization sees it: balance, grace and its ceiling, transactions, packs."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.errors import Invalid
from kametrix.models import Call, CreditPack, CreditTransaction, Organization, TransactionType, WhenEmpty
from kametrix.services import holds, site_settings
from kametrix.services.access import SYSTEM, Actor, allows, open_to
from kametrix.services.money_text import minutes_left, settlement_text
from kametrix.services.packs import ORDER
from kametrix.services.site_settings import LOW_BALANCE_CENTS, cents_per_minute, welcome_ceiling_cents

LARGEST_PAGE = 100
USAGE = (TransactionType.CALL_USAGE, TransactionType.GRACE_USAGE)


@dataclass(frozen=True)
class Wallet:
    """Cents, except `minutes` (whole, at `rate` cents each). `ceiling_cents`: how far below zero calls still start; none: no ceiling."""

    balance: int
    credit_balance: int
    grace: int
    minutes: int
    rate: int
    is_low: bool
    ceiling_cents: int | None
    has_purchased: bool
    when_empty: WhenEmpty = WhenEmpty.GRACE


@dataclass(frozen=True)
class TransactionRow:
    """One row of the ledger, amounts in cents. `minutes` and `rate` explain the charge of a call."""

    id: str
    type: str
    amount: int
    description: str
    balance_before: int
    balance_after: int
    grace_used: int
    grace_repaid: int
    created_at: datetime
    call_id: str | None
    minutes: int | None
    rate: int | None
    note: str | None


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and the cursor of the page after them; none on the last."""

    rows: list[TransactionRow]
    next: str | None


@dataclass(frozen=True)
class PackRow:
    """A pack on sale. `settlement` says what buying it does to grace in use; empty without grace."""

    id: str
    name: str
    credits: int
    price_in_cents: int
    minutes: int
    settlement: str


@allows("credits:read")
def wallet(session: Session, actor: Actor) -> Wallet:
    """The organization's wallet now."""
    organization, rate = _organization(session, actor), cents_per_minute(session)
    balance = organization.balance_cents
    return Wallet(
        balance=balance,
        credit_balance=organization.credit_balance,
        grace=organization.grace_credits_used,
        minutes=minutes_left(balance, rate),
        rate=rate,
        is_low=balance <= LOW_BALANCE_CENTS,
        ceiling_cents=ceiling_of(session, organization),
        has_purchased=has_purchased(session, organization.id),
        when_empty=organization.when_empty,
    )


@allows("credits:read")
def transactions(session: Session, actor: Actor, *, after: str | None = None, size: int = 20) -> Page:
    """A page of the ledger, newest first, of 1 to 100 rows. `after` is the cursor of the page before; raises Invalid when it is none."""
    size = min(max(size, 1), LARGEST_PAGE)
    query = (
        select(CreditTransaction, Call.rate_cents_per_minute)
        .join(Call, col(Call.id) == CreditTransaction.call_id, isouter=True)
        .where(CreditTransaction.organization_id == actor.organization_id)
        .order_by(col(CreditTransaction.seq).desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(CreditTransaction.seq < _sequence(after))
    found = session.exec(query).all()
    rows = [_row(row, rate) for row, rate in found[:size]]
    return Page(rows, str(found[size - 1][0].seq) if len(found) > size else None)


@allows("credits:read")
def packs(session: Session, actor: Actor) -> list[PackRow]:
    """The packs on sale, in the order the operator gave them, each with what it would do to the organization's grace."""
    rate, grace = cents_per_minute(session), _organization(session, actor).grace_credits_used
    on_sale = session.exec(select(CreditPack).where(col(CreditPack.is_active)).order_by(*ORDER))
    return [
        PackRow(
            id=pack.id,
            name=pack.name,
            credits=pack.credits,
            price_in_cents=pack.price_in_cents,
            minutes=minutes_left(pack.credits, rate),
            settlement=settlement_text(pack.credits, grace),
        )
        for pack in on_sale
    ]


@dataclass(frozen=True)
class Standing:
    """What decides about a call that would start now. `headroom`: cents that new calls may still use, none without a ceiling; zero or
    less: no call. `rate`: cents for a started minute. `bought`: the limits of a newcomer are over."""

    bought: bool
    headroom: int | None
    rate: int


@open_to(SYSTEM)
def standing(session: Session, organization: Organization) -> Standing:
    """In one question, since a caller waits for the answer. Exact while the lock on the organization's row is held."""
    rate, welcome = "cents_per_minute", "welcome_ceiling_cents"
    asked: Any = (
        exists(_purchases(organization.id)), holds.summed(organization.id).scalar_subquery(),
        site_settings.stored(rate).scalar_subquery(), site_settings.stored(welcome).scalar_subquery(),
    )  # fmt: skip
    bought, held, set_rate, set_welcome = session.exec(select(*asked)).one()
    ceiling = _ceiling(organization, None if bought else site_settings.or_default(welcome, set_welcome))
    headroom = None if ceiling is None else organization.balance_cents + ceiling - int(held)
    return Standing(bought, headroom, site_settings.or_default(rate, set_rate))


@open_to(SYSTEM)
def headroom(session: Session, organization: Organization) -> int | None:
    """Cents that new calls may still use (zero or less: none); none: no ceiling."""
    return standing(session, organization).headroom


@open_to(SYSTEM)
def ceiling_of(session: Session, organization: Organization) -> int | None:
    """How far below zero calls still start, in cents; none: no ceiling (product.md 4.6-4)."""
    return _ceiling(organization, None if has_purchased(session, organization.id) else welcome_ceiling_cents(session))


@open_to(SYSTEM)
def has_purchased(session: Session, organization_id: str) -> bool:
    """Whether the organization has bought credits once, which ends the limits of a newcomer (product.md 4.6-4)."""
    return session.exec(_purchases(organization_id).limit(1)).first() is not None


def _ceiling(organization: Organization, welcome: int | None) -> int | None:
    """Zero for an organization that wants no call beyond its credit; else its own limit, which for a newcomer is at most `welcome`."""
    if organization.when_empty is not WhenEmpty.GRACE:
        return 0
    limits = [limit for limit in (organization.grace_limit_cents, welcome) if limit is not None]
    return min(limits, default=None)


def _purchases(organization_id: str) -> SelectOfScalar[str]:
    bought = select(CreditTransaction.id).where(CreditTransaction.organization_id == organization_id)
    return bought.where(CreditTransaction.type == TransactionType.PURCHASE)


def _organization(session: Session, actor: Actor) -> Organization:
    return session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()


def _sequence(cursor: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", cursor):
        raise Invalid("This page of transactions does not exist. Start again from the first.")
    return int(cursor)


def _row(row: CreditTransaction, rate: int | None) -> TransactionRow:
    rate = rate if row.type in USAGE else None
    return TransactionRow(
        id=row.id,
        type=row.type.value,
        amount=row.amount,
        description=row.description,
        balance_before=row.balance_before,
        balance_after=row.balance_after,
        grace_used=row.grace_used,
        grace_repaid=row.grace_repaid,
        created_at=row.created_at,
        call_id=row.call_id,
        minutes=-row.amount // rate if rate else None,
        rate=rate,
        note=row.note,
    )

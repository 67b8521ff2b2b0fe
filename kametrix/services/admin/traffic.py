"""The calls and the postings behind the console's figures. Who called and what was said stays with the organization."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.models import LIVE, Agent, Call, CreditTransaction, Organization, TransactionType
from kametrix.services import keyset
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.keyset import Page, Place
from kametrix.services.settlement import shown_status
from kametrix.services.zones import start_of_day, zone_of

USED: Final = (TransactionType.CALL_USAGE, TransactionType.GRACE_USAGE, TransactionType.CORRECTION)
"""What calls cost: charges and their later corrections."""
PAGE_SIZE: Final = 50


class Money(StrEnum):
    """Which postings."""

    ALL = "all"
    USED = "used"
    BOUGHT = "bought"


@dataclass(frozen=True)
class CallRow:
    """A call of any organization; `cents` and `minutes` as billed, `rate` what its minute cost, none before it was settled."""

    id: str
    at: datetime
    organization: str
    agent_id: str
    agent: str
    status: str
    seconds: int | None
    minutes: int
    cents: int
    rate: int | None


@dataclass(frozen=True)
class Posting:
    """A row of any ledger, in cents."""

    id: str
    at: datetime
    organization: str
    type: str
    description: str
    amount: int
    balance_after: int
    note: str


@allows(PLATFORM)
def since(session: Session, actor: Actor, days: int) -> datetime:
    """The beginning of the last `days` days (1 to 90), today included, in the operator's zone."""
    return start_of_day(clock.now(), zone_of(session, actor)) - timedelta(days=max(1, min(days, 90)) - 1)


@allows(PLATFORM)
def calls(session: Session, actor: Actor, days: int, live: bool, place: Place) -> Page[CallRow]:
    """A page of the calls of the last days, or of those live now; the latest first."""
    which = col(Call.status).in_(LIVE) if live else col(Call.started_at) >= since(session, actor, days)
    found = keyset.listed(session, select(Call).where(which), col(Call.started_at), place=place, size=PAGE_SIZE)
    organizations = _organizations(session, {call.organization_id for call in found.rows})
    of_agents = select(Agent.id, Agent.name).where(col(Agent.id).in_({call.agent_id for call in found.rows}))
    agents = dict(session.exec(of_agents).all())
    rows = [
        CallRow(
            id=call.id,
            at=call.started_at,
            organization=organizations.get(call.organization_id, ""),
            agent_id=call.agent_id,
            agent=agents.get(call.agent_id, ""),
            status=shown_status(call.status, call.ended_cause),
            seconds=call.duration_seconds,
            minutes=call.billed_minutes or 0,
            cents=call.credits_used,
            rate=call.rate_cents_per_minute,
        )
        for call in found.rows
    ]
    return Page(rows, found.newer, found.older)


@allows(PLATFORM)
def postings(session: Session, actor: Actor, days: int, money: Money, place: Place) -> Page[Posting]:
    """A page of what moved money in the last days; the latest first."""
    query = select(CreditTransaction).where(col(CreditTransaction.created_at) >= since(session, actor, days))
    if money != Money.ALL:
        query = query.where(col(CreditTransaction.type).in_(USED if money == Money.USED else (TransactionType.PURCHASE,)))
    found = keyset.listed(session, query, col(CreditTransaction.created_at), place=place, size=PAGE_SIZE)
    organizations = _organizations(session, {row.organization_id for row in found.rows})
    rows = [
        Posting(
            id=row.id,
            at=row.created_at,
            organization=organizations.get(row.organization_id, ""),
            type=row.type.value,
            description=row.description,
            amount=row.amount,
            balance_after=row.balance_after,
            note=row.note or "",
        )
        for row in found.rows
    ]
    return Page(rows, found.newer, found.older)


def _organizations(session: Session, ids: set[str]) -> dict[str, str]:
    return dict(session.exec(select(Organization.id, Organization.name).where(col(Organization.id).in_(ids))).all())

"""The dashboard: is the phone being answered, what did callers want, what does it cost, and what to do next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.models import LIVE, Agent, AuditLog, Call, PhoneNumber
from kametrix.services import attention, calls, credits
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_stats import visible
from kametrix.services.gate import REJECTED
from kametrix.services.recordings import PLAYED
from kametrix.services.zones import midnight, start_of_month, zone_of

RECENT_CALLS = 5


@dataclass(frozen=True)
class Day:
    """One day's calls: how many came, how many were answered (or ring now), what was billed, how many callers were turned away.

    `cents` is none for who sees no money.
    """

    calls: int
    answered: int
    minutes: int
    cents: int | None
    turned_away: int = 0


@dataclass(frozen=True)
class Earlier:
    """Another day's calls up to the same time of day, to compare today's with."""

    day: date
    calls: int


@dataclass(frozen=True)
class FirstSteps:
    """What a newcomer has done so far."""

    has_agent: bool
    has_number: bool
    has_called: bool
    has_listened: bool
    has_bought: bool


@dataclass(frozen=True)
class Overview:
    """What the dashboard shows of now. `now` is in the organization's zone; so are all moments in its calls.

    `wallet` is none for who sees no money, `steps` for who sets nothing up, `earlier` where there is nothing to compare with.
    """

    now: datetime
    wallet: credits.Wallet | None
    agents: int
    active_agents: int
    calls_this_month: int
    today: Day
    earlier: Earlier | None
    live: list[calls.CallRow]
    recent: list[calls.CallRow]
    attention: attention.Attention
    steps: FirstSteps | None


@allows("dashboard:read")
def overview(session: Session, actor: Actor) -> Overview:
    """The dashboard of those who see what the actor sees; days and months begin at midnight in the organization's zone."""
    zone = zone_of(session, actor)
    wallet = credits.wallet(session, actor) if actor.may("credits:read") else None
    agents, active_agents = _agents(session, actor)
    live = calls.live(session, actor)
    recent = calls.page(session, actor, size=RECENT_CALLS).rows
    calls_this_month, today, earlier = _counts(session, actor, zone, has_money=wallet is not None)
    return Overview(
        now=clock.now().astimezone(zone),
        wallet=wallet,
        agents=agents,
        active_agents=active_agents,
        calls_this_month=calls_this_month,
        today=today,
        earlier=earlier,
        live=live,
        recent=recent,
        attention=attention.attention(session, actor),
        steps=_steps(session, actor, wallet, has_agent=bool(agents), has_called=bool(live or recent)),
    )


def _agents(session: Session, actor: Actor) -> tuple[int, int]:
    """How many agents there are, and how many of them are switched on."""
    counted: Any = (func.count(), func.count().filter(col(Agent.is_active)))
    of_organization = and_(col(Agent.organization_id) == actor.organization_id, col(Agent.deleted_at).is_(None))
    total, active = session.exec(select(*counted).where(of_organization)).one()
    return total, active


def _steps(session: Session, actor: Actor, wallet: credits.Wallet | None, *, has_agent: bool, has_called: bool) -> FirstSteps | None:
    if wallet is None or not actor.may("agents:write"):
        return None
    return FirstSteps(
        has_agent=has_agent,
        has_number=session.exec(scoped(actor, PhoneNumber).limit(1)).first() is not None,
        has_called=has_called,
        has_listened=session.exec(scoped(actor, AuditLog).where(col(AuditLog.action) == PLAYED).limit(1)).first() is not None,
        has_bought=wallet.has_purchased,
    )


def _counts(session: Session, actor: Actor, zone: ZoneInfo, *, has_money: bool) -> tuple[int, Day, Earlier | None]:
    """Calls since the month began, today's calls, and those of the same weekday last week (or of yesterday) up to this time."""
    now = clock.now()
    here, month = now.astimezone(zone), start_of_month(now, zone)
    earlier = [here - timedelta(days=7), here - timedelta(days=1)]
    at = col(Call.started_at)
    spans = [and_(at >= midnight(day.date(), zone), at < day) for day in earlier]
    today = at >= midnight(here.date(), zone)
    answered = or_(col(Call.answered_at).is_not(None), col(Call.status).in_(LIVE))
    billed = (func.coalesce(func.sum(column).filter(today), 0) for column in (Call.billed_minutes, Call.credits_used))
    numbers: Any = (
        func.count().filter(at >= month),
        *(func.count().filter(span) for span in spans),
        *(func.count().filter(condition) for condition in (today, and_(today, answered))),
        *billed,
        func.count().filter(today, col(Call.ended_cause) == REJECTED),
    )
    since = min(month, midnight(earlier[0].date(), zone))
    found: Any = session.exec(select(*numbers).where(visible(actor), at >= since)).one()
    this_month, last_week, yesterday, came, taken, minutes, cents, turned_away = map(int, found)
    before = next((Earlier(day.date(), count) for day, count in zip(earlier, (last_week, yesterday), strict=True) if count), None)
    return this_month, Day(came, taken, minutes, cents if has_money else None, turned_away), before

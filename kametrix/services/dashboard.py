"""The dashboard: is the phone being answered, what did callers want, what does it cost, and what to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.models import LIVE, Agent, AuditLog, Call, PhoneNumber, SyncState
from kametrix.services import calls, credits
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.gate import REJECTED
from kametrix.services.recordings import PLAYED
from kametrix.services.zones import start_of_day, start_of_month, zone_of

RECENT_CALLS = 5


@dataclass(frozen=True)
class Day:
    """One day's calls: how many came, how many were answered (or ring now), what was billed, how many callers were turned away."""

    calls: int
    answered: int
    minutes: int
    cents: int
    turned_away: int = 0


@dataclass(frozen=True)
class FirstSteps:
    """What a newcomer has done so far."""

    has_agent: bool
    has_number: bool
    has_called: bool
    has_listened: bool
    has_bought: bool


@dataclass(frozen=True)
class Trouble:
    """An agent whose last change did not reach callers."""

    agent_id: str
    agent_name: str
    why: str


@dataclass(frozen=True)
class Overview:
    """Everything the dashboard shows. `now` is in the organization's zone; so are all moments in its calls."""

    now: datetime
    wallet: credits.Wallet
    agents: int
    active_agents: int
    calls_this_month: int
    today: Day
    live: list[calls.CallRow]
    recent: list[calls.CallRow]
    troubles: list[Trouble]
    steps: FirstSteps


@allows("calls:read")
def overview(session: Session, actor: Actor) -> Overview:
    """The dashboard of the actor's organization; days and months begin at midnight in its zone."""
    zone = zone_of(session, actor)
    wallet = credits.wallet(session, actor)
    present = scoped(actor, Agent).where(col(Agent.deleted_at).is_(None)).order_by(col(Agent.created_at))
    agents = session.exec(present.options(calls.only(Agent.name, Agent.is_active, Agent.sync_state, Agent.sync_error))).all()
    live = calls.live(session, actor)
    recent = calls.page(session, actor, size=RECENT_CALLS).rows
    calls_this_month, today = _counts(session, actor, zone)
    return Overview(
        now=clock.now().astimezone(zone),
        wallet=wallet,
        agents=len(agents),
        active_agents=sum(agent.is_active for agent in agents),
        calls_this_month=calls_this_month,
        today=today,
        live=live,
        recent=recent,
        troubles=[Trouble(agent.id, agent.name, agent.sync_error or "") for agent in agents if agent.sync_state is SyncState.FAILED],
        steps=FirstSteps(
            has_agent=bool(agents),
            has_number=session.exec(scoped(actor, PhoneNumber).limit(1)).first() is not None,
            has_called=bool(live or recent),
            has_listened=session.exec(scoped(actor, AuditLog).where(col(AuditLog.action) == PLAYED).limit(1)).first() is not None,
            has_bought=wallet.has_purchased,
        ),
    )


def _counts(session: Session, actor: Actor, zone: ZoneInfo) -> tuple[int, Day]:
    """Calls since the month began, and the calls since midnight."""
    now = clock.now()
    month = scoped(actor, Call).where(col(Call.started_at) >= start_of_month(now, zone)).subquery()
    today = month.c.started_at >= start_of_day(now, zone)
    billed = (func.coalesce(func.sum(column).filter(today), 0) for column in (month.c.billed_minutes, month.c.credits_used))
    answered = or_(month.c.answered_at.is_not(None), month.c.status.in_(LIVE))
    turned_away = func.count().filter(today, month.c.ended_cause == REJECTED)
    columns: Any = (func.count(), func.count().filter(today), func.count().filter(today, answered), *billed, turned_away)
    query: Any = select(*columns)
    total, *of_today = session.exec(query.select_from(month)).one()
    return total, Day(*map(int, of_today))

"""What waits for a person: callers to call back or turned away, agents nobody reaches, money in trouble, an agent not finished."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, and_, col, func, or_, select

from kametrix import clock
from kametrix.models import Agent, Call, CallStatus, DraftStatus, Organization, PhoneNumber, SyncState, User, WizardDraft
from kametrix.services import attention_money, number_claims
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_stats import visible
from kametrix.services.gate import REJECTED, WITHOUT_CREDIT
from kametrix.services.zones import start_of_day, zone_of
from kametrix.settings import settings

RECENT: Final = timedelta(hours=24)
"""A caller who was missed longer ago has called somebody else."""
MISSED: Final = (CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.CANCELLED)
SHOWN: Final = 3


class AgentNeed(StrEnum):
    """Why callers do not reach an agent as its owner wants, the worst first."""

    NOT_UPDATED = "not updated"
    OFF = "off"
    NO_NUMBER = "no number"


@dataclass(frozen=True)
class AgentTrouble:
    """An agent that needs somebody; `why` is what the provider said, where it did."""

    agent_id: str
    name: str
    need: AgentNeed
    why: str = ""


@dataclass(frozen=True)
class MissedCaller:
    """Somebody whose last call nobody answered, and whom nobody follows up. `at` is in the organization's zone."""

    call_id: str
    number: str
    at: datetime
    was_turned_away: bool


@dataclass(frozen=True)
class Attention:
    """`missed`: the latest few of `missed_count`; `declined_today`: callers turned away for want of credit since midnight.

    `waits_for_purchase`: an agent without a number gets one only after the first purchase of credits. `money` is none for who sees none.
    """

    is_switched_off: bool
    declined_today: int
    missed: tuple[MissedCaller, ...]
    missed_count: int
    failed_calls: int
    agents: tuple[AgentTrouble, ...]
    waits_for_purchase: bool
    money: attention_money.MoneyTrouble | None = None


@dataclass(frozen=True)
class Personal:
    """What waits for one person alone. `draft_since`: when they last worked on an agent they did not finish."""

    draft_since: datetime | None
    is_unverified: bool


@allows("dashboard:read")
def attention(session: Session, actor: Actor) -> Attention:
    """What waits for anybody of the organization who sees what the actor sees."""
    zone = zone_of(session, actor)
    missed, missed_count = _missed(session, actor, zone)
    declined_today, failed_calls = _failed(session, actor, start_of_day(clock.now(), zone))
    agents = tuple(_agents(session, actor))
    has_none = any(agent.need is AgentNeed.NO_NUMBER for agent in agents)
    is_on = session.exec(select(Organization.ai_enabled).where(col(Organization.id) == actor.organization_id)).one()
    return Attention(
        is_switched_off=not is_on,
        declined_today=declined_today,
        missed=missed,
        missed_count=missed_count,
        failed_calls=failed_calls,
        agents=agents,
        waits_for_purchase=has_none and not number_claims.may_have_another(session, actor.organization_id),
        money=attention_money.trouble(session, actor) if actor.may("credits:read") else None,
    )


@allows("dashboard:read")
def personal(session: Session, actor: Actor) -> Personal:
    """What waits for the actor and nobody else: never part of what several people share."""
    open_draft = (col(WizardDraft.user_id) == actor.user_id, col(WizardDraft.status) == DraftStatus.DRAFT)
    draft = session.exec(scoped(actor, WizardDraft).where(*open_draft)).one_or_none() if actor.may("agents:write") else None
    verified = session.exec(select(User.email_verified).where(col(User.id) == actor.user_id)).one()
    return Personal(
        draft_since=draft and draft.updated_at.astimezone(zone_of(session, actor)),
        is_unverified=settings().is_production and not verified,
    )


def _agents(session: Session, actor: Actor) -> list[AgentTrouble]:
    """One trouble each: what is worst about it."""
    bad = or_(col(Agent.sync_state) == SyncState.FAILED, col(Agent.is_active).is_(False), col(PhoneNumber.id).is_(None))
    present = and_(col(Agent.organization_id) == actor.organization_id, col(Agent.deleted_at).is_(None))
    shown: Any = (Agent.id, Agent.name, Agent.sync_state, Agent.sync_error, Agent.is_active)
    joined: Any = select(*shown).join(PhoneNumber, col(PhoneNumber.agent_id) == Agent.id, isouter=True).where(present, bad)
    found = session.exec(joined.order_by(col(Agent.created_at), col(Agent.id)))
    return sorted((_trouble(*row) for row in found), key=lambda trouble: list(AgentNeed).index(trouble.need))


def _trouble(agent_id: str, name: str, sync: SyncState, why: str | None, is_active: bool) -> AgentTrouble:
    if sync is SyncState.FAILED:
        return AgentTrouble(agent_id, name, AgentNeed.NOT_UPDATED, why or "")
    return AgentTrouble(agent_id, name, AgentNeed.NO_NUMBER if is_active else AgentNeed.OFF)


def _missed(session: Session, actor: Actor, zone: ZoneInfo) -> tuple[tuple[MissedCaller, ...], int]:
    """Each number's last call decides: who got through later, or is being followed up, does not wait."""
    number, at = col(Call.from_number), col(Call.started_at)
    shown: Any = (Call.id, number, at, Call.status, Call.ended_cause, Call.handled_by_id)
    recent: Any = select(*shown).where(visible(actor), at >= clock.now() - RECENT, number.is_not(None))
    last = recent.ext(distinct_on(number)).order_by(number, at.desc(), col(Call.id).desc()).subquery()
    turned_away = and_(last.c.status == CallStatus.FAILED, last.c.ended_cause == REJECTED)
    columns: Any = (last.c.id, last.c.from_number, last.c.started_at, last.c.ended_cause == REJECTED, func.count().over())
    waiting: Any = select(*columns).where(last.c.handled_by_id.is_(None), or_(last.c.status.in_(MISSED), turned_away))
    found = session.exec(waiting.order_by(last.c.started_at.desc(), last.c.id).limit(SHOWN)).all()
    callers = (MissedCaller(call_id, caller, moment.astimezone(zone), bool(away)) for call_id, caller, moment, away, _ in found)
    return tuple(callers), found[0][-1] if found else 0


def _failed(session: Session, actor: Actor, midnight: datetime) -> tuple[int, int]:
    """Calls turned away for want of credit today, and calls of the last 24 hours that a technical fault ended and nobody follows up."""
    at, since = col(Call.started_at), clock.now() - RECENT
    turned_away = col(Call.ended_cause).is_not_distinct_from(REJECTED)
    numbers: Any = (
        func.count().filter(at >= midnight, turned_away, col(Call.summary) == WITHOUT_CREDIT),
        func.count().filter(at >= since, ~turned_away, col(Call.handled_by_id).is_(None)),
    )
    failed = and_(visible(actor), col(Call.status) == CallStatus.FAILED, at >= min(midnight, since))
    declined, faults = session.exec(select(*numbers).where(failed)).one()
    return declined, faults

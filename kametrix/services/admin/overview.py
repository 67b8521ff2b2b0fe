"""The platform at a glance: who is on it, what it does today, what it earns, and what waits for the operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, text, true
from sqlalchemy import select as rows
from sqlmodel import Session, col, exists, select

from kametrix import clock
from kametrix.models import (
    LIVE,
    Agent,
    Call,
    CreditTransaction,
    Organization,
    PhoneNumber,
    SyncState,
    TransactionType,
    User,
    UserStatus,
    WebhookEvent,
)
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.admin.numbers import KINDS
from kametrix.services.zones import start_of_day, zone_of

USAGE = (TransactionType.CALL_USAGE, TransactionType.GRACE_USAGE, TransactionType.CORRECTION)


@dataclass(frozen=True)
class People:
    """Accounts and organizations that are not deleted; `in_grace`: organizations whose balance is below zero."""

    users: int
    suspended: int
    organizations: int
    in_grace: int


@dataclass(frozen=True)
class Agents:
    """Agents of all; `failed`: the last change did not reach callers; `waiting`: without a number."""

    total: int
    live: int
    updating: int
    failed: int
    off: int
    waiting: int


@dataclass(frozen=True)
class Trade:
    """Since some moment: calls that began, minutes billed, cents charged for calls, cents bought."""

    calls: int
    minutes: int
    used: int
    bought: int


@dataclass(frozen=True)
class Work:
    """What waits or was given up: provider messages (`oldest`: when the first waiting one came), and jobs."""

    waiting: int
    oldest: datetime | None
    failed_messages: int
    failed_jobs: int


@dataclass(frozen=True)
class Numbers:
    """The pool as KINDS. `unknown`: entered by hand, and not yet seen at the provider; `off`: switched off by the operator."""

    free: int
    assigned: int
    released: int
    unknown: int
    off: int


@dataclass(frozen=True)
class Overview:
    """Everything the console's first page shows. `now` is in the operator's zone, in which days begin."""

    now: datetime
    people: People
    agents: Agents
    live_calls: int
    today: Trade
    week: Trade
    work: Work
    numbers: Numbers


@allows(PLATFORM)
def overview(session: Session, actor: Actor) -> Overview:
    """The platform now; `week` is the last seven days, today included."""
    zone = zone_of(session, actor)
    midnight = start_of_day(clock.now(), zone)
    return Overview(
        now=clock.now().astimezone(zone),
        people=_people(session),
        agents=_agents(session),
        live_calls=_counted(session, Call, col(Call.status).in_(LIVE))[0],
        today=_trade(session, midnight),
        week=_trade(session, midnight - timedelta(days=6)),
        work=_work(session),
        numbers=_numbers(session),
    )


def _people(session: Session) -> People:
    present = col(Organization.deleted_at).is_(None)
    users = _counted(session, User, col(User.deleted_at).is_(None), col(User.status) == UserStatus.SUSPENDED)
    return People(*users, *_counted(session, Organization, present, col(Organization.balance_cents) < 0))


def _agents(session: Session) -> Agents:
    sync, active = col(Agent.sync_state), col(Agent.is_active)
    has_number = exists(select(PhoneNumber.id).where(PhoneNumber.agent_id == Agent.id))
    kinds = ((sync == SyncState.LIVE) & active, sync == SyncState.UPDATING, sync == SyncState.FAILED, ~active, ~has_number)
    return Agents(*_counted(session, Agent, col(Agent.deleted_at).is_(None), *kinds))


def _numbers(session: Session) -> Numbers:
    return Numbers(*_counted(session, PhoneNumber, true(), *KINDS.values())[1:])


def _trade(session: Session, since: datetime) -> Trade:
    calls: Any = select(func.count(), func.coalesce(func.sum(Call.billed_minutes), 0)).where(col(Call.started_at) >= since)
    amount, kind = col(CreditTransaction.amount), col(CreditTransaction.type)
    sums = (func.coalesce(func.sum(amount).filter(chosen), 0) for chosen in (kind.in_(USAGE), kind == TransactionType.PURCHASE))
    money: Any = select(*sums).where(col(CreditTransaction.created_at) >= since)
    used, bought = session.exec(money).one()
    return Trade(*map(int, session.exec(calls).one()), used=-int(used), bought=int(bought))


def _work(session: Session) -> Work:
    open_, gave_up = col(WebhookEvent.processed_at).is_(None), col(WebhookEvent.failed_at).is_not(None)
    inbox: Any = select(func.count(), func.min(WebhookEvent.received_at)).where(open_, ~gave_up)
    waiting, oldest = session.exec(inbox).one()
    [failed] = _counted(session, WebhookEvent, open_ & gave_up)
    jobs = session.connection().execute(text("select count(*) from procrastinate_jobs where status = 'failed'")).scalar_one()
    return Work(waiting, oldest, failed, jobs)


def _counted(session: Session, model: Any, among: ColumnElement[bool], *kinds: ColumnElement[bool]) -> tuple[int, ...]:
    """How many rows are `among` those counted, and how many of them are of each kind."""
    query = rows(func.count(), *(func.count().filter(kind) for kind in kinds)).select_from(model).where(among)
    return tuple(session.connection().execute(query).one())

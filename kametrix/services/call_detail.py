"""One call in full: what was said, what the agent did in between, and what it cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.errors import NotFound
from kametrix.models import LIVE, Call, CallStatus, CreditTransaction, ToolCallResult, TransactionType, Transcript
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_filters import Filter, names_of_members
from kametrix.services.call_search import Place, find, seen_by
from kametrix.services.calls import agent_names, only
from kametrix.services.conversation import Turn, conversation
from kametrix.services.zones import zone_of

UNKNOWN = "This call does not exist, or it belongs to another organization."
FORMER = "A former member"


@dataclass(frozen=True)
class Cost:
    """What a call cost and why, from the ledger. `corrections` are later changes in cents, as booked (a loss is negative)."""

    minutes: int
    rate: int
    cents: int
    balance_before: int
    balance_after: int
    grace_used: int
    corrections: tuple[int, ...]


@dataclass(frozen=True)
class CallDetail:
    """One call in full. `is_settled`: its cost is final; `cost` is none when nothing was charged, and for who sees no money."""

    id: str
    caller: str | None
    called: str | None
    agent_id: str
    agent_name: str
    status: CallStatus
    is_live: bool
    is_settled: bool
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    ended_cause: str | None
    summary: str
    turns: tuple[Turn, ...]
    cost: Cost | None
    has_recording: bool
    follower_id: str = ""
    follower: str = ""
    has_money: bool = True


@allows("calls:read")
def detail(session: Session, actor: Actor, call_id: str) -> CallDetail:
    """One call with its conversation and cost. Raises NotFound, also for another organization's call."""
    transcript: Any = Call.transcript
    call = session.exec(seen(actor, call_id).options(defer(transcript))).one_or_none()
    if call is None:
        raise NotFound(UNKNOWN)
    zone = zone_of(session, actor)
    return CallDetail(
        id=call.id,
        caller=call.from_number,
        called=call.to_number,
        agent_id=call.agent_id,
        agent_name=agent_names(session, actor, {call.agent_id})[call.agent_id],
        status=call.status,
        is_live=call.status in LIVE,
        is_settled=call.settled_at is not None,
        started_at=call.started_at.astimezone(zone),
        answered_at=call.answered_at and call.answered_at.astimezone(zone),
        ended_at=call.ended_at and call.ended_at.astimezone(zone),
        seconds=call.duration_seconds,
        ended_cause=call.ended_cause,
        summary=call.summary or "",
        turns=_turns(session, actor, call),
        cost=_cost(session, actor, call) if actor.may("credits:read") else None,
        has_money=actor.may("credits:read"),
        has_recording=call.has_recording,
        follower_id=call.handled_by_id or "",
        follower=names_of_members(session, actor).get(call.handled_by_id, FORMER) if call.handled_by_id else "",
    )


@allows("calls:read")
def neighbours(session: Session, actor: Actor, call_id: str, wanted: Filter) -> tuple[str, str]:
    """The ids of the next newer and the next older ended call of the same list, empty where there is none. Raises NotFound."""
    call = session.exec(seen(actor, call_id).options(only(Call.started_at))).one_or_none()
    if call is None:
        raise NotFound(UNKNOWN)
    around = [find(session, actor, wanted, at=Place(call.started_at, call.id, newer), size=1).ids for newer in (True, False)]
    newer, older = (ids[0] if ids else "" for ids in around)
    return newer, older


def seen(actor: Actor, call_id: str) -> SelectOfScalar[Call]:
    """The call with this id, if the actor sees it."""
    return scoped(actor, Call).where(col(Call.id) == call_id, seen_by(actor))


def _turns(session: Session, actor: Actor, call: Call) -> tuple[Turn, ...]:
    query = scoped(actor, Transcript).where(col(Transcript.call_id) == call.id).options(only(Transcript.messages))
    transcript = session.exec(query).one_or_none()
    answers = session.exec(scoped(actor, ToolCallResult).where(col(ToolCallResult.vapi_call_id) == call.vapi_call_id)).all()
    return conversation(transcript.messages if transcript else None, answers, began=call.answered_at or call.started_at)


def _cost(session: Session, actor: Actor, call: Call) -> Cost | None:
    rows = session.exec(
        scoped(actor, CreditTransaction).where(col(CreditTransaction.call_id) == call.id).order_by(col(CreditTransaction.seq))
    ).all()
    if not rows:
        return None
    charge = rows[0]
    return Cost(
        minutes=call.billed_minutes or 0,
        rate=call.rate_cents_per_minute or 0,
        cents=call.credits_used,
        balance_before=charge.balance_before,
        balance_after=charge.balance_after,
        grace_used=charge.grace_used,
        corrections=tuple(row.amount for row in rows if row.type is TransactionType.CORRECTION),
    )

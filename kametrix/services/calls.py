"""Calls as people read them: a keyset list without transcripts, and one call in full with its cost explained."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, not_, or_, tuple_
from sqlalchemy.orm import defer, load_only
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.errors import Invalid, NotFound
from kametrix.models import LIVE, Agent, Call, CallStatus, CreditTransaction, ToolCallResult, TransactionType, Transcript
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.conversation import Turn, conversation
from kametrix.services.gate import REJECTED
from kametrix.services.zones import zone_of

PAGE_SIZE: Final = 20
LARGEST_PAGE: Final = 100
SUMMARY_CHARACTERS: Final = 160
CURSOR: Final = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True)
class CallRow:
    """A call in a list. Moments are in the organization's zone; `cents` is what it cost so far; `summary` its first words."""

    id: str
    caller: str | None
    agent_id: str
    agent_name: str
    status: CallStatus
    started_at: datetime
    answered_at: datetime | None
    seconds: int | None
    cents: int
    summary: str
    ended_cause: str | None


@dataclass(frozen=True)
class CallPage:
    """Newest first; `newer` and `older` are cursors of the neighbouring pages, empty where there is none."""

    rows: list[CallRow]
    newer: str
    older: str


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
    """One call in full. `is_settled`: its cost is final; `cost` is none when nothing was charged."""

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


@allows("calls:read")
def page(
    session: Session,
    actor: Actor,
    *,
    statuses: tuple[CallStatus, ...] = (),
    agent_id: str = "",
    older_than: str = "",
    newer_than: str = "",
    size: int = PAGE_SIZE,
) -> CallPage:
    """Calls that have ended (or those in `statuses`), newest first; `size` is kept within 1..100. Raises Invalid for a broken cursor."""
    size, zone = max(1, min(size, LARGEST_PAGE)), zone_of(session, actor)
    query = _brief(actor).where(_among(statuses) if statuses else col(Call.status).not_in(LIVE))
    if agent_id:
        query = query.where(col(Call.agent_id) == agent_id)
    place = tuple_(col(Call.started_at), col(Call.id))
    if newer_than:
        query = query.where(place > _position(newer_than)).order_by(col(Call.started_at), col(Call.id))
    else:
        query = query.where(place < _position(older_than)) if older_than else query
        query = query.order_by(col(Call.started_at).desc(), col(Call.id).desc())
    found = _listed(session, actor, query.limit(size + 1), zone)
    more, rows = len(found) > size, found[:size]
    if newer_than:
        return CallPage(rows[::-1], newer=_cursor(rows[-1]) if more else "", older=_cursor(rows[0]) if rows else "")
    return CallPage(rows, newer=_cursor(rows[0]) if older_than and rows else "", older=_cursor(rows[-1]) if more else "")


@allows("calls:read")
def live(session: Session, actor: Actor) -> list[CallRow]:
    """Calls that ring or run now, the latest first."""
    query = _brief(actor).where(col(Call.status).in_(LIVE)).order_by(col(Call.started_at).desc(), col(Call.id).desc())
    return _listed(session, actor, query.limit(LARGEST_PAGE), zone_of(session, actor))


@allows("calls:read")
def detail(session: Session, actor: Actor, call_id: str) -> CallDetail:
    """One call with its conversation and cost. Raises NotFound, also for another organization's call."""
    transcript: Any = Call.transcript
    call = session.exec(scoped(actor, Call).where(col(Call.id) == call_id).options(defer(transcript))).one_or_none()
    if call is None:
        raise NotFound("This call does not exist, or it belongs to another organization.")
    zone = zone_of(session, actor)
    return CallDetail(
        id=call.id,
        caller=call.from_number,
        called=call.to_number,
        agent_id=call.agent_id,
        agent_name=_agent_names(session, actor, {call.agent_id})[call.agent_id],
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
        cost=_cost(session, actor, call),
        has_recording=call.has_recording,
    )


def _among(statuses: tuple[CallStatus, ...]) -> ColumnElement[bool]:
    """These statuses; a caller who was turned away was missed (NO_ANSWER), whatever the row's status."""
    turned_away, shown = col(Call.ended_cause).is_not_distinct_from(REJECTED), col(Call.status).in_(statuses)
    return or_(shown, turned_away) if CallStatus.NO_ANSWER in statuses else and_(shown, not_(turned_away))


def _brief(actor: Actor) -> SelectOfScalar[Call]:
    """Calls with what a list row shows: never the transcript."""
    moments = (Call.started_at, Call.answered_at)
    shown = (
        Call.from_number,
        Call.agent_id,
        Call.status,
        Call.ended_cause,
        *moments,
        Call.duration_seconds,
        Call.credits_used,
        Call.summary,
    )
    return scoped(actor, Call).options(only(*shown))


def only(*attributes: Any) -> ExecutableOption:
    """Load these columns and the id, the rest when asked for: lists leave long texts where they are."""
    return load_only(*attributes)


def _listed(session: Session, actor: Actor, query: SelectOfScalar[Call], zone: ZoneInfo) -> list[CallRow]:
    found = session.exec(query).all()
    names = _agent_names(session, actor, {call.agent_id for call in found})
    return [_row(call, names[call.agent_id], zone) for call in found]


def _agent_names(session: Session, actor: Actor, ids: set[str]) -> dict[str, str]:
    """Names by id, deleted agents included: their calls keep them."""
    found = session.exec(scoped(actor, Agent).where(col(Agent.id).in_(ids)).options(only(Agent.name))) if ids else ()
    return {agent.id: agent.name for agent in found}


def _row(call: Call, agent_name: str, zone: ZoneInfo) -> CallRow:
    return CallRow(
        id=call.id,
        caller=call.from_number,
        agent_id=call.agent_id,
        agent_name=agent_name,
        status=call.status,
        started_at=call.started_at.astimezone(zone),
        answered_at=call.answered_at and call.answered_at.astimezone(zone),
        seconds=call.duration_seconds,
        cents=call.credits_used,
        summary=_first_words(call.summary or ""),
        ended_cause=call.ended_cause,
    )


def _first_words(text: str) -> str:
    if len(text) <= SUMMARY_CHARACTERS:
        return text
    return text[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _cursor(row: CallRow) -> str:
    return f"{row.started_at.astimezone(UTC):{CURSOR}}-{row.id}"


def _position(cursor: str) -> tuple[datetime, str]:
    moment, _, call_id = cursor.partition("-")
    try:
        return datetime.strptime(moment, CURSOR).replace(tzinfo=UTC), call_id
    except ValueError as error:
        raise Invalid("This address of a page of calls is broken. Start again from the newest calls.") from error


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

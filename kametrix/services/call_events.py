"""What a provider's message does to a call: opened by the first of any type, moved forward only, settled by its report.

The tenant comes from the token the message arrived at, never from what it says. Every step can be repeated, and messages may
come in any order: late news of an earlier stage changes nothing.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import inspect, text
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.integrations.vapi import ended_reasons, events
from kametrix.models import Call, CallDirection, CallStatus
from kametrix.services import settlement
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import InboxEvent, Refused

RANK: Final = {CallStatus.QUEUED: 0, CallStatus.RINGING: 1, CallStatus.IN_PROGRESS: 2}
FINAL: Final = 3
CREDIBLE: Final = timedelta(days=1)
"""A time stated by a message counts only this close to its arrival."""

_COLUMNS: Final = list(inspect(Call).columns)
_OPEN: Final = select(Call).from_statement(
    text(f"""
        insert into call (id, organization_id, agent_id, user_id, phone_number_id, vapi_call_id, started_at, created_at, updated_at)
        select :id, agent.organization_id, agent.id, agent.user_id, phone_number.id, :vapi, :heard, :now, :now
          from agent left join phone_number on phone_number.agent_id = agent.id where agent.id = :agent
        on conflict (vapi_call_id) do update set vapi_call_id = excluded.vapi_call_id
        returning {", ".join(f"call.{column.name}" for column in _COLUMNS)}""").columns(*_COLUMNS)  # noqa: S608  (our own column names)
)
"""One statement that makes or locks a call: whichever message comes first opens it, on the number its agent has then."""


def rank(status: CallStatus) -> int:
    """How far a call has come: QUEUED < RINGING < IN_PROGRESS < final."""
    return RANK.get(status, FINAL)


def forward(current: CallStatus, told: CallStatus) -> CallStatus:
    """The later stage of the two; the first final status stands."""
    return told if rank(told) > rank(current) else current


@open_to(SYSTEM)
def apply(session: Session, event: InboxEvent) -> None:
    """Apply a claimed event to its call. Raises Refused for a call of another agent."""
    if event.agent_id is None or event.organization_id is None or not event.subject:
        return  # about no call: kept as it came
    call = open_call(session, event.subject, agent_id=event.agent_id, organization_id=event.organization_id, heard_at=event.received_at)
    call.updated_at = clock.now()
    learn_parties(session, call, events.parties(event.payload))
    match event.type:
        case "status-update":
            _status(session, call, events.status(event.payload), event.received_at)
        case "end-of-call-report":
            settlement.settle(session, call, events.report(event.payload), told_at=event.received_at)
        case "tool-calls" | "function-call":
            call.status = forward(call.status, CallStatus.IN_PROGRESS)
        case "transfer-update":
            call.transferred_to_human = True
        case _:
            pass


@open_to(SYSTEM)
def open_call(session: Session, vapi_call_id: str, *, agent_id: str, organization_id: str, heard_at: datetime) -> Call:
    """The call of this agent with the provider's id, its row locked; made when it is new. Raises Refused when it is another agent's."""
    values = {"id": new_id(), "agent": agent_id, "vapi": vapi_call_id, "heard": heard_at, "now": clock.now()}
    call = session.scalars(_OPEN, params=values).one()
    if call.agent_id != agent_id or call.organization_id != organization_id:
        raise Refused("This call belongs to another agent; nothing was changed.")
    return call


@open_to(SYSTEM)
def learn_parties(session: Session, call: Call, parties: events.Parties) -> None:
    """Who called whom, as soon as a message says so; what is known stays."""
    call.from_number = call.from_number or (parties.from_number or "")[:32] or None
    call.to_number = call.to_number or (parties.to_number or "")[:32] or None
    if parties.is_outbound:
        call.direction = CallDirection.OUTBOUND
    if parties.call_sid and call.call_sid is None and len(parties.call_sid) <= 64:
        taken = session.exec(select(Call.id).where(col(Call.call_sid) == parties.call_sid)).first()
        call.call_sid = None if taken else parties.call_sid


def _status(session: Session, call: Call, told: events.StatusUpdate, received_at: datetime) -> None:
    moment = _credible(told.at, received_at) or received_at
    if told.transferred_to or told.status == "forwarding":
        call.transferred_to_human = True
    if told.stage == "ENDED":
        _ended(session, call, told, moment)
    elif told.stage is not None:
        call.status = forward(call.status, CallStatus(told.stage))
        if told.stage == "IN_PROGRESS" and call.answered_at is None:
            call.answered_at = _credible(told.started_at, received_at) or moment


def _ended(session: Session, call: Call, told: events.StatusUpdate, moment: datetime) -> None:
    """The call is over; what it costs waits for the report, and for the provider's answer if none comes."""
    call.answered_at = call.answered_at or _credible(told.started_at, moment)
    call.ended_at = call.ended_at or _credible(told.ended_at, moment) or moment
    late = call.ended_reason is None and told.ended_reason is not None  # a report without a reason came first
    if rank(call.status) < FINAL or late:
        outcome = ended_reasons.outcome(told.ended_reason, started=call.answered_at is not None, user_spoke=told.user_spoke)
        call.status, call.ended_cause = CallStatus(outcome.status), outcome.cause
        call.ended_reason = told.ended_reason[:160] if told.ended_reason else None
    if call.settled_at is None:
        settlement.ask_later(session, call)
    elif late:
        settlement.settle(session, call, events.report({}), told_at=moment)  # the reason decides whether it is billed


def _credible(told: datetime | None, near: datetime) -> datetime | None:
    return told if told is not None and abs(told - near) < CREDIBLE else None

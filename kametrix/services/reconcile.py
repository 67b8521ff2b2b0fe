"""Calls whose messages were lost: never ended, ended without a report, or never seen. The provider is asked, between two transactions.

`overdue` and `unseen` read what to ask for; `conclude` and `adopt` write what came back. The jobs do the asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from kametrix import clock
from kametrix.integrations.vapi import events
from kametrix.integrations.vapi.redaction import redact
from kametrix.models import LIVE, Agent, Call, SiteSetting
from kametrix.services import inbox, settlement
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.call_events import learn_parties

OVERTIME: Final = timedelta(minutes=5)
"""A call this much older than the longest it may last should have ended."""
PATIENCE: Final = timedelta(minutes=10)
"""A report may take this long after the end."""
OVERLAP: Final = timedelta(minutes=10)
"""How far each look at the provider's list reaches back before the last one."""
FIRST_LOOK: Final = timedelta(hours=24)
CURSOR: Final = "reconciled_until"
"""Site setting: seconds since 1970 up to which the provider's list was read."""


@dataclass(frozen=True)
class Overdue:
    """A call to ask the provider about."""

    call_id: str
    vapi_call_id: str
    organization_id: str


@open_to(SYSTEM)
def overdue(session: Session, *, size: int = 200) -> list[Overdue]:
    """Unsettled calls that never ended in time, or ended without a report; those that were looked at longest ago first."""
    longest = func.make_interval(0, 0, 0, 0, 0, 0, Agent.max_duration_seconds)
    never_ended = col(Call.status).in_(LIVE) & (col(Call.started_at) + longest < clock.now() - OVERTIME)
    unreported = col(Call.status).not_in(LIVE) & (col(Call.ended_at) < clock.now() - PATIENCE)
    query = select(Call.id, Call.vapi_call_id, Call.organization_id).join(Agent, col(Agent.id) == Call.agent_id)
    query = query.where(col(Call.settled_at).is_(None), col(Call.vapi_call_id).is_not(None), or_(never_ended, unreported))
    return [
        Overdue(call_id, vapi_id or "", org) for call_id, vapi_id, org in session.exec(query.order_by(col(Call.updated_at)).limit(size))
    ]


@open_to(SYSTEM)
def waiting_for_report(session: Session, call_id: str) -> Overdue | None:
    """What to ask the provider about this call; none when it is settled."""
    call = session.exec(select(Call).where(Call.id == call_id)).one_or_none()
    if call is None or call.settled_at is not None or call.vapi_call_id is None:
        return None
    return Overdue(call.id, call.vapi_call_id, call.organization_id)


@open_to(SYSTEM)
def conclude(session: Session, call_id: str, answer: dict[str, Any] | None) -> bool:
    """Apply the provider's answer about a call (none: it knows no such call); returns whether the call is settled now.

    Without a usable duration our own times decide. A call that still runs stays open.
    """
    call = session.exec(select(Call).where(Call.id == call_id).with_for_update()).one()
    call.updated_at = clock.now()
    if call.settled_at is not None:
        return True
    if answer is None:
        settlement.settle_from_own_times(session, call)
        return True
    learn_parties(session, call, events.parties(answer))
    if events.status(answer).stage != "ENDED":
        return False
    settlement.settle(session, call, events.call_report(answer), told_at=clock.now(), conclusive=True)
    return True


@open_to(SYSTEM)
def cursor(session: Session) -> datetime:
    """From when on the provider's list of calls is read."""
    found = session.exec(select(SiteSetting.value).where(col(SiteSetting.key) == CURSOR)).first()
    return clock.now() - FIRST_LOOK if found is None else datetime.fromtimestamp(found, UTC) - OVERLAP


@open_to(SYSTEM)
def adopt(session: Session, calls: Sequence[dict[str, Any]], *, until: datetime) -> int:
    """Bring calls of ours that no message told of, or whose end none told of, into the inbox, as that message; returns how many.

    The agent is known by the assistant that answered, as the provider states it to our own key. Moves the cursor to `until`.
    """
    listed = {str(call.get("id")): call for call in calls if events.parties(call).assistant_id}
    known = _known(session, listed)
    unseen = {vapi_id: call for vapi_id, call in listed.items() if vapi_id not in known and len(vapi_id) <= 64}
    agents = _agents(session, [events.parties(call).assistant_id for call in unseen.values()])
    received = [_as_received(call, agent) for call in unseen.values() if (agent := agents.get(events.parties(call).assistant_id or ""))]
    made = inbox.receive(session, received) if received else 0
    _move_cursor(session, until)
    return made


def _known(session: Session, listed: dict[str, dict[str, Any]]) -> set[str | None]:
    """Those of which the list says nothing new.

    A lost end is news at once: until the call must be over it would keep a newcomer's other callers out.
    """
    ended = [vapi_id for vapi_id, call in listed.items() if events.status(call).stage == "ENDED"]
    heard = or_(col(Call.status).not_in(LIVE), col(Call.vapi_call_id).not_in(ended))
    return set(session.exec(select(Call.vapi_call_id).where(col(Call.vapi_call_id).in_(listed), heard)))


def _agents(session: Session, assistant_ids: Sequence[str | None]) -> dict[str, Agent]:
    found = session.exec(select(Agent).where(col(Agent.vapi_assistant_id).in_(filter(None, assistant_ids))))
    return {agent.vapi_assistant_id or "": agent for agent in found}


def _as_received(call: dict[str, Any], agent: Agent) -> inbox.Received:
    """The message this state of the call would have come with."""
    state = events.status(call)
    kind = "end-of-call-report" if state.stage == "ENDED" else "status-update"
    body = {**call, "type": kind, "status": state.status, "call": call}
    message = events.Message(kind, str(call["id"]), None, body)
    return inbox.Received(
        provider=inbox.PROVIDER,
        dedupe_key=inbox.own_key(agent.id, f"listed:{events.dedupe_key(message)}"),
        type=kind,
        subject=str(call["id"]),
        organization_id=agent.organization_id,
        agent_id=agent.id,
        payload=redact(body),
    )


def _move_cursor(session: Session, until: datetime) -> None:
    row = insert(SiteSetting).values(key=CURSOR, value=int(until.timestamp()), updated_at=clock.now())
    session.connection().execute(
        row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value, "updated_at": row.excluded.updated_at})
    )

"""Vapi's messages for tests: as short as they may be, in Vapi's own words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.integrations.vapi import events
from kametrix.integrations.vapi.redaction import redact
from kametrix.models import Agent, Call
from kametrix.services.inbox import InboxEvent, Received, own_key

START = datetime(2026, 7, 27, 10, 0, tzinfo=UTC)
CALLER = "+14155550147"


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(kind: str, call_id: str | None = "call-1", *, at: datetime = START, **fields: Any) -> dict[str, Any]:
    call = {"call": {"id": call_id, "type": "inboundPhoneCall"}} if call_id else {}
    return {"type": kind, "timestamp": int(at.timestamp() * 1000), **call, "customer": {"number": CALLER}, **fields}


def status(word: str, call_id: str = "call-1", **fields: Any) -> dict[str, Any]:
    return message("status-update", call_id, status=word, **fields)


def ended(call_id: str = "call-1", *, reason: str = "customer-ended-call", **fields: Any) -> dict[str, Any]:
    return status("ended", call_id, endedReason=reason, **fields)


def report(call_id: str = "call-1", *, seconds: float = 65, reason: str = "customer-ended-call", **fields: Any) -> dict[str, Any]:
    spoken = [
        {"role": "system", "message": "FAKE-PROMPT"},
        {"role": "bot", "message": "Hello, this is Mia.", "secondsFromStart": 0.2},
        {"role": "user", "message": "A cleaning on Wednesday, please.", "secondsFromStart": 4.5},
    ]
    told = {
        "startedAt": iso(START),
        "endedAt": iso(START + timedelta(seconds=seconds)),
        "endedReason": reason,
        "analysis": {"summary": "The caller wants a cleaning."},
        "artifact": {"messages": spoken, "transcript": "AI: Hello, this is Mia.\nUser: A cleaning on Wednesday, please."},
        "cost": 0.1531,
    }
    return message("end-of-call-report", call_id, at=START + timedelta(seconds=seconds), **{**told, **fields})


def received(agent: Agent, body: dict[str, Any]) -> Received:
    """As the route would hand it to the inbox."""
    parsed = events.Message(body["type"], body.get("call", {}).get("id"), None, body)
    return Received(
        provider="vapi",
        dedupe_key=own_key(agent.id, events.dedupe_key(parsed)),
        type=parsed.type,
        subject=parsed.call_id or "",
        organization_id=agent.organization_id,
        agent_id=agent.id,
        payload=redact(body),
    )


def claimed(agent: Agent, body: dict[str, Any], **changed: Any) -> InboxEvent:
    """As the worker would hand it to the call."""
    row = received(agent, body)
    given = {
        "id": 1,
        "provider": row.provider,
        "type": row.type,
        "subject": row.subject,
        "organization_id": row.organization_id,
        "agent_id": row.agent_id,
        "payload": row.payload,
        "received_at": clock.now(),
        "attempts": 0,
    }
    return InboxEvent(**{**given, **changed})


def call_of(session: Session, vapi_call_id: str = "call-1") -> Call:
    return session.exec(select(Call).where(col(Call.vapi_call_id) == vapi_call_id)).one()

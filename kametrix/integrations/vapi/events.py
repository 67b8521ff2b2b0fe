"""What Vapi tells us, in our words: read any message, report, status or tool call without trusting its shape."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True)
class Message:
    """One server message. `body` is the cleaned `message` object; redact it before it is stored or logged."""

    type: str
    call_id: str | None
    timestamp: datetime | None
    body: dict[str, Any]


@dataclass(frozen=True)
class Parties:
    """Who called whom. Known from the first message of any type, as far as it says so."""

    from_number: str | None
    to_number: str | None
    is_outbound: bool
    assistant_id: str | None
    phone_number_id: str | None
    call_sid: str | None


@dataclass(frozen=True)
class Turn:
    """One thing said or done. `at`: seconds from the start of the call, unknown in some generations."""

    role: Literal["agent", "caller", "tool"]
    text: str
    at: float | None = None


@dataclass(frozen=True)
class Report:
    """How a call went. `duration_seconds`: whole seconds, rounded down; None when nothing trustworthy says so.

    `duration_doubt` names why the duration needs a look: "negative", "too_long" or "disagrees"; None when it is sound.
    """

    call_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    exact_duration: Decimal | None
    duration_doubt: str | None
    ended_reason: str | None
    summary: str | None
    transcript: str | None
    turns: list[Turn] = field(default_factory=list[Turn])
    cost: Decimal | None = None
    has_recording: bool = False
    from_number: str | None = None
    to_number: str | None = None
    is_outbound: bool = False
    user_spoke: bool = False
    transferred_to: str | None = None

    @property
    def duration_seconds(self) -> int | None:
        """What is shown and billed."""
        return None if self.exact_duration is None else int(self.exact_duration)


@dataclass(frozen=True)
class StatusUpdate:
    """Where a call stands. `stage`: QUEUED, RINGING, IN_PROGRESS, ENDED, or None for a status that says nothing of it."""

    call_id: str | None
    status: str
    stage: Literal["QUEUED", "RINGING", "IN_PROGRESS", "ENDED"] | None
    at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    ended_reason: str | None
    user_spoke: bool
    transferred_to: str | None


@dataclass(frozen=True)
class ToolCall:
    """A request to run a tool. `id` is kept exactly. `error` is set, and `arguments` empty, when they could not be read."""

    id: str
    name: str
    arguments: dict[str, Any]
    error: str | None = None


def parse(raw: bytes) -> Message:
    """The message in a request body. Raises Invalid when it is not one; unknown types and extra fields are fine."""
    raise NotImplementedError


def parties(body: dict[str, Any]) -> Parties:
    """Who called whom, from a message body or an answer of GET /call."""
    raise NotImplementedError


def report(body: dict[str, Any]) -> Report:
    """The facts of an end-of-call report of any generation. Never raises."""
    raise NotImplementedError


def call_report(call: dict[str, Any]) -> Report:
    """The same facts from an answer of GET /call/{id}. Never raises."""
    raise NotImplementedError


def status(body: dict[str, Any]) -> StatusUpdate:
    """The status in a status-update, or in an answer of GET /call/{id}. Never raises."""
    raise NotImplementedError


def tool_calls(body: dict[str, Any]) -> list[ToolCall]:
    """Every tool asked for, each id once, in order. Never raises."""
    raise NotImplementedError


def dedupe_key(message: Message) -> str:
    """At most 200 characters; equal for redeliveries of one message, different for different facts."""
    raise NotImplementedError

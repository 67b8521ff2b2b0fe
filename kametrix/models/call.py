"""A telephone call, its transcript, and the answers its tools gave."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, Identity, Index, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, col

from kametrix.models.base import Column, Row, Text, Timestamped, enum, instant, json_column, text_id


class CallStatus(StrEnum):
    """Moves forward only: QUEUED < RINGING < IN_PROGRESS < any of the rest (final)."""

    QUEUED = "QUEUED"
    RINGING = "RINGING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    VOICEMAIL = "VOICEMAIL"


class CallDirection(StrEnum):
    """Who dialled."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


LIVE = (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS)


class Call(Timestamped, table=True):
    """`started_at`: first heard of. `answered_at`..`ended_at`: the time that is billed. `settled_at`: cost is final."""

    __table_args__ = (
        CheckConstraint("duration_seconds >= 0", name="call_duration_positive"),
        CheckConstraint("credits_used >= 0", name="call_credits_positive"),
        Index("call_of_organization", "organization_id", "started_at", "id"),
        Index(
            "call_statistics",
            "organization_id",
            "started_at",
            postgresql_include=["status", "answered_at", "ended_cause", "billed_minutes", "credits_used"],
        ),
        Index("call_by_time", "started_at", "id"),
        Index("call_by_status", "organization_id", "status", "started_at", "id"),
        Index("call_handled_by", "handled_by_id", "started_at", "id", postgresql_where="handled_by_id is not null"),
        Index("call_live", "organization_id", postgresql_where="status in ('QUEUED', 'RINGING', 'IN_PROGRESS')"),
        Index("call_unsettled", "updated_at", postgresql_where="settled_at is null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    agent_id: str = Field(foreign_key="agent.id", max_length=32, index=True)
    user_id: str = Field(foreign_key="user.id", max_length=32)
    phone_number_id: str | None = Field(default=None, foreign_key="phone_number.id", max_length=32)
    vapi_call_id: str | None = Field(default=None, unique=True, max_length=64)
    call_sid: str | None = Field(default=None, unique=True, max_length=64)
    direction: CallDirection = enum(CallDirection, "call_direction", default=CallDirection.INBOUND)
    from_number: str | None = Field(default=None, max_length=32)
    to_number: str | None = Field(default=None, max_length=32)
    status: CallStatus = enum(CallStatus, "call_status", default=CallStatus.QUEUED)
    ended_reason: str | None = Field(default=None, max_length=160)
    ended_cause: str | None = Field(default=None, max_length=32, description="Cause group of integrations/vapi/ended_reasons.py.")
    started_at: datetime = instant()
    answered_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    duration_seconds: int | None = Field(default=None)
    rate_cents_per_minute: int | None = Field(default=None)
    billed_minutes: int | None = Field(default=None)
    credits_used: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    cost: Decimal | None = Field(default=None, sa_column=Column(Numeric(10, 5)), description="What the provider charged us, in USD.")
    summary: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    transcript: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    has_recording: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    handled_by_ai: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    transferred_to_human: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    transfer_reason: str | None = Field(default=None, max_length=200)
    handled_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32, description="The member who follows it up.")
    wait_time: int | None = Field(default=None, description="Seconds of ringing.")
    recording_url: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    recording_sid: str | None = Field(default=None, max_length=64)
    recording_duration: int | None = Field(default=None, description="Seconds.")
    ai_confidence: float | None = Field(default=None)
    sentiment: str | None = Field(default=None, max_length=16)
    sentiment_score: float | None = Field(default=None)
    topics: list[str] | None = json_column()
    twilio_price: Decimal | None = Field(default=None, sa_column=Column(Numeric(10, 5)))
    ai_tokens_used: int | None = Field(default=None)
    reported_at: datetime | None = instant(nullable=True)
    settled_at: datetime | None = instant(nullable=True)

    @property
    def phone_number(self) -> str | None:
        """The caller's number (the specification's name for `from_number`)."""
        return self.from_number


SEARCH: Column[str] = Column(
    "search",
    TSVECTOR,
    Computed(
        """case when status in ('QUEUED', 'RINGING', 'IN_PROGRESS') then null else
    call_words(organization_id, agent_id, handled_by_id, case ended_cause when 'rejected_by_us' then 'REJECTED' else status end, direction,
      case direction when 'OUTBOUND' then to_number else from_number end, started_at, left(summary, 20000), transcript) end""",
        persisted=True,
    ),
)
"""What an ended call is found by (services/call_search.py). On the table alone, so that no call that is loaded brings it along."""
CALL_TABLE: Any = Call.__dict__["__table__"]
CALL_TABLE.append_column(SEARCH)
Index("call_list", Call.organization_id, col(Call.started_at).desc().nulls_last(), col(Call.id).desc().nulls_last())
Index("call_search", SEARCH, postgresql_using="gin", postgresql_where="search is not null", postgresql_with={"gin_pending_list_limit": 256})


class Transcript(Row, table=True):
    """What was said, one per call. `messages`: [{role: agent|caller|tool, text, at: seconds from start}]."""

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32, index=True)
    call_id: str = Field(foreign_key="call.id", max_length=32, unique=True)
    call_sid: str | None = Field(default=None, unique=True, max_length=64)
    full_text: str = Field(sa_column=Column(Text, nullable=False))
    messages: list[dict[str, Any]] | None = json_column()
    summary: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    sentiment: str | None = Field(default=None, max_length=16)
    sentiment_score: float | None = Field(default=None)
    keywords: list[str] | None = json_column()
    topics: list[str] | None = json_column()
    action_items: list[str] | None = json_column()
    primary_intent: str | None = Field(default=None, max_length=120)
    intent_confidence: float | None = Field(default=None)
    entities: dict[str, Any] | None = json_column()
    created_at: datetime = instant()


class ToolCallResult(Row, table=True):
    """What a tool answered, kept so that a repeated request gets the same answer."""

    __table_args__ = (UniqueConstraint("vapi_call_id", "tool_call_id", name="tool_call_result_once"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    organization_id: str = Field(foreign_key="organization.id", max_length=32, index=True)
    agent_id: str = Field(foreign_key="agent.id", max_length=32)
    vapi_call_id: str = Field(max_length=64)
    tool_call_id: str = Field(max_length=128)
    name: str = Field(max_length=128)
    arguments: dict[str, Any] | None = json_column()
    result: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: datetime = instant()

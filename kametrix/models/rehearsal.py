"""Rehearsal: trying a conversation before it is real. `user` is coached, `partner` the other voice, `coach` advises in private."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, Timestamped, count, enum, flag, instant, json_column, long_text, serial, text_id

MODEL = "claude-sonnet-4-20250514"
"""The specification's default for both voices; a service passes the one that is configured."""
QUOTA = "jsonb_typeof(quota -> 'tokens') is not distinct from 'number' and (quota ->> 'tokens')::numeric > 0"


class SessionStatus(StrEnum):
    """A completed conversation takes no more messages."""

    ACTIVE = "active"
    COMPLETED = "completed"


class MessageRole(StrEnum):
    """Who speaks."""

    USER = "user"
    PARTNER = "partner"
    COACH = "coach"


class StreamType(StrEnum):
    """Whose words cost the tokens; coach includes scores and asides."""

    PARTNER = "partner"
    COACH = "coach"


class QuotaPreset(Timestamped, table=True):
    """How many tokens an invitation may hold, by name; platform-wide. `quota`: {tokens, label}."""

    __table_args__ = (
        CheckConstraint(QUOTA, name="quota_preset_tokens"),
        Index("quota_preset_default", "is_default", unique=True, postgresql_where="is_default"),
    )

    id: str = text_id()
    name: str = Field(unique=True, max_length=60)
    label: str = Field(max_length=120)
    description: str | None = long_text()
    quota: dict[str, Any] = json_column(nullable=False)
    is_default: bool = flag()
    sort_order: int = count()


class Scenario(Timestamped, table=True):
    """A conversation to practise. Without an organization it is a template everybody may use."""

    __table_args__ = (
        Index("scenario_of_organization", "organization_id", "id"),
        Index("scenario_of_agent", "agent_id", postgresql_where="agent_id is not null"),
    )

    id: int | None = serial()
    organization_id: str | None = Field(default=None, foreign_key="organization.id", max_length=32)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32)
    created_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    name: str = Field(max_length=120)
    description: str = long_text(nullable=False)
    slug: str = Field(unique=True, max_length=80)
    partner_persona: str = long_text(nullable=False)
    partner_system_prompt: str = long_text(nullable=False)
    coach_system_prompt: str = long_text(nullable=False)
    partner_model: str = Field(default=MODEL, max_length=80, sa_column_kwargs={"server_default": MODEL})
    coach_model: str = Field(default=MODEL, max_length=80, sa_column_kwargs={"server_default": MODEL})
    is_active: bool = flag(default=True)


class Invitation(Row, table=True):
    """A link for one guest. Of the token only the SHA-256 is kept. `quota`: {tokens, label}; `usage`: what of it is used."""

    __table_args__ = (
        CheckConstraint(QUOTA, name="invitation_tokens"),
        CheckConstraint("linked_user_id is null or claimed_at is not null", name="invitation_claimed"),
        CheckConstraint("expires_at > created_at", name="invitation_expires"),
        Index("invitation_of_organization", "organization_id", "created_at", "id"),
        Index("invitation_by_expiry", "expires_at"),
        Index("invitation_linked_user", "linked_user_id", postgresql_where="linked_user_id is not null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32)
    token_hash: str = Field(unique=True, max_length=64)
    scenario_id: int | None = Field(default=None, foreign_key="scenario.id", sa_type=BigInteger, index=True)
    quota: dict[str, Any] = json_column(nullable=False)
    usage: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(none_as_null=True), nullable=False, server_default="{}"))
    expires_at: datetime = instant()
    claimed_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)
    linked_user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    created_by_id: str = Field(foreign_key="user.id", max_length=32)
    created_at: datetime = instant()


class ConversationSession(Row, table=True):
    """One conversation, of a person or of an invitation's guest. (The login session is `Session`.)"""

    __table_args__ = (
        CheckConstraint("user_id is not null or invitation_id is not null", name="conversation_session_whose"),
        CheckConstraint("(status = 'completed') = (ended_at is not null)", name="conversation_session_ended"),
        CheckConstraint("total_messages >= 0 and duration_seconds >= 0", name="conversation_session_positive"),
        Index("conversation_session_of_organization", "organization_id", "started_at", "id"),
        Index("conversation_session_of_user", "user_id", "started_at"),
        Index("conversation_session_of_invitation", "invitation_id", "started_at"),
        Index("conversation_session_by_status", "status", "started_at"),
    )

    id: int | None = serial()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32)
    user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    invitation_id: str | None = Field(default=None, foreign_key="invitation.id", max_length=32)
    scenario_id: int = Field(foreign_key="scenario.id", sa_type=BigInteger, index=True)
    status: SessionStatus = enum(SessionStatus, "conversation_session_status", default=SessionStatus.ACTIVE)
    started_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    total_messages: int = count()
    duration_seconds: int | None = Field(default=None)


class Message(Row, table=True):
    """What one of the three said; goes with its conversation."""

    __table_args__ = (Index("message_of_session", "session_id", "id"), Index("message_of_organization", "organization_id", "timestamp"))

    id: int | None = serial()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    session_id: int = Field(foreign_key="conversation_session.id", ondelete="CASCADE", sa_type=BigInteger)
    role: MessageRole = enum(MessageRole, "message_role")
    content: str = long_text(nullable=False)
    timestamp: datetime = instant()
    audio_url: str | None = long_text()
    meta: dict[str, Any] | None = Field(default=None, sa_column=Column("metadata", JSONB(none_as_null=True), nullable=True))


class RehearsalUsageLog(Row, table=True):
    """The tokens of one answer of a model; kept when its conversation is deleted."""

    __table_args__ = (
        CheckConstraint("input_tokens >= 0 and output_tokens >= 0", name="rehearsal_usage_log_positive"),
        Index("rehearsal_usage_log_of_organization", "organization_id", "timestamp"),
        Index("rehearsal_usage_log_of_user", "user_id", "timestamp"),
        Index("rehearsal_usage_log_of_invitation", "invitation_id", "timestamp"),
        Index("rehearsal_usage_log_by_time", "timestamp"),
        Index("rehearsal_usage_log_of_session", "session_id", postgresql_where="session_id is not null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    invitation_id: str | None = Field(default=None, foreign_key="invitation.id", max_length=32)
    session_id: int | None = Field(default=None, foreign_key="conversation_session.id", ondelete="SET NULL", sa_type=BigInteger)
    model: str = Field(max_length=80)
    stream_type: StreamType = enum(StreamType, "rehearsal_usage_log_stream_type")
    input_tokens: int = count()
    output_tokens: int = count()
    timestamp: datetime = instant()

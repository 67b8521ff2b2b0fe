"""An AI receptionist: what it knows, how it sounds, and whether callers already hear the last change."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Column, Text, Timestamped, enum, instant, json_column, text_id


class SyncState(StrEnum):
    """LIVE: callers hear what was last saved. UPDATING: a change is on its way. FAILED: see `sync_error`."""

    LIVE = "LIVE"
    UPDATING = "UPDATING"
    FAILED = "FAILED"


class Agent(Timestamped, table=True):
    """`revision` grows with every change callers can hear; `synced_revision` is the one Vapi has."""

    __table_args__ = (
        CheckConstraint("char_length(greeting) <= 500", name="agent_greeting_length"),
        Index("agent_of_organization", "organization_id", "created_at", "id", postgresql_where="deleted_at is null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    user_id: str = Field(foreign_key="user.id", max_length=32)
    name: str = Field(max_length=100)
    business_name: str = Field(max_length=200)
    business_description: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    greeting: str = Field(sa_column=Column(Text, nullable=False))
    end_call_message: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})
    system_prompt: str = Field(sa_column=Column(Text, nullable=False), description="Exactly what Vapi is sent.")
    voice_id: str = Field(max_length=64)
    language: str = Field(default="en", max_length=8)
    timezone: str = Field(default="UTC", max_length=64)
    knowledge: dict[str, Any] | None = json_column()
    discloses_ai: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    records_calls: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    max_duration_seconds: int = Field(default=600, ge=10, le=43200)
    personality: str | None = Field(default=None, max_length=40)
    instructions: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    vapi_assistant_id: str | None = Field(default=None, unique=True, max_length=64)
    webhook_token: str = Field(sa_column=Column(Text, nullable=False), description="Sealed at agent.webhook_token.<id>.")
    webhook_token_hash: str = Field(max_length=64, unique=True)
    sync_state: SyncState = enum(SyncState, "agent_sync_state", default=SyncState.UPDATING)
    sync_error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    revision: int = Field(default=1)
    synced_revision: int = Field(default=0)
    synced_at: datetime | None = instant(nullable=True)
    deleted_at: datetime | None = instant(nullable=True)

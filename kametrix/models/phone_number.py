"""The pool of telephone numbers: AVAILABLE, then ASSIGNED to one agent, or RELEASED when the provider dropped it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Column, Text, Timestamped, enum, flag, instant, json_column, text_id


class PhoneStatus(StrEnum):
    """Pool life cycle."""

    AVAILABLE = "AVAILABLE"
    ASSIGNED = "ASSIGNED"
    RELEASED = "RELEASED"


class PhoneNumber(Timestamped, table=True):
    """An E.164 number. It may be claimed from `available_from` on (cool-down after a release)."""

    __table_args__ = (
        CheckConstraint(r"number ~ '^\+[1-9][0-9]{1,14}$'", name="phone_number_e164"),
        CheckConstraint("(status = 'ASSIGNED') = (agent_id is not null)", name="phone_number_assigned_to_agent"),
        CheckConstraint("(agent_id is null) = (organization_id is null)", name="phone_number_agent_in_organization"),
        Index("phone_number_to_claim", "available_from", "created_at", postgresql_where="status = 'AVAILABLE'"),
    )

    id: str = text_id()
    number: str = Field(max_length=16, unique=True)
    friendly_name: str | None = Field(default=None, max_length=100)
    status: PhoneStatus = enum(PhoneStatus, "phone_number_status", default=PhoneStatus.AVAILABLE)
    organization_id: str | None = Field(default=None, foreign_key="organization.id", max_length=32, index=True)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32, unique=True)
    twilio_sid: str | None = Field(default=None, max_length=64, unique=True)
    vapi_phone_id: str | None = Field(default=None, max_length=64, unique=True)
    is_enabled: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    available_from: datetime = instant()
    capabilities: dict[str, Any] | None = json_column()
    route_to_ai: bool = flag(default=True)
    route_to_user: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    route_to_queue: str | None = Field(default=None, max_length=64)
    greeting: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    voice_id: str | None = Field(default=None, max_length=64)
    call_flow_id: str | None = Field(default=None, max_length=64)

"""Audit trail, site settings and rate limits."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, enum, instant, json_column, text_id


class ActorType(StrEnum):
    """Who acted."""

    USER = "user"
    SYSTEM = "system"
    API = "api"


class AuditLog(Row, table=True):
    """Who did what to which thing; written in the transaction of the act."""

    __table_args__ = (
        Index("audit_log_of_organization", "organization_id", "created_at", "id"),
        Index("audit_log_of_actor", "actor_id", "created_at", "id"),
        Index("audit_log_by_time", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str | None = Field(default=None, foreign_key="organization.id", max_length=32)
    actor_type: ActorType = enum(ActorType, "audit_log_actor_type")
    actor_id: str | None = Field(default=None, max_length=32)
    actor_email: str | None = Field(default=None, max_length=255)
    action: str = Field(max_length=60, index=True)
    entity_type: str = Field(max_length=60)
    entity_id: str | None = Field(default=None, max_length=64)
    old_values: dict[str, Any] | None = json_column()
    new_values: dict[str, Any] | None = json_column()
    meta: dict[str, Any] | None = Field(default=None, sa_column=Column("metadata", JSONB(none_as_null=True), nullable=True))
    ip_address: str | None = Field(default=None, max_length=64)
    user_agent: str | None = Field(default=None, max_length=400)
    created_at: datetime = instant()


class SiteSetting(Row, table=True):
    """A value the operator may change while the platform runs."""

    key: str = Field(primary_key=True, max_length=60)
    value: int = Field(sa_column=Column(BigInteger, nullable=False))
    updated_at: datetime = instant()
    updated_by: str | None = Field(default=None, foreign_key="user.id", max_length=32)


class RateLimit(Row, table=True):
    """Attempts of one key in the current window."""

    key: str = Field(primary_key=True, max_length=160)
    window_started_at: datetime = instant()
    attempts: int = Field(default=0)
    blocked_until: datetime | None = instant(nullable=True)

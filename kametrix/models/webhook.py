"""Where a customer's own systems are told what happened, and each message on its way there."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from kametrix.models.base import Row, Timestamped, count, enum, flag, instant, json_column, long_text, text_id


class DeliveryStatus(StrEnum):
    """PENDING has another attempt at `next_at`; FAILED is given up."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class WebhookEndpoint(Timestamped, table=True):
    """Secrets are sealed at webhook_endpoint.<column>.<id>; the one before the last signs too until `previous_secret_until`."""

    __table_args__ = (
        CheckConstraint("jsonb_typeof(events) = 'array'", name="webhook_endpoint_events"),
        CheckConstraint("(previous_secret is null) = (previous_secret_until is null)", name="webhook_endpoint_previous_secret"),
        CheckConstraint("enabled = (disabled_at is null)", name="webhook_endpoint_disabled"),
        Index("webhook_endpoint_of_organization", "organization_id", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    url: str = Field(max_length=2000)
    description: str | None = Field(default=None, max_length=200)
    events: list[str] = json_column(nullable=False)
    secret: str = long_text(nullable=False)
    previous_secret: str | None = long_text()
    previous_secret_until: datetime | None = instant(nullable=True)
    enabled: bool = flag(default=True)
    disabled_at: datetime | None = instant(nullable=True)
    disabled_reason: str | None = Field(default=None, max_length=200)
    failing_since: datetime | None = instant(nullable=True)
    created_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)


class WebhookDelivery(Row, table=True):
    """One event for one endpoint, once; `event_id` stays the same over all attempts. `response_excerpt`: its first 1,000 letters."""

    __table_args__ = (
        UniqueConstraint("webhook_endpoint_id", "event_id", name="webhook_delivery_once"),
        CheckConstraint("(status = 'PENDING') = (next_at is not null)", name="webhook_delivery_next"),
        CheckConstraint("(status = 'DELIVERED') = (delivered_at is not null)", name="webhook_delivery_delivered"),
        CheckConstraint("attempts >= 0 and response_ms >= 0", name="webhook_delivery_counts"),
        Index("webhook_delivery_of_organization", "organization_id", "created_at", "id"),
        Index("webhook_delivery_due", "next_at", "id", postgresql_where="status = 'PENDING'"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    webhook_endpoint_id: str = Field(foreign_key="webhook_endpoint.id", max_length=32)
    event: str = Field(max_length=80)
    event_id: str = Field(max_length=80)
    payload: dict[str, Any] = json_column(nullable=False)
    status: DeliveryStatus = enum(DeliveryStatus, "webhook_delivery_status", default=DeliveryStatus.PENDING)
    attempts: int = count()
    next_at: datetime | None = instant(nullable=True)
    delivered_at: datetime | None = instant(nullable=True)
    response_status: int | None = Field(default=None)
    response_ms: int | None = Field(default=None)
    response_excerpt: str | None = Field(default=None, max_length=1000)
    error: str | None = long_text()
    created_at: datetime = instant()

"""Connected calendars and the appointments made in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from kametrix.models.base import Timestamped, count, enum, flag, instant, json_column, long_text, text_id


class CalendarProvider(StrEnum):
    """Whose calendar it is."""

    GOOGLE = "GOOGLE"
    OUTLOOK = "OUTLOOK"
    CALENDLY = "CALENDLY"


class BookingStatus(StrEnum):
    """PENDING and CONFIRMED take their time in the calendar; the others are over."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"


ACTIVE = "status in ('PENDING', 'CONFIRMED')"


class CalendarIntegration(Timestamped, table=True):
    """One per organization and provider. Tokens are sealed at calendar_integration.<column>.<id>; pages cannot read them."""

    __table_args__ = (
        UniqueConstraint("organization_id", "provider", name="calendar_integration_once"),
        CheckConstraint("default_duration in (15, 30, 45, 60, 90, 120)", name="calendar_integration_duration"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    provider: CalendarProvider = enum(CalendarProvider, "calendar_integration_provider")
    enabled: bool = flag(default=True)
    access_token: str | None = long_text()
    refresh_token: str | None = long_text()
    token_expires_at: datetime | None = instant(nullable=True)
    calendar_id: str | None = Field(default=None, max_length=255, description="At the provider; none until one is chosen.")
    calendar_name: str | None = Field(default=None, max_length=200)
    webhook_id: str | None = Field(default=None, max_length=255)
    default_duration: int = count(30)
    business_hours: dict[str, Any] | None = json_column()
    user_uri: str | None = Field(default=None, max_length=400)
    organization_uri: str | None = Field(default=None, max_length=400)
    event_type_uri: str | None = Field(default=None, max_length=400)
    connected_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)


class CalendarBooking(Timestamped, table=True):
    """An appointment from `scheduled_at` to `ends_at`, `duration` minutes. Two active ones never overlap in one calendar.

    `calendar_id` names the calendar within the organization, the built-in one (without an integration) included. Adding minutes
    to a moment is not immutable to PostgreSQL, so the end is a column of its own that a CHECK keeps true.
    """

    __table_args__ = (
        ExcludeConstraint(
            (text("text_range(organization_id, organization_id, '[]')"), "&&"),
            (text("text_range(calendar_id, calendar_id, '[]')"), "&&"),
            (text("tstzrange(scheduled_at, ends_at)"), "&&"),
            where=text(ACTIVE),
            name="calendar_booking_no_overlap",
        ),
        CheckConstraint("duration between 5 and 1440", name="calendar_booking_duration"),
        CheckConstraint("ends_at = scheduled_at + make_interval(mins => duration)", name="calendar_booking_ends"),
        CheckConstraint("status <> 'CANCELLED' or cancelled_at is not null", name="calendar_booking_cancelled"),
        CheckConstraint("status <> 'COMPLETED' or completed_at is not null", name="calendar_booking_completed"),
        CheckConstraint("status <> 'NO_SHOW' or no_show_marked_at is not null", name="calendar_booking_no_show"),
        Index("calendar_booking_of_organization", "organization_id", "scheduled_at", "id"),
        Index("calendar_booking_due", "scheduled_at", postgresql_where=ACTIVE),
        Index("calendar_booking_event", "calendar_integration_id", "event_id", unique=True, postgresql_where="event_id is not null"),
        Index("calendar_booking_of_call", "call_id", postgresql_where="call_id is not null"),
        Index("calendar_booking_of_integration", "calendar_integration_id", "scheduled_at"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    calendar_integration_id: str | None = Field(default=None, foreign_key="calendar_integration.id", max_length=32)
    calendar_id: str = Field(max_length=255)
    agent_id: str | None = Field(default=None, foreign_key="agent.id", max_length=32)
    call_id: str | None = Field(default=None, foreign_key="call.id", max_length=32)
    call_sid: str | None = Field(default=None, max_length=64)
    event_id: str | None = Field(default=None, max_length=1024)
    event_link: str | None = long_text()
    meet_link: str | None = long_text()
    caller_name: str = Field(max_length=200)
    caller_phone: str | None = Field(default=None, max_length=32)
    caller_email: str | None = Field(default=None, max_length=255)
    purpose: str | None = Field(default=None, max_length=400)
    scheduled_at: datetime = instant()
    duration: int = Field(description="Minutes.")
    ends_at: datetime = instant()
    timezone: str = Field(max_length=64, description="The zone the caller was told the time in.")
    status: BookingStatus = enum(BookingStatus, "calendar_booking_status", default=BookingStatus.PENDING)
    cancelled_at: datetime | None = instant(nullable=True)
    cancel_reason: str | None = Field(default=None, max_length=400)
    completed_at: datetime | None = instant(nullable=True)
    no_show_marked_at: datetime | None = instant(nullable=True)
    booked_by_ai: bool = flag(default=True)

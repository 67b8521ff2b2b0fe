"""Somebody who called and may become a customer."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Timestamped, cents, count, enum, instant, json_column, long_text, text_id


class LeadStatus(StrEnum):
    """The pipeline. WON, LOST and UNQUALIFIED are closed."""

    NEW = "NEW"
    CONTACTED = "CONTACTED"
    QUALIFIED = "QUALIFIED"
    PROPOSAL = "PROPOSAL"
    NEGOTIATION = "NEGOTIATION"
    WON = "WON"
    LOST = "LOST"
    UNQUALIFIED = "UNQUALIFIED"


class LeadUrgency(StrEnum):
    """How soon somebody should call back."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class LeadTemp(StrEnum):
    """What the score says in a word: HOT from 70, WARM from 40."""

    HOT = "HOT"
    WARM = "WARM"
    COLD = "COLD"


class Lead(Timestamped, table=True):
    """At most one per call; one without a call was entered by hand. Money is in cents of `currency`.

    A lost lead says why, a won one when it was converted, and `closed_at` is set exactly while the status is a closed one:
    retention counts from it.
    """

    __table_args__ = (
        CheckConstraint("score between 0 and 100", name="lead_score"),
        CheckConstraint("status <> 'LOST' or coalesce(trim(lost_reason), '') <> ''", name="lead_lost_for_a_reason"),
        CheckConstraint("status <> 'WON' or converted_at is not null", name="lead_won_is_converted"),
        CheckConstraint("(status in ('WON', 'LOST', 'UNQUALIFIED')) = (closed_at is not null)", name="lead_closed"),
        CheckConstraint("(assigned_to_id is null) = (assigned_at is null)", name="lead_assigned"),
        CheckConstraint("appointment_time ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'", name="lead_appointment_time"),
        CheckConstraint("estimated_value >= 0 and actual_value >= 0", name="lead_values_positive"),
        Index("lead_of_organization", "organization_id", "created_at", "id"),
        Index("lead_by_status", "organization_id", "status", "created_at", "id"),
        Index("lead_by_phone", "organization_id", "phone"),
        Index("lead_assigned_to", "assigned_to_id", "created_at", "id", postgresql_where="assigned_to_id is not null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    call_id: str | None = Field(default=None, foreign_key="call.id", unique=True, max_length=32)
    call_sid: str | None = Field(default=None, unique=True, max_length=64)
    name: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=32)
    email: str | None = Field(default=None, max_length=255)
    company: str | None = Field(default=None, max_length=200)
    job_title: str | None = Field(default=None, max_length=120)
    website: str | None = Field(default=None, max_length=400)
    address: str | None = Field(default=None, max_length=300)
    city: str | None = Field(default=None, max_length=120)
    state: str | None = Field(default=None, max_length=120)
    country: str | None = Field(default=None, max_length=120)
    postal_code: str | None = Field(default=None, max_length=20)
    reason: str | None = long_text()
    service_interest: str | None = Field(default=None, max_length=300)
    preferred_callback_time: str | None = Field(default=None, max_length=200, description="In the caller's words.")
    appointment_date: date | None = Field(default=None)
    appointment_time: str | None = Field(default=None, max_length=5, description="hh:mm in the zone of the organization.")
    urgency: LeadUrgency = enum(LeadUrgency, "lead_urgency", default=LeadUrgency.MEDIUM)
    referral_source: str | None = Field(default=None, max_length=200)
    notes: str | None = long_text()
    score: int = count()
    temperature: LeadTemp = enum(LeadTemp, "lead_temperature", default=LeadTemp.COLD)
    status: LeadStatus = enum(LeadStatus, "lead_status", default=LeadStatus.NEW)
    stage: str | None = Field(default=None, max_length=80)
    lost_reason: str | None = long_text()
    estimated_value: int | None = cents(nullable=True)
    actual_value: int | None = cents(nullable=True)
    currency: str = Field(default="USD", max_length=3, sa_column_kwargs={"server_default": "USD"})
    assigned_to_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    assigned_at: datetime | None = instant(nullable=True)
    source: str | None = Field(default=None, max_length=80)
    campaign: str | None = Field(default=None, max_length=120)
    medium: str | None = Field(default=None, max_length=80)
    custom_fields: dict[str, Any] | None = json_column()
    converted_at: datetime | None = instant(nullable=True)
    closed_at: datetime | None = instant(nullable=True)

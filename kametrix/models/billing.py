"""Subscriptions: plans, what was used, invoices, add-ons, and warnings. Money is in cents; the wallet is in credit.py."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import declared_attr
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, Timestamped, cents, count, enum, flag, instant, json_column, long_text, text_id
from kametrix.models.organization import Plan


class UsageType(StrEnum):
    """What is counted."""

    CALL_MINUTES = "call_minutes"
    AI_MINUTES = "ai_minutes"
    SMS = "sms"
    STORAGE = "storage"


class UsageUnit(StrEnum):
    """What it is counted in."""

    MINUTES = "minutes"
    MESSAGES = "messages"
    BYTES = "bytes"


class InvoiceStatus(StrEnum):
    """As Stripe says."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


class AddOnType(StrEnum):
    """Which minutes were bought; a BUNDLE has both."""

    CALL_MINUTES = "CALL_MINUTES"
    AI_MINUTES = "AI_MINUTES"
    BUNDLE = "BUNDLE"


class AddOnStatus(StrEnum):
    """Only an ACTIVE one has minutes to give."""

    ACTIVE = "ACTIVE"
    EXHAUSTED = "EXHAUSTED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"


class AlertSeverity(StrEnum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class PlanTerms(Timestamped, table=True):
    """What a plan costs a month and holds; an operator may edit it."""

    @declared_attr.directive
    def __tablename__(cls) -> str:
        """The class cannot be called Plan: that is the name of a plan."""
        return "plan"

    __table_args__ = (
        UniqueConstraint("name", name="plan_once"),
        CheckConstraint(
            "price_in_cents >= 0 and call_minutes >= 0 and ai_minutes >= 0 and overage_cap_cents >= 0 "
            "and overage_call_cents >= 0 and overage_ai_cents >= 0",
            name="plan_positive",
        ),
        CheckConstraint("max_users > 0 and max_phone_numbers > 0 and max_concurrent_calls > 0", name="plan_limits"),
    )

    id: str = text_id()
    name: Plan = enum(Plan, "plan_name")
    price_in_cents: int = cents()
    call_minutes: int
    ai_minutes: int
    max_users: int
    max_phone_numbers: int
    max_concurrent_calls: int
    recording_days: int
    overage_enabled: bool = flag()
    overage_cap_cents: int = cents()
    overage_call_cents: int = cents()
    overage_ai_cents: int = cents()
    stripe_price_id: str | None = Field(default=None, unique=True, max_length=64)
    is_active: bool = flag(default=True)


class UsageLog(Row, table=True):
    """What was used between two moments, and its cost."""

    __table_args__ = (
        CheckConstraint("quantity >= 0 and unit_cost >= 0 and total_cost >= 0", name="usage_log_positive"),
        CheckConstraint("period_start < period_end", name="usage_log_period"),
        CheckConstraint(
            "unit = case type when 'sms' then 'messages' when 'storage' then 'bytes' else 'minutes' end", name="usage_log_unit_of_type"
        ),
        Index("usage_log_of_organization", "organization_id", "type", "period_start"),
        Index("usage_log_by_time", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    type: UsageType = enum(UsageType, "usage_log_type")
    quantity: int = Field(sa_column=Column(BigInteger, nullable=False))
    unit: UsageUnit = enum(UsageUnit, "usage_log_unit")
    unit_cost: int = cents()
    total_cost: int = cents()
    period_start: datetime = instant()
    period_end: datetime = instant()
    created_at: datetime = instant()


class Invoice(Row, table=True):
    """A Stripe invoice as we last heard of it."""

    __table_args__ = (
        CheckConstraint("status <> 'paid' or paid_at is not null", name="invoice_paid"),
        CheckConstraint("period_start <= period_end", name="invoice_period"),
        Index("invoice_of_organization", "organization_id", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    stripe_invoice_id: str = Field(unique=True, max_length=64)
    amount: int = cents()
    currency: str = Field(max_length=3)
    status: InvoiceStatus = enum(InvoiceStatus, "invoice_status")
    period_start: datetime | None = instant(nullable=True)
    period_end: datetime | None = instant(nullable=True)
    paid_at: datetime | None = instant(nullable=True)
    pdf_url: str | None = long_text()
    hosted_url: str | None = long_text()
    created_at: datetime = instant()


class AddOnPurchase(Timestamped, table=True):
    """Minutes bought beside the plan, used oldest first; they survive the billing period."""

    __table_args__ = (
        UniqueConstraint("stripe_payment_id", "product_id", name="add_on_purchase_once"),
        CheckConstraint("call_minutes >= 0 and ai_minutes >= 0 and call_minutes + ai_minutes > 0", name="add_on_purchase_minutes"),
        CheckConstraint("used_call_minutes between 0 and call_minutes", name="add_on_purchase_used_call"),
        CheckConstraint("used_ai_minutes between 0 and ai_minutes", name="add_on_purchase_used_ai"),
        CheckConstraint("price_cents >= 0", name="add_on_purchase_price"),
        CheckConstraint("status <> 'EXHAUSTED' or exhausted_at is not null", name="add_on_purchase_exhausted"),
        Index("add_on_purchase_of_organization", "organization_id", "purchased_at", "id"),
        Index("add_on_purchase_to_use", "organization_id", "purchased_at", "id", postgresql_where="status = 'ACTIVE'"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    type: AddOnType = enum(AddOnType, "add_on_purchase_type")
    product_id: str = Field(max_length=64)
    product_name: str = Field(max_length=120)
    call_minutes: int = count()
    ai_minutes: int = count()
    used_call_minutes: int = count()
    used_ai_minutes: int = count()
    price_cents: int = cents()
    stripe_payment_id: str | None = Field(default=None, max_length=80)
    stripe_invoice_id: str | None = Field(default=None, max_length=64)
    status: AddOnStatus = enum(AddOnStatus, "add_on_purchase_status", default=AddOnStatus.ACTIVE)
    purchased_at: datetime = instant()
    exhausted_at: datetime | None = instant(nullable=True)


class UsageAlert(Row, table=True):
    """Something about usage that people should see until they dismiss it."""

    __table_args__ = (
        CheckConstraint("dismissed = (dismissed_at is not null)", name="usage_alert_dismissed"),
        Index("usage_alert_of_organization", "organization_id", "created_at", "id"),
        Index("usage_alert_open", "organization_id", "type", postgresql_where="not dismissed"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    type: str = Field(max_length=60, description="usage_warning_80, usage_warning_90 ...")
    title: str = Field(max_length=200)
    message: str = long_text(nullable=False)
    severity: AlertSeverity = enum(AlertSeverity, "usage_alert_severity")
    data: dict[str, Any] | None = json_column()
    dismissed: bool = flag()
    dismissed_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()

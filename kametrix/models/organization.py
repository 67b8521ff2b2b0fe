"""The tenant and its wallet. The balance is written by the database function `post_credit` alone."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Numeric
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, Text, Timestamped, count, enum, flag, generated, instant, json_column, text_id


class OrganizationStatus(StrEnum):
    """Life cycle of a tenant."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TRIAL = "TRIAL"
    CANCELLED = "CANCELLED"
    PENDING_SETUP = "PENDING_SETUP"


class Plan(StrEnum):
    """A subscription; without one an organization pays as it goes."""

    TRIAL = "TRIAL"
    STARTER = "STARTER"
    BUSINESS_PRO = "BUSINESS_PRO"
    SCALE = "SCALE"


class AfterHoursMode(StrEnum):
    """Who answers outside the opening hours."""

    AI = "ai"
    VOICEMAIL = "voicemail"
    FORWARD = "forward"


class WhenEmpty(StrEnum):
    """What happens to a call when no credit is left: answered on grace, or told so, or passed on to `forwarding_number`."""

    GRACE = "GRACE"
    STOP = "STOP"
    FORWARD = "FORWARD"


class Organization(Timestamped, table=True):
    """One business. `balance_cents` is signed; below zero is grace in use.

    What agents have of their own (voice, greeting, personality ...) is here the default for new ones. Tokens and keys are
    sealed at organization.<column>.<id>. `retention_*_days` are days, `*_minutes` minutes of the current billing period.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["id", "ledger_seq", "balance_cents", "ledger_hash"],
            [f"credit_transaction.{column}" for column in ("organization_id", "seq", "balance_after", "hash")],
            name="organization_last_row",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("organization_by_status", "status"),
        CheckConstraint("when_empty <> 'FORWARD' or forwarding_number is not null", name="organization_forwards_somewhere"),
        CheckConstraint("ai_temperature between 0 and 2", name="organization_ai_temperature"),
        CheckConstraint("primary_color ~ '^#[0-9a-f]{6}$' and secondary_color ~ '^#[0-9a-f]{6}$'", name="organization_colors"),
        *(
            CheckConstraint(f"retention_{what}_days between 7 and 730", name=f"organization_retention_{what}")
            for what in ("call", "transcript", "recording", "lead", "audit")
        ),
    )

    id: str = text_id()
    name: str = Field(max_length=200)
    slug: str = Field(max_length=80, unique=True)
    status: OrganizationStatus = enum(OrganizationStatus, "organization_status", default=OrganizationStatus.ACTIVE)
    timezone: str = Field(default="UTC", max_length=64)
    language: str = Field(default="en", max_length=8)
    currency: str = Field(default="USD", max_length=3)
    business_hours: dict[str, Any] | None = json_column()
    balance_cents: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    credit_balance: int = generated("greatest(balance_cents, 0)")
    grace_credits_used: int = generated("greatest(-balance_cents, 0)")
    ledger_seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    ledger_hash: bytes | None = Field(default=None)
    grace_limit_cents: int | None = Field(default=None, ge=0, description="The owner's own ceiling; none: the platform's rule.")
    when_empty: WhenEmpty = enum(WhenEmpty, "organization_when_empty", default=WhenEmpty.GRACE)
    low_balance_told_at: datetime | None = instant(nullable=True)
    grace_told_at: datetime | None = instant(nullable=True)
    stripe_customer_id: str | None = Field(default=None, unique=True, max_length=64)
    deleted_at: datetime | None = instant(nullable=True)

    twilio_number: str | None = Field(default=None, unique=True, max_length=16)
    twilio_sub_account_sid: str | None = Field(default=None, max_length=64)
    twilio_sub_account_token: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="Sealed.")
    twiml_app_sid: str | None = Field(default=None, max_length=64)
    twilio_api_key_sid: str | None = Field(default=None, max_length=64)
    twilio_api_key_secret: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="Sealed.")
    twilio_provisioned: bool = flag()
    forwarding_number: str | None = Field(default=None, max_length=16)
    pending_phone_number: str | None = Field(default=None, max_length=16)

    ai_enabled: bool = flag(default=True)
    voice_id: str | None = Field(default=None, max_length=64)
    voice_provider: str = Field(default="vapi", max_length=32, sa_column_kwargs={"server_default": "vapi"})
    greeting: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    personality: str | None = Field(default=None, max_length=40)
    max_call_duration: int | None = Field(default=None, ge=10, le=43200, description="Seconds.")
    max_turns: int | None = Field(default=None)
    ai_model: str | None = Field(default=None, max_length=80)
    ai_temperature: Decimal | None = Field(default=None, sa_column=Column(Numeric(3, 2), nullable=True))
    system_prompt: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="What every agent is told besides.")

    after_hours_mode: AfterHoursMode = enum(AfterHoursMode, "organization_after_hours_mode", default=AfterHoursMode.AI)
    after_hours_greeting: str | None = Field(default=None, sa_column=Column(Text, nullable=True))

    logo_url: str | None = Field(default=None, max_length=200)
    favicon_url: str | None = Field(default=None, max_length=200)
    primary_color: str | None = Field(default=None, max_length=7)
    secondary_color: str | None = Field(default=None, max_length=7)
    custom_domain: str | None = Field(default=None, unique=True, max_length=253)
    email_from_name: str | None = Field(default=None, max_length=100)
    email_from_domain: str | None = Field(default=None, max_length=253)

    plan: Plan | None = enum(Plan, "organization_plan", nullable=True)
    billing_cycle: str | None = Field(default=None, max_length=16)
    stripe_subscription_id: str | None = Field(default=None, max_length=64)
    trial_ends_at: datetime | None = instant(nullable=True)
    billing_period_start: datetime | None = instant(nullable=True)
    billing_period_end: datetime | None = instant(nullable=True)
    monthly_call_minutes: int = count()
    monthly_ai_minutes: int = count()
    max_users: int | None = Field(default=None)
    max_phone_numbers: int | None = Field(default=None)
    used_call_minutes: int = count()
    used_ai_minutes: int = count()
    usage_reset_at: datetime | None = instant(nullable=True)
    addon_call_minutes: int = count()
    addon_ai_minutes: int = count()
    used_addon_call_minutes: int = count()
    used_addon_ai_minutes: int = count()

    byo_keys_enabled: bool = flag()
    byo_openai_key: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="Sealed.")
    byo_elevenlabs_key: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="Sealed.")
    byo_twilio_auth_token: str | None = Field(default=None, sa_column=Column(Text, nullable=True), description="Sealed.")
    byo_twilio_account_sid: str | None = Field(default=None, max_length=64)

    retention_call_days: int = count(90)
    retention_transcript_days: int = count(90)
    retention_recording_days: int = count(30)
    retention_lead_days: int = count(365)
    retention_audit_days: int = count(365)
    retention_enabled: bool = flag()
    last_cleanup_at: datetime | None = instant(nullable=True)


class OrganizationLogo(Row, table=True):
    """The picture behind `organization.logo_url`, re-encoded by us. `digest` is the SHA-256 of `image`, hexadecimal."""

    organization_id: str = Field(foreign_key="organization.id", primary_key=True, max_length=32)
    digest: str = Field(max_length=64, index=True)
    content_type: str = Field(max_length=40)
    image: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    updated_at: datetime = instant()

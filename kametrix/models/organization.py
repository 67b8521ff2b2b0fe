"""The tenant and its wallet. The balance is written by the database function `post_credit` alone."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Timestamped, enum, generated, instant, json_column, text_id


class OrganizationStatus(StrEnum):
    """Life cycle of a tenant."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    TRIAL = "TRIAL"
    CANCELLED = "CANCELLED"
    PENDING_SETUP = "PENDING_SETUP"


class Organization(Timestamped, table=True):
    """One business. `balance_cents` is signed; below zero is grace in use."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["id", "ledger_seq", "balance_cents", "ledger_hash"],
            [f"credit_transaction.{column}" for column in ("organization_id", "seq", "balance_after", "hash")],
            name="organization_last_row",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
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
    stripe_customer_id: str | None = Field(default=None, unique=True, max_length=64)
    deleted_at: datetime | None = instant(nullable=True)

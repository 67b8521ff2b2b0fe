"""Buying credits: purchases, what Stripe took back, disputes, and recharging by itself. Amounts are in cents."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Timestamped, cents, count, enum, flag, instant, long_text, text_id


class PurchaseKind(StrEnum):
    """CHECKOUT: somebody paid on Stripe's page. RECHARGE: the saved card was charged."""

    CHECKOUT = "CHECKOUT"
    RECHARGE = "RECHARGE"


class PurchaseStatus(StrEnum):
    """PENDING: the money is on its way. REVIEW: what was paid is not what was asked for. PAID is never left again."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    REVIEW = "REVIEW"


class RefundStatus(StrEnum):
    """REQUESTED: by an operator, not yet answered by Stripe. Only a SUCCEEDED one is in the ledger."""

    REQUESTED = "REQUESTED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class DisputeStatus(StrEnum):
    """While OPEN, and LOST with a debt, calls are declined until an operator lifts it."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


class RechargeFailure(StrEnum):
    """Why the saved card was not charged."""

    DECLINED = "DECLINED"
    AUTHENTICATION_REQUIRED = "AUTHENTICATION_REQUIRED"
    NO_METHOD = "NO_METHOD"
    CAP_REACHED = "CAP_REACHED"


class CreditPurchase(Timestamped, table=True):
    """A pack somebody set out to buy, as it was then: `credits` for `price_in_cents`. Written before Stripe is asked.

    `stripe_payment_id` is the PaymentIntent, the key of its ledger row; `stripe_payment_method_id` the card a recharge charges, so that
    a repetition asks the same. `failure_code` is Stripe's word, `failure` a sentence.
    """

    __table_args__ = (
        CheckConstraint("credits > 0 and price_in_cents > 0", name="credit_purchase_positive"),
        CheckConstraint("status <> 'PAID' or (paid_at is not null and stripe_payment_id is not null)", name="credit_purchase_paid"),
        Index("credit_purchase_of_organization", "organization_id", "created_at", "id"),
        Index("credit_purchase_unfinished", "created_at", "id", postgresql_where="status in ('OPEN', 'PENDING')"),
        Index(
            "credit_purchase_one_recharge", "organization_id", unique=True,
            postgresql_where="kind = 'RECHARGE' and status in ('OPEN', 'PENDING')",
        ),
    )  # fmt: skip

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    kind: PurchaseKind = enum(PurchaseKind, "credit_purchase_kind")
    status: PurchaseStatus = enum(PurchaseStatus, "credit_purchase_status", default=PurchaseStatus.OPEN)
    credit_pack_id: str = Field(foreign_key="credit_pack.id", max_length=32)
    pack_name: str = Field(max_length=60)
    credits: int = cents()
    price_in_cents: int = cents()
    currency: str = Field(max_length=3)
    stripe_session_id: str | None = Field(default=None, unique=True, max_length=255)
    stripe_payment_id: str | None = Field(default=None, unique=True, max_length=80)
    stripe_payment_method_id: str | None = Field(default=None, max_length=80)
    checkout_url: str | None = long_text()
    failure_code: str | None = Field(default=None, max_length=80)
    failure: str | None = Field(default=None, max_length=300)
    expires_at: datetime | None = instant(nullable=True)
    paid_at: datetime | None = instant(nullable=True)


class CreditRefund(Timestamped, table=True):
    """Money given back for a purchase. Without `requested_by_id` it was made at Stripe, not here."""

    __table_args__ = (
        CheckConstraint("amount > 0", name="credit_refund_positive"),
        CheckConstraint("requested_by_id is null or btrim(reason) <> ''", name="credit_refund_reason"),
        Index("credit_refund_of_organization", "organization_id", "created_at", "id"),
        Index("credit_refund_of_purchase", "credit_purchase_id"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    credit_purchase_id: str = Field(foreign_key="credit_purchase.id", max_length=32)
    stripe_refund_id: str | None = Field(default=None, unique=True, max_length=80)
    amount: int = cents()
    status: RefundStatus = enum(RefundStatus, "credit_refund_status")
    requested_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    reason: str | None = Field(default=None, max_length=500)
    beyond_unspent: bool = flag()
    failure: str | None = Field(default=None, max_length=300)


class CreditDispute(Timestamped, table=True):
    """A payment its payer's bank took back. `lifted_at`: an operator lets calls start again."""

    __table_args__ = (
        CheckConstraint("amount > 0", name="credit_dispute_positive"),
        CheckConstraint("(status = 'OPEN') = (closed_at is null)", name="credit_dispute_closed"),
        CheckConstraint("(lifted_at is null) = (lifted_by_id is null)", name="credit_dispute_lifted"),
        Index("credit_dispute_of_organization", "organization_id", "created_at", "id"),
        Index("credit_dispute_blocking", "organization_id", postgresql_where="status <> 'WON' and lifted_at is null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    credit_purchase_id: str = Field(foreign_key="credit_purchase.id", max_length=32)
    stripe_dispute_id: str = Field(unique=True, max_length=80)
    amount: int = cents()
    reason: str | None = Field(default=None, max_length=80)
    status: DisputeStatus = enum(DisputeStatus, "credit_dispute_status", default=DisputeStatus.OPEN)
    closed_at: datetime | None = instant(nullable=True)
    lifted_at: datetime | None = instant(nullable=True)
    lifted_by_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)


class AutoRecharge(Timestamped, table=True):
    """When to charge the saved card: at a balance below `threshold_cents`, for the pack, up to `monthly_cap_cents` a calendar month.

    `failures` in a row; at the second it is switched off. Of the card only what its owner knows it by.
    """

    __table_args__ = (
        CheckConstraint("threshold_cents >= 0 and monthly_cap_cents > 0 and failures >= 0", name="auto_recharge_positive"),
        CheckConstraint("not enabled or (credit_pack_id is not null and stripe_payment_method_id is not null)", name="auto_recharge_ready"),
    )

    organization_id: str = Field(foreign_key="organization.id", primary_key=True, max_length=32)
    enabled: bool = flag()
    threshold_cents: int = count(500)
    credit_pack_id: str | None = Field(default=None, foreign_key="credit_pack.id", max_length=32)
    monthly_cap_cents: int = count(10_000)
    stripe_payment_method_id: str | None = Field(default=None, max_length=80)
    card_brand: str | None = Field(default=None, max_length=40)
    card_last4: str | None = Field(default=None, max_length=4)
    card_expires: str | None = Field(default=None, max_length=7, description="MM/YYYY")
    failures: int = count()
    last_failure: RechargeFailure | None = enum(RechargeFailure, "auto_recharge_last_failure", nullable=True)
    last_failure_at: datetime | None = instant(nullable=True)
    cap_told_at: datetime | None = instant(nullable=True)

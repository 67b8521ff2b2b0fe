"""Credit packs and the append-only ledger. One credit is one cent."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, Text, Timestamped, cents, count, enum, generated, instant, text_id


class TransactionType(StrEnum):
    """Why money moved."""

    PURCHASE = "PURCHASE"
    CALL_USAGE = "CALL_USAGE"
    GRACE_USAGE = "GRACE_USAGE"
    ADMIN_ADJUSTMENT = "ADMIN_ADJUSTMENT"
    CORRECTION = "CORRECTION"
    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    DISPUTE_REVERSAL = "DISPUTE_REVERSAL"


class CreditPack(Timestamped, table=True):
    """Something to buy: `credits` for `price_in_cents`."""

    id: str = text_id()
    name: str = Field(max_length=60, unique=True)
    credits: int = Field(gt=0)
    price_in_cents: int = Field(gt=0)
    stripe_price_id: str | None = Field(default=None, unique=True, max_length=64, description="None: not told Stripe yet.")
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    position: int = count()


class CreditTransaction(Row, table=True):
    """One row of the ledger, chained to its predecessor by foreign key and hash. Written by `post_credit` alone."""

    __table_args__ = (
        UniqueConstraint("organization_id", "seq", "balance_after", "hash", name="credit_transaction_chain"),
        ForeignKeyConstraint(
            ["organization_id", "prev_seq", "balance_before", "prev_hash"],
            [f"credit_transaction.{column}" for column in ("organization_id", "seq", "balance_after", "hash")],
            name="credit_transaction_predecessor",
        ),
        Index("credit_transaction_once_in_sequence", "organization_id", "seq", unique=True),
        Index("credit_transaction_of_call", "call_id"),
        Index("credit_transaction_call_charged_once", "call_id", unique=True, postgresql_where="type in ('CALL_USAGE', 'GRACE_USAGE')"),
        Index("credit_transaction_by_time", "created_at", "id"),
        Index("credit_transaction_purchases", "organization_id", postgresql_where="type = 'PURCHASE'"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    prev_seq: int | None = generated("nullif(seq - 1, 0)")
    type: TransactionType = enum(TransactionType, "credit_transaction_type")
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    balance_before: int = Field(sa_column=Column(BigInteger, nullable=False))
    balance_after: int = Field(sa_column=Column(BigInteger, nullable=False))
    grace_used: int = generated("greatest(0, least(-amount, -balance_after))")
    grace_repaid: int = generated("greatest(0, least(amount, -balance_before))")
    idempotency_key: str = Field(max_length=160, unique=True)
    user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    call_id: str | None = Field(default=None, foreign_key="call.id", max_length=32)
    stripe_payment_id: str | None = Field(default=None, max_length=80)
    description: str = Field(max_length=200)
    note: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    created_at: datetime = instant()
    prev_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class CreditHold(Row, table=True):
    """Cents a running call may use, taken out of the headroom of other calls until it is settled or can no longer run."""

    __table_args__ = (
        CheckConstraint("minutes > 0 and rate_cents > 0 and amount = minutes * rate_cents", name="credit_hold_amount"),
        Index("credit_hold_active", "organization_id", "expires_at", postgresql_where="released_at is null"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    call_id: str = Field(foreign_key="call.id", unique=True, max_length=32)
    minutes: int
    rate_cents: int
    amount: int = cents()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    released_at: datetime | None = instant(nullable=True)


class LedgerCheckpoint(Row, table=True):
    """Where an organization's ledger stood at the end of a day (UTC), signed. A copy of what is kept outside the database."""

    __table_args__ = (
        UniqueConstraint("organization_id", "day", name="ledger_checkpoint_once"),
        CheckConstraint("octet_length(hash) = 32 and octet_length(signature) = 64", name="ledger_checkpoint_sizes"),
    )

    id: str = text_id()
    organization_id: str = Field(foreign_key="organization.id", max_length=32)
    day: date
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    balance: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    key_id: str = Field(max_length=40)
    signature: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = instant()

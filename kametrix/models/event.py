"""The inbox of provider messages: durable before it is acknowledged, then worked off in order per call."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, UniqueConstraint
from sqlmodel import Field

from kametrix.models.base import BigInteger, Column, Row, Text, instant, json_column


class WebhookEvent(Row, table=True):
    """`dedupe_key` is unique per provider. `failed_at`: given up after the last attempt, may be replayed.

    No foreign keys: the inbox takes what arrives, at the speed it arrives.
    """

    __table_args__ = (
        UniqueConstraint("provider", "dedupe_key", name="webhook_event_once"),
        Index("webhook_event_waiting", "subject", "id", postgresql_where="processed_at is null and failed_at is null"),
        # isfinite keeps the planner from using this index to find the first event of a call, which the one above is for
        Index(
            "webhook_event_due",
            "next_attempt_at",
            "id",
            postgresql_where="processed_at is null and failed_at is null and isfinite(next_attempt_at)",
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    provider: str = Field(max_length=20)
    dedupe_key: str = Field(max_length=200)
    type: str = Field(max_length=80)
    subject: str = Field(default="", max_length=80, description="What events are ordered by: the provider's call id.")
    organization_id: str | None = Field(default=None, max_length=32)
    agent_id: str | None = Field(default=None, max_length=32)
    payload: dict[str, Any] | None = json_column()
    received_at: datetime = instant()
    processed_at: datetime | None = instant(nullable=True)
    failed_at: datetime | None = instant(nullable=True)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    next_attempt_at: datetime = instant()
    error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))

"""The outbox of e-mail: written in the transaction of its cause, sent by a job."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kametrix.models.base import Row, count, enum, instant, json_column, long_text, text_id


class MailKind(StrEnum):
    """What a message is about; its template has the same name in lower case."""

    WELCOME = "WELCOME"
    RECEIPT = "RECEIPT"
    LOW_BALANCE = "LOW_BALANCE"
    RECHARGE_FAILED = "RECHARGE_FAILED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    DISPUTE_OPENED = "DISPUTE_OPENED"
    STATEMENT = "STATEMENT"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  # a kind of message
    INVITATION = "INVITATION"


class MailStatus(StrEnum):
    """SKIPPED: nobody wanted it, or no mail server is set up. FAILED: given up, with the reason."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class MailMessage(Row, table=True):
    """One message to one person; its Message-ID is made of `id`, so that a second sending is the same message.

    `facts` are what its template needs. A link that opens something is in `secret`, sealed at mail_message.secret.<id>, and
    forgotten once sent. `dedupe_key`: one message per cause and person.
    """

    __table_args__ = (
        CheckConstraint("(status = 'SENT') = (sent_at is not null)", name="mail_message_sent"),
        CheckConstraint("status = 'PENDING' or secret is null", name="mail_message_forgotten"),
        Index("mail_message_by_time", "created_at", "id"),
        Index("mail_message_waiting", "created_at", "id", postgresql_where="status = 'PENDING'"),
        Index("mail_message_of_organization", "organization_id", "created_at", "id"),
    )

    id: str = text_id()
    organization_id: str | None = Field(default=None, foreign_key="organization.id", max_length=32)
    user_id: str | None = Field(default=None, foreign_key="user.id", max_length=32)
    to_email: str = Field(max_length=255)
    kind: MailKind = enum(MailKind, "mail_message_kind")
    language: str = Field(max_length=8)
    facts: dict[str, Any] = json_column(nullable=False)
    secret: str | None = long_text()
    dedupe_key: str = Field(max_length=200, unique=True)
    status: MailStatus = enum(MailStatus, "mail_message_status", default=MailStatus.PENDING)
    attempts: int = count()
    error: str | None = Field(default=None, max_length=300)
    created_at: datetime = instant()
    sent_at: datetime | None = instant(nullable=True)

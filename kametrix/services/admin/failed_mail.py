"""E-mails that were given up: why, and the way to have them sent again. What they said is not shown, nor the links in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from kametrix.errors import Conflict, NotFound
from kametrix.models import MailMessage, MailStatus
from kametrix.services import audit, mail
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.mail_texts import WITH_SECRET

SHOWN: Final = 100
GONE: Final = "The link in this message was forgotten when it failed. Whoever needs it can ask for a new one."


@dataclass(frozen=True)
class FailedMail:
    """`can_retry` is false for a message whose link was forgotten with it."""

    id: str
    kind: str
    to: str
    error: str
    attempts: int
    at: datetime
    can_retry: bool


@allows(PLATFORM)
def failed_mail(session: Session, actor: Actor) -> list[FailedMail]:
    """The newest hundred messages that were given up."""
    query = select(MailMessage).where(MailMessage.status == MailStatus.FAILED)
    rows = session.exec(query.order_by(col(MailMessage.created_at).desc(), col(MailMessage.id).desc()).limit(SHOWN))
    return [
        FailedMail(row.id, row.kind.value, row.to_email, row.error or "", row.attempts, row.created_at, row.kind not in WITH_SECRET)
        for row in rows
    ]


@allows(PLATFORM)
def send_again(session: Session, actor: Actor, mail_id: str) -> None:
    """Start over with a message that was given up. Raises NotFound, and Conflict for one whose link is gone."""
    row = _failed(session, mail_id)
    if row.kind in WITH_SECRET:
        raise Conflict(GONE)
    row.status, row.attempts, row.error = MailStatus.PENDING, 0, None
    session.flush()
    mail.send_soon(session, mail_id)
    audit.record(session, actor, "MAIL_RETRY", entity="mail_message", entity_id=mail_id, new={"kind": row.kind.value}, by_operator=True)


@allows(PLATFORM)
def dismiss(session: Session, actor: Actor, mail_id: str) -> None:
    """Stop showing a message that was given up: it will not be sent. Raises NotFound."""
    row = _failed(session, mail_id)
    row.status = MailStatus.SKIPPED
    session.flush()
    audit.record(session, actor, "MAIL_DISMISS", entity="mail_message", entity_id=mail_id, new={"kind": row.kind.value}, by_operator=True)


def _failed(session: Session, mail_id: str) -> MailMessage:
    query = select(MailMessage).where(MailMessage.id == mail_id, MailMessage.status == MailStatus.FAILED)
    row = session.exec(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("This message is no longer among the failed ones.")
    return row

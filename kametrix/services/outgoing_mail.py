"""What becomes of a message in the outbox: `claim` and `record_*` are transactions, the mail server stands between them.

A claim counts the attempt, so a worker that dies while it sends has made one. Whatever link a message carries is forgotten
with its last attempt.
"""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from jinja2 import TemplateError
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock
from kametrix.crypto import unseal
from kametrix.errors import Misconfigured
from kametrix.integrations.smtp.client import Outgoing
from kametrix.integrations.smtp.errors import SmtpFailure
from kametrix.models import MailKind, MailMessage, MailStatus, Organization, User
from kametrix.services import mail, mail_texts, unsubscribing
from kametrix.services.access import SYSTEM, open_to
from kametrix.settings import settings

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 480, 720))
"""Until the next attempt while the server does not take it; after the last (about a day) we give up and say so."""
LASTS: Final = {MailKind.PASSWORD_RESET: timedelta(hours=1), MailKind.WELCOME: timedelta(days=3), MailKind.INVITATION: timedelta(days=7)}
"""How long the link in it works: later it is not worth sending."""
UNWANTED: Final = "Unsubscribed from warnings and statements."
NO_SERVER: Final = "No mail server is set up (SMTP_HOST)."
GONE: Final = "The account was deleted."
TOO_LATE: Final = "Its link expired before it could be sent."
LOST_AFTER: Final = timedelta(minutes=10)
"""A waiting message this old without a job is enqueued again."""

_LOST: Final = text("""
    select id from mail_message where status = 'PENDING' and created_at < :before and not exists (
      select 1 from procrastinate_jobs job where job.queueing_lock = 'send_mail:' || mail_message.id and job.status = 'todo')
    and not exists (
      select 1 from procrastinate_jobs job where job.lock = 'mail:' || mail_message.id and job.status = 'doing')
    order by created_at, id limit 500""")
_OLD: Final = text("""
    delete from mail_message where id in (
      select id from mail_message where status <> 'PENDING' and created_at < :before limit :size for update skip locked)""")
KEPT: Final = timedelta(days=90)

log = structlog.get_logger()


@open_to(SYSTEM)
def claim(session: Session, mail_id: str) -> Outgoing | None:
    """The message, written out and counted as an attempt. None when it is not to be sent: sent already, unwanted, given up."""
    row = session.exec(select(MailMessage).where(MailMessage.id == mail_id).with_for_update()).one_or_none()
    if row is None or row.status != MailStatus.PENDING:
        return None
    if why := _skipped(session, row):
        _close(row, MailStatus.SKIPPED, why)
        return None
    if row.attempts > len(PAUSES):
        _close(row, MailStatus.FAILED, row.error or "Given up: each attempt was interrupted.")
        return None
    if row.kind in LASTS and row.created_at + LASTS[row.kind] <= clock.now():
        _close(row, MailStatus.FAILED, TOO_LATE)
        return None
    row.attempts += 1
    return _written(session, row)


@open_to(SYSTEM)
def record_sent(session: Session, mail_id: str) -> None:
    """The server took it."""
    row = session.exec(select(MailMessage).where(MailMessage.id == mail_id).with_for_update()).one()
    if row.status == MailStatus.PENDING:
        _close(row, MailStatus.SENT, None)
        row.sent_at = clock.now()
        log.info("mail.sent", mail_id=mail_id, kind=row.kind.value, attempts=row.attempts)


@open_to(SYSTEM)
def record_failure(session: Session, mail_id: str, failure: SmtpFailure) -> None:
    """The server did not take it: again later, or given up when it never will or did not for a day."""
    row = session.exec(select(MailMessage).where(MailMessage.id == mail_id).with_for_update()).one()
    if row.status != MailStatus.PENDING:
        return
    row.error = failure.message[:300]
    if failure.retryable and row.attempts <= len(PAUSES):
        mail.send_soon(session, mail_id, at=clock.now() + PAUSES[row.attempts - 1])
        log.warning("mail.delayed", mail_id=mail_id, kind=row.kind.value, attempts=row.attempts, code=failure.code)
        return
    _close(row, MailStatus.FAILED, row.error)
    log.error("mail.given_up", mail_id=mail_id, kind=row.kind.value, attempts=row.attempts, code=failure.code)


@open_to(SYSTEM)
def send_forgotten(session: Session) -> int:
    """Enqueue waiting messages whose job was lost; returns how many."""
    lost = session.connection().execute(_LOST, {"before": clock.now() - LOST_AFTER}).scalars().all()
    for mail_id in lost:
        mail.send_soon(session, mail_id)
    return len(lost)


@open_to(SYSTEM)
def forget_old(session: Session, *, size: int = 1000) -> int:
    """Remove up to `size` messages that are done for 90 days; returns how many."""
    return session.connection().execute(_OLD, {"before": clock.now() - KEPT, "size": size}).rowcount


def _written(session: Session, row: MailMessage) -> Outgoing | None:
    """The message in words; one that cannot be written is given up and told, so that it does not come back for ever."""
    try:
        secret = unseal(row.secret, place=f"mail_message.secret.{row.id}") if row.secret else ""
        place, zone = _about(session, row)
        is_optional = row.kind in mail_texts.NON_ESSENTIAL and row.user_id
        rendered = mail_texts.render(
            row.kind, row.language, row.facts, mail_texts.link_for(row.kind, row.facts, secret), place=place, zone=zone,
            unsubscribe=unsubscribing.page_for(row.user_id) if is_optional and row.user_id else "",
        )  # fmt: skip
    except (TemplateError, Misconfigured, ValueError, TypeError, LookupError) as error:
        _close(row, MailStatus.FAILED, f"It cannot be written: {error}"[:300])
        log.error("mail.unwritable", mail_id=row.id, kind=row.kind.value, error=type(error).__name__)
        return None
    one_click = unsubscribing.one_click_for(row.user_id) if is_optional and row.user_id else ""
    return Outgoing(row.id, row.to_email, rendered.subject, rendered.text, rendered.html, one_click)


def _about(session: Session, row: MailMessage) -> tuple[str, ZoneInfo]:
    organization = session.get(Organization, row.organization_id) if row.organization_id else None
    return (organization.name, ZoneInfo(organization.timezone)) if organization else ("", ZoneInfo("UTC"))


def _skipped(session: Session, row: MailMessage) -> str:
    """Why nobody wants it; empty when it is to be sent."""
    if not settings().smtp_host:
        return NO_SERVER
    user = session.get(User, row.user_id) if row.user_id else None
    if user is not None and user.deleted_at is not None:
        return GONE
    unwanted = user is not None and not user.email_notifications and row.kind in mail_texts.NON_ESSENTIAL
    return UNWANTED if unwanted else ""


def _close(row: MailMessage, status: MailStatus, why: str | None) -> None:
    row.status, row.error, row.secret = status, why, None

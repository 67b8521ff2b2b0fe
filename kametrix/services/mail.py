"""Putting e-mail into the outbox, in the transaction of its cause: a rollback sends nothing, a commit exactly one message per person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id, seal
from kametrix.models import MailKind, MailMessage, OrgRole, User, UserOrganization, UserStatus
from kametrix.services import queue
from kametrix.services.access import SYSTEM, open_to


@open_to(SYSTEM)
def post(
    session: Session,
    kind: MailKind,
    *,
    to: str,
    language: str,
    key: str,
    facts: Mapping[str, Any],
    secret: str | None = None,
    user_id: str | None = None,
    organization_id: str | None = None,
) -> None:
    """Have a message sent, once per `key` and address. `facts` fill its template; `secret` is a token in its link, sealed until sent."""
    mail_id = new_id()
    row = {
        "id": mail_id, "kind": kind, "to_email": to, "language": language, "dedupe_key": f"{key}:{to}"[:200], "facts": dict(facts),
        "secret": seal(secret, place=f"mail_message.secret.{mail_id}") if secret else None,
        "user_id": user_id, "organization_id": organization_id, "created_at": clock.now(),
    }  # fmt: skip
    session.flush()
    added = session.connection().execute(insert(MailMessage).values(row).on_conflict_do_nothing())
    if added.rowcount:
        send_soon(session, mail_id)


@open_to(SYSTEM)
def send_soon(session: Session, mail_id: str, *, at: datetime | None = None) -> None:
    """Enqueue its sending, now or `at`: one waits at most, and a message is never sent by two jobs at once."""
    queue.enqueue(session, "send_mail", once=f"send_mail:{mail_id}", serial=f"mail:{mail_id}", at=at, mail_id=mail_id)


@open_to(SYSTEM)
def post_to_owners(session: Session, organization_id: str, kind: MailKind, *, key: str, facts: Mapping[str, Any]) -> None:
    """The same message to each owner of an organization who can log in, in their own language. Needs the platform's login."""
    owners = select(User).join(UserOrganization, col(UserOrganization.user_id) == User.id)
    owners = owners.where(UserOrganization.organization_id == organization_id, UserOrganization.role == OrgRole.OWNER)
    for owner in session.exec(owners.where(User.status == UserStatus.ACTIVE, col(User.deleted_at).is_(None)).order_by(User.id)):
        post(
            session, kind, to=owner.email, language=owner.language, key=key, facts=facts, user_id=owner.id, organization_id=organization_id
        )  # fmt: skip

"""Turning warnings and statements off from a message itself, without logging in: a link signed for one person.

It does nothing else and does not expire; whoever holds it can only spare this person mail they can turn on again.
"""

import re
from typing import Final
from urllib.parse import quote

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import is_seal_of, seal_of
from kametrix.errors import KametrixError
from kametrix.models import OrgRole, User
from kametrix.services import audit
from kametrix.services.access import PUBLIC, SIGNED_IN, Actor, actor_of, allows, open_to
from kametrix.settings import settings

PURPOSE: Final = "mail.unsubscribe"
SHAPE: Final = re.compile(r"([0-9a-z]{1,32})\.([A-Za-z0-9_-]{43})")
WRONG: Final = "This link is not complete, or it is not one of ours. Nothing was changed. You can turn these messages off in your settings."


class NotOurs(KametrixError):
    """Forged, garbled, or for a person who does not exist."""

    status = 401


def page_for(user_id: str) -> str:
    """The page with one button, linked in the message."""
    return f"{settings().public_url.rstrip('/')}/unsubscribe?token={quote(_token(user_id))}"


def one_click_for(user_id: str) -> str:
    """The address mail programs post to (RFC 8058)."""
    return f"{settings().public_url.rstrip('/')}/api/mail/unsubscribe?token={quote(_token(user_id))}"


@open_to(PUBLIC)
def problem(session: Session, token: str) -> str:
    """Why the link does not work, in words; empty when it does."""
    return WRONG if _person(session, token) is None else ""


@open_to(PUBLIC)
def unsubscribe(session: Session, token: str) -> None:
    """No more warnings and statements for this person; once more changes nothing. Raises NotOurs."""
    user = _person(session, token)
    if user is None:
        raise NotOurs(WRONG)
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role
    )
    _set(session, actor, user, wanted=False)


@allows(SIGNED_IN)
def choose(session: Session, actor: Actor, wants_mail: bool) -> None:
    """Have warnings and statements by mail, or not. Needs the platform's login."""
    user = session.exec(select(User).where(User.id == actor.user_id).with_for_update()).one()
    _set(session, actor, user, wanted=wants_mail)


def _set(session: Session, actor: Actor, user: User, *, wanted: bool) -> None:
    if user.email_notifications == wanted:
        return
    audit.record(
        session, actor, "USER_UPDATE", entity="user", entity_id=user.id, organization_id=user.current_org_id,
        old={"email_notifications": user.email_notifications}, new={"email_notifications": wanted},
    )  # fmt: skip
    user.email_notifications, user.updated_at = wanted, clock.now()
    session.flush()


def _token(user_id: str) -> str:
    return f"{user_id}.{seal_of(user_id, purpose=PURPOSE)}"


def _person(session: Session, token: str) -> User | None:
    found = SHAPE.fullmatch(token)
    if found is None or not is_seal_of(found.group(1), found.group(2), purpose=PURPOSE):
        return None
    query = select(User).where(User.id == found.group(1), col(User.deleted_at).is_(None))
    return session.exec(query.with_for_update()).one_or_none()

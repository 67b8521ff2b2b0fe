"""Proving that an address belongs to who signed up with it: a link in the message of welcome, confirmed by a button behind it.

Opening the link changes nothing: programs that scan mail open links. Only the hash of its token is kept.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_token, token_hash
from kametrix.errors import Conflict, Invalid, KametrixError
from kametrix.models import MailKind, Organization, OrgRole, User
from kametrix.services import audit, mail, rate_limits
from kametrix.services.access import PUBLIC, SIGNED_IN, SYSTEM, Actor, actor_of, allows, open_to
from kametrix.services.browser import Browser

VALID_FOR: Final = timedelta(days=3)
LONGEST_TOKEN: Final = 200
UNKNOWN: Final = "This link is not complete, or a newer one replaced it. You can have another sent from your account."
EXPIRED: Final = "This link has expired: it works for three days. You can have another sent from your account."
DONE_ALREADY: Final = "Your address is confirmed already."

log = structlog.get_logger()


class LinkState(StrEnum):
    """What a link of confirmation can still do."""

    OPEN = "OPEN"
    DONE = "DONE"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


@open_to(SYSTEM)
def welcome(session: Session, user: User) -> None:
    """Have the message of welcome sent, with the link. Whatever goes wrong with mail, the sign-up stands."""
    try:
        with session.begin_nested():
            _post(session, user, again=False)
    except (SQLAlchemyError, KametrixError) as error:
        log.error("mail.not_queued", user_id=user.id, error=type(error).__name__)


@open_to(PUBLIC)
def look(session: Session, token: str) -> LinkState:
    """What became of the link with this token; nothing is confirmed by looking."""
    return _state(_holder(session, token))


@open_to(PUBLIC)
def count(session: Session, browser: Browser) -> None:
    """Count an attempt, in a transaction before it is made. Raises TooMany."""
    rate_limits.take(session, (rate_limits.CONFIRM, browser.network))


@open_to(PUBLIC)
def confirm(session: Session, token: str, browser: Browser) -> str:
    """The address is theirs. Returns the person's id; once more changes nothing. Raises Invalid for a link that does not work."""
    user = _holder(session, token, lock=True)
    state = _state(user)
    if user is None or state in (LinkState.UNKNOWN, LinkState.EXPIRED):
        raise Invalid(EXPIRED if state == LinkState.EXPIRED else UNKNOWN)
    if state == LinkState.OPEN:
        user.email_verified, user.email_verification_expires, user.updated_at = True, None, clock.now()
        actor = actor_of(
            user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role,
            ip_address=browser.address, user_agent=browser.user_agent,
        )  # fmt: skip
        audit.record(session, actor, "USER_CONFIRM_EMAIL", entity="user", entity_id=user.id, organization_id=user.current_org_id)
    rate_limits.give_back(session, rate_limits.CONFIRM, browser.network)
    return user.id


@allows(SIGNED_IN)
def count_again(session: Session, actor: Actor) -> None:
    """Count a link about to be sent again, in a transaction before it is. Raises TooMany."""
    rate_limits.take(session, (rate_limits.CONFIRM_AGAIN, actor.user_id))


@allows(SIGNED_IN)
def send_again(session: Session, actor: Actor) -> str:
    """Have a new link sent; the old one is dead. Returns the address. Raises Conflict when it is confirmed. Needs the platform's login."""
    user = session.exec(select(User).where(User.id == actor.user_id).with_for_update()).one()
    if user.email_verified:
        raise Conflict(DONE_ALREADY)
    _post(session, user, again=True)
    return user.email


def _post(session: Session, user: User, *, again: bool) -> None:
    token, now = new_token(), clock.now()
    user.email_verification_token_hash, user.email_verification_expires, user.updated_at = token_hash(token), now + VALID_FOR, now
    session.add(user)
    session.flush()
    organization = session.get(Organization, user.current_org_id) if user.current_org_id else None
    facts = {"name": user.name or "", "business": organization.name if organization else "", "again": again}
    mail.post(
        session, MailKind.WELCOME, to=user.email, language=user.language, key=f"welcome:{token_hash(token)[:32]}", facts=facts,
        secret=token, user_id=user.id,
    )  # fmt: skip


def _state(user: User | None) -> LinkState:
    if user is None:
        return LinkState.UNKNOWN
    if user.email_verified:
        return LinkState.DONE
    expires = user.email_verification_expires
    return LinkState.OPEN if expires is not None and expires > clock.now() else LinkState.EXPIRED


def _holder(session: Session, token: str, *, lock: bool = False) -> User | None:
    if not token or len(token) > LONGEST_TOKEN:
        return None
    query = select(User).where(User.email_verification_token_hash == token_hash(token), col(User.deleted_at).is_(None))
    return session.exec(query.with_for_update() if lock else query).one_or_none()

"""A link that sets a new password: works once, for an hour; only the hash of its token is kept."""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_token, token_hash
from kametrix.errors import Invalid
from kametrix.models import OrgRole, User, UserStatus
from kametrix.services import audit, passwords, rate_limits, sessions
from kametrix.services.access import PUBLIC, SYSTEM, actor_of, open_to
from kametrix.services.browser import Browser

VALID_FOR: Final = timedelta(hours=1)
USED: Final = "This link was used already, or a newer one replaced it. Each link works once: ask for another."
EXPIRED: Final = "This link has expired: it works for one hour. Ask for another."
LONGEST_TOKEN: Final = 200


@open_to(SYSTEM)
def issue(session: Session, user: User) -> str:
    """A new token for this person, in place of an older one. The caller audits who asked for it."""
    token = new_token()
    user.password_reset_token_hash, user.password_reset_expires = token_hash(token), clock.now() + VALID_FOR
    user.updated_at = clock.now()
    session.add(user)
    session.flush()
    return token


@open_to(PUBLIC)
def problem(session: Session, token: str) -> str:
    """Why the link with this token does not work, in words; empty when it does."""
    found = _holder(session, token)
    if found is None or found.status != UserStatus.ACTIVE:
        return USED
    return EXPIRED if found.password_reset_expires is None or found.password_reset_expires <= clock.now() else ""


@open_to(PUBLIC)
def count(session: Session, browser: Browser) -> None:
    """Count an attempt, in a transaction before it is made. Raises TooMany."""
    rate_limits.take(session, (rate_limits.RESET, browser.network))


@open_to(PUBLIC)
def redeem(session: Session, token: str, password: str, browser: Browser) -> str:
    """Set the new password, end every session of the person and use the link up. Returns the person's id. Raises Invalid; slow."""
    user = _holder(session, token, lock=True)
    if user is None:
        raise Invalid(USED)
    if wrong := problem(session, token):
        raise Invalid(wrong)
    if weak := passwords.problem(password, (user.email, user.name or "")):
        raise Invalid.fields({"password": weak})
    user.password_hash, user.updated_at = passwords.hashed(password), clock.now()
    user.password_reset_token_hash, user.password_reset_expires = None, None
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role,
        ip_address=browser.address, user_agent=browser.user_agent,
    )  # fmt: skip
    ended = sessions.end_all(session, user.id)
    rate_limits.give_back(session, rate_limits.RESET, browser.network)
    audit.record(
        session, actor, "USER_PASSWORD_RESET_USED", entity="user", entity_id=user.id, new={"sessions_ended": ended},
        organization_id=user.current_org_id,
    )  # fmt: skip
    return user.id


def _holder(session: Session, token: str, *, lock: bool = False) -> User | None:
    if not token or len(token) > LONGEST_TOKEN:
        return None
    query = select(User).where(User.password_reset_token_hash == token_hash(token), col(User.deleted_at).is_(None))
    return session.exec(query.with_for_update() if lock else query).one_or_none()

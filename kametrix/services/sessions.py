"""Login sessions: opened at log-in, proved by a cookie, prolonged while used, listed and ended by their owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_token, token_hash
from kametrix.errors import NotFound
from kametrix.models import Organization, User, UserOrganization, UserStatus
from kametrix.models import Session as LoginSession
from kametrix.services import audit
from kametrix.services.access import PUBLIC, SIGNED_IN, SYSTEM, Actor, actor_of, allows, open_to
from kametrix.services.devices import device_name
from kametrix.services.wording import shown_name

COOKIE = "kametrix_session"
"""The cookie that carries the token."""
IDLE = timedelta(days=7)
"""A session ends this long after it was last used (product decision 15)."""
LONGEST = timedelta(days=30)
"""... and this long after it was opened, used or not (product decision 15)."""
TOUCH = timedelta(minutes=1)
"""`last_seen_at` is written at most this often."""


@dataclass(frozen=True)
class Principal:
    """A signed-in person and the login session that proves it."""

    actor: Actor
    session_id: str
    name: str


@dataclass(frozen=True)
class SessionView:
    """One login session as its owner sees it."""

    id: str
    device: str
    ip_address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


@open_to(SYSTEM)
def start(session: Session, user: User, *, ip_address: str, user_agent: str) -> str:
    """Open a session for a person whose password was just proved. Returns the token; only its hash is kept."""
    token, now = new_token(), clock.now()
    session.add(
        LoginSession(
            user_id=user.id, token_hash=token_hash(token), created_at=now, last_seen_at=now, expires_at=now + IDLE,
            ip_address=ip_address[:64], user_agent=user_agent[:400],
        )
    )  # fmt: skip
    return token


@open_to(PUBLIC)
def principal(session: Session, hashed: str) -> Principal | None:
    """Who holds the session whose token hashes to `hashed`; none when it is unknown, expired, revoked, or its person may not sign in."""
    now = clock.now()
    found = session.exec(
        select(LoginSession, User, UserOrganization)
        .join(User, col(User.id) == LoginSession.user_id)
        .join(UserOrganization, col(UserOrganization.user_id) == User.id)
        .join(Organization, col(Organization.id) == UserOrganization.organization_id)
        .where(LoginSession.token_hash == hashed, LoginSession.expires_at > now, LoginSession.created_at > now - LONGEST)
        .where(User.status == UserStatus.ACTIVE, col(User.deleted_at).is_(None))
        .where(col(UserOrganization.accepted_at).is_not(None), col(Organization.deleted_at).is_(None))
        .order_by(
            (col(UserOrganization.organization_id) == User.current_org_id).desc(),
            col(UserOrganization.is_primary).desc(),
            col(UserOrganization.created_at),
        )
        .limit(1)
    ).first()
    if found is None:
        return None
    login, user, membership = found
    _touch(session, login, now)
    actor = actor_of(
        user_id=user.id,
        email=user.email,
        organization_id=membership.organization_id,
        role=membership.role,
        platform_role=user.role,
        ip_address=login.ip_address or "",
        user_agent=login.user_agent or "",
    )
    return Principal(actor=actor, session_id=login.id, name=shown_name(user.name, user.email))


def _touch(session: Session, login: LoginSession, now: datetime) -> None:
    """Prolong a session in use; an older writer does not wait for a newer one."""
    if now - login.last_seen_at < TOUCH:
        return
    session.exec(
        update(LoginSession)
        .where(col(LoginSession.id) == login.id, col(LoginSession.last_seen_at) <= now - TOUCH)
        .values(last_seen_at=now, expires_at=min(now + IDLE, login.created_at + LONGEST))
        .execution_options(synchronize_session=False)
    )


@open_to(PUBLIC)
def end(session: Session, hashed: str) -> None:
    """Log out: the session whose token hashes to `hashed` is gone; an unknown one is fine."""
    session.exec(delete(LoginSession).where(col(LoginSession.token_hash) == hashed))


@open_to(SYSTEM)
def end_all(session: Session, user_id: str) -> int:
    """End every session of a person; the caller audits why. Returns how many ended."""
    return session.exec(delete(LoginSession).where(col(LoginSession.user_id) == user_id)).rowcount


@allows(SIGNED_IN)
def all_of(session: Session, actor: Actor, current_id: str) -> list[SessionView]:
    """The person's own live sessions, the current one first, then the last used."""
    now = clock.now()
    rows = session.exec(
        select(LoginSession)
        .where(LoginSession.user_id == actor.user_id, LoginSession.expires_at > now, LoginSession.created_at > now - LONGEST)
        .order_by(col(LoginSession.last_seen_at).desc(), col(LoginSession.id))
    )
    views = [
        SessionView(
            id=row.id,
            device=device_name(row.user_agent),
            ip_address=row.ip_address or "",
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.id == current_id,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: not view.is_current)


@allows(SIGNED_IN)
def revoke(session: Session, actor: Actor, session_id: str) -> None:
    """End one of the person's own sessions. Raises NotFound for anyone else's."""
    gone = session.exec(delete(LoginSession).where(col(LoginSession.id) == session_id, col(LoginSession.user_id) == actor.user_id))
    if not gone.rowcount:
        raise NotFound("This session has already ended.")
    audit.record(session, actor, "SESSION_REVOKE", entity="session", entity_id=session_id)


@allows(SIGNED_IN)
def revoke_others(session: Session, actor: Actor, current_id: str) -> int:
    """End every session of the person but the current one. Returns how many ended."""
    gone = session.exec(delete(LoginSession).where(col(LoginSession.user_id) == actor.user_id, col(LoginSession.id) != current_id))
    if gone.rowcount:
        audit.record(session, actor, "SESSION_REVOKE_OTHERS", entity="user", entity_id=actor.user_id, new={"ended": gone.rowcount})
    return gone.rowcount

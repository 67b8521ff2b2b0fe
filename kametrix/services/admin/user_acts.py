"""What an operator does to a person: role, suspension, sessions, reset link, staff, verification, credits.

Role and suspension never concern oneself, and whoever decides them is an active administrator while all of their rows are
locked: so one always remains, also when two demote each other at the same moment.
"""

from dataclasses import dataclass
from typing import Final

from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import Conflict, Invalid
from kametrix.models import Organization, PlatformRole, UserStatus
from kametrix.services import ledger, password_resets, sessions
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.admin.operator import Done, Operator, named

ROLES: Final = (PlatformRole.USER, PlatformRole.POWER_USER, PlatformRole.ADMIN)
"""Roles that can be given; GUEST comes with an invitation only."""
OWN_ROLE: Final = "You cannot change your own role. Another administrator can."
LONGEST_REASON: Final = 500


@dataclass(frozen=True)
class ResetLink:
    """Shown once: the path of the link, and whose password it sets."""

    name: str
    email: str
    path: str


@dataclass(frozen=True)
class Adjusted:
    """Cents before and after; `applied` is false when the same form had been sent before."""

    organization: str
    before: int
    after: int
    applied: bool


@allows(PLATFORM)
def set_role(session: Session, actor: Actor, user_id: str, role: PlatformRole) -> Done:
    """Give a platform role. Raises Conflict for one's own and for who may not log in; NotFound."""
    operator = Operator(session, actor)
    operator.hold_administrators()
    user = operator.user(user_id)
    if user.id == actor.user_id:
        raise Conflict(OWN_ROLE)
    if role not in ROLES:
        raise Invalid("This role cannot be given: it comes with an invitation.")
    if role == PlatformRole.ADMIN and user.status != UserStatus.ACTIVE:
        raise Conflict(f"{named(user)} cannot log in at the moment, so cannot be an administrator.")
    if user.role != role:
        operator.note("USER_ROLE_CHANGE", user, old={"role": user.role.value}, new={"role": role.value})
        user.role, user.updated_at = role, clock.now()
    return operator.done(user)


@allows(PLATFORM)
def set_status(session: Session, actor: Actor, user_id: str, status: UserStatus, reason: str = "") -> Done:
    """Suspend (log-ins end at once; agents and numbers go on) or reactivate a person. Raises Conflict, Invalid, NotFound."""
    operator = Operator(session, actor)
    operator.hold_administrators()
    user = operator.user(user_id)
    if why := operator.obstacle(user, status):
        raise Conflict(why)
    return operator.change_status(user, status, _reason(reason))


@allows(PLATFORM)
def set_staff(session: Session, actor: Actor, user_id: str, is_staff: bool) -> Done:
    """Let a person observe and invite across organizations, or no longer. Raises NotFound."""
    operator = Operator(session, actor)
    user = operator.user(user_id)
    if user.is_staff != is_staff:
        operator.note("USER_UPDATE", user, old={"is_staff": user.is_staff}, new={"is_staff": is_staff})
        user.is_staff, user.updated_at = is_staff, clock.now()
    return operator.done(user)


@allows(PLATFORM)
def verify_email(session: Session, actor: Actor, user_id: str) -> Done:
    """Confirm the address by hand. Raises NotFound."""
    operator = Operator(session, actor)
    user = operator.user(user_id)
    if not user.email_verified:
        operator.note("USER_VERIFY_EMAIL", user, old={"email_verified": False}, new={"email_verified": True})
        user.email_verified, user.updated_at = True, clock.now()
    return operator.done(user)


@allows(PLATFORM)
def log_out(session: Session, actor: Actor, user_id: str) -> Done:
    """End every log-in of the person. Raises NotFound."""
    operator = Operator(session, actor)
    user = operator.user(user_id)
    ended = sessions.end_all(session, user.id)
    operator.note("USER_LOG_OUT", user, new={"sessions_ended": ended})
    return operator.done(user, ended)


@allows(PLATFORM)
def reset_link(session: Session, actor: Actor, user_id: str) -> ResetLink:
    """A link that sets a new password, in place of an older one. Raises Conflict for who could not log in with it; NotFound."""
    operator = Operator(session, actor)
    user = operator.user(user_id)
    if user.status == UserStatus.INVITED:
        raise Conflict(f"{named(user)} has not accepted an invitation yet and has no password. Send a new invitation instead.")
    if user.status != UserStatus.ACTIVE:
        raise Conflict(f"{named(user)} may not log in at the moment. Reactivate the account first.")
    token = password_resets.issue(session, user)
    operator.note("USER_PASSWORD_RESET", user)
    return ResetLink(named(user), user.email, f"/reset?token={token}")


@allows(PLATFORM)
def adjust(session: Session, actor: Actor, organization_id: str, amount: int, reason: str, submission: str) -> Adjusted:
    """Give or take `amount` cents, once per `submission` however often it is sent. Raises Invalid with the field, NotFound."""
    if not submission:
        raise Invalid("This form is out of date. Open it again; nothing was changed.")
    key = f"console:{actor.user_id}:{organization_id}:{submission[:64]}"
    posted = ledger.adjust(session, organization_id=organization_id, amount=amount, reason=reason, admin=actor, key=key)
    name = session.exec(select(Organization.name).where(Organization.id == organization_id)).one()
    return Adjusted(name, posted.balance - amount, posted.balance, posted.applied)


def _reason(text: str) -> str:
    if len(text) > LONGEST_REASON:
        raise Invalid.fields({"reason": f"Use at most {LONGEST_REASON} characters."})
    return text.strip()

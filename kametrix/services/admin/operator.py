"""An operator at work in one transaction: finds and locks people, keeps the rules about administrators, notes what was done."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Forbidden, NotFound
from kametrix.models import PlatformRole, User, UserOrganization, UserStatus
from kametrix.services import audit, sessions
from kametrix.services.access import Actor

OWN_STATUS: Final = "You cannot suspend yourself. Another administrator can."
NO_LONGER: Final = "You are no longer an administrator. Nothing was changed."


@dataclass(frozen=True)
class Done:
    """What an act did. `name`: to whom; `organizations`: whose open pages should look again; `ended`: log-ins that ended."""

    user_id: str
    name: str
    organizations: tuple[str, ...]
    ended: int = 0


@dataclass(frozen=True)
class Operator:
    """Made by the services of this folder alone, which have checked that `actor` may be one."""

    session: Session
    actor: Actor

    def hold_administrators(self) -> None:
        """Lock the rows of all active administrators, in one order. Raises Forbidden when the actor is none of them any more."""
        query = select(User).where(User.role == PlatformRole.ADMIN, User.status == UserStatus.ACTIVE, col(User.deleted_at).is_(None))
        locked = query.order_by(col(User.id)).with_for_update().execution_options(populate_existing=True)
        if self.actor.user_id not in {user.id for user in self.session.exec(locked)}:
            raise Forbidden(NO_LONGER)

    def user(self, user_id: str) -> User:
        """The person, their row locked. Raises NotFound."""
        query = select(User).where(User.id == user_id, col(User.deleted_at).is_(None)).with_for_update()
        user = self.session.exec(query.execution_options(populate_existing=True)).one_or_none()
        if user is None:
            raise NotFound("This person does not exist, or the account was deleted.")
        return user

    def obstacle(self, user: User, status: UserStatus) -> str:
        """Why this person's status cannot become `status`, in words; empty when it can."""
        if status not in (UserStatus.ACTIVE, UserStatus.SUSPENDED):
            return "People are suspended or reactivated, nothing else."
        if user.id == self.actor.user_id:
            return OWN_STATUS
        return f"{named(user)} has not accepted an invitation yet." if user.status == UserStatus.INVITED else ""

    def change_status(self, user: User, status: UserStatus, reason: str) -> Done:
        """The change itself; to suspend somebody ends their log-ins."""
        if user.status == status:
            return self.done(user)
        ended = sessions.end_all(self.session, user.id) if status != UserStatus.ACTIVE else 0
        new = {"status": status.value} | ({"reason": reason} if reason else {}) | ({"sessions_ended": ended} if ended else {})
        self.note("USER_STATUS_CHANGE", user, old={"status": user.status.value}, new=new)
        user.status, user.updated_at = status, clock.now()
        user.password_reset_token_hash, user.password_reset_expires = None, None
        return self.done(user, ended)

    def note(self, action: str, user: User, *, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> None:
        """The act in the audit trail of the platform."""
        audit.record(self.session, self.actor, action, entity="user", entity_id=user.id, old=old, new=new, by_operator=True)

    def done(self, user: User, ended: int = 0) -> Done:
        """What became of the act, with the organizations whose pages show this person."""
        self.session.flush()
        mine = self.session.exec(select(UserOrganization.organization_id).where(UserOrganization.user_id == user.id)).all()
        return Done(user.id, named(user), tuple(mine), ended)


def named(user: User) -> str:
    """How the console calls a person."""
    return user.name or user.email

"""What every change of a membership shares: the lock, who may give which role, how much one person may own.

Whoever changes the team of an organization first locks the organization's row, then persons' rows: changes of one team
happen one after the other, so that no two of them together leave it without an owner.
"""

import re
import unicodedata
from typing import Final

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.errors import Conflict, Forbidden
from kametrix.models import Organization, OrgRole, User, UserOrganization
from kametrix.services.access import ORGANIZATION_PERMISSIONS, SYSTEM, Actor, open_to
from kametrix.services.credits import has_purchased

MOST_OWNED: Final = 10
"""Organizations one person may own."""
MOST_UNPAID: Final = 3
"""... and of these, such as never bought credits: each has a free number and a free ceiling. Deleted ones count."""
CHANGED: Final = "Your own role was changed meanwhile, so nothing was done. Reload the page."
OWNS_ENOUGH: Final = f"One person may own at most {MOST_OWNED} organizations."
UNPAID_ENOUGH: Final = (
    f"One person may own at most {MOST_UNPAID} organizations that have not bought credits yet. Buy a pack for one of them first."
)


def may_give(giver: OrgRole, role: OrgRole) -> bool:
    """Nobody gives what they lack: whether everything `role` may do, `giver` may do too."""
    return ORGANIZATION_PERMISSIONS[role] <= ORGANIZATION_PERMISSIONS[giver]


@open_to(SYSTEM)
def lock_team(session: Session, organization_id: str) -> Organization:
    """The organization, locked until the end of the transaction: the team is as it is read from now on."""
    return session.exec(select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)).one()


@open_to(SYSTEM)
def lock_person(session: Session, user_id: str) -> User:
    """The person, locked: their primary organization and what they own are as read from now on."""
    query = select(User).where(User.id == user_id).with_for_update(key_share=True)
    return session.exec(query.execution_options(populate_existing=True)).one()


@open_to(SYSTEM)
def lock_for(session: Session, actor: Actor) -> Organization:
    """Lock the actor's team. Raises Forbidden when their role is no longer the one they act in."""
    organization = lock_team(session, actor.organization_id)
    own = accepted(session, actor.organization_id, actor.user_id)
    if own is None or own.role != actor.role:
        raise Forbidden(CHANGED)
    return organization


@open_to(SYSTEM)
def accepted(session: Session, organization_id: str, user_id: str) -> UserOrganization | None:
    """The membership of this person, if they have one."""
    query = select(UserOrganization).where(UserOrganization.organization_id == organization_id, UserOrganization.user_id == user_id)
    return session.exec(query.where(col(UserOrganization.accepted_at).is_not(None))).one_or_none()


@open_to(SYSTEM)
def check_ownership(session: Session, user_id: str, organization_id: str | None = None) -> None:
    """Whether this person may own one more organization: a new one, or that of `organization_id`. Raises Conflict.

    Counted are owners, not founders: whoever hands an unpaid organization on fills the count of whoever takes it.
    """
    lock_person(session, user_id)
    owned = select(Organization).join(UserOrganization, col(UserOrganization.organization_id) == Organization.id)
    owned = owned.where(UserOrganization.user_id == user_id, UserOrganization.role == OrgRole.OWNER)
    held = session.exec(owned.where(col(UserOrganization.accepted_at).is_not(None))).all()
    if sum(row.deleted_at is None for row in held) >= MOST_OWNED:
        raise Conflict(OWNS_ENOUGH)
    is_paid = organization_id is not None and has_purchased(session, organization_id)
    if not is_paid and sum(not has_purchased(session, row.id) for row in held) >= MOST_UNPAID:
        raise Conflict(UNPAID_ENOUGH)


@open_to(SYSTEM)
def found(session: Session, user: User, name: str, timezone: str) -> Organization:
    """A new organization with an empty wallet, owned by this person and from now on their current one."""
    organization = Organization(name=name, slug=_slug(name), timezone=timezone)
    session.add(organization)
    session.flush()  # no relationship orders these inserts
    now = clock.now()
    session.add(UserOrganization(user_id=user.id, organization_id=organization.id, role=OrgRole.OWNER, accepted_at=now))
    settle(session, user.id)
    user.current_org_id, user.updated_at = organization.id, now
    session.flush()
    return organization


@open_to(SYSTEM)
def settle(session: Session, user_id: str) -> None:
    """After a membership began or ended: one of those that are left is the primary one, and the person works in one of them."""
    session.flush()
    user = lock_person(session, user_id)
    query = select(UserOrganization).join(Organization, col(Organization.id) == UserOrganization.organization_id)
    query = query.where(UserOrganization.user_id == user_id, col(UserOrganization.accepted_at).is_not(None))
    rows = session.exec(query.where(col(Organization.deleted_at).is_(None)).order_by(col(UserOrganization.accepted_at))).all()
    primary = next((row for row in rows if row.is_primary), rows[0] if rows else None)
    if primary is not None:
        make_primary(session, primary)
    if user.current_org_id not in {row.organization_id for row in rows}:
        user.current_org_id = primary.organization_id if primary else None
    session.flush()


@open_to(SYSTEM)
def make_primary(session: Session, membership: UserOrganization) -> None:
    """This one, and no other, is where its person starts. Lock the person first."""
    query = select(UserOrganization).where(UserOrganization.user_id == membership.user_id, col(UserOrganization.is_primary))
    for other in session.exec(query.where(UserOrganization.id != membership.id)):
        other.is_primary = False
    session.flush()  # the index allows one at a time
    membership.is_primary = True


@open_to(SYSTEM)
def owners(session: Session, organization_id: str) -> int:
    """How many own the organization."""
    query = select(func.count()).where(UserOrganization.organization_id == organization_id, UserOrganization.role == OrgRole.OWNER)
    return session.exec(query.where(col(UserOrganization.accepted_at).is_not(None))).one()


@open_to(SYSTEM)
def end(session: Session, organization_id: str, user_id: str) -> None:
    """The membership is gone; the account and its other organizations stay. Lock the team first."""
    gone = delete(UserOrganization).where(
        col(UserOrganization.organization_id) == organization_id, col(UserOrganization.user_id) == user_id
    )
    session.exec(gone)
    settle(session, user_id)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{words or 'organization'}-{new_id()[:8]}"

"""The team of an organization: who belongs to it, in which role, and how that changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Forbidden, NotFound
from kametrix.models import Organization, OrgRole, User, UserOrganization
from kametrix.models import Session as LoginSession
from kametrix.services import audit, invitations, memberships
from kametrix.services.access import Actor, allows
from kametrix.services.wording import shown_name


@dataclass(frozen=True)
class Member:
    """A person of the team. `name` falls back to the first part of the e-mail.

    `last_seen_at`: when they last used Kametrix, in whichever organization; the login of the pages knows it of oneself alone.
    """

    user_id: str
    name: str
    email: str
    role: OrgRole
    joined_at: datetime
    last_seen_at: datetime | None


@allows("organization:read")
def members(session: Session, actor: Actor) -> list[Member]:
    """Everyone who belongs to the organization, owners first, then by name; open invitations are not members."""
    seen = select(func.max(LoginSession.last_seen_at)).where(LoginSession.user_id == User.id).scalar_subquery()
    shown: tuple[Any, ...] = (User.name, User.email)
    rows = session.exec(
        select(User, UserOrganization, seen)
        .join(UserOrganization, col(UserOrganization.user_id) == User.id)
        .where(UserOrganization.organization_id == actor.organization_id, col(UserOrganization.accepted_at).is_not(None))
        .options(load_only(*shown))
    )
    found = [_member(user, membership, at) for user, membership, at in rows]
    return sorted(found, key=lambda member: (list(OrgRole).index(member.role), member.name.lower(), member.user_id))


def _member(user: User, membership: UserOrganization, seen: datetime | None) -> Member:
    joined = membership.accepted_at or membership.created_at
    return Member(user.id, shown_name(user.name, user.email), user.email, membership.role, joined, seen)


@allows("organization:read")
def seats(session: Session, actor: Actor) -> int | None:
    """How many people the plan allows; none: as many as you like."""
    return session.exec(select(Organization.max_users).where(col(Organization.id) == actor.organization_id)).one()


@allows("team:write")
def change_role(session: Session, actor: Actor, user_id: str, role: str) -> Member:
    """Give a member another role; invitations they may no longer make are withdrawn.

    Raises Forbidden for one's own, an owner's, and roles one lacks; Conflict beyond what one may own.
    """
    organization = memberships.lock_for(session, actor)
    membership = _other(session, actor, user_id)
    given = next((one for one in OrgRole if one == role), None)
    if given is None or not memberships.may_give(actor.role, given):
        raise Forbidden("You can give only roles that may do no more than you.")
    if given != membership.role:
        if given == OrgRole.OWNER:
            memberships.check_ownership(session, user_id, organization.id)
        _set(session, actor, membership, given)
        invitations.withdraw_those_of(session, actor, user_id, given)
    return _one(session, actor, user_id)


@allows("team:write")
def remove(session: Session, actor: Actor, user_id: str) -> Member:
    """End a membership, and the invitations it made; the account and its other organizations stay. Returns who it was.

    Raises Forbidden for oneself and for owners.
    """
    organization = memberships.lock_for(session, actor)
    membership, member = _other(session, actor, user_id), _one(session, actor, user_id)
    audit.record(
        session, actor, "TEAM_REMOVE", entity="user", entity_id=user_id, old={"email": member.email, "role": membership.role.value}
    )
    invitations.withdraw_those_of(session, actor, user_id, None)
    memberships.end(session, organization.id, user_id)
    return member


@allows("organization:own")
def transfer(session: Session, actor: Actor, user_id: str) -> Member:
    """Hand the organization over: the member becomes an owner, oneself an administrator. Raises Conflict beyond what one may own."""
    organization = memberships.lock_for(session, actor)
    membership = _other(session, actor, user_id)
    own = memberships.accepted(session, actor.organization_id, actor.user_id)
    if own is None:
        raise Forbidden(memberships.CHANGED)
    if membership.role != OrgRole.OWNER:
        memberships.check_ownership(session, user_id, organization.id)
        _set(session, actor, membership, OrgRole.OWNER)
    _set(session, actor, own, OrgRole.ADMIN)
    audit.record(
        session, actor, "ORGANIZATION_TRANSFER", entity="organization", entity_id=organization.id,
        old={"owner": actor.user_id}, new={"owner": user_id},
    )  # fmt: skip
    return _one(session, actor, user_id)


def _other(session: Session, actor: Actor, user_id: str) -> UserOrganization:
    """The membership of somebody the actor may touch. Raises NotFound for strangers, Forbidden for oneself and for who may do more."""
    membership = memberships.accepted(session, actor.organization_id, user_id)
    if membership is None:
        raise NotFound("This person does not belong to the team.")
    if user_id == actor.user_id:
        raise Forbidden("You cannot do this to yourself.")
    if not memberships.may_give(actor.role, membership.role):
        raise Forbidden("Only an owner can do this to an owner.")
    return membership


def _set(session: Session, actor: Actor, membership: UserOrganization, role: OrgRole) -> None:
    audit.record(
        session,
        actor,
        "TEAM_ROLE_CHANGE",
        entity="user",
        entity_id=membership.user_id,
        old={"role": membership.role.value},
        new={"role": role.value},
    )
    membership.role, membership.updated_at = role, clock.now()
    session.flush()


def _one(session: Session, actor: Actor, user_id: str) -> Member:
    return next(member for member in members(session, actor) if member.user_id == user_id)

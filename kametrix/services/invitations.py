"""Invitations: a membership that waits, and a link that makes it one. The link works once, for seven days, for the invited person alone.

Only the hash of a link's token is kept, so a link is seen once; a new one replaces it. Nobody learns here whether an address
has an account: inviting answers the same, and whoever opens the link is offered both ways in.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

from kametrix import clock
from kametrix.crypto import new_token, token_hash
from kametrix.errors import Conflict, Forbidden, Invalid, NotFound
from kametrix.models import MailKind, Organization, OrgRole, PlatformRole, User, UserOrganization, UserStatus
from kametrix.services import accounts, audit, email_confirmation, mail, memberships, rate_limits
from kametrix.services.access import ORGANIZATION_PERMISSIONS, PUBLIC, SIGNED_IN, SYSTEM, Actor, actor_of, allows, one, open_to, scoped
from kametrix.services.wording import shown_name
from kametrix.settings import settings

LASTS: Final = timedelta(days=7)
ROLES: Final = (OrgRole.AGENT, OrgRole.MANAGER, OrgRole.ADMIN, OrgRole.VIEWER)
"""What somebody can be invited as, the usual one first; owners are made of members."""
SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
NOBODY: Final = "!"
"""The password hash of a person who has no password yet: nothing matches it."""


HAS_ACCOUNT: Final = "There is already an account with this address. Log in with it to accept the invitation."


class LinkState(StrEnum):
    """What became of a link. UNKNOWN: withdrawn, or replaced by a newer one; GARBLED: it never was one of ours."""

    OPEN = "OPEN"
    USED = "USED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"
    GARBLED = "GARBLED"


@dataclass(frozen=True)
class Link:
    """What somebody who holds a link sees. Beyond the organization's name everything is empty unless the link is open."""

    state: LinkState
    organization: str = ""
    logo: str = ""
    color: str = ""
    email: str = ""
    role: OrgRole | None = None
    inviter: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """An invitation nobody has accepted yet. `expires_at` may be past."""

    id: str
    email: str
    role: OrgRole
    inviter: str
    expires_at: datetime


@dataclass(frozen=True)
class Invited:
    """A fresh link's `token`, told once; `is_new` is false when it replaced an older link; `is_mailed`: it is on its way by mail too."""

    token: str
    email: str
    role: OrgRole
    expires_at: datetime
    is_new: bool
    is_mailed: bool


DEAD: Final = {
    LinkState.USED: "This invitation has already been used.",
    LinkState.EXPIRED: "This invitation has expired. Ask for a new link.",
    LinkState.UNKNOWN: "This invitation was withdrawn, or replaced by a newer link.",
    LinkState.GARBLED: "This link is not complete. Copy all of it, or ask for a new one.",
}


@allows("team:write")
def count_invitation(session: Session, actor: Actor) -> None:
    """Count a link about to be made, in a transaction before it is. Raises TooMany."""
    rate_limits.take(session, (rate_limits.INVITE, actor.organization_id))


@allows("team:write")
def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """Invitations nobody has accepted, expired ones included, the latest first; the invited are known by their address alone.

    Needs the platform's login: pages do not see who invited when that person has left.
    """
    invited, inviter = aliased(User), aliased(User)
    rows = session.exec(
        select(UserOrganization, col(invited.email), col(inviter.name), col(inviter.email))
        .join(invited, col(invited.id) == UserOrganization.user_id)
        .outerjoin(inviter, col(inviter.id) == UserOrganization.invited_by)
        .where(UserOrganization.organization_id == actor.organization_id, col(UserOrganization.accepted_at).is_(None))
        .order_by(col(UserOrganization.invited_at).desc(), col(UserOrganization.id))
    )
    return [
        Waiting(row.id, email, row.role, shown_name(name, by or ""), row.invite_expires_at or row.created_at)
        for row, email, name, by in rows
    ]


@allows("team:write")
def invite(session: Session, actor: Actor, email: str, role: str) -> Invited:
    """A link for this address; an older link for it is dead from now on. Raises Invalid, also for a member, and Conflict without a seat."""
    address, given = accounts.normal_email(email), _role(actor, role)
    organization = memberships.lock_for(session, actor)
    person = _person(session, address)
    mine = scoped(actor, UserOrganization).where(UserOrganization.user_id == person.id)
    membership = session.exec(mine).one_or_none()
    if membership is not None and membership.accepted_at is not None:
        raise Invalid.fields({"email": f"{address} already belongs to this team."})
    is_new = membership is None
    if membership is None:
        membership = UserOrganization(user_id=person.id, organization_id=organization.id, role=given)
    membership.role = given
    return _link(session, actor, organization, membership, is_new=is_new)


@allows("team:write")
def renew(session: Session, actor: Actor, invitation_id: str) -> Invited:
    """A new link for an invitation that waits; the old one is dead from now on. Raises NotFound, and Conflict without a seat."""
    organization = memberships.lock_for(session, actor)
    return _link(session, actor, organization, _waiting(session, actor, invitation_id), is_new=False)


@allows("team:write")
def withdraw(session: Session, actor: Actor, invitation_id: str) -> str:
    """The invitation and its link are gone. Returns whose it was. Raises NotFound, also when it was accepted."""
    memberships.lock_for(session, actor)
    return _withdraw(session, actor, _waiting(session, actor, invitation_id))


@open_to(SYSTEM)
def withdraw_those_of(session: Session, actor: Actor, user_id: str, role: OrgRole | None) -> None:
    """Take back what this person offered and, now in `role` (none: removed), no longer may: nobody leaves themselves a way back.

    Lock the team first.
    """
    mine = scoped(actor, UserOrganization).where(UserOrganization.invited_by == user_id, col(UserOrganization.accepted_at).is_(None))
    may_invite = role is not None and "team:write" in ORGANIZATION_PERMISSIONS[role]
    for membership in session.exec(mine).all():
        if role is None or not may_invite or not memberships.may_give(role, membership.role):
            _withdraw(session, actor, membership)


@open_to(PUBLIC)
def look(session: Session, token: str) -> Link:
    """What the holder of this link sees; nothing about the organization but its name once the link is dead."""
    state, membership = _find(session, token)
    if membership is None:
        return Link(state)
    organization = session.get_one(Organization, membership.organization_id)
    if state != LinkState.OPEN:
        return Link(state, organization.name)
    inviter = session.get(User, membership.invited_by) if membership.invited_by else None
    return Link(
        state=state,
        organization=organization.name,
        logo=organization.logo_url or "",
        color=organization.primary_color or "",
        email=session.get_one(User, membership.user_id).email,
        role=membership.role,
        inviter=shown_name(inviter.name, inviter.email) if inviter else "",
        expires_at=membership.invite_expires_at,
    )


@allows(SIGNED_IN)
def accept(session: Session, actor: Actor, token: str) -> str:
    """Join with the account one is logged in with, and work there from now on. Returns the organization's id.

    Raises Forbidden for anyone but the invited person, and Conflict for a dead link.
    """
    membership = _claimed(session, token)
    if membership.user_id != actor.user_id:
        raise Forbidden("This invitation is for another address than the one you are logged in with.")
    _accept(session, membership)
    return membership.organization_id


@open_to(PUBLIC)
def accept_new(session: Session, token: str, form: accounts.SignUp) -> User:
    """Join with a new account for the invited address, which is not verified by that. `form` is checked. Raises Invalid and Conflict."""
    membership = _claimed(session, token)
    user = memberships.lock_person(session, membership.user_id)
    if user.status != UserStatus.INVITED or user.email != form.email:
        raise Invalid(HAS_ACCOUNT)
    _accept(session, membership)
    user = accounts.take_up(session, user, form)
    email_confirmation.welcome(session, user)
    return user


def _role(actor: Actor, role: str) -> OrgRole:
    given = next((one for one in ROLES if one == role), None)
    if given is None or not memberships.may_give(actor.role, given):
        raise Invalid.fields({"role": "Choose one of the roles offered."})
    return given


def _person(session: Session, address: str) -> User:
    """Whoever has this address; a place is kept for them when nobody has."""
    by_email = select(User).where(User.email == address)
    if (known := session.exec(by_email).one_or_none()) is None:
        try:
            with session.begin_nested():
                known = User(email=address, password_hash=NOBODY, status=UserStatus.INVITED)
                session.add(known)
        except IntegrityError:  # invited elsewhere in the same moment
            known = session.exec(by_email).one()
    if known.deleted_at is not None:
        raise Invalid.fields({"email": "This address cannot be invited."})
    return known


def _link(session: Session, actor: Actor, organization: Organization, membership: UserOrganization, *, is_new: bool) -> Invited:
    _check_seat(session, organization, membership)
    session.add(membership)
    token, now = new_token(), clock.now()
    membership.invited_by, membership.invited_at, membership.updated_at = actor.user_id, now, now
    membership.invite_token_hash, membership.invite_expires_at = token_hash(token), now + LASTS
    session.flush()
    person = session.get_one(User, membership.user_id)
    audit.record(
        session, actor, "TEAM_INVITE", entity="user", entity_id=membership.user_id,
        new={"email": person.email, "role": membership.role.value},
    )  # fmt: skip
    is_mailed = _mail(session, actor, organization, membership, person, token)
    return Invited(token, person.email, membership.role, now + LASTS, is_new, is_mailed)


def _mail(session: Session, actor: Actor, organization: Organization, membership: UserOrganization, person: User, token: str) -> bool:
    """Send the link as well, once who invites has shown in production that their own address is theirs: strangers send no mail here."""
    inviter = session.get_one(User, actor.user_id)
    if not settings().smtp_host or (settings().is_production and not inviter.email_verified):
        return False
    facts = {
        "organization": organization.name, "inviter": shown_name(inviter.name, inviter.email), "role": membership.role.value,
        "expires_at": (clock.now() + LASTS).isoformat(),
    }  # fmt: skip
    language = inviter.language if person.status == UserStatus.INVITED else person.language
    mail.post(
        session, MailKind.INVITATION, to=person.email, language=language, key=f"invite:{token_hash(token)[:32]}", facts=facts,
        secret=token, user_id=person.id, organization_id=organization.id,
    )  # fmt: skip
    return True


def _withdraw(session: Session, actor: Actor, membership: UserOrganization) -> str:
    email = session.get_one(User, membership.user_id).email
    session.delete(membership)
    audit.record(
        session, actor, "TEAM_WITHDRAW", entity="user", entity_id=membership.user_id, old={"email": email, "role": membership.role.value}
    )
    return email


def _waiting(session: Session, actor: Actor, invitation_id: str) -> UserOrganization:
    membership = one(session, actor, UserOrganization, invitation_id)
    if membership.accepted_at is not None:
        raise NotFound("This invitation has been accepted meanwhile.")
    return membership


def _check_seat(session: Session, organization: Organization, membership: UserOrganization) -> None:
    """Raises Conflict when everybody else, open invitations included, already fills the team."""
    if organization.max_users is None:
        return
    is_taken = or_(col(UserOrganization.accepted_at).is_not(None), col(UserOrganization.invite_expires_at) > clock.now())
    others = select(func.count()).where(UserOrganization.organization_id == organization.id, UserOrganization.id != membership.id, is_taken)
    if session.exec(others).one() >= organization.max_users:
        raise Conflict(f"All {organization.max_users} seats of the team are taken. Remove somebody or withdraw an invitation first.")


def _find(session: Session, token: str) -> tuple[LinkState, UserOrganization | None]:
    if not SHAPE.fullmatch(token):
        return LinkState.GARBLED, None
    query = select(UserOrganization).join(Organization, col(Organization.id) == UserOrganization.organization_id)
    query = query.where(UserOrganization.invite_token_hash == token_hash(token), col(Organization.deleted_at).is_(None))
    membership = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if membership is None:
        return LinkState.UNKNOWN, None
    if membership.accepted_at is not None:
        return LinkState.USED, membership
    is_open = membership.invite_expires_at is not None and membership.invite_expires_at > clock.now()
    return LinkState.OPEN if is_open else LinkState.EXPIRED, membership


def _claimed(session: Session, token: str) -> UserOrganization:
    """The invitation behind an open link, its team locked. Raises Conflict with what became of it otherwise."""
    _, membership = _find(session, token)
    if membership is not None:
        organization = memberships.lock_team(session, membership.organization_id)
        state, membership = _find(session, token)
        if membership is not None and state == LinkState.OPEN:
            _check_members(session, organization)
            return membership
    raise Conflict(DEAD[_find(session, token)[0]])


def _check_members(session: Session, organization: Organization) -> None:
    members = select(func.count()).where(
        UserOrganization.organization_id == organization.id, col(UserOrganization.accepted_at).is_not(None)
    )
    if organization.max_users is not None and session.exec(members).one() >= organization.max_users:
        raise Conflict("This team has no free seat left. Ask whoever invited you.")


def _accept(session: Session, membership: UserOrganization) -> None:
    now = clock.now()
    membership.accepted_at = membership.updated_at = now
    memberships.settle(session, membership.user_id)
    user = session.get_one(User, membership.user_id)
    user.current_org_id = membership.organization_id
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=membership.organization_id, role=membership.role, platform_role=PlatformRole.USER
    )
    audit.record(session, actor, "TEAM_ACCEPT", entity="user", entity_id=user.id, new={"role": membership.role.value})
    session.flush()

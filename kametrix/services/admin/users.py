"""People of all organizations: found by name, e-mail or organization, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, exists, select

from kametrix.models import Call, Organization, PlatformRole, User, UserOrganization, UserStatus
from kametrix.models import Session as LoginSession
from kametrix.services import keyset
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.keyset import Page, Place
from kametrix.services.wording import shown_name


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty means everything. `search` is part of a name, an e-mail or an organization's name."""

    search: str = ""
    status: UserStatus | None = None
    role: PlatformRole | None = None
    in_grace: bool = False


@dataclass(frozen=True)
class UserRow:
    """A person in the list. `balance` (cents) and `calls` are those of the organization they work in; `others`: further organizations."""

    id: str
    name: str
    email: str
    organization: str
    others: int
    status: UserStatus
    role: PlatformRole
    is_staff: bool
    is_verified: bool
    balance: int
    calls: int
    last_seen: datetime | None
    is_self: bool


@dataclass(frozen=True)
class UserList:
    """A page, newest account first, how many people match, and how many people and organizations there are."""

    page: Page[UserRow]
    found: int
    people: int
    organizations: int


@allows(PLATFORM)
def page(session: Session, actor: Actor, wanted: Wanted, place: Place) -> UserList:
    """A page of people who are not deleted. Raises Invalid for a broken cursor."""
    query = select(User).where(*_conditions(wanted))
    found = keyset.listed(session, query, col(User.created_at), place=place)
    counted: Any = select(func.count()).select_from(User)
    organizations: Any = select(func.count()).select_from(Organization).where(col(Organization.deleted_at).is_(None))
    return UserList(
        Page(_rows(session, actor, found.rows), found.newer, found.older),
        found=session.exec(counted.where(*_conditions(wanted))).one(),
        people=session.exec(counted.where(*_conditions(Wanted()))).one(),
        organizations=session.exec(organizations).one(),
    )


@allows(PLATFORM)
def rows_of(session: Session, actor: Actor, user_ids: list[str]) -> list[UserRow]:
    """These people as the list shows them."""
    return _rows(session, actor, list(session.exec(select(User).where(col(User.id).in_(user_ids)))))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [col(User.deleted_at).is_(None)]
    if wanted.status is not None:
        chosen.append(col(User.status) == wanted.status)
    if wanted.role is not None:
        chosen.append(col(User.role) == wanted.role)
    if wanted.in_grace:
        chosen.append(_belongs_to(col(Organization.balance_cents) < 0))
    if text := wanted.search.strip():
        named = (col(column).icontains(text, autoescape=True) for column in (User.email, User.name))
        chosen.append(or_(*named, _belongs_to(col(Organization.name).icontains(text, autoescape=True))))
    return chosen


def _belongs_to(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the person is a member of an organization that `which` describes."""
    membership = select(UserOrganization.id).join(Organization, col(Organization.id) == UserOrganization.organization_id)
    return exists(membership.where(UserOrganization.user_id == User.id, col(UserOrganization.accepted_at).is_not(None), which))


def _rows(session: Session, actor: Actor, users: list[User]) -> list[UserRow]:
    """With what stands beside each name, in four queries for the whole page."""
    ids, current = [user.id for user in users], {user.current_org_id for user in users if user.current_org_id}
    organizations = {row.id: row for row in session.exec(select(Organization).where(col(Organization.id).in_(current)))}
    calls = _grouped(session, col(Call.organization_id), func.count(), current)
    memberships = _grouped(session, col(UserOrganization.user_id), func.count(), ids)
    seen = _grouped(session, col(LoginSession.user_id), func.max(LoginSession.last_seen_at), ids)
    return [
        _row(
            user,
            organizations.get(user.current_org_id or ""),
            others=max(0, memberships.get(user.id, 0) - 1),
            calls=calls.get(user.current_org_id or "", 0),
            last_seen=max(filter(None, (seen.get(user.id), user.last_login_at)), default=None),
            is_self=user.id == actor.user_id,
        )
        for user in users
    ]


def _row(user: User, organization: Organization | None, **beside: Any) -> UserRow:
    return UserRow(
        id=user.id,
        name=shown_name(user.name, user.email),
        email=user.email,
        organization=organization.name if organization else "",
        status=user.status,
        role=user.role,
        is_staff=user.is_staff,
        is_verified=user.email_verified,
        balance=organization.balance_cents if organization else 0,
        **beside,
    )


def _grouped(session: Session, key: Any, value: Any, among: Any) -> dict[str, Any]:
    query: Any = select(key, value).where(key.in_(among)).group_by(key)
    return dict(session.exec(query).all())

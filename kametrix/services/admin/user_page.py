"""One person in full: organizations with their money, agents, last calls, log-ins, and what was done by and to them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import Agent, Call, Organization, User, UserOrganization
from kametrix.models import Session as LoginSession
from kametrix.services import keyset
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.admin import agents, audit_log
from kametrix.services.admin.agents import AgentRow
from kametrix.services.admin.users import UserRow, rows_of
from kametrix.services.audit_rows import AuditRow, Wanted
from kametrix.services.devices import device_name
from kametrix.services.keyset import Place
from kametrix.services.sessions import LONGEST
from kametrix.services.settlement import shown_status

RECENT = 10


@dataclass(frozen=True)
class Belonging:
    """An organization the person belongs to, or is invited to (`is_open`); `balance` in cents."""

    id: str
    name: str
    role: str
    balance: int
    people: int
    is_current: bool
    is_open: bool


@dataclass(frozen=True)
class Login:
    """A log-in that is still good."""

    id: str
    device: str
    ip_address: str
    last_seen_at: datetime


@dataclass(frozen=True)
class RecentCall:
    """A call of an organization the person belongs to; who called stays with the organization."""

    id: str
    at: datetime
    agent: str
    status: str
    seconds: int | None
    cents: int


@dataclass(frozen=True)
class UserPage:
    """Everything of one person: every organization, a page of agents, and of the rest the ten latest."""

    user: UserRow
    created_at: datetime
    language: str
    belongings: tuple[Belonging, ...]
    agents: tuple[AgentRow, ...]
    calls: tuple[RecentCall, ...]
    logins: tuple[Login, ...]
    acts: tuple[AuditRow, ...]


@allows(PLATFORM)
def detail(session: Session, actor: Actor, user_id: str) -> UserPage:
    """One person. Raises NotFound."""
    user = session.exec(select(User).where(User.id == user_id, col(User.deleted_at).is_(None))).one_or_none()
    if user is None:
        raise NotFound("This person does not exist, or the account was deleted.")
    return UserPage(
        user=rows_of(session, actor, [user.id])[0],
        created_at=user.created_at,
        language=user.language,
        belongings=_belongings(session, user),
        agents=tuple(agents.page(session, actor, agents.Wanted(user_id=user.id), Place()).rows),
        calls=_calls(session, user),
        logins=_logins(session, user),
        acts=tuple(audit_log.page(session, actor, Wanted(person=user.id), Place(), RECENT).rows),
    )


def _belongings(session: Session, user: User) -> tuple[Belonging, ...]:
    query = select(UserOrganization, Organization).join(Organization, col(Organization.id) == UserOrganization.organization_id)
    query = query.where(UserOrganization.user_id == user.id).order_by(col(UserOrganization.created_at))
    found = session.exec(query).all()
    counted = select(UserOrganization.organization_id, func.count()).group_by(col(UserOrganization.organization_id))
    counted = counted.where(col(UserOrganization.organization_id).in_([organization.id for _, organization in found]))
    people = dict(session.exec(counted.where(col(UserOrganization.accepted_at).is_not(None))).all())
    return tuple(
        Belonging(
            id=organization.id,
            name=organization.name,
            role=membership.role.value,
            balance=organization.balance_cents,
            people=people.get(organization.id, 0),
            is_current=organization.id == user.current_org_id,
            is_open=membership.accepted_at is None,
        )
        for membership, organization in found
    )


def _calls(session: Session, user: User) -> tuple[RecentCall, ...]:
    """Of the organizations the person is a member of: each has an index, so the ten latest of each are cheap."""
    member = select(UserOrganization.organization_id).where(
        UserOrganization.user_id == user.id, col(UserOrganization.accepted_at).is_not(None)
    )
    calls = select(Call).where(col(Call.organization_id).in_(member))
    found = keyset.listed(session, calls, col(Call.started_at), place=Place(), size=RECENT).rows
    names = dict(session.exec(select(Agent.id, Agent.name).where(col(Agent.id).in_({call.agent_id for call in found}))).all())
    return tuple(
        RecentCall(
            call.id, call.started_at, names.get(call.agent_id, ""), shown_status(call.status, call.ended_cause),
            call.duration_seconds, call.credits_used,
        )
        for call in found
    )  # fmt: skip


def _logins(session: Session, user: User) -> tuple[Login, ...]:
    now = clock.now()
    query = select(LoginSession).where(
        LoginSession.user_id == user.id, LoginSession.expires_at > now, LoginSession.created_at > now - LONGEST
    )
    found = session.exec(query.order_by(col(LoginSession.last_seen_at).desc()).limit(RECENT))
    return tuple(Login(row.id, device_name(row.user_agent), row.ip_address or "", row.last_seen_at) for row in found)

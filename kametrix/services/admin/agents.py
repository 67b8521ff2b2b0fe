"""Agents of all organizations: what they are told, on which number, and whether callers hear the last change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, exists, select

from kametrix.errors import NotFound
from kametrix.models import Agent, Organization, PhoneNumber, SyncState, User
from kametrix.services import audit, keyset, sync_requests, wording
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.keyset import Page, Place


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty means everything. `waiting`: without a number."""

    search: str = ""
    organization_id: str = ""
    user_id: str = ""
    is_active: bool | None = None
    sync: SyncState | None = None
    waiting: bool = False


@dataclass(frozen=True)
class AgentRow:
    """An agent in the list; `number` in words, empty without one; `error` says why the last change did not arrive."""

    id: str
    name: str
    business: str
    organization_id: str
    organization: str
    user_id: str
    person: str
    number: str
    is_active: bool
    sync: SyncState
    error: str
    created_at: datetime


@dataclass(frozen=True)
class AgentDetail:
    """One agent with exactly what it was told; `synced_at`: when callers last heard a change."""

    row: AgentRow
    greeting: str
    prompt: str
    provider_id: str
    revision: int
    synced_revision: int
    synced_at: datetime | None


@allows(PLATFORM)
def page(session: Session, actor: Actor, wanted: Wanted, place: Place) -> Page[AgentRow]:
    """A page of agents that are not deleted, newest first. Raises Invalid for a broken cursor."""
    found = keyset.listed(session, select(Agent).where(*_conditions(wanted)), col(Agent.created_at), place=place)
    return Page(_rows(session, found.rows), found.newer, found.older)


@allows(PLATFORM)
def detail(session: Session, actor: Actor, agent_id: str) -> AgentDetail:
    """One agent. Raises NotFound."""
    agent = _present(session, agent_id)
    return AgentDetail(
        row=_rows(session, [agent])[0],
        greeting=agent.greeting,
        prompt=agent.system_prompt,
        provider_id=agent.vapi_assistant_id or "",
        revision=agent.revision,
        synced_revision=agent.synced_revision,
        synced_at=agent.synced_at,
    )


@allows(PLATFORM)
def set_active(session: Session, actor: Actor, agent_id: str, is_active: bool) -> AgentRow:
    """Switch an agent on or off; off, it refuses calls. Raises NotFound."""
    agent = _present(session, agent_id, lock=True)
    if agent.is_active != is_active:
        _note(session, actor, "AGENT_TOGGLE_STATUS", agent, "is_active", agent.is_active, is_active)
        agent.is_active = is_active
        sync_requests.request(session, agent)
    return _rows(session, [agent])[0]


@allows(PLATFORM)
def retry(session: Session, actor: Actor, agent_id: str) -> AgentRow:
    """Send an agent to the provider again. Raises NotFound."""
    agent = _present(session, agent_id, lock=True)
    _note(session, actor, "AGENT_RETRY", agent, "sync_error", agent.sync_error, None)
    sync_requests.request(session, agent)
    return _rows(session, [agent])[0]


def _note(session: Session, actor: Actor, action: str, agent: Agent, field: str, old: bool | str | None, new: bool | None) -> None:
    """In the trail of the organization the agent belongs to, too."""
    audit.record(
        session, actor, action, entity="agent", entity_id=agent.id, old={field: old}, new={field: new, "name": agent.name},
        organization_id=agent.organization_id, by_operator=True,
    )  # fmt: skip


def _present(session: Session, agent_id: str, *, lock: bool = False) -> Agent:
    query = select(Agent).where(Agent.id == agent_id, col(Agent.deleted_at).is_(None))
    agent = session.exec(query.with_for_update() if lock else query).one_or_none()
    if agent is None:
        raise NotFound("This agent does not exist, or it was deleted.")
    return agent


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [col(Agent.deleted_at).is_(None)]
    exact = ((Agent.organization_id, wanted.organization_id), (Agent.user_id, wanted.user_id), (Agent.sync_state, wanted.sync))
    chosen += [col(column) == value for column, value in exact if value]
    if wanted.is_active is not None:
        chosen.append(col(Agent.is_active) == wanted.is_active)
    if wanted.waiting:
        chosen.append(~exists(select(PhoneNumber.id).where(PhoneNumber.agent_id == Agent.id)))
    if text := wanted.search.strip():
        named = [col(column).icontains(text, autoescape=True) for column in (Agent.name, Agent.business_name)]
        of_organization = select(Organization.id).where(Organization.id == Agent.organization_id)
        of_organization = of_organization.where(col(Organization.name).icontains(text, autoescape=True))
        chosen.append(or_(*named, exists(of_organization)))
    return chosen


def _rows(session: Session, agents: list[Agent]) -> list[AgentRow]:
    """With organization, person and number, in three queries for the whole page."""
    of_organizations = select(Organization.id, Organization.name).where(col(Organization.id).in_({row.organization_id for row in agents}))
    organizations = dict(session.exec(of_organizations).all())
    people = select(User.id, User.name, User.email).where(col(User.id).in_({row.user_id for row in agents}))
    persons = {user_id: name or email for user_id, name, email in session.exec(people)}
    held = select(PhoneNumber.agent_id, PhoneNumber.number).where(col(PhoneNumber.agent_id).in_([row.id for row in agents]))
    numbers = dict(session.exec(held).all())
    return [
        AgentRow(
            id=agent.id,
            name=agent.name,
            business=agent.business_name,
            organization_id=agent.organization_id,
            organization=organizations.get(agent.organization_id, ""),
            user_id=agent.user_id,
            person=persons.get(agent.user_id, ""),
            number=wording.telephone(numbers.get(agent.id)),
            is_active=agent.is_active,
            sync=agent.sync_state,
            error=agent.sync_error or "",
            created_at=agent.created_at,
        )
        for agent in agents
    ]

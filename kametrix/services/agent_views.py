"""Agents as their pages show them: with number, state of the last change, and the week's calls."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import Agent, Call, Organization, PhoneNumber, SyncState
from kametrix.services import number_claims, prompts, surroundings, voices, wording
from kametrix.services.access import Actor, allows
from kametrix.services.prompts import Surroundings
from kametrix.services.zones import start_of_day, zone_of


@dataclass(frozen=True)
class AgentView:
    """An agent as its page shows it. `number` is E.164, `number_text` readable; without one `number_note` says why, else it is empty.

    `greeting` is as the person wrote it; `first_message` is all that callers hear first, `after_hours_message` what they hear
    instead outside the organization's opening hours (empty: the same). `calls_this_week` counts from Monday in the organization's zone.
    `is_number_on` is false when an operator switched the number off, `is_organization_answering` when all calls are turned away.
    """

    id: str
    name: str
    business_name: str
    greeting: str
    first_message: str
    number: str | None
    number_text: str
    number_note: str
    voice_name: str
    is_active: bool
    sync_state: SyncState
    sync_error: str | None
    synced_at: datetime | None
    system_prompt: str
    description: str
    created_at: datetime
    calls_this_week: int
    after_hours_message: str = ""
    is_number_on: bool = True
    is_organization_answering: bool = True


@allows("agents:read")
def all_of(session: Session, actor: Actor) -> list[AgentView]:
    """The organization's agents, newest first."""
    return _views(session, actor, None)


@allows("agents:read")
def view(session: Session, actor: Actor, agent_id: str) -> AgentView:
    """One agent. Raises NotFound."""
    found = _views(session, actor, agent_id)
    if not found:
        raise NotFound("This agent does not exist, or it belongs to another organization.")
    return found[0]


def _views(session: Session, actor: Actor, agent_id: str | None) -> list[AgentView]:
    """One query for agents and numbers, one for the calls of the week."""
    query = (
        select(Agent, PhoneNumber)
        .join(PhoneNumber, col(PhoneNumber.agent_id) == Agent.id, isouter=True)
        .where(Agent.organization_id == actor.organization_id, col(Agent.deleted_at).is_(None))
        .order_by(col(Agent.created_at).desc(), col(Agent.id).desc())
    )
    if agent_id is not None:
        query = query.where(Agent.id == agent_id)
    found = session.exec(query).all()
    calls = _calls_this_week(session, actor)
    note = _number_note(session, actor) if not all(number for _, number in found) else ""
    is_answering = session.exec(select(Organization.ai_enabled).where(Organization.id == actor.organization_id)).one()
    around = surroundings.of(session, actor.organization_id)
    views = (_view(agent, number, "" if number else note, calls.get(agent.id, 0), around) for agent, number in found)
    return [replace(view, is_organization_answering=is_answering) for view in views]


def _view(agent: Agent, row: PhoneNumber | None, note: str, calls: int, around: Surroundings) -> AgentView:
    number = row.number if row else None
    voice = voices.BY_ID.get(agent.voice_id)
    return AgentView(
        id=agent.id,
        name=agent.name,
        business_name=agent.business_name,
        greeting=agent.greeting,
        first_message=prompts.disclosed(agent, agent.greeting),
        after_hours_message=prompts.after_hours(agent, around),
        number=number,
        number_text=wording.telephone(number, missing="No number yet"),
        number_note=note,
        is_number_on=row is None or row.is_enabled,
        voice_name=voice.name if voice else agent.voice_id,
        is_active=agent.is_active,
        sync_state=agent.sync_state,
        sync_error=agent.sync_error,
        synced_at=agent.synced_at,
        system_prompt=agent.system_prompt,
        description=agent.business_description or "",
        created_at=agent.created_at,
        calls_this_week=calls,
    )


def _number_note(session: Session, actor: Actor) -> str:
    if number_claims.may_have_another(session, actor.organization_id):
        return "No telephone number is free at the moment. This agent gets the next one, without your doing anything."
    return "Before the first purchase of credits an organization has one number. This agent gets its own right after it."


def _calls_this_week(session: Session, actor: Actor) -> dict[str, int]:
    now = clock.now()
    zone = zone_of(session, actor)
    monday = start_of_day(now, zone) - timedelta(days=now.astimezone(zone).weekday())
    counted = (
        select(Call.agent_id, func.count())
        .where(Call.organization_id == actor.organization_id, Call.started_at >= monday)
        .group_by(col(Call.agent_id))
    )
    return dict(session.exec(counted).all())

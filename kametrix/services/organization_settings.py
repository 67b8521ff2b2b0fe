"""What an organization sets for itself and its agents; what changes a prompt or a first sentence is pushed for every agent it concerns.

The organization's row is locked before its agents', as where agents are made, so that no agent is left with settings of before.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.models import Agent, Organization, SyncState
from kametrix.services import agent_form, agents, audit, opening_hours, prompts, surroundings, sync_requests, texts, voices
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.agent_columns import audited, columns_of, form_from
from kametrix.services.agent_form import AgentForm
from kametrix.services.organizations import name_error
from kametrix.services.prompts import Surroundings

DEFAULT_MINUTES = 10


@dataclass(frozen=True)
class Profile:
    """Name, IANA zone and default language of an organization. `is_answering`: its agents take calls; `agents` is how many there are."""

    name: str
    timezone: str
    language: str
    is_answering: bool
    agents: int


@dataclass(frozen=True)
class Hours:
    """`hours` in the stored shape of services/opening_hours.py, none when nobody told them; `zone` is the clock they are read by.

    `using` and `not_using`: names of the agents without and with hours of their own. `sample` is the form of the first one
    without, or what a new agent begins with.
    """

    hours: dict[str, Any] | None
    after_hours_greeting: str
    zone: str
    using: tuple[str, ...]
    not_using: tuple[str, ...]
    sample: AgentForm


@dataclass(frozen=True)
class AgentDefaults:
    """What a new agent begins with. An empty `greeting` is the language's own; an empty `voice_id` the first voice."""

    voice_id: str = ""
    greeting: str = ""
    personality: str = ""
    instructions: str = ""
    max_minutes: int = DEFAULT_MINUTES


@dataclass(frozen=True)
class Pushes:
    """How far changes have come: names of agents on their way to the voice provider, and of those that did not arrive."""

    updating: tuple[str, ...]
    failed: tuple[str, ...]


@allows("organization:read")
def profile(session: Session, actor: Actor) -> Profile:
    """The organization as its settings show it."""
    organization = _organization(session, actor)
    return Profile(organization.name, organization.timezone, organization.language, organization.ai_enabled, len(_agents(session, actor)))


@allows("organization:write")
def save_profile(session: Session, actor: Actor, name: str, timezone: str, language: str) -> int:
    """Save name, zone and default language; agents in the old zone move along. Returns how many are pushed. Raises Invalid."""
    new = {"name": agent_form.line(name), "timezone": timezone, "language": language}
    _check_profile(new)
    organization = _organization(session, actor, lock=True)
    before, old = surroundings.around(organization), {field: getattr(organization, field) for field in new}
    _save(session, actor, organization, "ORGANIZATION_UPDATE", old, new)
    return _recompose(session, actor, before, surroundings.around(organization))


@allows("organization:write")
def set_answering(session: Session, actor: Actor, active: bool) -> int:
    """Take calls, or turn every caller away with a sentence. Returns how many agents are pushed."""
    organization = _organization(session, actor, lock=True)
    if organization.ai_enabled == active:
        return 0
    _save(session, actor, organization, "ORGANIZATION_ANSWERING", {"ai_enabled": not active}, {"ai_enabled": active})
    switched = _agents(session, actor, lock=True)
    for agent in switched:
        sync_requests.request(session, agent)
    return len(switched)


@allows("organization:read")
def hours(session: Session, actor: Actor) -> Hours:
    """Opening hours and who goes by them."""
    organization = _organization(session, actor)
    forms = [form_from(agent) for agent in _agents(session, actor)]
    using = [form for form in forms if not form.hours]
    return Hours(
        hours=organization.business_hours,
        after_hours_greeting=organization.after_hours_greeting or "",
        zone=organization.timezone,
        using=tuple(form.name for form in using),
        not_using=tuple(form.name for form in forms if form.hours),
        sample=using[0] if using else agents.blank(session, actor),
    )


@allows("organization:write")
def save_hours(session: Session, actor: Actor, typed: Mapping[str, Any] | None, after_hours_greeting: str) -> int:
    """Save opening hours (none: they are not told) and the greeting outside them. Returns how many agents are pushed.

    Raises Invalid with every error, at the places `opening_hours.checked` names and at `after_hours_greeting`.
    """
    greeting = agent_form.readable(after_hours_greeting)
    found, errors = _checked_hours(typed)
    if wrong := _greeting_error(greeting):
        errors["after_hours_greeting"] = wrong
    if errors:
        raise Invalid.fields(errors)
    organization = _organization(session, actor, lock=True)
    before = surroundings.around(organization)
    old = {"business_hours": organization.business_hours, "after_hours_greeting": organization.after_hours_greeting}
    new = {"business_hours": opening_hours.stored(found) if found else None, "after_hours_greeting": greeting or None}
    _save(session, actor, organization, "ORGANIZATION_HOURS", old, new)
    return _recompose(session, actor, before, surroundings.around(organization))


@allows("organization:read")
def agent_defaults(session: Session, actor: Actor) -> AgentDefaults:
    """What a new agent begins with."""
    organization = _organization(session, actor)
    return AgentDefaults(
        voice_id=organization.voice_id or "",
        greeting=organization.greeting or "",
        personality=organization.personality or "",
        instructions=organization.system_prompt or "",
        max_minutes=(organization.max_call_duration or DEFAULT_MINUTES * 60) // 60,
    )


@allows("organization:write")
def save_agent_defaults(session: Session, actor: Actor, defaults: AgentDefaults) -> None:
    """Save what new agents begin with; those that exist keep theirs. Raises Invalid with every wrong field."""
    defaults = AgentDefaults(
        defaults.voice_id, agent_form.readable(defaults.greeting), defaults.personality, agent_form.readable(defaults.instructions),
        defaults.max_minutes,
    )  # fmt: skip
    _check_defaults(defaults)
    organization = _organization(session, actor, lock=True)
    old = asdict(agent_defaults(session, actor))
    organization.voice_id, organization.greeting = defaults.voice_id or None, defaults.greeting or None
    organization.personality, organization.system_prompt = defaults.personality or None, defaults.instructions or None
    organization.max_call_duration = defaults.max_minutes * 60
    _save(session, actor, organization, "ORGANIZATION_AGENT_DEFAULTS", old, asdict(defaults), columns={})


@allows("organization:read")
def pushes(session: Session, actor: Actor) -> Pushes:
    """Which agents are on their way to the voice provider."""
    found = _agents(session, actor)
    return Pushes(
        updating=tuple(agent.name for agent in found if agent.sync_state == SyncState.UPDATING),
        failed=tuple(agent.name for agent in found if agent.sync_state == SyncState.FAILED),
    )


def _organization(session: Session, actor: Actor, *, lock: bool = False) -> Organization:
    query = select(Organization).where(Organization.id == actor.organization_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.exec(query).one()


def _agents(session: Session, actor: Actor, *, lock: bool = False) -> list[Agent]:
    query = scoped(actor, Agent).where(col(Agent.deleted_at).is_(None)).order_by(col(Agent.id))
    return list(session.exec(query.with_for_update().execution_options(populate_existing=True) if lock else query))


def _save(
    session: Session,
    actor: Actor,
    organization: Organization,
    action: str,
    old: dict[str, Any],
    new: dict[str, Any],
    *,
    columns: dict[str, Any] | None = None,
) -> None:
    """Write `columns` (without them `new`) and note what changed; nothing is noted when nothing did."""
    for name, value in (new if columns is None else columns).items():
        setattr(organization, name, value)
    organization.updated_at = clock.now()
    session.add(organization)
    session.flush()
    changed = [name for name in new if old[name] != new[name]]
    if changed:
        was, now = ({name: each[name] for name in changed} for each in (old, new))
        audit.record(session, actor, action, entity="organization", entity_id=organization.id, old=was, new=now)


def _recompose(session: Session, actor: Actor, before: Surroundings, after: Surroundings) -> int:
    """Write the prompts of agents whom the change concerns, and have them pushed. Raises Invalid when one becomes too long."""
    pushed = 0
    for agent in _agents(session, actor, lock=True) if before != after else ():
        heard = (agent.system_prompt, prompts.spoken_first(agent, before))
        was = audited(agent)
        if agent.timezone == before.zone:
            agent.timezone = after.zone
        try:
            agent.system_prompt = columns_of(form_from(agent), after)["system_prompt"]
        except Invalid as error:
            raise Invalid(f"{agent.name} cannot keep these hours in mind: {error.message} Nothing was saved.") from error
        if heard != (agent.system_prompt, prompts.spoken_first(agent, after)):
            sync_requests.request(session, agent)
            pushed += 1
        if was["timezone"] != agent.timezone:
            audit.record(session, actor, "AGENT_UPDATE", entity="agent", entity_id=agent.id, old=was, new=audited(agent))
    return pushed


def _check_profile(new: Mapping[str, str]) -> None:
    errors: dict[str, str] = {}
    if wrong := name_error(new["name"]):
        errors["name"] = wrong
    if new["timezone"] not in agent_form.zones():
        errors["timezone"] = "Choose the time zone the business is in."
    if new["language"] not in texts.LANGUAGES:
        errors["language"] = "Choose one of the languages."
    if errors:
        raise Invalid.fields(errors)


def _checked_hours(typed: Mapping[str, Any] | None) -> tuple[opening_hours.OpeningHours | None, dict[str, str]]:
    try:
        return (None if typed is None else opening_hours.checked(typed)), {}
    except Invalid as error:
        return None, dict(error.errors)


def _greeting_error(greeting: str) -> str:
    limit = agent_form.LIMITS["greeting"]
    if len(greeting) > limit:
        return f"This has {len(greeting):,} characters; at most {limit:,} fit. Please shorten it."
    return agent_form.placeholder_error(greeting)


def _check_defaults(defaults: AgentDefaults) -> None:
    errors: dict[str, str] = {}
    if defaults.voice_id and defaults.voice_id not in voices.BY_ID:
        errors["voice_id"] = "Choose one of the voices."
    if wrong := _greeting_error(defaults.greeting):
        errors["greeting"] = wrong
    if defaults.personality and defaults.personality not in texts.ENGLISH.personalities:
        errors["personality"] = "Choose one of these, or none."
    if len(defaults.instructions) > agent_form.LIMITS["instructions"]:
        errors["instructions"] = f"At most {agent_form.LIMITS['instructions']:,} characters fit. Please shorten this."
    if not 1 <= defaults.max_minutes <= agent_form.MAX_MINUTES:
        errors["max_minutes"] = f"Choose from 1 to {agent_form.MAX_MINUTES} minutes."
    if errors:
        raise Invalid.fields(errors)

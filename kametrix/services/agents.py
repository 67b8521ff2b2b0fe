"""Agents: made, changed, switched, deleted; each change callers can hear is sent to the voice provider by a job."""

import hashlib
from typing import Any

from sqlmodel import Session, select

from kametrix import clock
from kametrix.crypto import new_id, new_token, seal, token_hash
from kametrix.errors import Conflict, NotFound
from kametrix.models import Agent, Organization
from kametrix.services import agent_form, audit, number_claims, prompts, sync_requests, texts, voices
from kametrix.services.access import Actor, allows, one, scoped
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.agent_views import AgentView, all_of, view

__all__ = ["AgentForm", "AgentView", "Faq", "all_of", "blank", "create", "delete", "form_of", "retry", "set_active", "update", "view"]


@allows("agents:write")
def create(session: Session, actor: Actor, form: AgentForm, *, submission: str = "") -> AgentView:
    """A new agent with the number that has been free longest; without a free one the view says so.

    `submission` is a token made with the blank form: sent twice, by a double click or two tabs, it makes one agent only.
    Raises Invalid with every wrong field, Conflict when that agent was deleted since.
    """
    columns = _columns(agent_form.checked(form))
    _hold(session, actor)
    agent_id = _id_of(actor, submission)
    known = session.exec(scoped(actor, Agent).where(Agent.id == agent_id)).one_or_none()
    if known is not None:
        if known.deleted_at is not None:
            raise Conflict("This form was sent before, and its agent has been deleted since. Open a new form.")
        return view(session, actor, agent_id)
    token = new_token()
    agent = Agent(
        id=agent_id, organization_id=actor.organization_id, user_id=actor.user_id, webhook_token_hash=token_hash(token),
        webhook_token=seal(token, place=f"agent.webhook_token.{agent_id}"), **columns,
    )  # fmt: skip
    session.add(agent)
    session.flush()
    number_claims.claim(session, agent)
    sync_requests.push_soon(session, agent.id)
    audit.record(session, actor, "AGENT_CREATE", entity="agent", entity_id=agent.id, new=_audited(agent))
    return view(session, actor, agent.id)


@allows("agents:write")
def update(session: Session, actor: Actor, agent_id: str, form: AgentForm) -> AgentView:
    """Save a changed form and send it to the provider. Raises Invalid with every wrong field, NotFound."""
    columns = _columns(agent_form.checked(form))
    agent = _present(session, actor, agent_id, lock=True)
    before = _audited(agent)
    for name, value in columns.items():
        setattr(agent, name, value)
    sync_requests.request(session, agent)
    audit.record(session, actor, "AGENT_UPDATE", entity="agent", entity_id=agent.id, old=before, new=_audited(agent))
    return view(session, actor, agent.id)


@allows("agents:write")
def set_active(session: Session, actor: Actor, agent_id: str, active: bool) -> AgentView:
    """Switch the agent on or off; an agent that is off refuses calls. Raises NotFound."""
    agent = _present(session, actor, agent_id, lock=True)
    if agent.is_active != active:
        agent.is_active = active
        sync_requests.request(session, agent)
        audit.record(session, actor, "AGENT_TOGGLE_STATUS", entity="agent", entity_id=agent.id, new={"is_active": active})
    return view(session, actor, agent.id)


@allows("agents:write")
def delete(session: Session, actor: Actor, agent_id: str) -> None:
    """Hide the agent, free its number after a cool-down, remove it at the provider. Its calls and charges stay. Raises NotFound."""
    agent = _present(session, actor, agent_id, lock=True)
    agent.deleted_at, agent.is_active = clock.now(), False
    sync_requests.request(session, agent)
    number_claims.free(session, agent.id)
    audit.record(session, actor, "AGENT_DELETE", entity="agent", entity_id=agent.id, old={"name": agent.name})


@allows("agents:write")
def retry(session: Session, actor: Actor, agent_id: str) -> AgentView:
    """Send the agent to the provider again, now. Raises NotFound."""
    agent = _present(session, actor, agent_id, lock=True)
    audit.record(session, actor, "AGENT_RETRY", entity="agent", entity_id=agent.id, old={"sync_error": agent.sync_error})
    sync_requests.request(session, agent)
    return view(session, actor, agent.id)


@allows("agents:read")
def form_of(session: Session, actor: Actor, agent_id: str) -> AgentForm:
    """The agent's form as it was saved. Raises NotFound."""
    agent = _present(session, actor, agent_id)
    known: dict[str, Any] = agent.knowledge or {}
    return AgentForm(
        name=agent.name,
        business_name=agent.business_name,
        description=agent.business_description or "",
        services=tuple(known.get("services", ())),
        hours=known.get("hours", ""),
        voice_id=agent.voice_id,
        greeting=agent.greeting,
        end_call_message=agent.end_call_message,
        faqs=tuple(Faq(pair["question"], pair["answer"]) for pair in known.get("faqs", ())),
        policies=known.get("policies", ""),
        language=agent.language,
        timezone=agent.timezone,
        discloses_ai=agent.discloses_ai,
        records_calls=agent.records_calls,
    )


@allows("agents:read")
def blank(session: Session, actor: Actor) -> AgentForm:
    """The form for a new agent, with what the organization has told about itself."""
    organization = session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()
    words = texts.of(organization.language)
    return AgentForm(
        name=voices.VOICES[0].name, business_name=organization.name, description="", services=(), hours="", voice_id=voices.VOICES[0].id,
        greeting=words.greeting, end_call_message=words.end_call, faqs=(), policies="",
        language=organization.language, timezone=organization.timezone,
    )  # fmt: skip


def _hold(session: Session, actor: Actor) -> None:
    """Lock the organization, so that agents of one organization are made one after the other."""
    session.exec(select(Organization).where(Organization.id == actor.organization_id).with_for_update(key_share=True)).one()


def _id_of(actor: Actor, submission: str) -> str:
    """The id this submission's agent has, so that the second of two equal submissions finds the first's agent."""
    if not submission:
        return new_id()
    return hashlib.sha256(f"{actor.organization_id}\n{submission}".encode()).hexdigest()[:24]


def _present(session: Session, actor: Actor, agent_id: str, *, lock: bool = False) -> Agent:
    agent = one(session, actor, Agent, agent_id, lock=lock)
    if agent.deleted_at is not None:
        raise NotFound("This agent does not exist, or it belongs to another organization.")
    return agent


def _columns(form: AgentForm) -> dict[str, Any]:
    """The columns a checked form fills. Raises Invalid when all texts together are too long for a prompt."""
    return {
        "name": form.name,
        "business_name": form.business_name,
        "business_description": form.description,
        "greeting": form.greeting,
        "end_call_message": form.end_call_message,
        "system_prompt": prompts.compose(form).system_prompt,
        "voice_id": form.voice_id,
        "language": form.language,
        "timezone": form.timezone,
        "knowledge": {
            "services": list(form.services),
            "hours": form.hours,
            "faqs": [{"question": pair.question, "answer": pair.answer} for pair in form.faqs],
            "policies": form.policies,
        },
        "discloses_ai": form.discloses_ai,
        "records_calls": form.records_calls,
    }


def _audited(agent: Agent) -> dict[str, Any]:
    """What the audit trail keeps of an agent."""
    names = (
        "name",
        "business_name",
        "greeting",
        "voice_id",
        "language",
        "timezone",
        "discloses_ai",
        "records_calls",
        "is_active",
        "revision",
    )
    return {name: getattr(agent, name) for name in names}

"""Agents: made, changed, switched, deleted; each change callers can hear is sent to the voice provider by a job."""

import hashlib

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id, new_token, seal, token_hash
from kametrix.errors import Conflict, NotFound
from kametrix.models import Agent, AuditLog, Organization, User
from kametrix.services import agent_form, audit, number_claims, surroundings, sync_requests, texts, voices
from kametrix.services.access import Actor, allows, one, scoped
from kametrix.services.agent_columns import audited, columns_of, form_from, version_of
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.agent_views import AgentView, all_of, view
from kametrix.services.wording import moment
from kametrix.services.zones import zone_of

__all__ = [
    "AgentForm", "AgentView", "Faq", "all_of", "blank", "create", "delete", "form_of", "retry", "set_active", "update", "version_of",
    "view",
]  # fmt: skip


@allows("agents:write")
def create(session: Session, actor: Actor, form: AgentForm, *, submission: str = "") -> AgentView:
    """A new agent with the number that has been free longest; without a free one the view says so.

    `submission` is a token made with the blank form: sent twice, by a double click or two tabs, it makes one agent only.
    Raises Invalid with every wrong field, Conflict when that agent was deleted since.
    """
    form = agent_form.checked(form)
    _hold(session, actor)
    agent_id = _id_of(actor, submission)
    known = session.exec(scoped(actor, Agent).where(Agent.id == agent_id)).one_or_none()
    if known is not None:
        if known.deleted_at is not None:
            raise Conflict("This form was sent before, and its agent has been deleted since. Open a new form.")
        return view(session, actor, agent_id)
    token, columns = new_token(), columns_of(form, surroundings.of(session, actor.organization_id))
    agent = Agent(
        id=agent_id, organization_id=actor.organization_id, user_id=actor.user_id, webhook_token_hash=token_hash(token),
        webhook_token=seal(token, place=f"agent.webhook_token.{agent_id}"), **columns,
    )  # fmt: skip
    session.add(agent)
    session.flush()
    number_claims.claim(session, agent)
    sync_requests.push_soon(session, agent.id)
    audit.record(session, actor, "AGENT_CREATE", entity="agent", entity_id=agent.id, new=audited(agent))
    return view(session, actor, agent.id)


@allows("agents:write")
def update(session: Session, actor: Actor, agent_id: str, form: AgentForm, *, version: str = "") -> AgentView:
    """Save a changed form and send it to the provider.

    `version` names the form this one was made from (`version_of`). Raises Conflict, saying who and when, when the form was
    saved otherwise meanwhile; Invalid with every wrong field; NotFound.
    """
    form = agent_form.checked(form)
    agent = _present(session, actor, agent_id, lock=True)
    stored = form_from(agent)
    if version and version_of(stored) not in (version, version_of(form)):
        raise Conflict(_changed_by(session, actor, agent))
    before = audited(agent)
    for name, value in columns_of(form, surroundings.of(session, actor.organization_id)).items():
        setattr(agent, name, value)
    sync_requests.request(session, agent)
    audit.record(session, actor, "AGENT_UPDATE", entity="agent", entity_id=agent.id, old=before, new=audited(agent))
    return view(session, actor, agent.id)


def _changed_by(session: Session, actor: Actor, agent: Agent) -> str:
    """Who saved the agent last, and when."""
    saves = scoped(actor, AuditLog).where(AuditLog.entity_id == agent.id, AuditLog.action == "AGENT_UPDATE")
    last = session.exec(saves.order_by(col(AuditLog.created_at).desc(), col(AuditLog.id).desc()).limit(1)).first()
    if last is None:
        return "This agent was changed while you were editing it."
    zone = zone_of(session, actor)
    at = moment(last.created_at.astimezone(zone), clock.now().astimezone(zone))
    if last.actor_id == actor.user_id:
        return f"You saved this agent in another window ({at}) after you opened it here."
    name = session.exec(select(User.name).where(User.id == last.actor_id)).first()
    return f"{name or last.actor_email or 'Somebody'} saved this agent ({at}) while you were editing it."


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
    """The agent's form as it was saved; `version_of` names its content. Raises NotFound."""
    return form_from(_present(session, actor, agent_id))


@allows("agents:read")
def blank(session: Session, actor: Actor) -> AgentForm:
    """The form for a new agent, with what the organization has set for its agents and told about itself."""
    organization = session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()
    words = texts.of(organization.language)
    voice = voices.BY_ID.get(organization.voice_id or "", voices.VOICES[0])
    return AgentForm(
        name=voice.name, business_name=organization.name, description="", services=(), hours="", voice_id=voice.id,
        greeting=organization.greeting or words.greeting, end_call_message=words.end_call, faqs=(), policies="",
        language=organization.language, timezone=organization.timezone, personality=organization.personality or "",
        instructions=organization.system_prompt or "", max_minutes=(organization.max_call_duration or 600) // 60,
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

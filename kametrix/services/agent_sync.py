"""What callers hear, brought to the voice provider: `plan` and `record` are transactions, `carry_out` the network between them.

Every step may be repeated after a crash: an assistant is created only when none carries the agent's id in its metadata,
and an agent is called live only after the provider showed it as it was sent. A change during the push is pushed again.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.integrations.vapi import payloads
from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiError, VapiNotFound
from kametrix.models import Agent, PhoneNumber, SyncState
from kametrix.services import number_push, prompts, queue, surroundings, sync_errors
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.agent_form import named
from kametrix.services.number_push import NumberPlan
from kametrix.services.prompts import Surroundings
from kametrix.services.sync_requests import push_soon
from kametrix.settings import settings

log = structlog.get_logger()

RETRIES: Final = (5, 15, 60, 300, 900, 2700)
"""Seconds until the next attempt while the provider does not answer; after the last (about an hour) we give up and say so."""
AGENT_KEY: Final = "kametrix_agent_id"
HEARD: Final = ("firstMessage", "endCallMessage", "voice", "maxDurationSeconds", "serverMessages")


@dataclass(frozen=True)
class SyncPlan:
    """One push. Without `spec` the agent was deleted and its assistant goes. `number` is connected when the agent has one."""

    agent_id: str
    organization_id: str
    revision: int
    assistant_id: str | None
    spec: payloads.AssistantSpec | None
    number: NumberPlan | None


@dataclass(frozen=True)
class Outcome:
    """What the provider has now, as far as we got; without `error` all of the plan."""

    assistant_id: str | None = None
    error: VapiError | None = None


@open_to(SYSTEM)
def push_all(session: Session) -> int:
    """Push every agent of every organization again: what they are saved with changed (address, secret, credential). Returns how many."""
    agents = session.exec(select(Agent.id).where(col(Agent.deleted_at).is_(None))).all()
    for agent_id in agents:
        push_soon(session, agent_id)
    return len(agents)


@open_to(SYSTEM)
def plan(session: Session, agent_id: str) -> SyncPlan | None:
    """What to push for the agent as it stands; none when it does not exist or nothing of it is left at the provider."""
    agent = session.get(Agent, agent_id)
    if agent is None:
        return None
    pushed = SyncPlan(agent.id, agent.organization_id, agent.revision, agent.vapi_assistant_id, spec=None, number=None)
    if agent.deleted_at is not None:
        return None if agent.sync_state == SyncState.LIVE else pushed
    number = session.exec(select(PhoneNumber).where(PhoneNumber.agent_id == agent.id)).one_or_none()
    around = surroundings.of(session, agent.organization_id)
    connected = number_push.plan_for(session, agent, number) if number else None
    return replace(pushed, spec=_spec(agent, around, number), number=connected)


def carry_out(client: VapiClient, plan: SyncPlan) -> Outcome:
    """Bring the plan to the provider and read it back. Never raises VapiError: the outcome tells it."""
    assistant_id = plan.assistant_id
    try:
        if plan.spec is None:
            _remove(client, plan)
            return Outcome()
        assistant_id = _put(client, plan, plan.spec)
        if plan.number is not None:
            number_push.push(client, plan.number, assistant_id)
    except VapiError as error:
        return Outcome(assistant_id, error)
    return Outcome(assistant_id)


@open_to(SYSTEM)
def record(session: Session, plan: SyncPlan, outcome: Outcome, *, attempt: int = 0) -> None:
    """Keep what the provider has. LIVE when that is the present revision; otherwise the newer one is pushed, or the attempt repeated.

    `attempt` counts the pushes that failed before this one.
    """
    agent = session.exec(select(Agent).where(Agent.id == plan.agent_id).with_for_update().execution_options(populate_existing=True)).one()
    if plan.spec is not None:  # a deleted agent keeps its last: calls nobody told us of are known by it
        agent.vapi_assistant_id = outcome.assistant_id
    agent.updated_at = clock.now()
    if plan.number is not None:
        number_push.settle_owner(session, plan.number.id, pushed_for=agent.id)
    if agent.revision != plan.revision:
        push_soon(session, agent.id)
    elif outcome.error is None:
        agent.sync_state, agent.sync_error = SyncState.LIVE, None
        agent.synced_revision, agent.synced_at = plan.revision, clock.now()
    else:
        _record_failure(session, agent, outcome.error, attempt)


def _record_failure(session: Session, agent: Agent, error: VapiError, attempt: int) -> None:
    again = error.retryable and attempt < len(RETRIES)
    agent.sync_state = SyncState.UPDATING if again else SyncState.FAILED
    agent.sync_error = sync_errors.sentence(error, gave_up=not again)
    log.warning("agent.push_failed", agent=agent.id, status=error.provider_status, attempt=attempt, again=again)
    if sync_errors.is_ours(error):
        log.error("vapi.needs_the_operator", status=error.provider_status, problem=error.message)
    if isinstance(error, VapiNotFound):
        queue.enqueue(session, "sync_numbers", once="sync_numbers", timestamp=0)
    if again:
        at = clock.now() + timedelta(seconds=max(RETRIES[attempt], error.retry_after or 0))
        queue.enqueue(session, "sync_agent_later", once=f"sync_agent_later:{agent.id}", at=at, agent_id=agent.id, attempt=attempt + 1)


def _spec(agent: Agent, around: Surroundings, number: PhoneNumber | None) -> payloads.AssistantSpec:
    """The assistant of an agent; what its number says of greeting and voice goes before the agent's own."""
    greeting = named(number.greeting, agent=agent.name, business=agent.business_name) if number and number.greeting else None
    return payloads.AssistantSpec(
        name=agent.name,
        greeting=prompts.spoken_first(agent, around, greeting=greeting),
        system_prompt=agent.system_prompt,
        end_call_message=prompts.plain(agent.end_call_message),
        voice_id=(number.voice_id if number else None) or agent.voice_id,
        language=agent.language,
        max_duration_seconds=agent.max_duration_seconds,
        records=agent.records_calls,
        webhook_url=number_push.webhook_url(agent),
        metadata={AGENT_KEY: agent.id, "kametrix_organization_id": agent.organization_id},
        keyterms=(agent.business_name, agent.name),
    )


def _put(client: VapiClient, plan: SyncPlan, spec: payloads.AssistantSpec) -> str:
    body = payloads.assistant(spec, credential_id=settings().vapi_credential_id, secret=settings().vapi_webhook_secret.get_secret_value())
    assistant_id = _updated(client, plan, body) or _id_of(client.create_assistant(body))
    if not _shows(client.get_assistant(assistant_id), body):
        raise VapiError("The voice provider has not published the change yet.", retryable=True)
    return assistant_id


def _updated(client: VapiClient, plan: SyncPlan, body: dict[str, Any]) -> str | None:
    """The assistant that was brought up to date; none when the provider has none of this agent."""
    if plan.assistant_id is not None:
        try:
            client.update_assistant(plan.assistant_id, body)
            return plan.assistant_id
        except VapiNotFound:
            log.warning("vapi.assistant_is_gone", agent=plan.agent_id)
    found = client.find_assistant(AGENT_KEY, plan.agent_id)
    if found is None:
        return None
    client.update_assistant(_id_of(found), body)
    return _id_of(found)


def _remove(client: VapiClient, plan: SyncPlan) -> None:
    if plan.assistant_id is not None:
        client.delete_assistant(plan.assistant_id)
    while found := client.find_assistant(AGENT_KEY, plan.agent_id):
        client.delete_assistant(_id_of(found))


def _id_of(assistant: dict[str, Any]) -> str:
    if not isinstance(assistant.get("id"), str):
        raise VapiError("The voice provider's answer names no assistant.", retryable=True)
    return assistant["id"]


def _shows(shown: dict[str, Any], sent: dict[str, Any]) -> bool:
    heard = {key: sent[key] for key in HEARD if key in sent}
    heard["model"] = {"messages": sent["model"]["messages"]}
    heard["server"] = {"url": sent["server"]["url"]}
    return _contains(shown, heard)


def _contains(shown: Any, sent: Any) -> bool:
    if isinstance(sent, dict) and isinstance(shown, dict):
        return all(_contains(shown.get(key), value) for key, value in sent.items())
    return shown == sent

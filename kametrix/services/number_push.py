"""Which assistant the provider connects a number to: planned from our database, which is the truth, pushed and read back."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from kametrix.crypto import unseal
from kametrix.integrations.vapi import payloads
from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiError, VapiNotFound
from kametrix.models import Agent, Organization, PhoneNumber
from kametrix.services import disputes, forwarding, queue
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.credits import ceiling_of
from kametrix.services.sync_requests import push_soon
from kametrix.settings import settings


@dataclass(frozen=True)
class NumberPlan:
    """A number and who answers it. `gated`: every call first asks us at `webhook_url`; without an address nobody answers.

    `fallback`: the owner's number (E.164) that takes the calls of a gated number while we do not answer.
    """

    id: str
    vapi_phone_id: str
    gated: bool
    webhook_url: str | None
    fallback: str | None = None


@open_to(SYSTEM)
def is_gated(session: Session, agent: Agent) -> bool:
    """Whether each call must ask us before it starts: agent or organization are off, there is a ceiling, or a dispute."""
    organization = session.get_one(Organization, agent.organization_id)
    if not agent.is_active or not organization.ai_enabled or ceiling_of(session, organization) is not None:
        return True
    return disputes.may_block(session, organization.id)


@open_to(SYSTEM)
def plan_for(session: Session, agent: Agent, number: PhoneNumber) -> NumberPlan | None:
    """How an agent's number is to be connected; none when the provider does not know it."""
    if number.vapi_phone_id is None:
        return None
    if not number.is_enabled:  # the operator switched it off: nobody answers it
        return NumberPlan(number.id, number.vapi_phone_id, gated=True, webhook_url=None)
    gated = is_gated(session, agent)
    fallback = forwarding.target(session, session.get_one(Organization, agent.organization_id)) if gated else None
    return NumberPlan(number.id, number.vapi_phone_id, gated, webhook_url(agent), fallback)


@open_to(SYSTEM)
def plan_release(session: Session, number_id: str) -> NumberPlan | None:
    """How to take a number off the air; none when an agent has it (the agent's sync serves it) or the provider does not know it."""
    number = session.get(PhoneNumber, number_id)
    if number is None or number.agent_id is not None or number.vapi_phone_id is None:
        return None
    return NumberPlan(id=number.id, vapi_phone_id=number.vapi_phone_id, gated=True, webhook_url=None)


@open_to(SYSTEM)
def settle_owner(session: Session, number_id: str, *, pushed_for: str | None) -> None:
    """After a push: when the number changed hands meanwhile, its present owner is pushed again, so the last word is the database's."""
    number = session.get(PhoneNumber, number_id, populate_existing=True)
    if number is None or number.agent_id == pushed_for:
        return
    if number.agent_id is not None:
        push_soon(session, number.agent_id)
    else:
        queue.enqueue(session, "release_number", number_id=number.id)


def webhook_url(agent: Agent) -> str:
    """Where the provider reaches us about this agent; the token in it names the tenant."""
    token = unseal(agent.webhook_token, place=f"agent.webhook_token.{agent.id}")
    return f"{settings().webhooks_at}/api/webhooks/vapi/{token}"


def push(client: VapiClient, plan: NumberPlan, assistant_id: str | None) -> None:
    """Connect the number and read it back. Raises VapiError: VapiNotFound for a number the provider no longer has."""
    wanted = None if plan.gated else assistant_id
    provider = str(client.get_phone_number(plan.vapi_phone_id).get("provider") or "vapi")
    body = payloads.phone_number(
        wanted,
        plan.webhook_url,
        provider=provider,
        credential_id=settings().vapi_credential_id,
        secret=settings().vapi_webhook_secret.get_secret_value(),
        fallback=plan.fallback,
    )
    client.update_phone_number(plan.vapi_phone_id, body)
    shown = client.get_phone_number(plan.vapi_phone_id)
    if (shown.get("assistantId") or None, _server(shown), _fallback(shown)) != (wanted, plan.webhook_url, plan.fallback):
        raise VapiError("The voice provider has not connected the telephone number yet.", retryable=True)


def release(client: VapiClient, plan: NumberPlan) -> None:
    """Take the number off the air; one the provider no longer has is off already. Raises VapiError."""
    with suppress(VapiNotFound):
        push(client, plan, None)


def _server(number: dict[str, Any]) -> str | None:
    return (number.get("server") or {}).get("url")


def _fallback(number: dict[str, Any]) -> str | None:
    return (number.get("fallbackDestination") or {}).get("number")

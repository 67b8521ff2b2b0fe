"""May this call start? Answered while the telephone rings, with the organization's row locked.

A ceiling gates starting a call, never charging one that happened (product.md 4.6-4). Only numbers of organizations that
have a ceiling, are off or whose payment is disputed, and of agents that are off, ask here; every other call is answered by the
provider without us.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session, col, exists, func, or_, select

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.integrations.vapi.events import Message, parties
from kametrix.integrations.vapi.payloads import destination
from kametrix.integrations.vapi.redaction import redact
from kametrix.models import (
    LIVE,
    Agent,
    Call,
    CallStatus,
    Organization,
    OrganizationStatus,
    OrgRole,
    User,
    UserOrganization,
    WebhookEvent,
    WhenEmpty,
)
from kametrix.services import credits, disputes, forwarding, holds, texts
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.call_events import FINAL, forward, learn_parties, open_call, rank
from kametrix.services.inbox import PROVIDER, own_key
from kametrix.services.settlement import PASSED_ON, REJECTED
from kametrix.services.wording import telephone
from kametrix.settings import settings

STALE: Final = timedelta(minutes=10)
"""A live call this much older than the longest it may last was lost, and blocks nobody."""
WITHOUT_CREDIT: Final = "Turned away: no credit was left for another minute."
"""The summary of a call that a ceiling turned away."""
SERVED: Final = (OrganizationStatus.ACTIVE, OrganizationStatus.TRIAL)

log = structlog.get_logger()


@dataclass(frozen=True)
class Decision:
    """What Vapi is answered; `why` tells the owner what kept the caller from the agent, empty when the call may start.

    An admitted call of an organization with a ceiling holds `minutes` at `rate` cents.
    """

    answer: dict[str, Any]
    why: str = ""
    minutes: int = 0
    rate: int = 0


@open_to(SYSTEM)
def answer(session: Session, agent_id: str, message: Message) -> dict[str, Any]:
    """What Vapi is told for a ringing call of this agent: `assistantId`, with `maxDurationSeconds` under a ceiling; else a spoken `error`
    or, at zero, the owner's `destination`.

    The call is opened in the same transaction, and ended there when it is turned away; a repeated request gets the same answer.
    Call before organization: the order in which a settlement locks them. Raises Invalid without a call id and Refused for a call of
    another agent.
    """
    if message.call_id is None:
        raise Invalid("An assistant-request needs a call id. Nothing was stored.")
    agent, told = session.exec(select(Agent).where(Agent.id == agent_id)).one(), parties(message.body)
    call = open_call(session, message.call_id, agent_id=agent.id, organization_id=agent.organization_id, heard_at=clock.now())
    key = own_key(agent_id, f"{message.call_id}:{message.type}")
    earlier = session.exec(select(WebhookEvent.payload).where(WebhookEvent.provider == PROVIDER, WebhookEvent.dedupe_key == key)).first()
    if earlier is not None:
        return earlier["answer"]
    decision = _decide(session, agent, _locked(session, agent.organization_id), message.call_id, told.from_number)
    learn_parties(session, call, told)
    if not decision.why:
        call.status = forward(call.status, CallStatus.RINGING)
        _hold(session, call, decision, agent.max_duration_seconds)
    elif rank(call.status) < FINAL:  # one that is over is what its report says
        _decline(call, decision)
    _remember(session, agent, message, key, decision.answer)
    log.info("gate.answered", agent_id=agent_id, admitted=not decision.why)
    return decision.answer


def _locked(session: Session, organization_id: str) -> Organization:
    """Requests of one organization are decided one after the other, so limits are exact."""
    row = select(Organization).where(Organization.id == organization_id).with_for_update(key_share=True)
    return session.exec(row.execution_options(populate_existing=True)).one()


def _decide(session: Session, agent: Agent, organization: Organization, vapi_call_id: str, caller: str | None) -> Decision:
    spoken = texts.of(agent.language)
    if not agent.is_active or agent.deleted_at is not None:
        return _no(spoken.line_off, "the agent was switched off.")
    if not organization.ai_enabled:
        return _no(spoken.line_off, "answering calls was switched off for the whole organization, in Settings.")
    if organization.status not in SERVED or organization.deleted_at is not None or agent.vapi_assistant_id is None:
        return _no(spoken.line_unavailable, "this agent could not answer yet.")
    if disputes.is_blocking(session, organization.id):
        return _no(spoken.line_unavailable, "a payment was disputed at the bank. Calls start again when that is settled.")
    standing = credits.standing(session, organization)
    if not standing.bought:
        if settings().is_production and not _has_verified_owner(session, organization):
            return _no(spoken.line_unavailable, "your e-mail address was not confirmed yet.")
        if _others_live(session, organization, vapi_call_id):
            return _no(spoken.line_busy, "another call was running. Before the first pack one call is answered at a time.")
    minutes = _minutes(standing, agent.max_duration_seconds)
    if minutes is None:
        return Decision({"assistantId": agent.vapi_assistant_id})
    if minutes < 1:
        return _at_zero(session, agent, organization, caller)
    limit = {"maxDurationSeconds": min(agent.max_duration_seconds, minutes * 60)}
    return Decision({"assistantId": agent.vapi_assistant_id, "assistantOverrides": limit}, minutes=minutes, rate=standing.rate)


def _minutes(standing: credits.Standing, longest_seconds: int) -> int | None:
    """As many whole minutes as there is credit for and the agent may talk; none when nothing limits them."""
    if standing.headroom is None or standing.rate <= 0:
        return None
    return min(-(-longest_seconds // 60), standing.headroom // standing.rate)


def _at_zero(session: Session, agent: Agent, organization: Organization, caller: str | None) -> Decision:
    """The owner's number, if that is what he chose; never back to a number of the platform, nor to the telephone that is calling."""
    number = forwarding.target(session, organization) if organization.when_empty is WhenEmpty.FORWARD else None
    if number is None or number == caller:
        return Decision({"error": texts.of(agent.language).line_unavailable}, WITHOUT_CREDIT)
    return Decision({"destination": destination(number)}, f"Passed on to {telephone(number)}: no credit was left for another minute.")


def _no(spoken: str, why: str) -> Decision:
    return Decision({"error": spoken}, f"Turned away: {why}")


def _hold(session: Session, call: Call, decision: Decision, longest_seconds: int) -> None:
    """A call that has a rate is settled or holds its minutes already."""
    if decision.minutes and call.settled_at is None and call.rate_cents_per_minute is None:
        holds.reserve(session, call, minutes=decision.minutes, rate=decision.rate, longest_seconds=longest_seconds)


def _decline(call: Call, decision: Decision) -> None:
    """No agent answers: for us the call is over, cost nothing whatever is reported later, and its page says why."""
    now = clock.now()
    if "destination" in decision.answer:
        call.status, call.ended_cause = CallStatus.COMPLETED, PASSED_ON
        call.ended_reason, call.transferred_to_human = "assistant-request-returned-forwarding-phone-number", True
    else:
        call.status, call.ended_cause, call.ended_reason = CallStatus.FAILED, REJECTED, "assistant-request-returned-error"
    call.summary, call.ended_at, call.settled_at, call.duration_seconds = decision.why, now, now, 0


def _has_verified_owner(session: Session, organization: Organization) -> bool:
    owners = select(User.id).join(UserOrganization, col(UserOrganization.user_id) == User.id)
    owners = owners.where(UserOrganization.organization_id == organization.id, UserOrganization.role == OrgRole.OWNER)
    return session.exec(owners.where(col(User.email_verified)).limit(1)).first() is not None


def _others_live(session: Session, organization: Organization, vapi_call_id: str) -> bool:
    """Whether another call of the organization runs.

    A row whose call must be over by now does not count, nor one whose end waits in the inbox: a slow worker blocks nobody.
    """
    longest = func.make_interval(0, 0, 0, 0, 0, 0, Agent.max_duration_seconds)
    running = select(Call.id).join(Agent, col(Agent.id) == Call.agent_id)
    running = running.where(Call.organization_id == organization.id, col(Call.status).in_(LIVE), Call.vapi_call_id != vapi_call_id)
    running = running.where(col(Call.started_at) + longest > clock.now() - STALE)
    told = select(WebhookEvent.id).where(
        WebhookEvent.subject == Call.vapi_call_id,
        WebhookEvent.agent_id == Call.agent_id,
        col(WebhookEvent.processed_at).is_(None),
        or_(WebhookEvent.type == "end-of-call-report", col(WebhookEvent.payload)["status"].astext == "ended"),
    )
    return session.exec(running.where(~exists(told)).limit(1)).first() is not None


def _remember(session: Session, agent: Agent, message: Message, key: str, given: dict[str, Any]) -> None:
    """Keep request and answer in the inbox, as work that is done."""
    now = clock.now()
    session.add(
        WebhookEvent(
            provider=PROVIDER, dedupe_key=key, type=message.type, subject=message.call_id or "",
            organization_id=agent.organization_id, agent_id=agent.id, payload={"message": redact(message.body), "answer": given},
            received_at=now, processed_at=now, next_attempt_at=now,
        )
    )  # fmt: skip

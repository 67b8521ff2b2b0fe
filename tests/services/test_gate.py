from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from kametrix import clock, db
from kametrix.errors import Invalid
from kametrix.integrations.vapi.events import Message
from kametrix.models import Agent, Call, CallStatus, Organization, OrganizationStatus, SiteSetting, TransactionType, User, WebhookEvent
from kametrix.services import gate, inbox, ledger, ledger_audit, texts
from kametrix.services.access import Actor
from kametrix.services.call_events import apply
from kametrix.services.inbox import Refused
from kametrix.settings import settings
from tests.factories import create_agent, create_call, create_member, create_phone_number, post_credit
from tests.vapi_messages import CALLER, call_of, claimed, ended, report, status
from tests.vapi_messages import message as body

ENGLISH = texts.of("en")


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


@pytest.fixture
def agent(session: Session, owner: Actor) -> Agent:
    return create_agent(session, owner)


def asks(call_id: str | None = "call-1") -> Message:
    return Message("assistant-request", call_id, None, body("assistant-request", call_id))


def organization_of(session: Session, agent: Agent) -> Organization:
    return session.exec(select(Organization).where(Organization.id == agent.organization_id)).one()


def purchase(session: Session, agent: Agent, cents: int) -> None:
    ledger.post(
        session, organization_id=agent.organization_id, type=TransactionType.PURCHASE, amount=cents, key="pi:1", description="Starter",
        stripe_payment_id="pi_1",
    )  # fmt: skip


def test_an_admitted_call_is_opened_on_the_agents_number(session: Session, agent: Agent) -> None:
    number = create_phone_number(session, agent)
    assert gate.answer(session, agent.id, asks())["assistantId"] == agent.vapi_assistant_id
    call = call_of(session)
    assert (call.status, call.from_number, call.phone_number_id) == (CallStatus.RINGING, CALLER, number.id)


@pytest.mark.parametrize(("balance", "seconds"), [(0, 600), (-150, 600), (-165, 540), (-285, 60), (1000, 600)])
def test_under_a_ceiling_a_call_may_last_the_minutes_that_are_left(
    session: Session, agent: Agent, owner: Actor, balance: int, seconds: int
) -> None:
    if balance:
        post_credit(session, owner, balance)
    assert gate.answer(session, agent.id, asks()) == {
        "assistantId": agent.vapi_assistant_id,
        "assistantOverrides": {"maxDurationSeconds": seconds},
    }


def test_a_ceiling_that_leaves_no_whole_minute_refuses(session: Session, agent: Agent, owner: Actor) -> None:
    post_credit(session, owner, -286)
    assert gate.answer(session, agent.id, asks()) == {"error": ENGLISH.line_unavailable}


def test_a_caller_who_was_turned_away_is_told_of_with_the_reason_and_costs_nothing(session: Session, agent: Agent) -> None:
    agent.is_active = False
    gate.answer(session, agent.id, asks())
    call = call_of(session)
    assert (call.status, call.ended_cause, call.summary) == (CallStatus.FAILED, gate.REJECTED, "Turned away: the agent was switched off.")
    assert (call.from_number, call.credits_used, call.duration_seconds) == (CALLER, 0, 0)
    assert call.settled_at is not None


@pytest.mark.parametrize(
    "later", [report(seconds=8), report(seconds=8, reason="assistant-request-returned-error"), ended(), status("in-progress")]
)
def test_whatever_comes_after_a_caller_was_turned_away_costs_nothing_and_keeps_the_reason(
    session: Session, agent: Agent, later: dict[str, Any]
) -> None:
    """He may hang up while the sentence is spoken: then Vapi says "customer-ended-call", with seconds."""
    agent.is_active = False
    gate.answer(session, agent.id, asks())
    apply(session, claimed(agent, later))
    call = call_of(session)
    assert (call.status, call.ended_cause, call.summary) == (CallStatus.FAILED, gate.REJECTED, "Turned away: the agent was switched off.")
    assert (call.credits_used, call.ended_reason) == (0, "assistant-request-returned-error")
    assert organization_of(session, agent).balance_cents == 0


def test_a_call_that_was_billed_is_not_turned_away_afterwards(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, report(seconds=65)))
    agent.is_active = False
    assert "error" in gate.answer(session, agent.id, asks())
    call = call_of(session)
    assert (call.status, call.credits_used, call.duration_seconds) == (CallStatus.COMPLETED, 30, 65)
    assert ledger_audit.verify(session).faults == []


def test_the_rate_of_the_moment_decides_how_many_minutes_are_left(session: Session, agent: Agent) -> None:
    session.add(SiteSetting(key="cents_per_minute", value=100))
    assert gate.answer(session, agent.id, asks())["assistantOverrides"] == {"maxDurationSeconds": 180}


def test_whoever_bought_once_has_no_ceiling(session: Session, agent: Agent, owner: Actor) -> None:
    purchase(session, agent, 100)
    post_credit(session, owner, -5000)
    assert gate.answer(session, agent.id, asks()) == {"assistantId": agent.vapi_assistant_id}


def test_an_owners_own_limit_holds_after_a_purchase(session: Session, agent: Agent) -> None:
    purchase(session, agent, 100)
    organization_of(session, agent).grace_limit_cents = 20
    assert gate.answer(session, agent.id, asks())["assistantOverrides"] == {"maxDurationSeconds": 480}


@pytest.mark.parametrize(
    ("change", "spoken"),
    [
        ({"is_active": False}, "line_off"),
        ({"deleted_at": "now"}, "line_off"),
        ({"vapi_assistant_id": None}, "line_unavailable"),
    ],
)
def test_an_agent_that_is_off_refuses(session: Session, agent: Agent, change: dict[str, Any], spoken: str) -> None:
    for name, value in change.items():
        setattr(agent, name, clock.now() if value == "now" else value)
    assert gate.answer(session, agent.id, asks()) == {"error": getattr(ENGLISH, spoken)}


@pytest.mark.parametrize("status", [OrganizationStatus.SUSPENDED, OrganizationStatus.CANCELLED, OrganizationStatus.PENDING_SETUP])
def test_an_organization_that_is_not_served_refuses(session: Session, agent: Agent, status: OrganizationStatus) -> None:
    organization_of(session, agent).status = status
    assert gate.answer(session, agent.id, asks()) == {"error": ENGLISH.line_unavailable}


def test_a_refusal_is_spoken_in_the_agents_language(session: Session, agent: Agent) -> None:
    agent.language, agent.is_active = "de", False
    assert gate.answer(session, agent.id, asks()) == {"error": texts.of("de").line_off}


def test_in_production_an_unverified_owner_gets_no_free_calls(
    session: Session, agent: Agent, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    assert gate.answer(session, agent.id, asks("call-1")) == {"error": ENGLISH.line_unavailable}
    session.exec(select(User).where(User.id == owner.user_id)).one().email_verified = True
    assert "assistantId" in gate.answer(session, agent.id, asks("call-2"))


def test_before_the_first_purchase_one_call_at_a_time(session: Session, agent: Agent) -> None:
    assert "assistantId" in gate.answer(session, agent.id, asks("call-1"))
    assert gate.answer(session, agent.id, asks("call-2")) == {"error": ENGLISH.line_busy}
    call_of(session, "call-1").status = CallStatus.COMPLETED
    assert "assistantId" in gate.answer(session, agent.id, asks("call-3"))


@pytest.mark.parametrize(
    ("type", "payload", "admitted"),
    [
        ("status-update", {"status": "ended"}, True),
        ("end-of-call-report", {"endedReason": "customer-ended-call"}, True),
        ("status-update", {"status": "in-progress"}, False),
    ],
)
def test_a_call_whose_end_waits_in_the_inbox_blocks_nobody(
    session: Session, agent: Agent, type: str, payload: dict[str, Any], admitted: bool
) -> None:
    gate.answer(session, agent.id, asks("call-1"))
    inbox.receive(session, [inbox.Received("vapi", f"call-1:{type}", type, "call-1", agent.organization_id, agent.id, payload)])
    assert ("assistantId" in gate.answer(session, agent.id, asks("call-2"))) == admitted


def test_after_a_purchase_calls_run_beside_each_other(session: Session, agent: Agent) -> None:
    purchase(session, agent, 1000)
    for call_id in ("call-1", "call-2", "call-3"):
        assert "assistantId" in gate.answer(session, agent.id, asks(call_id))


def test_a_call_that_must_be_over_by_now_blocks_nobody(session: Session, agent: Agent) -> None:
    longest = timedelta(seconds=agent.max_duration_seconds) + timedelta(minutes=10)
    create_call(session, agent, started_at=clock.now() - longest + timedelta(seconds=5), status=CallStatus.IN_PROGRESS)
    assert "error" in gate.answer(session, agent.id, asks("call-1"))
    with clock.at(clock.now() + timedelta(seconds=6)):
        assert "assistantId" in gate.answer(session, agent.id, asks("call-2"))


def test_a_repeated_request_gets_the_same_answer_even_when_things_changed(session: Session, agent: Agent, owner: Actor) -> None:
    first = gate.answer(session, agent.id, asks("call-1"))
    refused = gate.answer(session, agent.id, asks("call-2"))
    post_credit(session, owner, -280)
    call_of(session, "call-1").status = CallStatus.COMPLETED
    assert gate.answer(session, agent.id, asks("call-1")) == first
    assert gate.answer(session, agent.id, asks("call-2")) == refused
    assert session.exec(select(func.count()).select_from(Call)).one() == 2


def test_request_and_answer_are_kept_as_work_that_is_done(session: Session, agent: Agent) -> None:
    given = gate.answer(session, agent.id, asks())
    kept = session.exec(select(WebhookEvent)).one()
    assert kept.payload is not None
    assert (kept.type, kept.subject, kept.payload["answer"]) == ("assistant-request", "call-1", given)
    assert kept.processed_at is not None


def test_a_call_of_another_agent_is_refused(session: Session, agent: Agent) -> None:
    create_call(session, create_agent(session, create_member(session)), vapi_call_id="call-1")
    with pytest.raises(Refused):
        gate.answer(session, agent.id, asks("call-1"))


def test_a_request_without_a_call_is_malformed(session: Session, agent: Agent) -> None:
    with pytest.raises(Invalid, match="call id"):
        gate.answer(session, agent.id, asks(None))


def test_of_many_calls_at_once_exactly_one_is_admitted(database: str) -> None:
    with db.transaction() as session:
        agent = create_agent(session, create_member(session))

    def ring(number: int) -> bool:
        with db.transaction() as session:
            return "assistantId" in gate.answer(session, agent.id, asks(f"call-{number}"))

    with ThreadPoolExecutor(12) as pool:
        admitted = list(pool.map(ring, range(36)))
    assert sum(admitted) == 1
    with db.transaction() as session:
        assert session.exec(select(func.count()).select_from(Call).where(col(Call.status) == CallStatus.RINGING)).one() == 1


def test_one_request_many_times_at_once_opens_one_call(database: str) -> None:
    with db.transaction() as session:
        agent = create_agent(session, create_member(session))

    def ring(_number: int) -> str:
        with db.transaction() as session:
            return str(gate.answer(session, agent.id, asks()))

    with ThreadPoolExecutor(12) as pool:
        assert len(set(pool.map(ring, range(24)))) == 1
    with db.transaction() as session:
        assert session.exec(select(func.count()).select_from(Call)).one() == 1

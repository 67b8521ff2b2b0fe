"""What a caller hears when no credit is left, and what the owner reads of it."""

from typing import Any

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.integrations.vapi.events import Message
from kametrix.models import (
    Agent,
    Call,
    CallStatus,
    CreditDispute,
    CreditPack,
    CreditPurchase,
    DisputeStatus,
    Organization,
    PurchaseKind,
    WhenEmpty,
)
from kametrix.services import agent_sync, call_detail, credits, gate, number_push, texts
from kametrix.services.access import Actor
from kametrix.services.call_events import apply
from kametrix.state.call_rows import call_view
from tests.factories import create_agent, create_member, create_phone_number, post_credit
from tests.services.test_agents import buy
from tests.vapi_messages import CALLER, call_of, claimed, ended, report, status
from tests.vapi_messages import message as body

ENGLISH, MINE = texts.of("en"), "+4915112345678"


def asks(call_id: str = "call-1") -> Message:
    return Message("assistant-request", call_id, None, body("assistant-request", call_id))


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


@pytest.fixture
def agent(session: Session, owner: Actor) -> Agent:
    buy(session, owner)
    return create_agent(session, owner)


def empty(session: Session, owner: Actor, mode: WhenEmpty, number: str | None = None) -> Organization:
    """Nothing is left, and the owner chose `mode`."""
    organization = session.get_one(Organization, owner.organization_id)
    organization.when_empty, organization.forwarding_number = mode, number
    post_credit(session, owner, -organization.balance_cents)
    session.refresh(organization)
    return organization


def dispute(session: Session, owner: Actor, status: DisputeStatus = DisputeStatus.OPEN, **columns: Any) -> CreditDispute:
    pack = CreditPack(name=f"Pack {owner.organization_id}", credits=1000, price_in_cents=1000)
    session.add(pack)
    session.flush()
    purchase = CreditPurchase(
        organization_id=owner.organization_id, kind=PurchaseKind.CHECKOUT, credit_pack_id=pack.id, pack_name="Starter", credits=1000,
        price_in_cents=1000, currency="USD",
    )  # fmt: skip
    session.add(purchase)
    session.flush()
    closed = None if status is DisputeStatus.OPEN else clock.now()
    row = CreditDispute(
        organization_id=owner.organization_id, credit_purchase_id=purchase.id, stripe_dispute_id=f"du_{purchase.id}", amount=1000,
        status=status, closed_at=closed, **columns,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_in_grace_calls_go_on_as_before(session: Session, agent: Agent, owner: Actor) -> None:
    empty(session, owner, WhenEmpty.GRACE)
    assert gate.answer(session, agent.id, asks()) == {"assistantId": agent.vapi_assistant_id}


def test_whoever_wants_no_calls_without_credit_has_them_told_so(session: Session, agent: Agent, owner: Actor) -> None:
    empty(session, owner, WhenEmpty.STOP)
    assert gate.answer(session, agent.id, asks()) == {"error": ENGLISH.line_unavailable}
    assert (call_of(session).status, call_of(session).summary) == (CallStatus.FAILED, gate.WITHOUT_CREDIT)


def test_calls_are_passed_on_to_the_owners_number(session: Session, agent: Agent, owner: Actor) -> None:
    empty(session, owner, WhenEmpty.FORWARD, MINE)
    assert gate.answer(session, agent.id, asks()) == {"destination": {"type": "number", "number": MINE, "message": ""}}
    call = call_of(session)
    assert (call.status, call.transferred_to_human, call.credits_used) == (CallStatus.COMPLETED, True, 0)
    assert call.summary == "Passed on to +49 1511 2345678: no credit was left for another minute."


@pytest.mark.parametrize(
    "later",
    [
        report(seconds=300),
        report(seconds=300, reason="assistant-request-returned-forwarding-phone-number"),
        ended(reason="customer-ended-call"),
        ended(reason="assistant-request-returned-forwarding-phone-number", destination={"type": "number", "number": MINE}),
        status("in-progress"),
        status("forwarding"),
    ],
)
@pytest.mark.parametrize("mode", [WhenEmpty.STOP, WhenEmpty.FORWARD])
def test_whatever_is_reported_of_it_later_costs_nothing_and_changes_no_word(
    session: Session, agent: Agent, owner: Actor, mode: WhenEmpty, later: dict[str, Any]
) -> None:
    empty(session, owner, mode, MINE)
    gate.answer(session, agent.id, asks())
    before = (call_of(session).status, call_of(session).ended_cause, call_of(session).summary)
    for message in (later, report(seconds=3000), later):
        apply(session, claimed(agent, message))
    call = call_of(session)
    assert (call.status, call.ended_cause, call.summary) == before
    assert (call.credits_used, credits.wallet(session, owner).balance) == (0, 0)


def test_its_page_says_why_and_that_it_cost_nothing(session: Session, agent: Agent, owner: Actor) -> None:
    empty(session, owner, WhenEmpty.FORWARD, MINE)
    gate.answer(session, agent.id, asks())
    session.flush()
    shown = call_view(call_detail.detail(session, owner, call_of(session).id), clock.now())
    assert "Passed on to +49 1511 2345678" in shown.summary
    assert "cost nothing" in str(shown)


def test_with_credit_left_a_call_is_neither_stopped_nor_passed_on(session: Session, agent: Agent, owner: Actor) -> None:
    organization = empty(session, owner, WhenEmpty.FORWARD, MINE)
    post_credit(session, owner, 15)
    session.refresh(organization)
    assert gate.answer(session, agent.id, asks())["assistantOverrides"] == {"maxDurationSeconds": 60}


@pytest.mark.parametrize("who", ["a pooled number", "the caller"])
def test_a_call_is_never_passed_on_in_a_circle(session: Session, agent: Agent, owner: Actor, who: str) -> None:
    number = create_phone_number(session, create_agent(session, create_member(session))).number if who == "a pooled number" else CALLER
    empty(session, owner, WhenEmpty.FORWARD, number)
    assert gate.answer(session, agent.id, asks()) == {"error": ENGLISH.line_unavailable}


@pytest.mark.parametrize(("limit", "mode"), [(500, WhenEmpty.STOP), (None, WhenEmpty.STOP), (500, WhenEmpty.FORWARD)])
def test_stopping_at_zero_leaves_no_grace_whatever_the_limit(
    session: Session, agent: Agent, owner: Actor, limit: int | None, mode: WhenEmpty
) -> None:
    empty(session, owner, mode, MINE).grace_limit_cents = limit
    assert credits.wallet(session, owner).ceiling_cents == 0


def test_a_newcomer_who_wants_no_calls_without_credit_gets_none_on_trust(session: Session) -> None:
    owner = create_member(session)
    newcomer = create_agent(session, owner)
    session.get_one(Organization, owner.organization_id).when_empty = WhenEmpty.STOP
    assert gate.answer(session, newcomer.id, asks()) == {"error": ENGLISH.line_unavailable}


@pytest.mark.parametrize(
    ("state", "lifted", "debt", "admitted", "asks_each"),
    [
        (DisputeStatus.OPEN, False, False, False, True),
        (DisputeStatus.OPEN, True, False, True, False),
        (DisputeStatus.WON, False, True, True, False),
        (DisputeStatus.LOST, False, False, True, True),
        (DisputeStatus.LOST, False, True, False, True),
        (DisputeStatus.LOST, True, True, True, False),
    ],
)
def test_a_disputed_payment_stops_calls_until_it_is_settled(
    session: Session, agent: Agent, owner: Actor, state: DisputeStatus, lifted: bool, debt: bool, admitted: bool, asks_each: bool
) -> None:
    dispute(session, owner, state, **({"lifted_at": clock.now(), "lifted_by_id": owner.user_id} if lifted else {}))
    if debt:
        post_credit(session, owner, -5000)
    session.expire_all()
    answer = gate.answer(session, agent.id, asks())
    assert ("assistantId" in answer) is admitted
    assert admitted or (answer == {"error": ENGLISH.line_unavailable} and "disputed" in (call_of(session).summary or ""))
    assert number_push.is_gated(session, agent) is asks_each


def test_the_dispute_of_another_stops_nobody(session: Session, agent: Agent, owner: Actor) -> None:
    dispute(session, create_member(session))
    assert "assistantId" in gate.answer(session, agent.id, asks())


@pytest.mark.parametrize(
    ("mode", "number", "gated", "fallback"),
    [
        (WhenEmpty.GRACE, None, False, None),
        (WhenEmpty.GRACE, MINE, False, None),
        (WhenEmpty.STOP, None, True, None),
        (WhenEmpty.STOP, MINE, True, MINE),
        (WhenEmpty.FORWARD, MINE, True, MINE),
    ],
)
def test_a_number_that_asks_us_has_the_owners_number_for_when_we_do_not_answer(
    session: Session, agent: Agent, owner: Actor, mode: WhenEmpty, number: str | None, gated: bool, fallback: str | None
) -> None:
    create_phone_number(session, agent)
    empty(session, owner, mode, number)
    session.flush()
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    assert plan.number is not None
    assert (plan.number.gated, plan.number.fallback) == (gated, fallback)


def test_a_number_of_the_pool_is_nobodys_fallback(session: Session, agent: Agent, owner: Actor) -> None:
    create_phone_number(session, agent)
    empty(session, owner, WhenEmpty.STOP, create_phone_number(session).number)
    session.flush()
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    assert plan.number is not None
    assert plan.number.fallback is None


def test_calls_at_zero_cost_nothing_in_the_sums_either(session: Session, agent: Agent, owner: Actor) -> None:
    empty(session, owner, WhenEmpty.FORWARD, MINE)
    gate.answer(session, agent.id, asks())
    apply(session, claimed(agent, report(seconds=600)))
    session.flush()
    call = session.get_one(Call, call_of(session).id)
    assert (call.billed_minutes or 0, call.credits_used) == (0, 0)

"""Minutes of running calls are out of the reach of other calls: whatever rings, ends and changes at once, nobody is overspent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from kametrix import clock, db
from kametrix.integrations.vapi.events import Message
from kametrix.models import Agent, Call, CreditHold, Organization, SiteSetting, TransactionType, WhenEmpty
from kametrix.services import credits, gate, holds, ledger, ledger_audit, reconcile
from kametrix.services.access import Actor
from kametrix.services.call_events import apply
from tests.factories import create_agent, create_call, create_member, create_phone_number
from tests.vapi_messages import call_of, claimed, ended, report, status
from tests.vapi_messages import message as body

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def asks(call_id: str = "call-1") -> Message:
    return Message("assistant-request", call_id, None, body("assistant-request", call_id))


def ring(session: Session, agent: Agent, call_id: str = "call-1") -> int:
    """Seconds granted; 0 when the caller was turned away."""
    answer = gate.answer(session, agent.id, asks(call_id))
    return answer.get("assistantOverrides", {}).get("maxDurationSeconds", 0)


def limited(session: Session, actor: Actor, *, balance: int) -> Organization:
    """A customer who wants no call beyond his credit."""
    organization = session.get_one(Organization, actor.organization_id)
    organization.when_empty = WhenEmpty.STOP
    ledger.post(
        session, organization_id=organization.id, type=TransactionType.PURCHASE, amount=balance, key=f"pi:{organization.id}",
        description="Starter", stripe_payment_id="pi_1",
    )  # fmt: skip
    return organization


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


@pytest.fixture
def agent(session: Session, owner: Actor) -> Agent:
    return create_agent(session, owner)


def hold_of(session: Session, call: Call) -> CreditHold:
    return session.exec(select(CreditHold).where(CreditHold.call_id == call.id).execution_options(populate_existing=True)).one()


@pytest.mark.parametrize(
    ("balance", "longest", "seconds", "minutes"),
    [(1000, 600, 600, 10), (1000, 90, 90, 2), (1000, 61, 61, 2), (44, 600, 120, 2), (15, 600, 60, 1), (15, 45, 45, 1)],
)
def test_a_call_holds_the_started_minutes_it_may_last(
    session: Session, agent: Agent, owner: Actor, balance: int, longest: int, seconds: int, minutes: int
) -> None:
    limited(session, owner, balance=balance)
    agent.max_duration_seconds = longest
    assert ring(session, agent) == seconds
    call = call_of(session)
    hold = hold_of(session, call)
    assert (hold.minutes, hold.rate_cents, hold.amount, call.rate_cents_per_minute) == (minutes, 15, minutes * 15, 15)
    assert hold.expires_at - hold.created_at == timedelta(seconds=longest, minutes=10)


def test_what_one_call_holds_another_cannot_have(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=200)
    assert [ring(session, agent, f"call-{number}") for number in range(4)] == [600, 180, 0, 0]
    assert holds.held(session, owner.organization_id) == 195


def test_a_repeated_request_has_one_hold_and_one_answer(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=160)
    assert [ring(session, agent) for _ in range(3)] == [600, 600, 600]
    assert holds.held(session, owner.organization_id) == 150


@pytest.mark.parametrize("seconds", [0, 61, 600])
def test_the_settlement_of_a_call_frees_what_it_held(session: Session, agent: Agent, owner: Actor, seconds: int) -> None:
    limited(session, owner, balance=200)
    ring(session, agent)
    apply(session, claimed(agent, report(seconds=seconds)))
    assert holds.held(session, owner.organization_id) == 0
    assert session.get_one(Organization, owner.organization_id).balance_cents == 200 - -(-seconds // 60) * 15


@pytest.mark.parametrize("later", [status("in-progress"), ended(), body("tool-calls", "call-1", toolCallList=[])])
def test_nothing_but_the_settlement_frees_it(session: Session, agent: Agent, owner: Actor, later: dict[str, Any]) -> None:
    limited(session, owner, balance=200)
    ring(session, agent)
    apply(session, claimed(agent, later))
    assert holds.held(session, owner.organization_id) == 150


def test_a_report_that_says_no_duration_frees_nothing_until_the_provider_was_asked(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=200)
    ring(session, agent)
    apply(session, claimed(agent, status("in-progress")))
    apply(session, claimed(agent, report(startedAt=None, endedAt=None)))
    assert holds.held(session, owner.organization_id) == 150
    reconcile.conclude(session, call_of(session).id, None)
    assert holds.held(session, owner.organization_id) == 0


def test_a_later_correction_frees_nothing_of_other_calls(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=400)
    ring(session, agent, "call-1")
    apply(session, claimed(agent, report("call-1", seconds=60)))
    ring(session, agent, "call-2")
    apply(session, claimed(agent, report("call-1", seconds=130)))
    assert holds.held(session, owner.organization_id) == 150


def test_a_call_nobody_told_the_end_of_holds_its_minutes_until_it_can_run_no_longer(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=150)
    ring(session, agent, "call-1")
    with clock.at(clock.now() + timedelta(seconds=agent.max_duration_seconds) + 10 * MINUTE - SECOND):
        assert ring(session, agent, "call-2") == 0
    with clock.at(clock.now() + timedelta(seconds=agent.max_duration_seconds) + 10 * MINUTE + SECOND):
        assert ring(session, agent, "call-3") == 600


@pytest.mark.parametrize(("price", "cost"), [(100, 30), (5, 30), (15, 30)])
def test_a_running_call_keeps_the_rate_it_was_granted_at(session: Session, agent: Agent, owner: Actor, price: int, cost: int) -> None:
    limited(session, owner, balance=30)
    assert ring(session, agent) == 120
    session.add(SiteSetting(key="cents_per_minute", value=price))
    session.flush()
    apply(session, claimed(agent, report(seconds=120)))
    assert call_of(session).credits_used == cost
    assert session.get_one(Organization, owner.organization_id).balance_cents == 0


def test_a_request_that_comes_after_the_call_was_settled_holds_nothing(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=200)
    apply(session, claimed(agent, report(seconds=61)))
    ring(session, agent)
    assert holds.held(session, owner.organization_id) == 0


def test_without_a_ceiling_nothing_is_held(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=100).when_empty = WhenEmpty.GRACE
    assert gate.answer(session, agent.id, asks()) == {"assistantId": agent.vapi_assistant_id}
    assert session.exec(select(func.count()).select_from(CreditHold)).one() == 0
    assert call_of(session).rate_cents_per_minute is None


def test_minutes_that_cost_nothing_are_not_limited(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=1)
    session.add(SiteSetting(key="cents_per_minute", value=0))
    assert gate.answer(session, agent.id, asks()) == {"assistantId": agent.vapi_assistant_id}


def test_what_another_organization_holds_is_not_ours(session: Session, agent: Agent, owner: Actor) -> None:
    limited(session, owner, balance=150)
    other = create_member(session)
    limited(session, other, balance=150)
    assert ring(session, create_agent(session, other), "call-2") == 600
    assert credits.standing(session, session.get_one(Organization, owner.organization_id)).headroom == 150


def test_a_forged_second_hold_of_a_call_is_refused_by_the_database(session: Session, agent: Agent) -> None:
    call = create_call(session, agent)
    holds.reserve(session, call, minutes=1, rate=15, longest_seconds=60)
    session.flush()
    holds.reserve(session, call, minutes=1, rate=15, longest_seconds=60)
    with pytest.raises(IntegrityError, match="credit_hold_call_id"):
        session.flush()


def test_an_answer_takes_few_statements_however_many_calls_run(session: Session, agent: Agent, owner: Actor) -> None:
    """A live caller waits for it."""
    limited(session, owner, balance=100_000)
    create_phone_number(session, agent)
    for number in range(30):
        ring(session, agent, f"call-{number}")
    session.flush()
    session.expunge_all()
    counted: list[str] = []
    engine: Any = session.get_bind()
    note = lambda _conn, _cursor, statement, *_: counted.append(statement)  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert ring(session, agent, "one-more") == 600
        session.flush()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(counted) <= 9, "\n".join(line[:90] for line in counted)


def committed(balance: int, *, longest: int = 600) -> Agent:
    with db.transaction() as session:
        actor = create_member(session)
        limited(session, actor, balance=balance)
        return create_agent(session, actor, max_duration_seconds=longest)


def balance_of(agent: Agent) -> int:
    with db.transaction() as session:
        assert ledger_audit.verify(session).faults == []
        return session.get_one(Organization, agent.organization_id).balance_cents


def one_call(agent: Agent, call_id: str) -> int:
    """Rings, and lasts exactly as long as it was granted."""
    with db.transaction() as session:
        granted = ring(session, agent, call_id)
    if granted:
        with db.transaction() as session:
            apply(session, claimed(agent, report(call_id, seconds=granted)))
    return granted


def test_calls_at_once_are_together_granted_what_there_is_and_no_more(database: str) -> None:
    agent = committed(1000)
    with ThreadPoolExecutor(16) as pool:

        def rung(number: int) -> int:
            with db.transaction() as session:
                return ring(session, agent, f"call-{number}")

        granted = list(pool.map(rung, range(48)))
    assert sum(granted) == 1000 // 15 * 60
    with db.transaction() as session:
        assert holds.held(session, agent.organization_id) == 1000 // 15 * 15


def test_calls_that_ring_and_end_at_once_never_go_below_the_ceiling(database: str) -> None:
    agent = committed(1234, longest=150)
    with ThreadPoolExecutor(16) as pool:
        granted = list(pool.map(lambda number: one_call(agent, f"call-{number}"), range(60)))
    left = balance_of(agent)
    assert 0 <= left < 15
    assert left == 1234 - sum(-(-seconds // 60) for seconds in granted) * 15
    with db.transaction() as session:
        assert holds.held(session, agent.organization_id) == 0


def test_a_request_and_the_report_of_the_same_call_at_once_stand_in_each_others_way_only_in_turn(database: str) -> None:
    """Both lock the call before the organization: neither waits for the other for ever."""
    agent = committed(100_000)

    def told(number: int) -> None:
        with db.transaction() as session:
            if number % 2:
                ring(session, agent, f"call-{number // 2}")
            else:
                apply(session, claimed(agent, report(f"call-{number // 2}", seconds=61)))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(told, range(80)))
    assert balance_of(agent) == 100_000 - 40 * 30
    with db.transaction() as session:
        assert session.exec(select(func.count()).select_from(CreditHold).where(col(CreditHold.released_at).is_(None))).one() == 0

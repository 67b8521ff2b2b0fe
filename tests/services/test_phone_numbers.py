from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.models import Agent, PhoneNumber, PhoneStatus, SyncState
from kametrix.services import agents, audit_trail, number_claims, phone_numbers
from kametrix.services.access import Actor
from kametrix.services.audit_rows import Wanted
from kametrix.services.keyset import Place
from kametrix.services.phone_numbers import SyncCount, e164, merge
from tests.factories import create_agent, create_member, create_phone_number
from tests.forms import agent_form
from tests.services.test_agents import buy, jobs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def listed(number: str | None, vapi_id: str, **columns: Any) -> dict[str, Any]:
    return {"id": vapi_id, "number": number, "provider": "vapi", "status": "active", "name": "Pool", **columns}


def numbers(session: Session) -> dict[str, PhoneStatus]:
    session.expire_all()
    return {row.number: row.status for row in session.exec(select(PhoneNumber)).all()}


def test_unknown_numbers_join_the_pool(session: Session) -> None:
    offered = [
        listed("+14155550101", "a"),
        listed("+14155550102", "b"),
        listed(None, "activating"),
        listed("sip:x", "sip"),
        {"number": "+1"},
    ]
    assert merge(session, offered) == SyncCount(added=2, updated=0, released=0, total=2)
    assert merge(session, offered) == SyncCount(added=0, updated=0, released=0, total=2)
    assert numbers(session) == {"+14155550101": PhoneStatus.AVAILABLE, "+14155550102": PhoneStatus.AVAILABLE}


@pytest.mark.parametrize("status", ["activating", "blocked"])
def test_a_number_that_does_not_ring_is_given_to_nobody_and_taken_from_nobody(session: Session, status: str) -> None:
    free = create_phone_number(session, number="+14155550101", vapi_phone_id="a", friendly_name="Pool")
    agent = create_agent(session, create_member(session))
    used = create_phone_number(session, agent, number="+14155550102", vapi_phone_id="b", friendly_name="Pool")
    silent = [listed(f"+1415555010{place}", name, status=status) for place, name in enumerate("abc", start=1)]
    assert merge(session, silent) == SyncCount(added=0, updated=0, released=1, total=3)
    assert (free.status, used.status, used.agent_id) == (PhoneStatus.RELEASED, PhoneStatus.ASSIGNED, agent.id)
    assert merge(session, [{**item, "status": "active"} for item in silent]) == SyncCount(added=1, updated=1, released=0, total=3)
    assert free.status == PhoneStatus.AVAILABLE


def test_a_number_imported_again_keeps_its_agent(session: Session) -> None:
    agent = create_agent(session, create_member(session))
    row = create_phone_number(session, agent, number="+14155550101", vapi_phone_id="old")
    assert merge(session, [listed("+14155550101", "new")]) == SyncCount(0, 1, 0, 1)
    assert (row.vapi_phone_id, row.agent_id, agent.revision) == ("new", agent.id, 2)
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]


def test_an_id_whose_number_changed_follows_it(session: Session) -> None:
    row = create_phone_number(session, number="+14155550101", vapi_phone_id="a")
    merge(session, [listed("+14155550109", "a")])
    assert row.number == "+14155550109"


def test_two_numbers_that_swapped_ids_swap_back(session: Session) -> None:
    create_phone_number(session, number="+14155550101", vapi_phone_id="a")
    create_phone_number(session, number="+14155550102", vapi_phone_id="b")
    assert merge(session, [listed("+14155550101", "b"), listed("+14155550102", "a")]).released == 0
    session.expire_all()
    assert {row.number: row.vapi_phone_id for row in session.exec(select(PhoneNumber))} == {"+14155550101": "b", "+14155550102": "a"}


def test_a_vanished_number_is_released_and_its_agent_served_again(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor, sync_state=SyncState.LIVE)
    create_phone_number(session, agent, number="+14155550101", vapi_phone_id="gone")
    done = merge(session, [listed("+14155550102", "b")])
    assert (done.added, done.released, done.organizations) == (1, 1, frozenset({actor.organization_id}))
    assert numbers(session) == {"+14155550101": PhoneStatus.RELEASED, "+14155550102": PhoneStatus.ASSIGNED}
    view = agents.view(session, actor, agent.id)
    assert (view.number, view.sync_state) == ("+14155550102", SyncState.UPDATING)
    [row] = audit_trail.page(session, actor, Wanted(), Place()).rows
    assert row.sentence == "The system withdrew the number +14155550101"


def test_an_agent_whose_number_vanished_is_told_when_none_is_free(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor, sync_state=SyncState.LIVE)
    create_phone_number(session, agent, vapi_phone_id="gone")
    merge(session, [])
    view = agents.view(session, actor, agent.id)
    assert (view.number, view.sync_state) == (None, SyncState.FAILED)
    assert "withdrew" in (view.sync_error or "")


def test_a_number_that_comes_back_is_free_again(session: Session) -> None:
    row = create_phone_number(session, number="+14155550101", vapi_phone_id="a")
    with clock.at(NOON):
        merge(session, [])
        assert merge(session, [listed("+14155550101", "a")]).updated == 1
    assert (row.status, row.available_from) == (PhoneStatus.AVAILABLE, NOON)


def test_a_number_the_provider_never_listed_waits_for_it(session: Session) -> None:
    create_phone_number(session, number="+14155550101", vapi_phone_id=None, friendly_name="Front")
    assert merge(session, []).released == 0
    assert merge(session, [listed("+14155550101", "a")]) == SyncCount(0, 1, 0, 1)


def test_a_foreign_assistant_never_takes_an_agent_s_number(session: Session) -> None:
    actor = create_member(session)
    buy(session, actor)
    agent = create_agent(session, actor, sync_state=SyncState.LIVE)
    row = create_phone_number(session, agent, vapi_phone_id="a", number="+14155550101")
    row.friendly_name = "Pool"
    session.flush()
    assert merge(session, [listed("+14155550101", "a", assistantId=agent.vapi_assistant_id)]).updated == 0
    assert jobs(session, "sync_agent") == []
    assert merge(session, [listed("+14155550101", "a", assistantId="foreign")]).updated == 1
    assert row.agent_id == agent.id
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]


def test_a_gated_number_that_is_connected_directly_is_pushed_again(session: Session) -> None:
    agent = create_agent(session, create_member(session), sync_state=SyncState.LIVE)
    create_phone_number(session, agent, vapi_phone_id="a", number="+14155550101")
    merge(session, [listed("+14155550101", "a", assistantId=agent.vapi_assistant_id)])
    assert len(jobs(session, "sync_agent")) == 1


def test_a_free_number_still_connected_is_taken_off_the_air(session: Session) -> None:
    row = create_phone_number(session, vapi_phone_id="a", number="+14155550101")
    merge(session, [listed("+14155550101", "a", assistantId="left behind")])
    assert [job["number_id"] for job in jobs(session, "release_number")] == [row.id]


def test_only_numbers_in_use_are_asked_for_before_they_are_given_up(session: Session) -> None:
    create_phone_number(session, create_agent(session, create_member(session)), vapi_phone_id="used")
    create_phone_number(session, create_agent(session, create_member(session)), vapi_phone_id="listed")
    create_phone_number(session, vapi_phone_id="free")
    assert phone_numbers.missing(session, [listed("+14155550101", "listed")]) == ["used"]


def test_the_agent_waiting_longest_is_served_first(session: Session) -> None:
    actors = [create_member(session) for _ in range(3)]
    waiting = [create_agent(session, actor, created_at=NOON - timedelta(days=day)) for actor, day in zip(actors, (1, 3, 2), strict=True)]
    create_agent(session, actors[1], created_at=NOON - timedelta(days=9), deleted_at=NOON)
    create_phone_number(session), create_phone_number(session)
    served = number_claims.serve_waiting(session)
    assert served == {actors[1].organization_id, actors[2].organization_id}
    assert [agent.revision for agent in waiting] == [1, 2, 2]
    assert {job["agent_id"] for job in jobs(session, "sync_agent")} == {waiting[1].id, waiting[2].id}


def test_waiting_agents_of_one_organization_get_one_number_until_it_buys(session: Session) -> None:
    actor = create_member(session)
    create_agent(session, actor), create_agent(session, actor)
    for _ in range(3):
        create_phone_number(session)
    number_claims.serve_waiting(session)
    assert sum(view.number is not None for view in agents.all_of(session, actor)) == 1
    buy(session, actor)
    number_claims.serve_waiting(session)
    assert all(view.number for view in agents.all_of(session, actor))


def test_a_released_number_goes_to_another_agent_after_the_cool_down(session: Session) -> None:
    first, second = (create_agent(session, create_member(session), created_at=NOON - timedelta(days=day)) for day in (2, 1))
    row = create_phone_number(session, first)
    with clock.at(NOON):
        number_claims.free(session, first.id)
        assert row.status == PhoneStatus.AVAILABLE
        assert number_claims.serve_waiting(session) == frozenset()
    with clock.at(NOON + timedelta(hours=24)):
        assert number_claims.serve_waiting(session) == {first.organization_id}
    assert second.revision == 1


@pytest.mark.parametrize("number", ["", "14155550101", "+1", "+0155550101", "+1415555010101010", "tel", "+1415555010x"])
def test_what_is_no_number_in_e164_is_none(number: str) -> None:
    assert e164(number) is None


def test_numbers_of_other_countries_are_read(session: Session) -> None:
    assert e164("+49 221 5550101") == "+492215550101"
    assert e164(None) is None


def test_numbers_are_served_once_by_workers_at_the_same_time(database: str) -> None:
    with db.transaction() as session:
        for _ in range(6):
            create_agent(session, create_member(session))
        for _ in range(4):
            create_phone_number(session)

    def serve(_: int) -> int:
        with db.transaction() as session:
            return len(number_claims.serve_waiting(session))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(serve, range(4))) == 4


def test_an_agent_made_while_another_is_served_does_not_get_a_second_number(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        create_agent(session, actor)
        create_phone_number(session), create_phone_number(session)

    def serve() -> frozenset[str]:
        with db.transaction() as session:
            return number_claims.serve_waiting(session)

    with ThreadPoolExecutor(1) as pool:
        with db.transaction(actor) as session:
            assert agents.create(session, actor, agent_form()).number
            served = pool.submit(serve)
            with pytest.raises(TimeoutError):
                served.result(timeout=0.3)
        assert served.result() == frozenset()


class Pool(RuleBasedStateMachine):
    """Agents come and go while the provider's list changes: every step keeps the database's own rules, no number is held twice."""

    session: Session
    listed: dict[str, str]
    actors: list[Actor]
    moment: datetime

    @initialize()
    def begin(self) -> None:
        self.savepoint = self.session.begin_nested()
        self.listed, self.moment = {}, NOON
        self.actors = [create_member(self.session) for _ in range(3)]
        buy(self.session, self.actors[0])

    @rule(index=st.integers(0, 5), again=st.booleans())
    def list_number(self, index: int, again: bool) -> None:
        self.listed[f"+1415555010{index}"] = f"{'new' if again else 'pn'}-{index}"

    @precondition(lambda self: self.listed)
    @rule(index=st.integers(0, 5))
    def drop_number(self, index: int) -> None:
        self.listed.pop(f"+1415555010{index}", None)

    @rule()
    def merge(self) -> None:
        with clock.at(self.moment):
            counted = merge(self.session, [listed(number, vapi_id) for number, vapi_id in self.listed.items()])
        assert counted.total == len(self.listed)
        on_offer = {number for number, status in numbers(self.session).items() if status != PhoneStatus.RELEASED}
        assert on_offer == set(self.listed)

    @rule(who=st.integers(0, 2))
    def create(self, who: int) -> None:
        with clock.at(self.moment):
            agents.create(self.session, self.actors[who], agent_form())

    @rule(who=st.integers(0, 2))
    def delete(self, who: int) -> None:
        with clock.at(self.moment):
            for view in agents.all_of(self.session, self.actors[who])[:1]:
                agents.delete(self.session, self.actors[who], view.id)

    @rule()
    def release(self) -> None:
        holder = self.session.exec(select(PhoneNumber.agent_id).where(PhoneNumber.status == PhoneStatus.ASSIGNED)).first()
        if holder:
            with clock.at(self.moment):
                number_claims.free(self.session, holder)

    @rule(hours=st.sampled_from([1, 24]))
    def wait_and_serve(self, hours: int) -> None:
        self.moment += timedelta(hours=hours)
        with clock.at(self.moment):
            number_claims.serve_waiting(self.session)

    @invariant()
    def each_number_answers_for_one_present_agent(self) -> None:
        if not hasattr(self, "moment"):
            return
        self.session.flush()
        held = self.session.exec(select(PhoneNumber).where(col(PhoneNumber.agent_id).is_not(None))).all()
        assert len({row.agent_id for row in held}) == len(held)
        for row in held:
            agent = self.session.get_one(Agent, row.agent_id)
            assert (agent.deleted_at, agent.organization_id) == (None, row.organization_id)
        for actor in self.actors[1:]:
            assert sum(row.organization_id == actor.organization_id for row in held) <= 1

    def teardown(self) -> None:
        if hasattr(self, "savepoint"):
            self.savepoint.rollback()


def test_the_pool_keeps_its_rules_whatever_happens(session: Session) -> None:
    machine = type("PoolOfThisTest", (Pool,), {"session": session})
    run_state_machine_as_test(machine, settings=hypothesis_settings(max_examples=25, stateful_step_count=20))

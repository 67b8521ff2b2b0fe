"""The call list and the call page: what is shown, in which order, to whom."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import Forbidden, Invalid, NotFound
from kametrix.models import CallStatus, Organization, OrgRole, ToolCallResult, Transcript
from kametrix.services import call_detail, calls, ledger
from kametrix.services.access import Actor
from kametrix.services.call_filters import Filter
from tests import factories

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@contextmanager
def counted_queries(session: Session) -> Generator[list[str]]:
    """The statements sent inside the block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counted_rows(session: Session) -> Generator[list[int]]:
    """How many rows each statement of the block brought."""
    brought: list[int] = []

    def note(_connection: Any, cursor: Any, *_: Any) -> None:
        brought.append(cursor.rowcount)

    engine = session.get_bind()
    event.listen(engine, "after_cursor_execute", note)
    try:
        yield brought
    finally:
        event.remove(engine, "after_cursor_execute", note)


def _ended(session: Session, actor: Actor, count: int, **columns: Any) -> list[str]:
    """`count` completed calls, a minute apart, newest first."""
    agent = factories.create_agent(session, actor)
    latest, given = columns.pop("latest", NOON), {"status": CallStatus.COMPLETED, **columns}
    return [factories.create_call(session, agent, started_at=latest - timedelta(minutes=n), **given).id for n in range(count)]


def test_the_list_is_newest_first_and_walks_both_ways(session: Session) -> None:
    actor = factories.create_member(session)
    ids = _ended(session, actor, 7)
    first = calls.page(session, actor, size=3)
    second = calls.page(session, actor, size=3, older_than=first.older)
    third = calls.page(session, actor, size=3, older_than=second.older)
    assert [row.id for row in (*first.rows, *second.rows, *third.rows)] == ids
    assert (first.newer, third.older) == ("", "")
    back = calls.page(session, actor, size=3, newer_than=third.newer)
    assert back.rows == second.rows
    assert calls.page(session, actor, size=3, newer_than=back.newer).newer == ""


def test_calls_of_the_same_moment_are_neither_lost_nor_repeated(session: Session) -> None:
    actor = factories.create_member(session)
    agent = factories.create_agent(session, actor)
    ids = {factories.create_call(session, agent, status=CallStatus.COMPLETED, started_at=NOON).id for _ in range(5)}
    seen: list[str] = []
    found = calls.page(session, actor, size=2)
    seen += [row.id for row in found.rows]
    while found.older:
        found = calls.page(session, actor, size=2, older_than=found.older)
        seen += [row.id for row in found.rows]
    assert sorted(seen) == sorted(ids)


def test_a_call_arriving_between_two_pages_moves_nothing(session: Session) -> None:
    actor = factories.create_member(session)
    ids = _ended(session, actor, 4)
    first = calls.page(session, actor, size=2)
    _ended(session, actor, 1, latest=NOON + timedelta(hours=1))
    assert [row.id for row in calls.page(session, actor, size=2, older_than=first.older).rows] == ids[2:]


def test_running_calls_stand_apart_from_ended_ones(session: Session) -> None:
    actor = factories.create_member(session)
    ended = _ended(session, actor, 1)
    running = _ended(session, actor, 1, status=CallStatus.IN_PROGRESS)
    assert [row.id for row in calls.live(session, actor)] == running
    assert [row.id for row in calls.page(session, actor).rows] == ended


@pytest.mark.parametrize("size", [-5, 0, 1, 100, 10_000])
def test_the_page_size_is_kept_in_bounds(session: Session, size: int) -> None:
    actor = factories.create_member(session)
    _ended(session, actor, 103)
    assert 1 <= len(calls.page(session, actor, size=size).rows) <= calls.LARGEST_PAGE


@settings(max_examples=40)
@given(cursor=st.text(min_size=1, max_size=60))
def test_any_broken_cursor_is_refused_in_words(session: Session, cursor: str) -> None:
    actor = factories.create_member(session)
    with pytest.raises(Invalid, match="Start again"):
        calls.page(session, actor, older_than=cursor)


def test_a_list_of_a_hundred_calls_takes_four_queries_and_no_transcript(session: Session) -> None:
    actor = factories.create_member(session)
    _ended(session, actor, 100, transcript="a long talk", summary="word " * 200)
    session.expire_all()
    with counted_queries(session) as sent:
        rows = calls.page(session, actor, size=100).rows
    assert len(rows) == 100
    assert len(sent) == 4
    assert "transcript" not in "".join(sent)
    assert len(rows[0].summary) <= calls.SUMMARY_CHARACTERS + 1
    assert rows[0].summary.endswith("word…")


def test_moments_are_told_in_the_organizations_zone(session: Session) -> None:
    actor = factories.create_member(session, factories.create_organization(session, timezone="America/Los_Angeles"))
    _ended(session, actor, 1)
    assert calls.page(session, actor).rows[0].started_at.hour == 4


@pytest.mark.parametrize("read", [call_detail.detail, lambda session, actor, call_id: calls.page(session, actor, Filter(agent_id=call_id))])
def test_another_organizations_call_cannot_be_told_from_an_unknown_one(session: Session, read: Callable[..., Any]) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    call_id = _ended(session, owner, 1)[0]
    assert calls.page(session, stranger).rows == []
    assert calls.live(session, stranger) == []
    for unknown in (call_id, "0" * 24, "'; drop table call; --"):
        if read is call_detail.detail:
            with pytest.raises(NotFound, match="or it belongs to another"):
                read(session, stranger, unknown)
        else:
            assert read(session, stranger, unknown).rows == []


def test_reading_calls_needs_the_permission(session: Session) -> None:
    actor = factories.create_member(session)
    nobody = Actor(actor.user_id, actor.email, actor.organization_id, actor.role, frozenset())
    for read in (calls.page, calls.live):
        with pytest.raises(Forbidden):
            read(session, nobody)


def test_a_call_is_told_in_full(session: Session) -> None:
    actor = factories.create_member(session)
    factories.post_credit(session, actor, 60)
    agent = factories.create_agent(session, actor)
    call = factories.create_call(
        session, agent, status=CallStatus.COMPLETED, started_at=NOON, answered_at=NOON, ended_at=NOON + timedelta(seconds=272),
        duration_seconds=272, has_recording=True, summary="Wants a cleaning.", settled_at=NOON, ended_cause="customer",
    )  # fmt: skip
    messages = [{"role": "agent", "text": "Hello.", "at": 0.4}, {"role": "caller", "text": "Tuesday?", "at": 9}]
    session.add(Transcript(organization_id=actor.organization_id, call_id=call.id, full_text="…", messages=messages))
    session.add(
        ToolCallResult(
            organization_id=actor.organization_id, agent_id=agent.id, vapi_call_id=str(call.vapi_call_id), tool_call_id="t1",
            name="check_availability", result="Half past nine is free.", created_at=NOON + timedelta(seconds=5),
        )
    )  # fmt: skip
    ledger.charge_call(session, call, seconds=272, rate=15)
    session.flush()
    found = call_detail.detail(session, actor, call.id)
    assert [(turn.role, turn.at, turn.text) for turn in found.turns] == [
        ("agent", 0, "Hello."), ("tool", 5, "Half past nine is free."), ("caller", 9, "Tuesday?"),
    ]  # fmt: skip
    assert found.turns[1].title == "Check availability"
    assert found.cost == call_detail.Cost(minutes=5, rate=15, cents=75, balance_before=60, balance_after=-15, grace_used=15, corrections=())
    assert (found.is_live, found.is_settled, found.has_recording, found.agent_name) == (False, True, True, agent.name)


def test_a_corrected_charge_tells_the_correction(session: Session) -> None:
    actor = factories.create_member(session)
    factories.post_credit(session, actor, 500)
    call = factories.create_call(session, factories.create_agent(session, actor), status=CallStatus.COMPLETED)
    for seconds in (240, 300):
        ledger.charge_call(session, call, seconds=seconds, rate=15)
    session.flush()
    cost = call_detail.detail(session, actor, call.id).cost
    assert cost == call_detail.Cost(minutes=5, rate=15, cents=75, balance_before=500, balance_after=440, grace_used=0, corrections=(-15,))


def test_a_call_without_charge_has_no_cost(session: Session) -> None:
    actor = factories.create_member(session)
    with clock.at(NOON):
        call = factories.create_call(session, factories.create_agent(session, actor), status=CallStatus.RINGING)
    found = call_detail.detail(session, actor, call.id)
    assert found.cost is None
    assert found.is_live
    assert found.turns == ()


@pytest.mark.parametrize("role", OrgRole)
def test_what_a_call_cost_and_what_is_left_is_told_to_those_who_see_money(session: Session, role: OrgRole) -> None:
    owner = factories.create_member(session)
    reader = factories.create_member(session, session.get_one(Organization, owner.organization_id), role=role)
    factories.post_credit(session, owner, 500)
    agent = factories.create_agent(session, owner)
    call = factories.create_call(session, agent, status=CallStatus.COMPLETED, handled_by_id=reader.user_id)
    ledger.charge_call(session, call, seconds=60, rate=15)
    session.flush()
    row, found = calls.page(session, reader).rows[0], call_detail.detail(session, reader, call.id)
    sees = reader.may("credits:read")
    assert sees is (role is not OrgRole.AGENT)
    assert (row.cents, found.has_money) == (15 if sees else None, sees)
    assert (found.cost is not None) is sees

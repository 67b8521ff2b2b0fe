from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.integrations.vapi.events import Message
from kametrix.models import Agent, Call, CallStatus, WebhookEvent
from kametrix.services import gate, inbox, reconcile
from kametrix.services.call_events import apply
from tests.factories import create_agent, create_call, create_member
from tests.vapi_messages import START, call_of, claimed, ended, iso, message, report, status

NOW = START + timedelta(hours=1)


@pytest.fixture
def agent(session: Session) -> Agent:
    return create_agent(session, create_member(session))


def call(call_id: str = "call-1", *, state: str = "ended", seconds: int = 65, **fields: Any) -> dict[str, Any]:
    times = {"startedAt": iso(START), "endedAt": iso(START + timedelta(seconds=seconds)), "endedReason": "customer-ended-call"}
    found = {"id": call_id, "type": "inboundPhoneCall", "status": state, "customer": {"number": "+14155550147"}}
    return {**found, **(times if state == "ended" else {}), **fields}


def overdue_ids(session: Session) -> list[str]:
    session.flush()
    return [asked.vapi_call_id for asked in reconcile.overdue(session)]


def test_a_call_that_never_ended_is_asked_for_after_its_longest_time_and_five_minutes(session: Session, agent: Agent) -> None:
    create_call(session, agent, vapi_call_id="call-1", started_at=START, status=CallStatus.IN_PROGRESS)
    longest = timedelta(seconds=agent.max_duration_seconds) + timedelta(minutes=5)
    with clock.at(START + longest):
        assert overdue_ids(session) == []
    with clock.at(START + longest + timedelta(seconds=1)):
        assert overdue_ids(session) == ["call-1"]


def test_a_call_without_its_report_is_asked_for_ten_minutes_after_its_end(session: Session, agent: Agent) -> None:
    create_call(session, agent, vapi_call_id="call-1", started_at=START, ended_at=START, status=CallStatus.COMPLETED)
    with clock.at(START + timedelta(minutes=10)):
        assert overdue_ids(session) == []
    with clock.at(START + timedelta(minutes=10, seconds=1)):
        assert overdue_ids(session) == ["call-1"]


def test_a_settled_call_is_never_asked_for(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, report()))
    with clock.at(clock.now() + timedelta(days=2)):
        assert overdue_ids(session) == []
        assert reconcile.waiting_for_report(session, call_of(session).id) is None


def test_those_looked_at_longest_ago_come_first(session: Session, agent: Agent) -> None:
    for call_id, minutes in (("call-1", 3), ("call-2", 1), ("call-3", 2)):
        looked_at = START + timedelta(minutes=minutes)
        create_call(session, agent, vapi_call_id=call_id, started_at=START, updated_at=looked_at, status=CallStatus.RINGING)
    with clock.at(NOW):
        assert overdue_ids(session) == ["call-2", "call-3", "call-1"]


def test_the_providers_answer_settles_like_a_report(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, ended()))
    known = call(summary="Asked for a cleaning.", transcript="AI: Hello.\nUser: Hi.", cost=0.2)
    assert reconcile.conclude(session, call_of(session).id, known) is True
    found = call_of(session)
    assert (found.duration_seconds, found.credits_used, found.summary, found.from_number) == (
        65,
        30,
        "Asked for a cleaning.",
        "+14155550147",
    )
    apply(session, claimed(agent, report(seconds=65)))
    assert found.credits_used == 30


def test_the_providers_answer_tells_who_called_whom_when_no_message_did(session: Session, agent: Agent) -> None:
    unheard = create_call(session, agent, vapi_call_id="call-1", started_at=START, status=CallStatus.IN_PROGRESS, from_number=None)
    reconcile.conclude(session, unheard.id, call())
    assert call_of(session).from_number == "+14155550147"


def test_a_call_that_still_runs_stays_open(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, status("in-progress")))
    assert reconcile.conclude(session, call_of(session).id, call(state="in-progress")) is False
    assert call_of(session).status == CallStatus.IN_PROGRESS


def test_without_any_duration_our_own_times_decide(session: Session, agent: Agent) -> None:
    with clock.at(START):
        apply(session, claimed(agent, status("in-progress")))
        apply(session, claimed(agent, ended(at=START + timedelta(seconds=61))))
    assert reconcile.conclude(session, call_of(session).id, {"id": "call-1", "status": "ended"}) is True
    found = call_of(session)
    assert (found.duration_seconds, found.credits_used, found.status) == (61, 30, CallStatus.COMPLETED)


def test_a_call_the_provider_does_not_know_is_settled_from_our_own_times(session: Session, agent: Agent) -> None:
    with clock.at(START):
        apply(session, claimed(agent, status("in-progress")))
        apply(session, claimed(agent, ended(at=START + timedelta(seconds=30))))
    assert reconcile.conclude(session, call_of(session).id, None) is True
    assert (call_of(session).duration_seconds, call_of(session).credits_used) == (30, 15)


@pytest.mark.parametrize("answer", [None, {"id": "call-1", "status": "ended"}])
def test_a_call_we_never_saw_end_costs_nothing_when_nobody_knows_how_long_it_was(
    session: Session, agent: Agent, answer: dict[str, Any] | None
) -> None:
    with clock.at(START):
        apply(session, claimed(agent, status("in-progress")))
    with clock.at(NOW):
        assert reconcile.conclude(session, call_of(session).id, answer) is True
    found = call_of(session)
    assert (found.duration_seconds, found.credits_used) == (0, 0)
    assert found.status not in (CallStatus.IN_PROGRESS, CallStatus.RINGING)
    assert found.settled_at is not None


def test_a_report_that_comes_after_all_corrects_what_was_guessed(session: Session, agent: Agent) -> None:
    with clock.at(START):
        apply(session, claimed(agent, status("in-progress")))
        apply(session, claimed(agent, ended(at=START + timedelta(seconds=30))))
    reconcile.conclude(session, call_of(session).id, None)
    apply(session, claimed(agent, report(seconds=200)))
    assert (call_of(session).duration_seconds, call_of(session).credits_used) == (200, 60)


def test_an_answer_for_a_settled_call_changes_nothing(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, report()))
    assert reconcile.conclude(session, call_of(session).id, call(seconds=500)) is True
    assert call_of(session).credits_used == 30


def test_calls_no_message_told_of_come_in_as_the_message_that_would_have(session: Session, agent: Agent) -> None:
    create_call(session, agent, vapi_call_id="known", status=CallStatus.COMPLETED)
    create_call(session, agent, vapi_call_id="talking", status=CallStatus.IN_PROGRESS)
    listed = [
        call("lost", assistantId=agent.vapi_assistant_id, summary="Asked for a cleaning."),
        call("running", state="in-progress", assistantId=agent.vapi_assistant_id),
        call("known", assistantId=agent.vapi_assistant_id),
        call("talking", state="in-progress", assistantId=agent.vapi_assistant_id),
        call("foreign", assistantId="asst-of-somebody-else"),
        call("nobody"),
    ]
    with clock.at(NOW):
        assert reconcile.adopt(session, listed, until=NOW) == 2
        assert reconcile.adopt(session, listed, until=NOW) == 0
        while event := inbox.claim(session):
            apply(session, event)
    calls = {row.vapi_call_id: row for row in session.exec(select(Call))}
    assert set(calls) == {"known", "talking", "lost", "running"}
    assert (calls["lost"].credits_used, calls["lost"].agent_id, calls["lost"].summary) == (30, agent.id, "Asked for a cleaning.")
    assert calls["lost"].started_at == START
    assert calls["running"].status == CallStatus.IN_PROGRESS


def test_a_call_whose_end_was_lost_ends_with_the_next_look_and_keeps_nobody_out(session: Session, agent: Agent) -> None:
    asks = Message("assistant-request", "next", None, message("assistant-request", "next"))
    create_call(session, agent, vapi_call_id="lost", started_at=START, status=CallStatus.RINGING)
    with clock.at(START + timedelta(minutes=2)):
        assert reconcile.adopt(session, [call("lost", assistantId=agent.vapi_assistant_id)], until=NOW) == 1
        while event := inbox.claim(session):
            apply(session, event)
        assert call_of(session, "lost").credits_used == 30
        assert "assistantId" in gate.answer(session, agent.id, asks)
        assert reconcile.adopt(session, [call("lost", assistantId=agent.vapi_assistant_id)], until=NOW) == 0


def test_the_list_is_read_from_where_the_last_look_ended_with_an_overlap(session: Session) -> None:
    with clock.at(NOW):
        assert reconcile.cursor(session) == NOW - timedelta(hours=24)
        reconcile.adopt(session, [], until=NOW)
        assert reconcile.cursor(session) == NOW - timedelta(minutes=10)
        reconcile.adopt(session, [], until=NOW + timedelta(minutes=2))
        assert reconcile.cursor(session) == NOW - timedelta(minutes=8)


def test_secrets_in_the_providers_list_are_not_stored(session: Session, agent: Agent) -> None:
    listed = call(
        "lost", assistantId=agent.vapi_assistant_id, phoneNumber={"twilioAuthToken": "FAKE-REDACT-ME"}, assistant={"name": "FAKE-PROMPT"}
    )
    reconcile.adopt(session, [listed], until=datetime(2026, 8, 1, tzinfo=UTC))
    assert "FAKE" not in str(session.exec(select(WebhookEvent)).one().payload)

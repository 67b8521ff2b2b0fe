from datetime import timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.models import Agent, Call, CallDirection, CallStatus
from kametrix.services.call_events import apply, forward, rank
from kametrix.services.inbox import Refused
from tests.factories import create_agent, create_member, create_phone_number
from tests.vapi_messages import CALLER, START, call_of, claimed, ended, iso, message, report, status


@pytest.fixture
def agent(session: Session) -> Agent:
    return create_agent(session, create_member(session))


def waiting_jobs(session: Session, name: str) -> int:
    query = "select count(*) from procrastinate_jobs where task_name = %s and status = 'todo'"
    return session.connection().exec_driver_sql(query, (name,)).scalar_one()


def test_stages_are_ranked_and_never_go_back() -> None:
    assert [rank(status) for status in (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.BUSY)] == [0, 1, 2, 3]
    assert forward(CallStatus.COMPLETED, CallStatus.IN_PROGRESS) == CallStatus.COMPLETED
    assert forward(CallStatus.RINGING, CallStatus.IN_PROGRESS) == CallStatus.IN_PROGRESS
    assert forward(CallStatus.FAILED, CallStatus.COMPLETED) == CallStatus.FAILED


@pytest.mark.parametrize("kind", ["status-update", "hang", "tool-calls", "transcript", "something-new", "end-of-call-report"])
def test_the_first_message_of_any_type_opens_the_call_on_the_agents_number(session: Session, agent: Agent, kind: str) -> None:
    number = create_phone_number(session, agent)
    apply(session, claimed(agent, message(kind)))
    call = call_of(session)
    assert (call.agent_id, call.organization_id, call.user_id) == (agent.id, agent.organization_id, agent.user_id)
    assert (call.phone_number_id, call.from_number) == (number.id, CALLER)


def test_a_message_about_no_call_changes_nothing(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, message("chat.created", None)))
    assert session.exec(select(Call)).all() == []


def test_a_call_goes_through_its_stages(session: Session, agent: Agent) -> None:
    seen: list[CallStatus] = []
    with clock.at(START):
        for body in (status("queued"), status("ringing"), status("in-progress"), ended(at=START + timedelta(seconds=65))):
            apply(session, claimed(agent, body))
            seen.append(call_of(session).status)
    assert seen == [CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED]
    call = call_of(session)
    assert (call.answered_at, call.ended_at) == (START, START + timedelta(seconds=65))
    assert (call.ended_reason, call.ended_cause) == ("customer-ended-call", "customer")
    assert call.settled_at is None


def test_late_news_of_an_earlier_stage_changes_nothing(session: Session, agent: Agent) -> None:
    for body in (report(), status("in-progress"), status("ringing"), ended(reason="customer-busy")):
        apply(session, claimed(agent, body))
    call = call_of(session)
    assert (call.status, call.ended_reason, call.credits_used) == (CallStatus.COMPLETED, "customer-ended-call", 30)


def test_the_end_schedules_asking_the_provider_two_minutes_later_and_once(session: Session, agent: Agent) -> None:
    with clock.at(START):
        apply(session, claimed(agent, ended()))
        apply(session, claimed(agent, ended()))
    query = "select scheduled_at, args from procrastinate_jobs where task_name = 'settle_call'"
    [(scheduled_at, args)] = session.connection().exec_driver_sql(query).all()
    assert (scheduled_at, args) == (START + timedelta(seconds=120), {"call_id": call_of(session).id})


def test_an_end_after_the_report_asks_nobody(session: Session, agent: Agent) -> None:
    for body in (report(), ended()):
        apply(session, claimed(agent, body))
    assert waiting_jobs(session, "settle_call") == 0


def test_a_tool_call_shows_that_the_call_is_in_progress(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, message("tool-calls")))
    assert call_of(session).status == CallStatus.IN_PROGRESS


def test_an_unknown_caller_is_named_later_and_a_known_one_stays(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, status("ringing", customer={})))
    assert call_of(session).from_number is None
    apply(session, claimed(agent, status("in-progress")))
    apply(session, claimed(agent, status("in-progress", customer={"number": "+14155550199"})))
    assert call_of(session).from_number == CALLER


def test_an_outbound_call_has_its_parties_the_other_way_round(session: Session, agent: Agent) -> None:
    body = status("ringing", call={"id": "call-1", "type": "outboundPhoneCall"}, phoneNumber={"number": "+16285550100"})
    apply(session, claimed(agent, body))
    call = call_of(session)
    assert (call.direction, call.from_number, call.to_number) == (CallDirection.OUTBOUND, "+16285550100", CALLER)


def test_a_transfer_is_an_attribute_not_a_status(session: Session, agent: Agent) -> None:
    apply(session, claimed(agent, status("forwarding", destination={"type": "number", "number": "+14155550199"})))
    call = call_of(session)
    assert (call.status, call.transferred_to_human) == (CallStatus.IN_PROGRESS, True)


@pytest.mark.parametrize("body", [report(), ended(), status("in-progress"), message("hang")])
def test_a_call_of_another_agent_is_refused_and_untouched(session: Session, agent: Agent, body: dict[str, object]) -> None:
    apply(session, claimed(agent, status("ringing")))
    session.flush()
    before = call_of(session).model_dump()
    stranger = create_agent(session, create_member(session))
    with pytest.raises(Refused, match="another agent"):
        apply(session, claimed(stranger, body))
    session.flush()
    assert call_of(session).model_dump() == before


def test_a_colleague_of_the_same_organization_is_another_agent_too(session: Session) -> None:
    owner = create_member(session)
    first, second = create_agent(session, owner), create_agent(session, owner)
    apply(session, claimed(first, status("ringing")))
    with pytest.raises(Refused):
        apply(session, claimed(second, ended()))


def test_times_that_cannot_be_are_not_believed(session: Session, agent: Agent) -> None:
    with clock.at(START):
        apply(session, claimed(agent, status("in-progress", at=START + timedelta(days=400), startedAt=iso(START - timedelta(days=400)))))
        apply(session, claimed(agent, ended(at=START - timedelta(days=400), endedAt="2099-01-01T00:00:00Z")))
    call = call_of(session)
    assert (call.answered_at, call.ended_at) == (START, START)


def test_the_carriers_id_is_kept_by_the_call_that_had_it_first(session: Session, agent: Agent) -> None:
    for call_id in ("call-1", "call-2"):
        apply(session, claimed(agent, status("ringing", call={"id": call_id, "phoneCallProviderId": "CA-1"})))
    assert (call_of(session, "call-1").call_sid, call_of(session, "call-2").call_sid) == ("CA-1", None)


@pytest.mark.parametrize(("seconds", "before", "after"), [(65, 30, 0), (None, 0, 0)])
def test_a_reason_the_report_left_out_decides_when_the_end_names_it(
    session: Session, agent: Agent, seconds: int | None, before: int, after: int
) -> None:
    times = {} if seconds else {"startedAt": None, "endedAt": None}
    apply(session, claimed(agent, report(seconds=seconds or 1, endedReason=None, **times)))
    assert call_of(session).credits_used == before
    apply(session, claimed(agent, ended(reason="call.in-progress.error-vapifault-worker-died")))
    call = call_of(session)
    assert (call.status, call.ended_cause, call.credits_used) == (CallStatus.FAILED, "vapi", after)

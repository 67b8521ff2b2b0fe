from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.models import Agent, Call, CallStatus, CreditTransaction, Organization, SiteSetting, TransactionType, Transcript
from kametrix.services import ledger_audit
from kametrix.services.access import Actor
from kametrix.services.call_events import apply
from kametrix.services.settlement import settle_from_own_times
from tests.factories import create_agent, create_call, create_member, post_credit
from tests.services.test_call_events import waiting_jobs
from tests.vapi_messages import START, call_of, claimed, ended, message, report, status


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


@pytest.fixture
def agent(session: Session, owner: Actor) -> Agent:
    return create_agent(session, owner)


def ledger(session: Session, agent: Agent) -> list[tuple[str, int]]:
    rows = session.exec(select(CreditTransaction).where(CreditTransaction.organization_id == agent.organization_id))
    return [(row.type.value, row.amount) for row in sorted(rows, key=lambda row: row.seq) if row.call_id]


def settled(session: Session, agent: Agent, *bodies: dict[str, Any]) -> Call:
    for body in bodies:
        apply(session, claimed(agent, body))
        session.flush()
    assert ledger_audit.verify(session).faults == []
    return call_of(session)


def test_a_report_settles_at_once_with_everything_it_tells(session: Session, agent: Agent) -> None:
    call = settled(session, agent, report(seconds=127.598))
    assert (call.status, call.duration_seconds, call.billed_minutes, call.rate_cents_per_minute, call.credits_used) == (
        CallStatus.COMPLETED, 127, 3, 15, 45
    )  # fmt: skip
    assert (call.answered_at, call.ended_at) == (START, START + timedelta(seconds=127.598))
    assert (call.summary, call.transcript) == (
        "The caller wants a cleaning.",
        "AI: Hello, this is Mia.\nUser: A cleaning on Wednesday, please.",
    )
    assert call.reported_at is not None
    assert call.settled_at is not None
    assert ledger(session, agent) == [("GRACE_USAGE", -45)]


def test_transcript_and_summary_are_kept_in_the_same_transaction_without_the_prompt(session: Session, agent: Agent) -> None:
    call = settled(session, agent, report())
    kept = session.exec(select(Transcript).where(Transcript.call_id == call.id)).one()
    assert (kept.summary, kept.full_text) == (call.summary, call.transcript)
    assert kept.messages == [
        {"role": "agent", "text": "Hello, this is Mia.", "at": 0.2},
        {"role": "caller", "text": "A cleaning on Wednesday, please.", "at": 4.5},
    ]


def test_the_rate_of_the_moment_is_used_and_kept_for_corrections(session: Session, agent: Agent) -> None:
    setting = SiteSetting(key="cents_per_minute", value=20)
    session.add(setting)
    settled(session, agent, report(seconds=60))
    setting.value = 99
    call = settled(session, agent, report(seconds=61))
    assert (call.rate_cents_per_minute, call.credits_used) == (20, 40)
    assert ledger(session, agent) == [("GRACE_USAGE", -20), ("CORRECTION", -20)]


@pytest.mark.parametrize(
    ("reason", "seconds", "cents"),
    [
        ("customer-ended-call", 0, 0),
        ("customer-ended-call", 1, 15),
        ("customer-ended-call", 60, 15),
        ("customer-ended-call", 61, 30),
        ("customer-ended-call", -300, 0),
        ("voicemail", 30, 15),
        ("assistant-forwarded-call", 90, 30),
        ("silence-timed-out", 10, 15),
        ("a-reason-nobody-knows", 10, 15),
        ("call.in-progress.error-vapifault-worker-died", 600, 0),
        ("call.in-progress.error-providerfault-openai-500-server-error", 600, 0),
        ("pipeline-error-openai-voice-failed", 600, 0),
        ("assistant-error", 600, 0),
        ("assistant-request-returned-error", 5, 0),
    ],
)
def test_what_a_call_costs(session: Session, agent: Agent, reason: str, seconds: float, cents: int) -> None:
    call = settled(session, agent, report(seconds=seconds, reason=reason))
    assert call.credits_used == cents
    assert sum(amount for _, amount in ledger(session, agent)) == -cents
    assert call.settled_at is not None


def test_a_call_that_was_never_answered_costs_nothing(session: Session, agent: Agent) -> None:
    call = settled(session, agent, message("end-of-call-report", endedReason="customer-did-not-answer"))
    assert (call.status, call.duration_seconds, call.credits_used) == (CallStatus.NO_ANSWER, 0, 0)
    assert ledger(session, agent) == []


def test_the_row_says_whether_grace_was_used(session: Session, agent: Agent, owner: Actor) -> None:
    post_credit(session, owner, 30)
    settled(session, agent, report(seconds=272))
    wallet = session.exec(select(Organization).where(Organization.id == agent.organization_id)).one()
    session.refresh(wallet)
    assert (wallet.credit_balance, wallet.grace_credits_used) == (0, 45)
    assert ledger(session, agent) == [("GRACE_USAGE", -75)]


def test_the_same_report_again_charges_nothing_more(session: Session, agent: Agent) -> None:
    settled(session, agent, report(), report(), report())
    assert ledger(session, agent) == [("GRACE_USAGE", -30)]


def test_each_difference_is_one_correction(session: Session, agent: Agent, owner: Actor) -> None:
    post_credit(session, owner, 1000)
    call = settled(session, agent, report(seconds=65), report(seconds=300), report(seconds=300), report(seconds=30))
    assert ledger(session, agent) == [("CALL_USAGE", -30), ("CORRECTION", -45), ("CORRECTION", 60)]
    assert (call.duration_seconds, call.billed_minutes, call.credits_used) == (30, 1, 15)


def test_a_fault_told_later_gives_the_money_back(session: Session, agent: Agent) -> None:
    call = settled(session, agent, report(), report(reason="call.in-progress.error-vapifault-worker-died"))
    assert (call.status, call.credits_used, call.duration_seconds) == (CallStatus.FAILED, 0, 65)
    assert [kind for kind, _ in ledger(session, agent)] == [TransactionType.GRACE_USAGE, TransactionType.CORRECTION]
    assert sum(amount for _, amount in ledger(session, agent)) == 0


def test_a_partial_report_never_erases_what_is_known(session: Session, agent: Agent) -> None:
    known = settled(session, agent, report()).model_dump(exclude={"updated_at"})
    call = settled(session, agent, message("end-of-call-report"))
    assert call.model_dump(exclude={"updated_at"}) == known
    kept = session.exec(select(Transcript).where(Transcript.call_id == call.id)).one()
    assert (kept.summary, kept.full_text) == (call.summary, call.transcript)
    assert kept.messages


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (("", "The caller wants a cleaning."), {"artifact": {}}),
        (("AI: Hello.", None), {"analysis": {}, "artifact": {"transcript": "AI: Hello."}}),
    ],
)
def test_one_kind_of_words_is_kept_without_the_others(session: Session, agent: Agent, kept: Any, told: dict[str, Any]) -> None:
    settled(session, agent, report(**told))
    row = session.exec(select(Transcript)).one()
    assert (row.full_text, row.summary) == kept


def test_a_call_that_ended_before_it_was_answered_lasted_no_time(session: Session, agent: Agent) -> None:
    call = create_call(
        session, agent, vapi_call_id="call-1", status=CallStatus.FAILED, started_at=START, duration_seconds=None, settled_at=None,
        answered_at=START + timedelta(seconds=9), ended_at=START,
    )  # fmt: skip
    settle_from_own_times(session, call)
    assert (call.duration_seconds, call.credits_used) == (0, 0)


@pytest.mark.parametrize(("hours", "believed"), [(47, True), (49, False)])
def test_a_beginning_long_before_anything_was_heard_is_not_believed(session: Session, agent: Agent, hours: int, believed: bool) -> None:
    heard = START + timedelta(hours=hours)
    with clock.at(heard):
        apply(session, claimed(agent, status("ringing")))
        call = settled(session, agent, report(seconds=65))
    assert call.started_at == (START if believed else heard)


def test_a_recording_told_of_once_stays(session: Session, agent: Agent) -> None:
    assert not settled(session, agent, report()).has_recording
    with_sound = report(artifact={"recordingUrl": "https://storage.example.com/1.wav"})
    assert settled(session, agent, with_sound, report(seconds=66)).has_recording


def test_a_stated_reason_wins_over_the_one_of_an_earlier_message(session: Session, agent: Agent) -> None:
    call = settled(session, agent, ended(reason="customer-ended-call"), report(reason="voicemail"))
    assert (call.status, call.ended_reason) == (CallStatus.VOICEMAIL, "voicemail")


def test_a_report_without_times_of_an_answered_call_waits_for_the_provider(session: Session, agent: Agent) -> None:
    call = settled(session, agent, status("in-progress"), message("end-of-call-report", endedReason="customer-ended-call"))
    assert (call.status, call.settled_at, call.credits_used) == (CallStatus.COMPLETED, None, 0)
    assert waiting_jobs(session, "settle_call") == 1


def test_a_report_with_words_but_without_times_waits_for_the_provider(session: Session, agent: Agent) -> None:
    call = settled(session, agent, message("end-of-call-report", transcript="AI: Hello.\nUser: Hi.", endedReason="customer-ended-call"))
    assert (call.settled_at, call.transcript) == (None, "AI: Hello.\nUser: Hi.")
    assert waiting_jobs(session, "settle_call") == 1


@pytest.mark.parametrize("times", [{"endedAt": "2099-12-31T00:00:00Z"}, {"startedAt": None, "endedAt": None, "durationSeconds": 10**15}])
def test_an_absurd_duration_is_neither_charged_nor_believed(session: Session, agent: Agent, times: dict[str, Any]) -> None:
    with clock.at(START):
        call = settled(session, agent, status("in-progress"), report(**times))
    assert (call.credits_used, call.settled_at, call.answered_at, call.summary) == (0, None, START, "The caller wants a cleaning.")
    assert call.ended_at == START


def test_a_transcript_of_a_megabyte_with_any_script_is_kept(session: Session, agent: Agent) -> None:
    said = "User: ‏שלום 👩‍⚕️ أهلا\n" * 40_000
    call = settled(session, agent, report(artifact={"transcript": said}, customer={"number": "+14155550147", "name": "ليلى 🦷"}))
    assert call.transcript is not None
    assert len(call.transcript) > 700_000
    assert "👩‍⚕️" in call.transcript


def test_minutes_the_provider_charged_do_not_correct_a_duration_that_is_known(session: Session, agent: Agent) -> None:
    only_costs = {"startedAt": None, "endedAt": None, "costs": [{"type": "vapi", "minutes": 5, "cost": 0.25}], "cost": 0.25}
    call = settled(session, agent, report(seconds=65), report(**only_costs))
    assert (call.duration_seconds, call.credits_used, str(call.cost)) == (65, 30, "0.25000")
    assert ledger(session, agent) == [("GRACE_USAGE", -30)]

"""The end of a call: how long it lasted, what it cost, what was said. One charge per call, one correction per later difference."""

import json
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.integrations.vapi import ended_reasons
from kametrix.integrations.vapi.reports import Report, report
from kametrix.models import LIVE, Call, CallStatus
from kametrix.services import holds, ledger, queue
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.site_settings import cents_per_minute

LONGEST_SECONDS: Final = 43_200
"""Vapi ends a call after 12 hours; a longer duration is a mistake and is not billed."""
PATIENCE: Final = timedelta(seconds=120)
"""How long after the end the report is waited for before the provider is asked."""
EARLIEST: Final = timedelta(days=2)
"""How far before we first heard of it a call can have begun."""
REJECTED: Final = "rejected_by_us"
"""The cause of a call that was turned away (integrations/vapi/ended_reasons.py). It stays so, whoever hangs up first."""
PASSED_ON: Final = "passed_on_by_us"
"""The cause of a call that was put through to the owner's number because no credit was left: no agent answered it."""
DECLINED: Final = (REJECTED, PASSED_ON)
"""What the gate decided stays so, and costs nothing, whatever is reported later."""

_KEEP: Final = text("""
    insert into transcript (id, organization_id, call_id, call_sid, full_text, messages, summary, created_at)
    values (:id, :organization, :call, :sid, :text, cast(:messages as jsonb), :summary, :now)
    on conflict (call_id) do update set full_text = excluded.full_text, summary = excluded.summary,
      messages = coalesce(excluded.messages, transcript.messages)""")

log = structlog.get_logger()


def shown_status(status: CallStatus, cause: str | None) -> str:
    """The state a person sees: a caller who was turned away is not a call that failed."""
    return "TURNED_AWAY" if cause == REJECTED else status.value


@open_to(SYSTEM)
def settle(session: Session, call: Call, told: Report, *, told_at: datetime, conclusive: bool = False) -> None:
    """Apply a report to a call whose row is locked: facts, charge, transcript, in one transaction.

    A report adds what it knows and never erases what is known. Without a usable duration the call stays unsettled and the
    provider is asked later; with `conclusive` (it was asked) our own times decide: from answered to ended, else nothing.
    """
    _learn(call, told, told_at)
    seconds = _seconds(call, told, conclusive=conclusive)
    call.ended_at = call.ended_at or told_at
    if seconds is None:
        _keep_words(session, call, told)
        log.warning("settlement.no_duration", call_id=call.id, doubt=told.duration_doubt)
        ask_later(session, call)
        return
    if call.settled_at is None and call.rate_cents_per_minute is not None:  # the gate told the rate, so it holds minutes
        holds.release(session, call.id)
    call.duration_seconds, call.settled_at = seconds, call.settled_at or clock.now()
    billed = seconds if ended_reasons.is_billable(call.ended_cause or "") else 0
    with session.no_autoflush:  # the call is written once, with the posting
        rate = call.rate_cents_per_minute if call.rate_cents_per_minute is not None else cents_per_minute(session)
        ledger.charge_call(session, call, seconds=billed, rate=rate)
    _keep_words(session, call, told)


@open_to(SYSTEM)
def settle_from_own_times(session: Session, call: Call) -> None:
    """Settle a call the provider knows nothing of: from answered to ended when we saw both, else nothing."""
    if call.status in LIVE:
        call.status, call.ended_cause = CallStatus.FAILED, call.ended_cause or "unknown"
    settle(session, call, report({}), told_at=clock.now(), conclusive=True)


@open_to(SYSTEM)
def ask_later(session: Session, call: Call) -> None:
    """Have the provider asked about this call, unless its report comes first."""
    queue.enqueue(session, "settle_call", once=f"settle_call:{call.id}", at=clock.now() + PATIENCE, call_id=call.id)


def _learn(call: Call, told: Report, told_at: datetime) -> None:
    """The facts of the report, each only where it states one."""
    call.reported_at = call.reported_at or told_at
    if told.exact_duration is not None or told.duration_doubt is None:  # times that make a call of days are no times
        call.answered_at = told.started_at or call.answered_at
        call.ended_at = told.ended_at or call.ended_at
    if call.answered_at and call.started_at - EARLIEST < call.answered_at < call.started_at:
        call.started_at = call.answered_at
    call.cost = told.cost if told.cost is not None else call.cost
    call.has_recording = call.has_recording or told.has_recording
    call.summary = call.summary if call.summary and call.ended_cause in DECLINED else told.summary or call.summary
    call.transcript = told.transcript or call.transcript
    _end(call, told)
    if told.transferred_to or call.ended_cause == "forwarded":
        call.transferred_to_human = True


def _end(call: Call, told: Report) -> None:
    """The final status: a stated reason wins over what an earlier message led us to believe."""
    if call.ended_cause in DECLINED or (told.ended_reason is None and call.status not in LIVE):
        return
    outcome = ended_reasons.outcome(told.ended_reason, started=call.answered_at is not None, user_spoke=told.user_spoke)
    call.status, call.ended_cause = CallStatus(outcome.status), outcome.cause
    call.ended_reason = told.ended_reason[:160] if told.ended_reason else call.ended_reason


def _seconds(call: Call, told: Report, *, conclusive: bool) -> int | None:
    """Whole seconds to settle, or None when only the provider can tell."""
    if told.duration_seconds is not None and (told.duration_doubt != "metered" or call.duration_seconds is None):
        return told.duration_seconds
    if call.duration_seconds is not None:
        return call.duration_seconds
    if (call.answered_at is not None or told.turns) and not conclusive:
        return None
    if call.answered_at is None or call.ended_at is None:
        return 0
    return min(max(int((call.ended_at - call.answered_at).total_seconds()), 0), LONGEST_SECONDS)


def _keep_words(session: Session, call: Call, told: Report) -> None:
    """Transcript, turns and summary in their own row, with the call in one transaction."""
    if not (told.transcript or told.turns or told.summary):
        return
    session.flush()
    values = {
        "id": new_id(),
        "organization": call.organization_id,
        "call": call.id,
        "sid": call.call_sid,
        "text": call.transcript or "",
        "messages": json.dumps([vars(turn) for turn in told.turns]) if told.turns else None,
        "summary": call.summary,
        "now": clock.now(),
    }
    session.connection().execute(_KEEP, values)

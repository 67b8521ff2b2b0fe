"""A call in words: list rows, the call page, and its cost explained; every moment in the organization's zone."""

from dataclasses import dataclass, field
from datetime import datetime

from kametrix.models import LIVE, CallDirection, CallStatus
from kametrix.services.call_detail import CallDetail, Cost
from kametrix.services.call_marks import Terms, marked, terms
from kametrix.services.calls import CallRow as Found
from kametrix.services.conversation import Turn
from kametrix.services.money_text import cost_explained
from kametrix.services.settlement import PASSED_ON, REJECTED, shown_status
from kametrix.services.wording import clock, dollars, moment, telephone
from kametrix.state.rows import CallRow, TurnRow

UNKNOWN_CALLER = "Unknown caller"
WITHOUT_SUMMARY = {
    CallStatus.QUEUED: "About to ring.",
    CallStatus.RINGING: "Ringing now.",
    CallStatus.IN_PROGRESS: "Talking now.",
    CallStatus.NO_ANSWER: "Ended before anybody spoke.",
    CallStatus.BUSY: "The line was busy.",
    CallStatus.CANCELLED: "Ended before it was answered.",
    CallStatus.FAILED: "The call did not work.",
    CallStatus.VOICEMAIL: "Reached a voicemail.",
}
ENDED_BY = {
    "customer": "The caller hung up",
    "assistant": "The agent said goodbye",
    "timeout": "Silence, or the longest time allowed",
    "operator": "Cancelled by hand",
    "forwarded": "Passed on to a person",
    "transfer_failed": "Nobody took the transfer",
    REJECTED: "",
    PASSED_ON: "Passed on to your number",
    "bad_number": "The number does not exist",
    "carrier": "The telephone network",
}
OTHER_END = "A technical fault"


@dataclass(frozen=True)
class Fact:
    """One line of a list of facts; with `href` the value is a link."""

    label: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class CallView:
    """The call page in words. `elapsed`: seconds a live call has been talking (or ringing), from which the browser goes on counting."""

    id: str = ""
    title: str = ""
    status: str = ""
    is_live: bool = False
    is_talking: bool = False
    is_turned_away: bool = False
    elapsed: int = 0
    headline: str = ""
    summary: str = ""
    agent: str = ""
    agent_id: str = ""
    facts: list[Fact] = field(default_factory=list[Fact])
    turns: list[TurnRow] = field(default_factory=list[TurnRow])
    text: str = ""
    cost_sentence: str = ""
    cost_note: str = ""
    cost_lines: list[Fact] = field(default_factory=list[Fact])
    has_recording: bool = False
    duration: str = ""
    seconds: int = 0
    follower_id: str = ""
    follower: str = ""


def call_row(call: Found, now: datetime, *, with_agent: bool = False, query: str = "") -> CallRow:
    """A call in a list; `with_agent` names who answered below the caller, where the list has no column for it."""
    notes = (
        call.agent_name if with_agent else "",
        f"{call.follower} follows up" if call.follower else "",
        "Outbound" if call.direction is CallDirection.OUTBOUND else "",
    )
    is_live = call.status in LIVE
    elapsed = _elapsed(call, now) if is_live else 0
    return CallRow(
        id=call.id,
        status=shown_status(call.status, call.ended_cause),
        title=telephone(call.caller, missing=UNKNOWN_CALLER),
        note=", ".join(filter(None, notes)),
        summary=_summary(call) or WITHOUT_SUMMARY.get(call.status, "No summary."),
        agent=call.agent_name,
        at="Now" if is_live else moment(call.started_at, now),
        duration=clock(elapsed) if is_live else clock(call.seconds) if call.seconds else "",
        cost="" if call.cents is None else "running" if is_live else dollars(call.cents),
        is_live=is_live,
        elapsed=elapsed,
        found=list(call.snippet),
        query=query,
    )


def _summary(call: Found | CallDetail) -> str:
    """What it was about; of a caller who was turned away the reason alone, since the status says the rest."""
    reason = call.summary.removeprefix("Turned away: ")
    return reason[:1].upper() + reason[1:] if call.ended_cause == REJECTED else call.summary


def _elapsed(call: Found | CallDetail, now: datetime) -> int:
    """Seconds a live call has been talking, or ringing before that."""
    return max(0, int((now - (call.answered_at or call.started_at)).total_seconds()))


def call_view(call: CallDetail, now: datetime, *, words: str = "") -> CallView:
    """One call in full; `words` of a search are marked in what was said."""
    turns = turn_rows(call, terms(words))
    length = clock(_elapsed(call, now)) if call.is_live else clock(call.seconds) if call.seconds else ""
    when = moment(call.started_at, now)
    return CallView(
        id=call.id,
        title=telephone(call.caller, missing=UNKNOWN_CALLER),
        status=shown_status(call.status, call.ended_cause),
        is_live=call.is_live,
        is_talking=call.status is CallStatus.IN_PROGRESS,
        is_turned_away=call.ended_cause == REJECTED,
        elapsed=_elapsed(call, now) if call.is_live else 0,
        headline=", ".join(filter(None, (when, "" if call.is_live else length, dollars(call.cost.cents) if call.cost else ""))),
        summary=_summary(call) or ("" if call.is_live else WITHOUT_SUMMARY.get(call.status, "")),
        agent=call.agent_name,
        agent_id=call.agent_id,
        facts=_facts(call, when, "" if call.is_live else length),
        turns=turns,
        text="\n".join(f"{turn.at} {turn.name}: {' '.join(filter(None, (turn.text, turn.detail)))}".strip() for turn in turns),
        cost_sentence=_cost_sentence(call),
        cost_note=_cost_note(call) if call.has_money else "",
        cost_lines=_cost_lines(call.cost) if call.cost else [],
        has_recording=call.has_recording and not call.is_live,
        duration=length,
        seconds=call.seconds or 0,
        follower_id=call.follower_id,
        follower=call.follower,
    )


def _facts(call: CallDetail, when: str, length: str) -> list[Fact]:
    ended = "" if call.is_live else ENDED_BY.get(call.ended_cause or "", OTHER_END if call.status is CallStatus.FAILED else "")
    lines = (
        Fact("Agent", call.agent_name, f"/agents/{call.agent_id}"),
        Fact("From", telephone(call.caller, missing=UNKNOWN_CALLER)),
        Fact("To", telephone(call.called)),
        Fact("Started", when),
        Fact("Length", length),
        Fact("Ended by", ended),
    )
    return [line for line in lines if line.value]


def turn_rows(call: CallDetail, wanted: Terms | None = None) -> list[TurnRow]:
    """The conversation with names, times and how long each turn lasts, and what was searched for marked."""
    if not call.turns:
        return []
    starts: list[int] = []
    for turn in call.turns:
        starts.append(turn.at if turn.at is not None else starts[-1] if starts else 0)
    ends = [*starts[1:], max(call.seconds or 0, starts[-1])]
    return [_turn_row(call, turn, start, end, wanted) for turn, start, end in zip(call.turns, starts, ends, strict=True)]


def _turn_row(call: CallDetail, turn: Turn, start: int, end: int, wanted: Terms | None) -> TurnRow:
    is_tool = turn.role == "tool"
    name = "Caller" if turn.role == "caller" else call.agent_name
    return TurnRow(
        role=turn.role,
        name=name,
        initials=name[:1].upper(),
        text=f"{turn.title}{' did not work' if turn.failed else ''}" if is_tool else turn.text,
        at=clock(start) if turn.at is not None else "",
        seconds=start,
        lasts=max(1, end - start),
        detail=turn.text if is_tool else "",
        found=marked(turn.text, wanted) if wanted and not is_tool and wanted.search(turn.text) else [],
    )


def _cost_sentence(call: CallDetail) -> str:
    """'4 min 32 sec → 5 minutes × $0.15 = $0.75'; empty when nothing was charged."""
    return cost_explained(call.seconds or 0, call.cost.rate) if call.cost and call.cost.cents else ""


def _cost_note(call: CallDetail) -> str:
    if call.is_live:
        return "Counted when the call ends. Every started minute counts."
    if call.cost is None and not call.is_settled:
        return "Being worked out. This takes two minutes at most."
    if call.ended_cause == REJECTED:
        return "The caller heard one sentence and was not connected, so this cost nothing."
    if call.ended_cause == PASSED_ON:
        return "No agent took this call, so it cost nothing here."
    if call.cost is None:
        return "This call cost nothing." if call.seconds else "Nobody spoke, so this call cost nothing."
    if call.cost.grace_used:
        return f"{dollars(call.cost.grace_used)} of it came from grace: your phone kept being answered. The next pack pays it back first."
    return ""


def _cost_lines(cost: Cost) -> list[Fact]:
    corrections = [Fact("Corrected by", dollars(amount, signed=True)) for amount in cost.corrections]
    charged = cost.balance_before - cost.balance_after
    return [
        *([Fact("First charged", dollars(charged)), *corrections] if corrections else []),
        Fact("This call", dollars(cost.cents)),
        Fact("Balance before", dollars(cost.balance_before)),
        Fact("Balance after", dollars(cost.balance_after)),
    ]

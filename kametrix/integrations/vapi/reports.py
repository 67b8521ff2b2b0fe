"""End-of-call reports of every generation, and answers of GET /call, as one set of facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from kametrix.integrations.reading import at, first_text, mapping, mappings, number, seconds_between
from kametrix.integrations.vapi.conversation import Turn, conversation, written_transcript
from kametrix.integrations.vapi.messages import call_id_of, call_of, ended_reason, parties, started_and_ended, transferred_to

MAX_DURATION = Decimal(12 * 60 * 60)  # Vapi ends every call after 12 hours
TOLERANCE = Decimal(2)
MAX_COST = Decimal(99_999)
SUMMARY_CHARACTERS = 20_000

Doubt = Literal["negative", "too_long", "disagrees", "metered"]
_RECORDINGS = ("recordingUrl", "presignedMonoUrl", "stereoRecordingUrl", "presignedStereoUrl")


@dataclass(frozen=True)
class Report:
    """How a call went. Every field may be missing; nothing here is a presigned address.

    `exact_duration`: seconds from answer to end, within 0..43200; None when nothing trustworthy says so.
    `duration_doubt`: why the duration needs a look ("negative": counted as 0; "too_long": a source beyond 12 hours was
    ignored; "disagrees": Vapi's own figure is more than 2 s off; "metered": nothing but minutes charged says so), None when it is sound.
    `cost`: what Vapi charged us in USD, five decimals; may come late.
    """

    call_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    exact_duration: Decimal | None
    duration_doubt: Doubt | None
    ended_reason: str | None
    summary: str | None
    transcript: str | None
    turns: list[Turn]
    cost: Decimal | None
    has_recording: bool
    from_number: str | None
    to_number: str | None
    is_outbound: bool
    user_spoke: bool
    transferred_to: str | None

    @property
    def duration_seconds(self) -> int | None:
        """Whole seconds, rounded down: what is stored, shown and billed."""
        return None if self.exact_duration is None else int(self.exact_duration)


def report(body: dict[str, Any]) -> Report:
    """The facts of an end-of-call report. For each the newest place comes first, older generations' places after. Never raises."""
    started_at, ended_at = started_and_ended(body)
    talk = conversation(body, started_at)
    duration, doubt = _duration(body, started_at, ended_at, has_talk=bool(talk.turns))
    who = parties(body)
    return Report(
        call_id=call_id_of(body),
        started_at=started_at,
        ended_at=ended_at,
        exact_duration=duration,
        duration_doubt=doubt,
        ended_reason=ended_reason(body),
        summary=_summary(body),
        transcript=talk.transcript,
        turns=talk.turns,
        cost=_cost(body),
        has_recording=_has_recording(body),
        from_number=who.from_number,
        to_number=who.to_number,
        is_outbound=who.is_outbound,
        user_spoke=talk.user_spoke,
        transferred_to=transferred_to(body),
    )


def fingerprint(body: dict[str, Any]) -> list[Any]:
    """What tells two reports of a call apart, cheaply: computed for each delivery, while the provider waits for its answer."""
    started_at, ended_at = started_and_ended(body)
    words = written_transcript(body) or [(turn.role, turn.text) for turn in conversation(body, started_at).turns]
    duration = _duration(body, started_at, ended_at, has_talk=bool(words))
    return [call_id_of(body), started_at, ended_at, duration, ended_reason(body), _summary(body), _cost(body), _has_recording(body), words]


def call_report(call: dict[str, Any]) -> Report:
    """The same facts from an answer of GET /call/{id}. Never raises."""
    return report({**call, "call": call})


def _duration(
    body: dict[str, Any], started_at: datetime | None, ended_at: datetime | None, *, has_talk: bool
) -> tuple[Decimal | None, Doubt | None]:
    """The first usable source. Timestamps outrank Vapi's undocumented figures."""
    stated = list(_stated_durations(body))
    spanned = [seconds_between(started_at, ended_at)] if started_at and ended_at else []
    sources = spanned + stated
    usable = [seconds for seconds in sources if seconds <= MAX_DURATION]
    doubt: Doubt | None = "too_long" if len(usable) < len(sources) else None
    if not usable:
        metered = [seconds for seconds in _metered(body) if seconds <= MAX_DURATION] if has_talk else []
        return (metered[0], "metered") if metered else (None, doubt)
    if usable[0] < 0:
        return Decimal(0), "negative"
    disagrees = bool(stated) and abs(usable[0] - stated[0]) > TOLERANCE
    return usable[0], doubt or ("disagrees" if disagrees else None)


def _stated_durations(body: dict[str, Any]) -> Iterator[Decimal]:
    """In the order of trust. `duration` alone has no unit in its name: more than any call lasts can only be milliseconds."""
    units = (("durationSeconds", Decimal(1)), ("durationMs", Decimal("0.001")), ("duration", Decimal(1)), ("durationMinutes", Decimal(60)))
    for holder in (body, call_of(body)):
        for name, seconds in units:
            if (found := number(holder.get(name))) is not None:
                yield found / 1000 if name == "duration" and found > MAX_DURATION else found * seconds


def _metered(body: dict[str, Any]) -> list[Decimal]:
    """Minutes Vapi charged for its line, in seconds; a last resort, and only for a call in which something was said."""
    lines = (item for item in _costs(body) if item.get("type") in {"vapi", "transport"})
    minutes = [found for found in (number(item.get("minutes")) for item in lines) if found]
    return [max(minutes) * 60] if minutes else []


def _costs(body: dict[str, Any]) -> list[dict[str, Any]]:
    return mappings(body.get("costs")) or mappings(call_of(body).get("costs"))


def _summary(body: dict[str, Any]) -> str | None:
    call = call_of(body)
    places = (at(body, "analysis", "summary"), body.get("summary"), at(call, "analysis", "summary"), call.get("summary"))
    return first_text(places, SUMMARY_CHARACTERS)


def _cost(body: dict[str, Any]) -> Decimal | None:
    """The first amount above zero; zero only when every place that speaks says zero."""
    call = call_of(body)
    parts = [part for part in (number(item.get("cost")) for item in _costs(body)) if part is not None]
    totals = (body.get("cost"), at(body, "costBreakdown", "total"), call.get("cost"), at(call, "costBreakdown", "total"))
    stated = [*(number(total) for total in totals), sum(parts, Decimal(0)) if parts else None]
    amounts = [amount.quantize(Decimal("0.00001")) for amount in stated if amount is not None and 0 <= amount <= MAX_COST]
    return next((amount for amount in amounts if amount), amounts[0] if amounts else None)


def _has_recording(body: dict[str, Any]) -> bool:
    call = call_of(body)
    for holder in (mapping(body.get("artifact")), body, mapping(call.get("artifact")), call):
        recording = mapping(holder.get("recording"))
        places = (*(holder.get(name) for name in _RECORDINGS), recording.get("stereoUrl"), at(recording, "mono", "combinedUrl"))
        if first_text(places):
            return True
    return False

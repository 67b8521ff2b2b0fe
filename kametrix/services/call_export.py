"""The calls a filter shows as lines of CSV, page by page, newest first: memory stays flat however many there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session, col

from kametrix import clock
from kametrix.models import Call
from kametrix.services import audit
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_filters import Filter, address, names_of_members
from kametrix.services.call_search import Place, count, find, seen_by
from kametrix.services.calls import agent_names, only
from kametrix.services.csv_text import line
from kametrix.services.settlement import shown_status
from kametrix.services.zones import zone_of

PAGE: Final = 1_000
HEADER: Final = (
    "Started", "Answered", "Ended", "Status", "Direction", "From", "To", "Agent", "Seconds", "Billed minutes", "Cost (USD)",
    "Cost (cents)", "Ended by", "Summary", "Followed up by", "Call",
)  # fmt: skip
_SHOWN: Final = (
    Call.started_at, Call.answered_at, Call.ended_at, Call.status, Call.direction, Call.from_number, Call.to_number, Call.agent_id,
    Call.duration_seconds, Call.billed_minutes, Call.credits_used, Call.ended_cause, Call.summary, Call.handled_by_id,
)  # fmt: skip


@dataclass(frozen=True)
class Export:
    """`calls`: how many there are at the start; `now` is in the organization's zone."""

    calls: int
    now: datetime


@dataclass(frozen=True)
class Lines:
    """Some lines, and the place after which the next ones come; none at the end."""

    text: str
    after: Place | None


@allows("data:export")
def begin(session: Session, actor: Actor, wanted: Filter) -> Export:
    """Note in the audit trail who takes what, before the first line leaves. Raises Invalid for words without a word."""
    found = count(session, actor, wanted)
    noted = {"filters": address(wanted, actor), "calls": found}
    audit.record(session, actor, "CALLS_EXPORT", entity="call", entity_id=None, new=noted)
    return Export(found, clock.now().astimezone(zone_of(session, actor)))


@allows("data:export")
def lines(session: Session, actor: Actor, wanted: Filter, after: Place | None, size: int = PAGE) -> Lines:
    """The next lines. A call that arrives meanwhile is newer than those to come: it is left out, and moves nothing."""
    ids = find(session, actor, wanted, at=after, size=size).ids
    query = scoped(actor, Call).where(seen_by(actor), col(Call.id).in_(ids)).options(only(*_SHOWN))
    found = {call.id: call for call in session.exec(query)} if ids else {}
    zone, followers = zone_of(session, actor), names_of_members(session, actor)
    agents = agent_names(session, actor, {call.agent_id for call in found.values()})
    listed = [found[call_id] for call_id in ids if call_id in found]
    text = "".join(_line(call, zone, agents[call.agent_id], followers.get(call.handled_by_id or "", "")) for call in listed)
    return Lines(text, Place(listed[-1].started_at, listed[-1].id) if len(ids) == size and listed else None)


def _line(call: Call, zone: ZoneInfo, agent: str, follower: str) -> str:
    moments = [moment and moment.astimezone(zone) for moment in (call.started_at, call.answered_at, call.ended_at)]
    status = shown_status(call.status, call.ended_cause)
    numbers = (call.duration_seconds, call.billed_minutes, _dollars(call.credits_used), call.credits_used)
    who = (call.direction.value, call.from_number, call.to_number, agent)
    return line((*moments, status, *who, *numbers, call.ended_cause, call.summary, follower, call.id))


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"

"""Calls as lists show them: newest first, in pages that stay right while new calls arrive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import load_only
from sqlalchemy.sql.base import ExecutableOption
from sqlmodel import Session, col
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.models import LIVE, Agent, Call, CallDirection, CallStatus, Transcript
from kametrix.services import call_marks
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.call_filters import EVERY, Filter, names_of_members
from kametrix.services.call_marks import Segment
from kametrix.services.call_search import Place, find, place, seen_by
from kametrix.services.zones import zone_of

PAGE_SIZE: Final = 20
LARGEST_PAGE: Final = 100
SUMMARY_CHARACTERS: Final = 160


@dataclass(frozen=True)
class CallRow:
    """A call in a list. Moments are in the organization's zone; `summary` is its first words.

    `cents` is what it cost so far, none for who sees no money; `follower` is who follows it up; `snippet` the turn a search found,
    with what was searched for marked.
    """

    id: str
    caller: str | None
    agent_id: str
    agent_name: str
    status: CallStatus
    started_at: datetime
    answered_at: datetime | None
    seconds: int | None
    cents: int | None
    summary: str
    ended_cause: str | None
    direction: CallDirection = CallDirection.INBOUND
    follower: str = ""
    snippet: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class CallPage:
    """Newest first; `newer` and `older` are cursors of the neighbouring pages, empty where there is none.

    `total`: how many calls there are at least, none when counting would cost time; `is_exact` when there are no more.
    """

    rows: list[CallRow]
    newer: str
    older: str
    total: int | None = None
    is_exact: bool = False


@allows("calls:read")
def page(
    session: Session, actor: Actor, wanted: Filter = EVERY, *, older_than: str = "", newer_than: str = "", size: int = PAGE_SIZE
) -> CallPage:
    """Ended calls, newest first; `size` is kept within 1..100. Raises Invalid for a broken cursor and for words without a word."""
    size = max(1, min(size, LARGEST_PAGE))
    at = place(newer_than, newer=True) if newer_than else place(older_than) if older_than else None
    found = find(session, actor, wanted, at=at, size=size + 1)
    more, ids = len(found.ids) > size, found.ids[:size]
    rows = _rows(session, actor, ids[::-1] if newer_than else ids, wanted.words)
    first, last = (_cursor(rows[0]), _cursor(rows[-1])) if rows else ("", "")
    newer, older = (first if more else "", last) if newer_than else (first if older_than else "", last if more else "")
    return CallPage(rows, newer, older, found.total, found.is_exact)


@allows("calls:read")
def live(session: Session, actor: Actor) -> list[CallRow]:
    """Calls that ring or run now, the latest first."""
    query = _brief(actor).where(col(Call.status).in_(LIVE)).order_by(col(Call.started_at).desc(), col(Call.id).desc())
    return _listed(session, actor, session.exec(query.limit(LARGEST_PAGE)).all(), {})


def only(*attributes: Any) -> ExecutableOption:
    """Load these columns and the id, the rest when asked for: lists leave long texts where they are."""
    return load_only(*attributes)


def _brief(actor: Actor) -> SelectOfScalar[Call]:
    """Calls with what a list row shows: never the transcript."""
    moments = (Call.started_at, Call.answered_at)
    ended = (Call.status, Call.ended_cause, Call.duration_seconds, Call.credits_used, Call.summary)
    shown = (Call.from_number, Call.direction, Call.agent_id, Call.handled_by_id, *moments, *ended)
    return scoped(actor, Call).where(seen_by(actor)).options(only(*shown))


def _rows(session: Session, actor: Actor, ids: Sequence[str], words: str) -> list[CallRow]:
    """These calls, in this order, with what the search found in them."""
    found = {call.id: call for call in session.exec(_brief(actor).where(col(Call.id).in_(ids)))} if ids else {}
    listed = [found[call_id] for call_id in ids if call_id in found]
    return _listed(session, actor, listed, _snippets(session, actor, listed, words) if words and ids else {})


def _snippets(session: Session, actor: Actor, found: Sequence[Call], words: str) -> dict[str, tuple[Segment, ...]]:
    """What the search found in each call: in a turn, else in the summary."""
    terms = call_marks.terms(words)
    if terms is None:
        return {}
    said = (
        scoped(actor, Transcript)
        .where(col(Transcript.call_id).in_([call.id for call in found]))
        .options(only(Transcript.call_id, Transcript.messages))
    )
    turns = {row.call_id: row.messages or () for row in session.exec(said)}
    return {call.id: call_marks.snippet(turns.get(call.id, ()), call.summary or "", terms) for call in found}


def _listed(session: Session, actor: Actor, found: Sequence[Call], snippets: dict[str, tuple[Segment, ...]]) -> list[CallRow]:
    zone, names = zone_of(session, actor), agent_names(session, actor, {call.agent_id for call in found})
    followers = names_of_members(session, actor) if any(call.handled_by_id for call in found) else {}
    rows = [
        _row(call, names[call.agent_id], followers.get(call.handled_by_id or "", ""), snippets.get(call.id, ()), zone) for call in found
    ]
    return rows if actor.may("credits:read") else [replace(row, cents=None) for row in rows]


@allows("calls:read")
def agent_names(session: Session, actor: Actor, ids: set[str]) -> dict[str, str]:
    """Names by id, deleted agents included: their calls keep them."""
    found = session.exec(scoped(actor, Agent).where(col(Agent.id).in_(ids)).options(only(Agent.name))) if ids else ()
    return {agent.id: agent.name for agent in found}


def _row(call: Call, agent_name: str, follower: str, snippet: tuple[Segment, ...], zone: ZoneInfo) -> CallRow:
    return CallRow(
        id=call.id,
        caller=call.from_number,
        agent_id=call.agent_id,
        agent_name=agent_name,
        status=call.status,
        started_at=call.started_at.astimezone(zone),
        answered_at=call.answered_at and call.answered_at.astimezone(zone),
        seconds=call.duration_seconds,
        cents=call.credits_used,
        summary=_first_words(call.summary or ""),
        ended_cause=call.ended_cause,
        direction=call.direction,
        follower=follower,
        snippet=snippet,
    )


def _first_words(text: str) -> str:
    if len(text) <= SUMMARY_CHARACTERS:
        return text
    return text[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _cursor(row: CallRow) -> str:
    return Place(row.started_at, row.id).cursor

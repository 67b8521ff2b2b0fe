"""Finding calls: one question to one column, on either of two roads.

`call.search` holds, besides every word, a mark for each thing calls can be filtered by (migration call_search). Common things are
found by walking the nearest calls, WINDOW of them; what those do not answer is rare, so from there on its index lists the hits, part
by part of the time. Which road is taken depends on what the walk found, never on an estimate of the planner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, text, true
from sqlmodel import Session, col

from kametrix import storable
from kametrix.errors import Invalid
from kametrix.models import Call
from kametrix.services.access import Actor, allows
from kametrix.services.call_filters import Filter
from kametrix.services.call_question import Question, any_of, both, mark, question
from kametrix.services.keyset import CURSOR

WINDOW: Final = 600
FREQUENT: Final = 10
"""Words in one of so many of the calls walked do not narrow the index down; what is filtered by does."""
BUCKET: Final = 2_592_000
"""Seconds of one mark of time in the index: 30 days."""
NEAR: Final = 2
"""So many of them are asked for first, unless the walk found fewer than FEW hits: then the rest of the time holds few as well."""
FEW: Final = 3
DOWN, UP = "desc nulls last", "asc nulls first"
"""The order of the index call_list, which no other index has."""
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
Part = tuple[datetime, datetime, str]
"""A part of the time, from (included) to (not included), and its marks in the index; empty when that has none."""

_WALK: Final = """
    with walked as materialized (
      select id, started_at, {hit} as hit, {said} as said from call where {conditions} order by started_at {order}, id {order} limit :rows)
    select array(select id from walked where hit order by started_at {order}, id {order} limit :size) as ids,
      count(*) filter (where hit) as hits, count(*) filter (where said) as said, count(*) as looked_at,
      (array_agg(id order by started_at {back}, id {back}))[1] as edge_id,
      (array_agg(started_at order by started_at {back}, id {back}))[1] as edge_at from walked"""
_COUNT: Final = "select count(*) from call where {conditions} and {hit}"
_LISTED: Final = text("""
    select id, total from calls_found(:org, cast(:index as tsquery), cast(:wanted as tsquery), :since, :until, :at, :id, :newer, :size)""")


@dataclass(frozen=True)
class Place:
    """Where a call stands in the list; older calls come after it, or before when `newer` is asked for."""

    started_at: datetime
    id: str
    newer: bool = False

    @property
    def cursor(self) -> str:
        """The place as an address says it."""
        return f"{self.started_at.astimezone(UTC):{CURSOR}}-{self.id}"


@dataclass(frozen=True)
class Found:
    """Ids, nearest first. `total`: how many there are at least, none when that would cost time; `is_exact` when there are no more."""

    ids: list[str]
    total: int | None = None
    is_exact: bool = False


def place(cursor: str, *, newer: bool = False) -> Place:
    """Raises Invalid for a broken cursor."""
    moment, _, call_id = cursor.partition("-")
    try:
        return Place(datetime.strptime(moment, CURSOR).replace(tzinfo=UTC), storable.text(call_id), newer)
    except ValueError as error:
        raise Invalid("This address of a page of calls is broken. Start again from the newest calls.") from error


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """The calls a person may see within the organization: all, or those assigned to them."""
    return col(Call.handled_by_id) == actor.user_id if actor.only_own("calls:read") else true()


@allows("calls:read")
def find(session: Session, actor: Actor, wanted: Filter, *, at: Place | None, size: int) -> Found:
    """The `size` ended calls nearest to `at` (none: the newest). Raises Invalid when there is nothing in the words to search for."""
    asked = question(session, actor, wanted)
    rows = size if at and not asked.wanted else max(size, WINDOW)
    walked = session.connection().execute(*_walk(actor, asked, at, rows, size)).one()
    is_all = walked.looked_at < rows
    if not asked.wanted or is_all or len(walked.ids) == size:
        return Found(walked.ids, None if at else walked.hits, is_all)
    edge = Place(walked.edge_at, walked.edge_id, bool(at and at.newer))
    narrow = asked.marks if asked.marks and walked.said * FREQUENT > walked.looked_at else asked.wanted
    given = {**_values(actor, asked, edge), "newer": edge.newer, "index": both(mark("%", asked.own) if asked.own else "", narrow)}
    ids, hits, is_all = _listed(session, given, _parts(edge, asked, NEAR if walked.hits >= FEW else 0), size - len(walked.ids))
    return Found([*walked.ids, *ids], None if at else walked.hits + hits, is_all)


@allows("calls:read")
def count(session: Session, actor: Actor, wanted: Filter) -> int:
    """How many ended calls there are, exactly, whatever that costs."""
    asked = question(session, actor, wanted)
    statement = _COUNT.format(conditions=_conditions(asked, None), hit=_has("wanted", asked.wanted))
    return session.connection().execute(text(statement), _values(actor, asked, None)).scalar_one()


def _walk(actor: Actor, asked: Question, at: Place | None, rows: int, size: int) -> tuple[Any, dict[str, Any]]:
    """A statement: the first `size` hits among the `rows` calls nearest to `at`, how many there are, where the walk ended."""
    order, back = (UP, DOWN) if at and at.newer else (DOWN, UP)
    parts = {"hit": _has("wanted", asked.wanted), "said": _has("words", asked.words) if asked.marks else "true"}
    statement = text(_WALK.format(**parts, conditions=_conditions(asked, at), order=order, back=back))
    return statement, {**_values(actor, asked, at), "rows": rows, "size": size}


def _has(name: str, query: str) -> str:
    return f"search @@ cast(:{name} as tsquery)" if query else "true"


def _conditions(asked: Question, at: Place | None) -> str:
    """Of the organization, ended, within the days, to be seen by the actor, on this side of `at`; the values are `_values`."""
    conditions = (
        "organization_id = :org and status not in ('QUEUED', 'RINGING', 'IN_PROGRESS')",
        "handled_by_id = :own" if asked.own else "",
        "started_at >= :since" if asked.since else "",
        "started_at < :until" if asked.until else "",
        f"(started_at, id) {'>' if at.newer else '<'} (:at, :id)" if at else "",
    )
    return " and ".join(condition for condition in conditions if condition)


def _values(actor: Actor, asked: Question, at: Place | None) -> dict[str, Any]:
    place = {"at": at.started_at, "id": at.id} if at else {}
    return {**vars(asked), "wanted": asked.wanted, "org": actor.organization_id, **place}


def _listed(session: Session, given: dict[str, Any], parts: Iterator[Part], size: int) -> tuple[list[str], int, bool]:
    """From the index, part by part of the time until there are enough: ids, how many hits were counted, whether those are all."""
    ids: list[str] = []
    total = 0
    for since, until, marks in parts:
        asked = {**given, "index": both(given["index"], marks), "since": since, "until": until, "size": size - len(ids)}
        rows = session.connection().execute(_LISTED, asked).all()
        ids, total = [*ids, *(row.id for row in rows)], total + (rows[0].total if rows else 0)
        if len(ids) == size:
            break
    return ids, total, next(parts, None) is None


def _parts(edge: Place, asked: Question, near: int) -> Iterator[Part]:
    """The time from `edge` on: the `near` buckets, in which what is frequent is found, and the rest."""
    earliest, latest = asked.since or EARLIEST, asked.until or LATEST
    bucket = int(edge.started_at.timestamp() // BUCKET)
    first, last = (bucket, bucket + near - 1) if edge.newer else (bucket - near + 1, bucket)
    since, until = max(_start(first), earliest), min(_start(last + 1), latest)
    if since < until:
        yield since, until, any_of([mark("~", str(number)) for number in range(first, last + 1)])
    since, until = (max(_start(last + 1), earliest), latest) if edge.newer else (earliest, min(_start(first), latest))
    if since < until:
        yield since, until, ""


def _start(bucket: int) -> datetime:
    return datetime.fromtimestamp(bucket * BUCKET, UTC)

"""Pages of a long list by place, not by number: as fast on the thousandth page as on the first, and stable while rows are added."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import tuple_
from sqlmodel import Session, SQLModel
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.errors import Invalid
from kametrix.services.access import SYSTEM, open_to

T = TypeVar("T")
M = TypeVar("M", bound=SQLModel)
CURSOR: Final = "%Y%m%dT%H%M%S%f"
PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class Place:
    """Where a page begins: after `older` or, going back, before `newer`; both empty for the first page."""

    older: str = ""
    newer: str = ""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows in their order; `newer` and `older` are cursors of the neighbouring pages, empty where there is none."""

    rows: list[T]
    newer: str
    older: str


def moment(text: str) -> datetime:
    """The moment a cursor names. Raises ValueError."""
    return datetime.strptime(text, CURSOR).replace(tzinfo=UTC)


@open_to(SYSTEM)
def listed(
    session: Session,
    query: SelectOfScalar[M],
    key: Any,
    *,
    place: Place,
    size: int = PAGE_SIZE,
    ascending: bool = False,
    read: Callable[[str], Any] = moment,
) -> Page[M]:
    """One page of `query` by the column `key` and the id, the highest first unless `ascending`.

    `read` makes the column's value of a cursor's text. Raises Invalid for a cursor that is none.
    """
    row_id = key.class_.id
    forward, here = not place.newer, tuple_(key, row_id)
    rising = ascending == forward
    if cursor := place.newer or place.older:
        value, _, last = cursor.rpartition("-")
        try:
            start = (read(value), last)
        except ValueError as error:
            raise Invalid("This address of a page is broken. Start again from the first page.") from error
        query = query.where(here > start if rising else here < start)
    order = (key, row_id) if rising else (key.desc(), row_id.desc())
    found = list(session.exec(query.order_by(*order).limit(size + 1)))
    more, rows = len(found) > size, found[:size]
    if not forward:
        return Page(rows[::-1], _cursor(rows[-1], key) if more else "", _cursor(rows[0], key) if rows else "")
    return Page(rows, _cursor(rows[0], key) if place.older and rows else "", _cursor(rows[-1], key) if more else "")


def _cursor(row: Any, key: Any) -> str:
    value = getattr(row, key.key)
    return f"{value.astimezone(UTC):{CURSOR}}-{row.id}" if isinstance(value, datetime) else f"{value}-{row.id}"

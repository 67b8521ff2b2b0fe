"""Reading what a provider sends without trusting it: strict JSON, then values of any shape or none."""

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from kametrix import storable

MAX_DEPTH = 60
MAX_DIGITS = 4_000  # Python converts no more than 4,300
_SUSPECT = re.compile(r"[\x00\ud800-\udfff]|\\u(0000|[dD][89a-fA-F])")
"""What an unstorable character looks like in a text, itself or escaped: most messages hold none and need no second look."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = Decimal("1e11")  # seconds reach this in the year 5138


def read_json(raw: bytes | str) -> Any:
    """The value, with everything PostgreSQL cannot store removed from its strings.

    Raises ValueError, in words a person may read, on anything but RFC 8259 JSON (NaN and Infinity are not) and on
    nesting deeper than 60.
    """
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_refused, parse_float=_finite, parse_int=_short)
        return storable.value(value, deepest=MAX_DEPTH) if _SUSPECT.search(text) or text.count("{") + text.count("[") > MAX_DEPTH else value
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}, column {error.colno})") from error


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number a message may hold")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refused(digits[:20])


def _short(digits: str) -> int:
    return int(digits) if len(digits) <= MAX_DIGITS else _refused(f"a number of {len(digits)} digits")


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; empty when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def at(value: Any, *path: str) -> Any:
    """The value under nested keys, None where the way ends."""
    for key in path:
        value = mapping(value).get(key)
    return value


def text(value: Any, limit: int | None = None) -> str | None:
    """A trimmed string of at most `limit` characters; numbers become text; None when there is nothing to read."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return (value.strip()[:limit] or None) if isinstance(value, str) else None


def first_text(values: Iterable[Any], limit: int | None = None) -> str | None:
    """The first value that is text."""
    return next((found for found in (text(value, limit) for value in values) if found), None)


def number(value: Any) -> Decimal | None:
    """A finite number, also when it comes as text; None for anything else and for magnitudes no fact of a call has."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not found.is_finite() or found.adjusted() > 20:
        return None
    return found if found.adjusted() > -20 else Decimal(0)


def moment(value: Any) -> datetime | None:
    """An instant in UTC from ISO 8601 (UTC when it names no zone) or from seconds or milliseconds since 1970.

    None outside the years 2000 to 2099.
    """
    since = number(value)
    found = _from_iso(value) if since is None else _since_epoch(since)
    return found if found and _EARLIEST <= found < _LATEST else None


def _since_epoch(since: Decimal) -> datetime | None:
    seconds = since / 1000 if since > _MILLISECONDS_FROM else since
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000)) if 0 < seconds < _MILLISECONDS_FROM else None


def _from_iso(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value).strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def seconds_between(start: datetime, end: datetime) -> Decimal:
    """Exact seconds, negative when `end` is earlier."""
    return Decimal((end - start) // timedelta(microseconds=1)) / 1_000_000

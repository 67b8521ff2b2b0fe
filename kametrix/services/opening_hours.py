"""When a business is open: the shape, its rules, and whether it is open at a moment. Pure functions.

Stored in `organization.business_hours`; none means that nobody told, and then nothing depends on it:

    {"week": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], ..., "sun": []},
     "special": [{"from": "2026-12-24", "to": "2026-12-26", "label": "Christmas", "ranges": []}]}

Times are those of a clock on the wall. A range that ends at or before its beginning runs past midnight and belongs to the
day on which it began; "00:00" to "00:00" is the whole day. Special days replace the week's hours of their dates; hours that
began the day before still run out. Where a clock is put forward, the hours it skips do not exist; where it is put back, the
repeated hour counts twice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from kametrix.errors import Invalid
from kametrix.services.agent_form import line

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY: Final = 24 * 60
MAX_RANGES, MAX_SPECIAL, MAX_LABEL, MAX_DAYS = 4, 60, 60, 366
TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
HORIZON: Final = 400
"""Days looked ahead for the next change."""


@dataclass(frozen=True)
class Range:
    """Minutes after the midnight its day begins with; an `end` beyond DAY is on the next day."""

    start: int
    end: int


@dataclass(frozen=True)
class Special:
    """Dates, both inclusive, with hours of their own; without ranges closed."""

    first: date
    last: date
    label: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class OpeningHours:
    """`week` from Monday on; `special` by date, never two for one date."""

    week: tuple[tuple[Range, ...], ...]
    special: tuple[Special, ...] = ()


def parsed(stored: Mapping[str, Any] | None) -> OpeningHours | None:
    """The hours of `organization.business_hours`; none when nobody told them."""
    return checked(stored) if stored else None


def stored(hours: OpeningHours) -> dict[str, Any]:
    """The value for `organization.business_hours`."""
    return {
        "week": {day: _texts(ranges) for day, ranges in zip(DAYS, hours.week, strict=True)},
        "special": [
            {"from": one.first.isoformat(), "to": one.last.isoformat(), "label": one.label, "ranges": _texts(one.ranges)}
            for one in hours.special
        ],
    }


def checked(typed: Mapping[str, Any]) -> OpeningHours:
    """Hours as somebody filled them in, in the stored shape.

    Raises Invalid with every error: at `<day>.<n>` of a range, `special.<n>.from|to|label|<range>` or `special`.
    """
    errors: dict[str, str] = {}
    week = tuple(_ranges(typed.get("week", {}).get(day, ()), day, errors) for day in DAYS)
    for index, ranges in enumerate(week):
        following = (index + 1) % 7
        if not errors and runs_into(ranges, week[following]):
            errors[f"{DAYS[index]}.{len(ranges) - 1}"] = (
                f"These hours run into {NAMES[following]}'s. Let them end before, or begin those later."
            )
    special = [_special(one, number, errors) for number, one in enumerate(typed.get("special", ()))]
    _distinct(special, errors)
    if errors:
        raise Invalid.fields(errors)
    return OpeningHours(week, tuple(sorted(filter(None, special), key=lambda one: one.first)))


def is_open(hours: OpeningHours, at: datetime, zone: ZoneInfo) -> bool:
    """Whether the business is open at the moment `at`, by the clock of `zone`."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in open_minutes(hours, local.date()))


def open_minutes(hours: OpeningHours, day: date) -> list[tuple[int, int]]:
    """The open parts of one date as minutes from 0 to DAY, in order: what runs on from the day before, then its own."""
    before = [(0, one.end - DAY) for one in ranges_of(hours, day - timedelta(days=1)) if one.end > DAY]
    own = [(one.start, min(one.end, DAY)) for one in ranges_of(hours, day)]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(before + own):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def ranges_of(hours: OpeningHours, day: date) -> tuple[Range, ...]:
    """The hours that begin on this date: its own when it is special, else its weekday's."""
    found = next((one.ranges for one in hours.special if one.first <= day <= one.last), None)
    return hours.week[day.weekday()] if found is None else found


def next_change(hours: OpeningHours, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When it opens or closes next after `at`, UTC; none when it does not within HORIZON days."""
    now = is_open(hours, at, zone)
    today = at.astimezone(zone).date()
    for ahead in range(-1, HORIZON):
        moments = sorted(moment for moment in _moments(hours, today + timedelta(days=ahead), zone) if moment > at)
        for moment in moments:
            if is_open(hours, moment, zone) != now:
                return moment
    return None


def _moments(hours: OpeningHours, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Every moment of a date at which it may open or close: ends of ranges, twice where the hour repeats, and a change of the clock."""
    midnight = datetime.combine(day, time(), zone)
    for minute in {edge for part in open_minutes(hours, day) for edge in part}:
        for fold in (0, 1):
            yield (midnight + timedelta(minutes=minute)).replace(fold=fold).astimezone(UTC)
    first, last = midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
    if first.astimezone(zone).utcoffset() != last.astimezone(zone).utcoffset():
        while last - first > timedelta(minutes=1):
            middle = first + (last - first) // 2
            if middle.astimezone(zone).utcoffset() == first.astimezone(zone).utcoffset():
                first = middle
            else:
                last = middle
        yield last.replace(second=0, microsecond=0)


def runs_into(ranges: Sequence[Range], following: Sequence[Range]) -> bool:
    """Whether hours past midnight overlap those of the day after."""
    return bool(ranges and following) and max(one.end for one in ranges) - DAY > min(one.start for one in following)


def _ranges(typed: Sequence[Sequence[str]], place: str, errors: dict[str, str]) -> tuple[Range, ...]:
    """The ranges of one day in order; what is wrong with the nth typed one goes to `<place>.<n>`."""
    found: list[tuple[Range, int]] = []
    for number, pair in enumerate(typed):
        start, end = (_minutes(str(text)) for text in pair)
        if number >= MAX_RANGES:
            errors[f"{place}.{number}"] = f"At most {MAX_RANGES} times a day."
        elif start is None or end is None:
            errors[f"{place}.{number}"] = "Write both times, like 09:00 and 17:30."
        elif start == end and start:
            errors[f"{place}.{number}"] = "Opening and closing time are the same. For a whole day write 00:00 to 00:00."
        else:
            found.append((Range(start, end if end > start else end + DAY), number))
    found.sort(key=lambda one: one[0].start)
    for (before, _), (after, number) in pairwise(found):
        if after.start < before.end:
            errors[f"{place}.{number}"] = f"This overlaps with {clock_text(before.start)} to {clock_text(before.end)}."
    return tuple(one for one, _ in found)


def _special(typed: Mapping[str, Any], number: int, errors: dict[str, str]) -> Special | None:
    place = f"special.{number}"
    first, last = _date(str(typed.get("from", ""))), _date(str(typed.get("to") or typed.get("from", "")))
    label = line(str(typed.get("label", "")))
    ranges = _ranges(typed.get("ranges", ()), place, errors)
    if first is None:
        errors[f"{place}.from"] = "Choose the date."
    elif last is None or last < first:
        errors[f"{place}.to"] = "The last day is before the first. Choose it again, or leave it empty for a single day."
    elif (last - first).days >= MAX_DAYS:
        errors[f"{place}.to"] = "This is longer than a year. Change the week's hours instead."
    elif last > first and runs_into(ranges, ranges):
        errors[f"{place}.0"] = "These hours run into those of the next day."
    if len(label) > MAX_LABEL:
        errors[f"{place}.label"] = f"At most {MAX_LABEL} characters."
    return Special(first, last, label, ranges) if first and last and last >= first else None


def _distinct(special: Sequence[Special | None], errors: dict[str, str]) -> None:
    if len(special) > MAX_SPECIAL:
        errors["special"] = f"At most {MAX_SPECIAL} special days or periods. Remove those that are over."
    known = sorted(((one, number) for number, one in enumerate(special) if one), key=lambda each: each[0].first)
    for (before, _), (after, number) in pairwise(known):
        if after.first <= before.last:
            errors[f"special.{number}.from"] = "These dates have special hours already. Change those, or choose other dates."


def _minutes(text: str) -> int | None:
    found = TIME.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if is_plausible(found) else None


def is_plausible(day: date) -> bool:
    """Whether somebody may mean this date; around the first and the last dates there are, no days can be counted."""
    return 2000 <= day.year <= 2100


def clock_text(minutes: int) -> str:
    """570 -> '09:30'; beyond a day it starts over."""
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _texts(ranges: Sequence[Range]) -> list[list[str]]:
    return [[clock_text(one.start), clock_text(one.end)] for one in ranges]

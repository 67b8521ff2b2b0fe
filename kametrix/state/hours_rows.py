"""Opening hours as a page edits them: rows with keys, whose times are texts until they are saved. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from kametrix.crypto import new_id
from kametrix.services import texts
from kametrix.services.opening_hours import DAY, DAYS, NAMES, OpeningHours, checked, open_minutes
from kametrix.services.opening_words import ranges_told

USUAL: Final = ("09:00", "17:00")
MONDAY: Final = date(1970, 1, 5)


@dataclass(frozen=True)
class RangeRow:
    """One from-to. A changed `key` makes the browser draw it anew."""

    key: str = field(default_factory=new_id)
    start: str = USUAL[0]
    end: str = USUAL[1]
    error: str = ""


@dataclass(frozen=True)
class DayRow:
    """A weekday; without ranges it is closed. `key` as in the stored shape."""

    key: str
    name: str
    ranges: list[RangeRow]


@dataclass(frozen=True)
class SpecialRow:
    """A date or a period with hours of its own."""

    key: str = field(default_factory=new_id)
    first: str = ""
    last: str = ""
    label: str = ""
    ranges: list[RangeRow] = field(default_factory=list[RangeRow])
    first_error: str = ""
    last_error: str = ""
    label_error: str = ""


@dataclass(frozen=True)
class Part:
    """An open part of a day in the picture, in hundredths of the day."""

    left: str
    width: str


@dataclass(frozen=True)
class PictureRow:
    """A weekday in the picture: its open parts, and the same in words."""

    name: str
    parts: list[Part]
    words: str


def week_rows(stored: Mapping[str, Any] | None) -> list[DayRow]:
    """The rows of stored hours; of none, the usual week to begin with."""
    week = stored["week"] if stored else {day: [USUAL] for day in DAYS[:5]}
    return [DayRow(day, name, _ranges(week.get(day, ()))) for day, name in zip(DAYS, NAMES, strict=True)]


def special_rows(stored: Mapping[str, Any] | None) -> list[SpecialRow]:
    """The special days of stored hours."""
    return [
        SpecialRow(first=one["from"], last=one["to"] if one["to"] != one["from"] else "", label=one["label"], ranges=_ranges(one["ranges"]))
        for one in (stored or {}).get("special", ())
    ]


def typed(week: Iterable[DayRow], special: Iterable[SpecialRow]) -> dict[str, Any]:
    """The rows in the stored shape, as somebody filled them in."""
    return {
        "week": {day.key: _pairs(day.ranges) for day in week},
        "special": [{"from": one.first, "to": one.last, "label": one.label, "ranges": _pairs(one.ranges)} for one in special],
    }


def with_errors(
    week: Sequence[DayRow], special: Sequence[SpecialRow], errors: Mapping[str, str]
) -> tuple[list[DayRow], list[SpecialRow], str]:
    """The rows with each error at its place, and what belongs to all special days."""
    days = [replace(day, ranges=_marked(day.ranges, day.key, errors)) for day in week]
    dates = [
        replace(
            one,
            ranges=_marked(one.ranges, f"special.{number}", errors),
            first_error=errors.get(f"special.{number}.from", ""),
            last_error=errors.get(f"special.{number}.to", ""),
            label_error=errors.get(f"special.{number}.label", ""),
        )
        for number, one in enumerate(special)
    ]
    return days, dates, errors.get("special", "")


def picture(hours: OpeningHours) -> list[PictureRow]:
    """The usual week as bars."""
    words, week = texts.ENGLISH.opening, OpeningHours(hours.week)
    return [
        PictureRow(
            name,
            [
                Part(f"{start / DAY * 100:.2f}%", f"{(end - start) / DAY * 100:.2f}%")
                for start, end in open_minutes(week, MONDAY + timedelta(day))
            ],
            ranges_told(hours.week[day], words),
        )
        for day, name in enumerate(NAMES)
    ]


def valid(week: Iterable[DayRow], special: Iterable[SpecialRow]) -> OpeningHours:
    """The hours these rows make. Raises Invalid with every error."""
    return checked(typed(week, special))


def _ranges(stored: Iterable[Sequence[str]]) -> list[RangeRow]:
    return [RangeRow(start=start, end=end) for start, end in stored]


def _pairs(ranges: Iterable[RangeRow]) -> list[list[str]]:
    return [[one.start, one.end] for one in ranges]


def _marked(ranges: Sequence[RangeRow], place: str, errors: Mapping[str, str]) -> list[RangeRow]:
    return [replace(one, error=errors.get(f"{place}.{number}", "")) for number, one in enumerate(ranges)]

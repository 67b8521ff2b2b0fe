"""Opening hours as an agent is told them, as a page tells them, and as the provider's template asks for them. Pure functions."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kametrix.services import opening_hours, texts
from kametrix.services.opening_hours import DAY, OpeningHours, Range, Special, open_minutes
from kametrix.services.texts import OpeningTexts

CLOCK: Final = (
    '{% assign clock = "now" | date: "%Y%m%d %w %H%M", "ZONE" | split: " " %}'
    "{% assign today = clock[0] | plus: 0 %}{% assign at = clock[2] | plus: 0 %}{% assign open = false %}"
)
"""Read once, so that date and time belong together. Weekdays count from Sunday, 0."""
MONDAY: Final = date(1970, 1, 5)

Parts = tuple[tuple[int, int], ...]
"""Open parts of a date: minutes after midnight."""


def told(hours: OpeningHours, language: str, *, today: date) -> str:
    """The week, one line for each run of equal days, then the special days that are not over."""
    words = texts.of(language).opening
    lines = [f"{_run(words.days, first, last, words)}: {ranges_told(ranges, words)}" for first, last, ranges in _runs(hours.week)]
    coming = [f"- {special_told(one, words)}" for one in hours.special if one.last >= today]
    return "\n".join([*lines, *([words.special, *coming] if coming else [])])


def ranges_told(ranges: Sequence[Range], words: OpeningTexts) -> str:
    """'9:00 am to 12:00 pm, 1:00 pm to 5:00 pm', 'closed', 'open all day'."""
    if not ranges:
        return words.closed
    return ", ".join(words.all_day if (one.start, one.end) == (0, DAY) else _range(one, words) for one in ranges)


def special_told(one: Special, words: OpeningTexts) -> str:
    """'December 24, 2026 to December 26, 2026 (Christmas): closed'."""
    dates = words.date_text(one.first) if one.first == one.last else f"{words.date_text(one.first)} {words.to} {words.date_text(one.last)}"
    label = f" ({one.label})" if one.label else ""
    return f"{dates}{label}: {ranges_told(one.ranges, words)}"


def state_told(hours: OpeningHours, at: datetime, zone: ZoneInfo) -> str:
    """For a page: 'Open until 5:00 pm.', 'Closed. Opens Monday at 9:00 am.'"""
    words = texts.ENGLISH.opening
    is_open, change = opening_hours.is_open(hours, at, zone), opening_hours.next_change(hours, at, zone)
    if change is None:
        return "Open, without an end in sight." if is_open else "Closed, without an opening in sight."
    local = change.astimezone(zone)
    day = _day_told(at.astimezone(zone).date(), local.date(), words)
    time = words.time_text(local.hour * 60 + local.minute)
    if is_open:
        return f"Open until {day} at {time}." if day else f"Open until {time}."
    return f"Closed. Opens {day or 'today'} at {time}."


def _day_told(today: date, day: date, words: OpeningTexts) -> str:
    ahead = (day - today).days
    if ahead < 2:
        return "tomorrow" if ahead else ""
    return words.days[day.weekday()] if ahead < 7 else words.date_text(day)


def template(hours: OpeningHours, zone: str, *, today: date, when_open: str, when_closed: str) -> str:
    """A Liquid template that says `when_open` or `when_closed` by the provider's clock when it is rendered.

    Both texts must be inert already. Days before `today` are left out: a call cannot happen then.
    """
    branches = "".join(
        f"{{% {'elsif' if number else 'if'} today >= {first:%Y%m%d} and today <= {last:%Y%m%d} %}}{_asks(parts)}"
        for number, (first, last, parts) in enumerate(_special_parts(hours, today))
    )
    week = _week(hours)
    asked = f"{branches}{{% else %}}{week}{{% endif %}}" if branches else week
    return f"{CLOCK.replace('ZONE', zone)}{asked}{{% if open %}}{when_open}{{% else %}}{when_closed}{{% endif %}}"


def _week(hours: OpeningHours) -> str:
    """Each kind of day once."""
    kinds: dict[Parts, list[str]] = {}
    for weekday in range(7):
        kinds.setdefault(_usual(hours, MONDAY + timedelta(days=weekday)), []).append(f'"{(weekday + 1) % 7}"')
    whens = "".join(f"{{% when {', '.join(days)} %}}{_asks(parts)}" for parts, days in kinds.items() if parts)
    return f"{{% case clock[1] %}}{whens}{{% endcase %}}" if whens else ""


def _usual(hours: OpeningHours, day: date) -> Parts:
    """The open parts of the date if there were no special days."""
    return tuple(open_minutes(OpeningHours(hours.week), day))


def _special_parts(hours: OpeningHours, today: date) -> list[tuple[date, date, Parts]]:
    """Runs of dates that are not as their weekday: special ones, and the day after, which last hours may reach."""
    found: list[tuple[date, date, Parts]] = []
    days = {one.first + timedelta(days=ahead) for one in hours.special for ahead in range((one.last - one.first).days + 2)}
    for day in sorted(day for day in days if day >= today):
        parts = tuple(open_minutes(hours, day))
        if parts == _usual(hours, day):
            continue
        if found and found[-1][1] == day - timedelta(days=1) and found[-1][2] == parts:
            found[-1] = (found[-1][0], day, parts)
        else:
            found.append((day, day, parts))
    return found


def _asks(parts: Sequence[tuple[int, int]]) -> str:
    return "".join(f"{{% if at >= {_hhmm(start)} and at < {_hhmm(end)} %}}{{% assign open = true %}}{{% endif %}}" for start, end in parts)


def _hhmm(minutes: int) -> int:
    return minutes // 60 * 100 + minutes % 60


def _runs(week: Sequence[tuple[Range, ...]]) -> list[tuple[int, int, tuple[Range, ...]]]:
    runs: list[tuple[int, int, tuple[Range, ...]]] = []
    for day, ranges in enumerate(week):
        if runs and runs[-1][2] == ranges:
            runs[-1] = (runs[-1][0], day, ranges)
        else:
            runs.append((day, day, ranges))
    return runs


def _run(days: tuple[str, ...], first: int, last: int, words: OpeningTexts) -> str:
    return days[first] if first == last else f"{days[first]} {words.to} {days[last]}"


def _range(one: Range, words: OpeningTexts) -> str:
    later = f" {words.next_day}" if one.end > DAY else ""
    return f"{words.time_text(one.start)} {words.to} {words.time_text(one.end)}{later}"

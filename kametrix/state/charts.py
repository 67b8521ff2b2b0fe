"""The dashboard's charts in words and shares: what the components draw and what a reader is told of each bar."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from typing import Final
from urllib.parse import urlencode

from kametrix.services.call_stats import Period, Span, Statistics, Tally
from kametrix.services.wording import counted, dollars, minutes

STEPS: Final = (1, 2, 5)
INTERVALS: Final = 4
"""An axis has at most this many steps."""
EVERY: Final = {Span.WEEK: 1, Span.MONTH: 7, Span.QUARTER: 3, Span.YEAR: 2}
"""One label below so many bars, counted from the last, so that they stand apart on a phone."""
EACH: Final = {Span.WEEK: "day", Span.MONTH: "day", Span.QUARTER: "week", Span.YEAR: "month"}
SIDES: Final = ("left", "middle", "right")


@dataclass(frozen=True)
class Tick:
    """A line of the axis: its number, and its height as a share of the chart ('50%')."""

    label: str
    at: str


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, its numbers in words, its two parts as shares of the chart, and the calls it opens.

    `side` is where its tip has room: left, middle or right. `is_last`: where the keyboard enters the chart. `is_open`: still growing.
    """

    label: str
    title: str
    words: str
    lower: str
    upper: str
    href: str
    side: str
    is_last: bool
    is_open: bool


@dataclass(frozen=True)
class Chart:
    """Bars above an axis; `total` says what they add up to."""

    title: str = ""
    total: str = ""
    bars: list[Bar] = field(default_factory=list[Bar])
    ticks: list[Tick] = field(default_factory=list[Tick])


@dataclass(frozen=True)
class Line:
    """A line of the table beside the charts."""

    when: str
    calls: str
    answered: str
    missed: str
    minutes: str
    cost: str


def ticks(top: int) -> list[int]:
    """Round numbers from 0 to the first that reaches `top`, at most five: 18 -> 0, 5, 10, 15, 20."""
    least, scale = max(1, ceil(top / INTERVALS)), 1
    while scale * STEPS[-1] < least:
        scale *= 10
    step = next(scale * step for step in STEPS if scale * step >= least)
    return [step * place for place in range(max(1, ceil(top / step)) + 1)]


def calls_chart(found: Statistics) -> Chart:
    """Answered calls with the missed ones above them."""
    share = f"{found.total.answered:,} answered" + (f" ({_percent(found.total)})" if found.total.missed else "")
    total = f"{counted(found.total.calls, 'call')}, {share}" if found.total.calls else ""
    return _chart(found, "Calls", total, lambda tally: (tally.answered, tally.missed), calls_words)


def minutes_chart(found: Statistics) -> Chart:
    """Minutes that were billed, with what they cost."""

    def words(tally: Tally) -> str:
        return minutes_words(tally, has_money=found.has_money)

    return _chart(found, "Minutes", words(found.total) if found.total.minutes else "", lambda tally: (tally.minutes, 0), words)


def _chart(found: Statistics, name: str, total: str, parts: Callable[[Tally], tuple[int, int]], say: Callable[[Tally], str]) -> Chart:
    heights = [parts(period.tally) for period in found.periods]
    marks = ticks(max(map(sum, heights)))
    top = marks[-1]
    bars = [
        Bar(
            label=_label(found, place),
            title=title(found.span, period, found.today),
            words=say(period.tally),
            lower=_share(lower, top),
            upper=_share(upper, top),
            href=f"/calls?{urlencode({'from': period.first, 'to': period.last})}",
            side=SIDES[place * len(SIDES) // len(heights)],
            is_last=place == len(heights) - 1,
            is_open=period.last == found.today,
        )
        for place, (period, (lower, upper)) in enumerate(zip(found.periods, heights, strict=True))
    ]
    return Chart(f"{name} by {EACH[found.span]}", total, bars, [Tick(f"{mark:,}", _share(mark, top)) for mark in marks])


def _share(part: int, whole: int) -> str:
    return f"{round(part / whole * 100, 2):g}%"


def _label(found: Statistics, place: int) -> str:
    """What stands below a bar; nothing below most of them."""
    period, from_end = found.periods[place], len(found.periods) - 1 - place
    if from_end % EVERY[found.span]:
        return ""
    if found.span is Span.YEAR:
        return f"{period.first:%b}"
    if found.span is not Span.QUARTER and not from_end:
        return "Today"
    return f"{period.first:%a}" if found.span is Span.WEEK else _short(period.first)


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def title(span: Span, period: Period, today: date) -> str:
    """'Friday, 13 November', 'Today so far', '26 Oct to 1 Nov', 'This month so far', 'October 2026'."""
    first, last = period.first, period.last
    if span is Span.YEAR:
        return "This month so far" if last == today else f"{first:%B %Y}"
    if first == last:
        return "Today so far" if last == today else f"{first:%A}, {first.day} {first:%B}"
    return f"{_short(first)} to {'today' if last == today else _short(last)}"


def calls_words(tally: Tally) -> str:
    """'7 calls, 6 answered, 1 missed', 'No calls'."""
    if not tally.calls:
        return "No calls"
    return f"{counted(tally.calls, 'call')}, {tally.answered:,} answered, {tally.missed:,} missed"


def minutes_words(tally: Tally, *, has_money: bool) -> str:
    """'221 minutes, $33.15'; without the money for who does not see it."""
    return f"{minutes(tally.minutes)}, {dollars(tally.cents)}" if has_money else minutes(tally.minutes)


def lines(found: Statistics) -> list[Line]:
    """The same numbers for the table, the latest first."""
    return [
        Line(
            when=title(found.span, period, found.today),
            calls=f"{period.tally.calls:,}",
            answered=f"{period.tally.answered:,}",
            missed=f"{period.tally.missed:,}",
            minutes=f"{period.tally.minutes:,}",
            cost=dollars(period.tally.cents) if found.has_money else "",
        )
        for period in reversed(found.periods)
    ]


def _percent(tally: Tally) -> str:
    """How many of the calls were answered; 0 or 100 only when it is exactly that."""
    least, most = int(tally.answered > 0), 99 if tally.missed else 100
    return f"{min(max(round(tally.answered * 100 / tally.calls), least), most)}%"

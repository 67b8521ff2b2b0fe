"""When most calls come: a map of the week by hour, and the same in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kametrix.services.call_stats import HOURS, Statistics, Tally
from kametrix.state.charts import calls_words

SHADES: Final = 5
ENOUGH: Final = 10
"""With fewer calls the busiest time is chance."""
WINDOW: Final = 2
"""Hours that make a busy time."""
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class HeatCell:
    """An hour of a weekday: `shade` from '0' (no calls) to '5' (as many as in the busiest), and its numbers in words."""

    shade: str
    words: str
    is_open: bool = False


@dataclass(frozen=True)
class HeatRow:
    """A weekday with its 24 hours."""

    name: str
    cells: list[HeatCell]


def heat_map(found: Statistics) -> list[HeatRow]:
    """Seven rows from Monday."""
    most = max(hour.calls for day in found.hours for hour in day)
    return [HeatRow(name, [_cell(found, day, hour, most) for hour in range(HOURS)]) for day, name in enumerate(WEEKDAYS)]


def _cell(found: Statistics, day: int, hour: int, most: int) -> HeatCell:
    tally, is_open = found.hours[day][hour], day * HOURS + hour in (found.open_hours or ())
    closed = ", outside your opening hours" if found.open_hours is not None and not is_open else ""
    return HeatCell(_shade(tally.calls, most), f"{WEEKDAYS[day]}, {hour} to {hour + 1}: {calls_words(tally)}{closed}", is_open)


def _shade(calls: int, most: int) -> str:
    return str(-(-calls * SHADES // most)) if calls else "0"


def sentence(found: Statistics) -> str:
    """'Most calls come on Mondays between 9 and 11. 8 of 77 were missed, most of them on Saturdays between 12 and 14.'"""
    if found.total.calls < ENOUGH:
        return "There are too few calls yet to tell when most of them come."
    when, _ = _peak(found, lambda tally: tally.calls)
    missed = found.total.missed
    if not missed:
        return f"Most calls come on {when}. None was missed."
    at_worst, count = _peak(found, lambda tally: tally.missed)
    where = f", most of them on {at_worst}" if count * 2 > missed > 1 else ""
    return f"Most calls come on {when}. {missed:,} of {found.total.calls:,} {'was' if missed == 1 else 'were'} missed{where}."


def _peak(found: Statistics, measure: Callable[[Tally], int]) -> tuple[str, int]:
    """The busiest two hours of a weekday in words, with their count; of equals the one that begins with more calls, else the earliest."""
    places = [(day, hour) for day in range(len(WEEKDAYS)) for hour in range(HOURS - WINDOW + 1)]
    counts = {place: sum(map(measure, found.hours[place[0]][place[1] : place[1] + WINDOW])) for place in places}
    day, hour = max(places, key=lambda place: (counts[place], measure(found.hours[place[0]][place[1]])))
    return f"{WEEKDAYS[day]}s between {hour} and {hour + WINDOW}", counts[day, hour]

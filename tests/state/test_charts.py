"""Charts in words: round axes, shares, what each bar says, and when most calls come."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.services.call_stats import Period, Span, Statistics, Tally, first_day, periods
from kametrix.state.busiest import heat_map, sentence
from kametrix.state.charts import calls_chart, lines, minutes_chart, ticks, title

TODAY = date(2026, 11, 20)
"""A Friday."""


def statistics(
    span: Span = Span.WEEK,
    days: dict[date, Tally] | None = None,
    hours: dict[tuple[int, int], Tally] | None = None,
    *,
    has_money: bool = True,
) -> Statistics:
    """With these days and hours; the total is that of the hours when they are given."""
    found = tuple(periods(span, first_day(span, TODAY), TODAY, days or {}))
    week = tuple(tuple((hours or {}).get((day, hour), Tally()) for hour in range(24)) for day in range(7))
    counted = (hours or {}).values() or (period.tally for period in found)
    return Statistics(span, TODAY, found, week, sum(counted, Tally()), has_money)


@pytest.mark.parametrize(
    ("top", "marks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (5, [0, 2, 4, 6]),
        (18, [0, 5, 10, 15, 20]),
        (41, [0, 20, 40, 60]),
        (1100, [0, 500, 1000, 1500]),
    ],
)
def test_an_axis_ends_on_a_round_number(top: int, marks: list[int]) -> None:
    assert ticks(top) == marks


@given(st.integers(0, 10**9))
def test_every_axis_reaches_its_highest_bar_in_few_round_steps(top: int) -> None:
    marks = ticks(top)
    assert marks[0] == 0 <= top <= marks[-1]
    assert 2 <= len(marks) <= 5
    assert str(marks[1]).rstrip("0") in {"1", "2", "5"}
    assert marks[-2] < max(top, 1), "no step above the one that reaches it"


def test_a_bar_says_its_day_and_its_numbers_and_opens_its_calls() -> None:
    chart = calls_chart(statistics(days={TODAY - timedelta(days=1): Tally(8, 6, 20, 300), TODAY: Tally(2, 2, 3, 45)}))
    thursday, friday = chart.bars[-2:]
    assert (thursday.title, thursday.words) == ("Thursday, 19 November", "8 calls, 6 answered, 2 missed")
    assert (thursday.lower, thursday.upper, thursday.label) == ("75%", "25%", "Thu")
    assert thursday.href == "/calls?from=2026-11-19&to=2026-11-19"
    assert (friday.title, friday.label, friday.is_open, friday.is_last) == ("Today so far", "Today", True, True)
    assert (chart.title, chart.total) == ("Calls by day", "10 calls, 8 answered (80%)")
    assert [(tick.label, tick.at) for tick in chart.ticks] == [("0", "0%"), ("2", "25%"), ("4", "50%"), ("6", "75%"), ("8", "100%")]


def test_days_without_calls_are_bars_without_height() -> None:
    chart = calls_chart(statistics())
    assert [(bar.lower, bar.upper, bar.words) for bar in chart.bars] == [("0%", "0%", "No calls")] * 7
    assert chart.total == ""


def test_the_keyboard_enters_a_chart_at_one_place_and_one_bar_grows() -> None:
    for span in Span:
        bars = calls_chart(statistics(span)).bars
        assert [place for place, bar in enumerate(bars) if bar.is_last] == [len(bars) - 1]
        assert [place for place, bar in enumerate(bars) if bar.is_open] == [len(bars) - 1]
        assert (bars[0].side, bars[len(bars) // 2].side, bars[-1].side) == ("left", "middle", "right")


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(1, 1), "1 call, 1 answered"),
        (Tally(200, 199), "200 calls, 199 answered (99%)"),
        (Tally(1000, 1), "1,000 calls, 1 answered (1%)"),
        (Tally(3, 0), "3 calls, 0 answered (0%)"),
    ],
)
def test_a_share_is_nought_or_whole_only_when_it_is(tally: Tally, words: str) -> None:
    assert calls_chart(statistics(days={TODAY: tally})).total == words


def test_minutes_come_with_their_cost_for_who_sees_money() -> None:
    days = {TODAY: Tally(2, 2, 221, 3315)}
    assert minutes_chart(statistics(days=days)).total == "221 minutes, $33.15"
    assert minutes_chart(statistics(days=days)).bars[-1].words == "221 minutes, $33.15"
    assert minutes_chart(statistics(days=days, has_money=False)).total == "221 minutes"
    assert minutes_chart(statistics(days={TODAY: Tally(1, 0)})).total == ""


@pytest.mark.parametrize(
    ("span", "first", "last", "words"),
    [
        (Span.YEAR, date(2026, 10, 1), date(2026, 10, 31), "October 2026"),
        (Span.YEAR, date(2026, 11, 1), TODAY, "This month so far"),
        (Span.QUARTER, date(2026, 10, 26), date(2026, 11, 1), "26 Oct to 1 Nov"),
        (Span.QUARTER, date(2026, 11, 16), TODAY, "16 Nov to today"),
        (Span.QUARTER, TODAY, TODAY, "Today so far"),
        (Span.MONTH, date(2026, 11, 1), date(2026, 11, 1), "Sunday, 1 November"),
    ],
)
def test_a_period_has_a_name(span: Span, first: date, last: date, words: str) -> None:
    assert title(span, Period(first, last, Tally()), TODAY) == words


def test_labels_stand_apart_and_end_today() -> None:
    assert [bar.label for bar in calls_chart(statistics()).bars] == ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Today"]
    month = calls_chart(statistics(Span.MONTH)).bars
    assert {place: bar.label for place, bar in enumerate(month) if bar.label} == {
        1: "23 Oct",
        8: "30 Oct",
        15: "6 Nov",
        22: "13 Nov",
        29: "Today",
    }
    assert [bar.label for bar in calls_chart(statistics(Span.YEAR)).bars if bar.label] == ["Jan", "Mar", "May", "Jul", "Sep", "Nov"]
    assert calls_chart(statistics(Span.QUARTER)).bars[-1].label == "16 Nov"


def test_the_table_has_the_same_numbers_latest_first() -> None:
    found = statistics(days={TODAY: Tally(2, 1, 3, 45)})
    first = lines(found)[0]
    assert (first.when, first.calls, first.answered, first.missed, first.minutes, first.cost) == (
        "Today so far",
        "2",
        "1",
        "1",
        "3",
        "$0.45",
    )
    assert len(lines(found)) == 7
    assert {line.cost for line in lines(statistics(has_money=False))} == {""}


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({(0, 9): Tally(9, 9)}, "There are too few calls yet to tell when most of them come."),
        (
            {(0, 9): Tally(6, 6), (0, 10): Tally(4, 4), (4, 23): Tally(8, 8)},
            "Most calls come on Mondays between 9 and 11. None was missed.",
        ),
        ({(6, 23): Tally(20, 19)}, "Most calls come on Sundays between 22 and 24. 1 of 20 was missed."),
        (
            {(0, 9): Tally(60, 58), (5, 12): Tally(4, 0), (5, 13): Tally(13, 11)},
            "Most calls come on Mondays between 9 and 11. 8 of 77 were missed, most of them on Saturdays between 12 and 14.",
        ),
        ({(0, 9): Tally(20, 19), (1, 9): Tally(5, 4)}, "Most calls come on Mondays between 9 and 11. 2 of 25 were missed."),
    ],
)
def test_the_busiest_time_in_a_sentence(hours: dict[tuple[int, int], Tally], words: str) -> None:
    assert sentence(statistics(hours=hours)) == words


def test_the_darkest_hour_has_the_most_calls_and_an_hour_with_one_is_never_blank() -> None:
    monday = heat_map(statistics(hours={(0, 9): Tally(100, 99), (0, 10): Tally(1, 1), (0, 11): Tally(40, 40)}))[0]
    assert [cell.shade for cell in monday.cells[8:13]] == ["0", "5", "1", "2", "0"]
    assert monday.cells[9].words == "Monday, 9 to 10: 100 calls, 99 answered, 1 missed"


def test_opening_hours_are_drawn_when_they_are_known() -> None:
    found = replace(statistics(), open_hours=frozenset({9}))
    nine, ten = heat_map(found)[0].cells[9:11]
    assert (nine.is_open, nine.words) == (True, "Monday, 9 to 10: No calls")
    assert (ten.is_open, ten.words) == (False, "Monday, 10 to 11: No calls, outside your opening hours")
    unknown = heat_map(statistics())[0].cells[9]
    assert (unknown.is_open, unknown.words) == (False, "Monday, 9 to 10: No calls")

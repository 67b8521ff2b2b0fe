"""Opening hours: what is refused and where, and what is open when, the change of clocks included."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kametrix.errors import Invalid
from kametrix.services.opening_hours import DAYS, OpeningHours, Range, checked, is_open, next_change, open_minutes, parsed, stored
from tests.hours import WEEKDAYS, hours, minutes_of_week, moments, zones

BERLIN = ZoneInfo("Europe/Berlin")


def errors_of(**typed: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as told:
        checked({"week": {}, **typed})
    return told.value.errors


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_now_open"),
    [
        ("2026-11-20T08:59", False),
        ("2026-11-20T09:00", True),
        ("2026-11-20T11:59", True),
        ("2026-11-20T12:00", False),
        ("2026-11-20T13:00", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T10:00", False),
    ],
)
def test_a_range_begins_with_its_first_minute_and_ends_before_its_last(moment: str, is_now_open: bool) -> None:
    assert is_open(checked(WEEKDAYS), at(moment), BERLIN) is is_now_open


def test_hours_past_midnight_belong_to_the_day_they_began() -> None:
    bar = checked({"week": {"fri": [["20:00", "02:00"]]}, "special": [{"from": "2026-11-21", "ranges": []}]})
    assert is_open(bar, at("2026-11-21T01:59"), BERLIN)
    assert not is_open(bar, at("2026-11-21T02:00"), BERLIN)
    assert not is_open(bar, at("2026-11-20T01:00"), BERLIN)


def test_a_whole_day_has_no_gap_at_midnight() -> None:
    always = checked({"week": {day: [["00:00", "00:00"]] for day in DAYS}})
    assert is_open(always, at("2026-11-20T23:59"), BERLIN)
    assert is_open(always, at("2026-11-21T00:00"), BERLIN)
    assert next_change(always, at("2026-11-20T12:00"), BERLIN) is None


def test_special_days_replace_the_weeks_hours() -> None:
    christmas = checked(
        {
            **WEEKDAYS,
            "special": [
                {"from": "2026-12-24", "to": "2026-12-26", "label": " Christmas ", "ranges": []},
                {"from": "2026-12-27", "label": "Sale", "ranges": [["10:00", "14:00"]]},
            ],
        }
    )
    assert not is_open(christmas, at("2026-12-24T10:00"), BERLIN)
    assert is_open(christmas, at("2026-12-27T10:00"), BERLIN)  # a Sunday
    assert is_open(christmas, at("2026-12-28T10:00"), BERLIN)
    assert christmas.special[0].label == "Christmas"


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ([["09:00", ""]], "mon.0"),
        ([["9:00", "12:00"]], "mon.0"),
        ([["24:00", "12:00"]], "mon.0"),
        ([["٠٩:٠٠", "12:00"]], "mon.0"),
        ([["09:00", "09:00"]], "mon.0"),
        ([["09:00", "13:00"], ["12:59", "17:00"]], "mon.1"),
        ([["13:00", "17:00"], ["09:00", "13:01"]], "mon.0"),
        ([["20:00", "02:00"], ["23:00", "23:30"]], "mon.1"),
        ([["08:00", "09:00"]] * 5, "mon.4"),
    ],
)
def test_a_wrong_time_is_told_at_its_place(typed: list[list[str]], place: str) -> None:
    assert place in errors_of(week={"mon": typed})


def test_hours_that_touch_do_not_overlap() -> None:
    checked({"week": {"mon": [["09:00", "12:00"], ["12:00", "17:00"]], "tue": [["00:00", "00:00"]], "wed": [["00:00", "01:00"]]}})


def test_hours_that_run_into_the_next_day_are_refused_also_from_sunday_to_monday() -> None:
    assert errors_of(week={"mon": [["20:00", "02:00"]], "tue": [["01:00", "03:00"]]}).keys() == {"mon.0"}
    assert errors_of(week={"sun": [["20:00", "02:00"]], "mon": [["01:00", "03:00"]]}).keys() == {"sun.0"}


@pytest.mark.parametrize(
    ("special", "places"),
    [
        ([{"from": "", "ranges": []}], {"special.0.from"}),
        ([{"from": "2026-02-30", "ranges": []}], {"special.0.from"}),
        ([{"from": "9999-01-01", "ranges": []}], {"special.0.from"}),
        ([{"from": "2026-12-24", "to": "2026-12-23", "ranges": []}], {"special.0.to"}),
        ([{"from": "2026-01-01", "to": "2027-01-02", "ranges": []}], {"special.0.to"}),
        ([{"from": "2026-12-24", "label": "x" * 61, "ranges": []}], {"special.0.label"}),
        ([{"from": "2026-12-24", "ranges": [["1", "2"]]}], {"special.0.0"}),
        ([{"from": "2026-12-24", "to": "2026-12-25", "ranges": [["20:00", "02:00"], ["01:00", "03:00"]]}], {"special.0.0"}),
        ([{"from": "2026-12-24", "to": "2026-12-26"}, {"from": "2026-12-26"}], {"special.1.from"}),
        ([{"from": "2026-12-26"}, {"from": "2026-12-24", "to": "2026-12-26"}], {"special.0.from"}),
        ([{"from": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}"} for day in range(61)], {"special"}),
    ],
)
def test_a_wrong_special_day_is_told_at_its_place(special: list[dict[str, Any]], places: set[str]) -> None:
    assert errors_of(special=special).keys() == places


def test_nobody_told_hours_is_not_closed() -> None:
    assert parsed(None) is None
    assert parsed({}) is None


@given(hours())
def test_hours_come_back_as_they_were_stored(found: OpeningHours) -> None:
    assert parsed(stored(found)) == found


@given(hours(), st.dates(date(2026, 1, 1), date(2027, 1, 31)))
def test_the_open_parts_of_a_day_are_apart_and_in_order(found: OpeningHours, day: date) -> None:
    parts = open_minutes(found, day)
    assert all(0 <= start < end <= 1440 for start, end in parts)
    assert all(before[1] < after[0] for before, after in pairwise(parts))


@given(hours(specials=False), minutes_of_week)
def test_the_week_is_open_in_its_ranges_and_closed_between(found: OpeningHours, minute: int) -> None:
    covered = {(day * 1440 + each) % 10_080 for day, ranges in enumerate(found.week) for one in ranges for each in (one.start, one.end - 1)}
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    utc = ZoneInfo("UTC")
    inside = any(
        start <= (minute - day * 1440 - offset) < end
        for day, ranges in enumerate(found.week)
        for offset in (0, -10_080, 10_080)
        for start, end in ((one.start, one.end) for one in ranges)
    )
    assert is_open(found, monday + timedelta(minutes=minute), utc) is inside
    assert all(is_open(found, monday + timedelta(minutes=edge), utc) for edge in covered)


def test_an_hour_that_is_skipped_is_never_open() -> None:
    night = checked({"week": {"sun": [["02:15", "02:45"]]}})
    spring = at("2026-03-29T00:00")
    assert not any(is_open(night, spring + timedelta(minutes=minute), BERLIN) for minute in range(300))
    assert next_change(night, spring, BERLIN) == at("2026-04-05T02:15")


def test_an_hour_that_is_repeated_is_open_twice() -> None:
    night = checked({"week": {"sun": [["02:15", "02:45"]]}})
    autumn = at("2026-10-25T00:00")
    assert sum(is_open(night, autumn + timedelta(minutes=minute), BERLIN) for minute in range(300)) == 60
    first, again = at("2026-10-25T02:15"), at("2026-10-25T02:15", fold=1)
    assert again - first == timedelta(hours=1)
    assert next_change(night, first + timedelta(minutes=30), BERLIN) == again


@given(hours(), moments, zones)
def test_the_next_change_is_the_first_minute_that_differs(found: OpeningHours, moment: datetime, zone: ZoneInfo) -> None:
    change, now = next_change(found, moment, zone), is_open(found, moment, zone)
    until = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    last = min(change, until + timedelta(days=3)) if change else until + timedelta(days=3)
    while until < last:
        assert is_open(found, until, zone) is now
        until += timedelta(minutes=1)
    if change is not None:
        assert is_open(found, change, zone) is not now
        assert is_open(found, change - timedelta(seconds=1), zone) is now


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_a_range_is_as_long_as_the_clock_says(start: int, end: int) -> None:
    assume(start != end)
    typed = [[f"{minute // 60:02d}:{minute % 60:02d}" for minute in (start, end)]]
    [found] = checked({"week": {"mon": typed}}).week[0]
    assert found == Range(start, end if end > start else end + 1440)

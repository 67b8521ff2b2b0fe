"""Opening hours in words, and as the template the provider renders when a call starts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from kametrix.services.opening_hours import OpeningHours, checked, is_open
from kametrix.services.opening_words import state_told, template, told
from sandbox.vapi.prompt import render
from tests.hours import CLOSED, WEEKDAYS, hours, moments, zones

TODAY = date(2026, 11, 20)
CHRISTMAS: dict[str, Any] = {"from": "2026-12-24", "to": "2026-12-26", "label": "Christmas", "ranges": []}
SALE: dict[str, Any] = {"from": "2026-11-29", "ranges": [["10:00", "00:00"]]}
OVER: dict[str, Any] = {"from": "2026-11-19", "label": "Over", "ranges": []}


@settings(max_examples=300)
@given(hours(), moments, zones)
def test_the_provider_s_clock_decides_as_we_would(found: OpeningHours, moment: datetime, zone: ZoneInfo) -> None:
    asked = template(found, zone.key, today=moment.astimezone(zone).date(), when_open="Good day.", when_closed="We are closed.")
    spoken, problem = render(asked, moment, {})
    assert problem == ""
    assert spoken == ("Good day." if is_open(found, moment, zone) else "We are closed.")


@given(hours(), moments, zones)
def test_a_template_written_long_before_the_call_decides_alike(found: OpeningHours, moment: datetime, zone: ZoneInfo) -> None:
    asked = template(found, zone.key, today=date(2025, 12, 31), when_open="open", when_closed="closed")
    assert render(asked, moment, {})[0] == ("open" if is_open(found, moment, zone) else "closed")


@pytest.mark.parametrize(("utc", "spoken"), [("2026-11-20T02:30", "closed"), ("2026-11-20T17:00", "open"), ("2026-11-21T00:59", "open")])
def test_the_day_is_that_of_the_business_and_not_of_the_server(utc: str, spoken: str) -> None:
    friday = checked({"week": {"fri": [["09:00", "17:00"]]}})
    asked = template(friday, "America/Los_Angeles", today=TODAY, when_open="open", when_closed="closed")
    assert render(asked, datetime.fromisoformat(utc).replace(tzinfo=UTC), {})[0] == spoken


def test_days_that_are_over_are_left_out_of_the_template() -> None:
    asked = template(checked({**WEEKDAYS, "special": [OVER, CHRISTMAS]}), "UTC", today=date(2026, 11, 22), when_open="", when_closed="")
    assert "20261119" not in asked
    assert "today >= 20261224 and today <= 20261225" in asked
    assert "20261226" not in asked  # a Saturday, which is closed anyway


def test_the_week_is_told_in_runs_of_equal_days_and_coming_special_days_follow() -> None:
    found = checked({**WEEKDAYS, "special": [OVER, SALE, CHRISTMAS]})
    assert told(found, "en", today=TODAY).splitlines() == [
        "Monday to Friday: 9:00 am to 12:00 pm, 1:00 pm to 5:00 pm",
        "Saturday to Sunday: closed",
        "Other hours on these days:",
        "- November 29, 2026: 10:00 am to 12:00 am",
        "- December 24, 2026 to December 26, 2026 (Christmas): closed",
    ]
    assert told(found, "de", today=TODAY).splitlines()[:3] == [
        "Montag bis Freitag: 9:00 Uhr bis 12:00 Uhr, 13:00 Uhr bis 17:00 Uhr",
        "Samstag bis Sonntag: geschlossen",
        "Abweichende Zeiten an diesen Tagen:",
    ]
    assert told(found, "de", today=TODAY).endswith("- 24. Dezember 2026 bis 26. Dezember 2026 (Christmas): geschlossen")


def test_hours_past_midnight_and_whole_days_are_told_as_such() -> None:
    bar = checked({"week": {"fri": [["20:00", "02:00"]], "sun": [["00:00", "00:00"]]}})
    assert "Friday: 8:00 pm to 2:00 am the next day" in told(bar, "en", today=TODAY)
    assert "Sunday: open all day" in told(bar, "en", today=TODAY)
    assert "Freitag: 20:00 Uhr bis 2:00 Uhr am nächsten Tag" in told(bar, "de", today=TODAY)


@pytest.mark.parametrize(
    ("typed", "moment", "words"),
    [
        (WEEKDAYS, "2026-11-20T10:00", "Open until 12:00 pm."),
        (WEEKDAYS, "2026-11-20T12:10", "Closed. Opens today at 1:00 pm."),
        (WEEKDAYS, "2026-11-19T18:00", "Closed. Opens tomorrow at 9:00 am."),
        (WEEKDAYS, "2026-11-20T18:00", "Closed. Opens Monday at 9:00 am."),
        ({"week": {"fri": [["20:00", "02:00"]]}}, "2026-11-20T21:00", "Open until tomorrow at 2:00 am."),
        (
            {**CLOSED, "special": [CHRISTMAS | {"ranges": [["10:00", "11:00"]]}]},
            "2026-11-20T21:00",
            "Closed. Opens December 24, 2026 at 10:00 am.",
        ),
        (CLOSED, "2026-11-20T21:00", "Closed, without an opening in sight."),
        ({"week": {day: [["00:00", "00:00"]] for day in CLOSED["week"]}}, "2026-11-20T21:00", "Open, without an end in sight."),
    ],
)
def test_a_page_tells_until_when(typed: dict[str, Any], moment: str, words: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert state_told(checked(typed), datetime.fromisoformat(moment).replace(tzinfo=zone) + timedelta(seconds=5), zone) == words

"""Opening hours for tests, and strategies that make every kind of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from kametrix.errors import Invalid
from kametrix.services.opening_hours import DAYS, OpeningHours, checked

WEEKDAYS: Final[dict[str, Any]] = {"week": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in DAYS[:5]}}
"""Monday to Friday, with lunch."""
CLOSED: Final[dict[str, Any]] = {"week": {day: [] for day in DAYS}}

times = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 45, 59)))
ranges = st.lists(st.tuples(times, times).map(list), max_size=3)
zones = st.sampled_from(
    ("UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati")
).map(ZoneInfo)
changes = ("2026-03-29T01:00", "2026-10-25T01:00", "2026-03-08T07:00", "2026-11-01T06:00", "2026-04-04T15:00", "2026-10-03T15:30")
"""Around these moments (UTC) clocks change somewhere."""
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 31)),
    st.builds(lambda text, by: datetime.fromisoformat(text) + timedelta(minutes=by), st.sampled_from(changes), st.integers(-240, 240)),
).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
minutes_of_week = st.integers(0, 10_079)
special_days = st.builds(
    lambda first, length, hours: {"from": first.isoformat(), "to": (first + timedelta(days=length)).isoformat(), "ranges": hours},
    st.dates(date(2026, 1, 1), date(2027, 1, 31)),
    st.integers(0, 10),
    ranges,
)


def _valid(typed: dict[str, Any]) -> OpeningHours | None:
    """The hours; ranges that are refused are left out until the rest is accepted."""
    while True:
        try:
            return checked(typed)
        except Invalid as error:
            place = next(iter(error.errors)).split(".")
            if place[0] != "special":
                typed["week"][place[0]].pop(int(place[1]))
            elif len(place) > 1 and place[-1].isdigit() and len(place) == 3:
                typed["special"][int(place[1])]["ranges"].pop(int(place[2]))
            else:
                typed["special"].pop(int(place[1]))


@st.composite
def hours(draw: st.DrawFn, *, specials: bool = True) -> OpeningHours:
    """Hours that are accepted: ranges past midnight, whole days, closed days, special periods."""
    week = {day: [list(pair) for pair in draw(ranges)] for day in DAYS}
    special = draw(st.lists(special_days, max_size=4)) if specials else []
    found = _valid({"week": week, "special": [{**one, "ranges": list(one["ranges"])} for one in special]})
    assert found is not None
    return found

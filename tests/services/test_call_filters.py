"""What an address of a list of calls means, whatever it says."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.models import OrgRole, PlatformRole
from kametrix.services.access import actor_of
from kametrix.services.call_filters import DIRECTIONS, GROUPS, ME, NAMES, NOBODY, PERIODS, Choices, Filter, address, clean, read, span

DANA = actor_of(user_id="dana", email="d@example.com", organization_id="o", role=OrgRole.OWNER, platform_role=PlatformRole.USER)
OFFERED = Choices((("a1", "Mia"), ("a2", "Tom")), (("dana", "Dana Whitlock"), ("robin", "Robin")))
ASKED = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["", *GROUPS, "x"]) | st.text(),
        "agent": st.sampled_from(["", "a1", "a3"]) | st.text(),
        "period": st.sampled_from(["", *PERIODS]) | st.text(),
        "from": st.dates().map(str) | st.text(),
        "to": st.dates().map(str) | st.text(),
        "direction": st.sampled_from(["", *DIRECTIONS]) | st.text(),
        "assigned": st.sampled_from(["", ME, NOBODY, "robin", "x"]) | st.text(),
        "q": st.text(max_size=300),
        "other": st.text(),
    },
)


@given(asked=ASKED)
def test_any_address_is_read_and_what_was_understood_is_said_again_alike(asked: dict[str, str]) -> None:
    wanted, unusable = read(asked, DANA, OFFERED)
    assert read(address(wanted, DANA), DANA, OFFERED) == (wanted, ())
    assert set(unusable) <= {name for name in NAMES if asked.get(name, "").strip()}
    span(wanted, datetime(2026, 11, 20, tzinfo=UTC), ZoneInfo("Pacific/Apia"))


def test_what_cannot_be_meant_is_named_and_left_out() -> None:
    asked = {"status": "missed", "agent": "a9", "from": "2026-02-31", "to": "1999-01-01", "direction": "up", "q": "\x00"}
    wanted, unusable = read(asked, DANA, OFFERED)
    assert wanted == Filter(status="missed")
    assert unusable == ("agent", "from", "to", "direction", "q")


def test_days_in_the_wrong_order_are_put_right_and_a_period_wins_over_days() -> None:
    days = {"from": "2026-11-05", "to": "2026-11-01"}
    assert read(days, DANA, OFFERED)[0] == Filter(first_day=date(2026, 11, 1), last_day=date(2026, 11, 5))
    assert read({**days, "period": "7d"}, DANA, OFFERED)[0] == Filter(period="7d")


def test_me_is_who_asks() -> None:
    wanted, _ = read({"assigned": "me"}, DANA, OFFERED)
    assert wanted.assigned == "dana"
    assert address(wanted, DANA) == {"assigned": "me"}


@pytest.mark.parametrize(
    ("wanted", "since", "until"),
    [
        (Filter(period="today"), "2026-03-08T08:00", None),
        (Filter(period="7d"), "2026-03-02T08:00", None),
        (Filter(period="month"), "2026-03-01T08:00", None),
        (Filter(first_day=date(2026, 3, 8), last_day=date(2026, 3, 8)), "2026-03-08T08:00", "2026-03-09T07:00"),
        (Filter(last_day=date(2026, 3, 8)), None, "2026-03-09T07:00"),
        (Filter(), None, None),
    ],
)
def test_days_are_whole_days_of_the_organization_also_when_the_clock_changes(wanted: Filter, since: str | None, until: str | None) -> None:
    now = datetime(2026, 3, 8, 20, tzinfo=UTC)
    expected = [moment and datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (since, until)]
    assert list(span(wanted, now, ZoneInfo("America/Los_Angeles"))) == expected


@given(words=st.text())
def test_cleaned_words_hold_nothing_a_database_refuses(words: str) -> None:
    cleaned = clean(words)
    assert len(cleaned) <= 200
    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned

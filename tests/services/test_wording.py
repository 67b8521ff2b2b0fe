"""Money, lengths, moments and numbers as people read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.services import wording

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 9, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("cents", "text", "signed"),
    [(0, "$0.00", "$0.00"), (5, "$0.05", "+$0.05"), (-135, "−$1.35", "−$1.35"), (123_456_789, "$1,234,567.89", "+$1,234,567.89")],
)
def test_dollars(cents: int, text: str, signed: str) -> None:
    assert (wording.dollars(cents), wording.dollars(cents, signed=True)) == (text, signed)


@given(st.integers(-(10**12), 10**12))
def test_dollars_lose_no_cent(cents: int) -> None:
    digits = wording.dollars(cents).replace("−", "-").replace("$", "").replace(",", "").replace(".", "")
    assert int(digits) == cents


@pytest.mark.parametrize(
    ("seconds", "clock", "length"),
    [(-3, "0:00", "0 sec"), (0, "0:00", "0 sec"), (45, "0:45", "45 sec"), (60, "1:00", "1 min"), (272, "4:32", "4 min 32 sec"),
     (3725, "1:02:05", "62 min 5 sec"), (3779, "1:02:59", "62 min 59 sec")],
)  # fmt: skip
def test_lengths(seconds: int, clock: str, length: str) -> None:
    assert (wording.clock(seconds), wording.length(seconds)) == (clock, length)


@pytest.mark.parametrize(("count", "text"), [(0, "0 minutes"), (1, "1 minute"), (1200, "1,200 minutes")])
def test_counts(count: int, text: str) -> None:
    assert wording.minutes(count) == wording.counted(count, "minute") == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 20, 0, 0, tzinfo=ZONE), "Today, 0:00"),
        (datetime(2026, 11, 19, 23, 59, tzinfo=ZONE), "Yesterday, 23:59"),
        (datetime(2026, 11, 18, 8, 1, tzinfo=ZONE), "18 Nov, 8:01"),
        (datetime(2025, 11, 20, 8, 1, tzinfo=ZONE), "20 Nov 2025, 8:01"),
    ],
)
def test_moments(at: datetime, text: str) -> None:
    assert wording.moment(at, NOW) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("+14155550147", "+1 415 555 0147"), ("+442079460018", "+44 20 7946 0018"), ("anonymous", "anonymous"), ("", "none"), (None, "none")],
)
def test_telephone_numbers(number: str | None, text: str) -> None:
    assert wording.telephone(number, missing="none") == text

"""Single values of any shape, at the edges of what is believed."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from kametrix.integrations.reading import first_text, moment, number, read_json, seconds_between, text


def test_sixty_levels_are_read_and_one_more_is_not() -> None:
    assert read_json("[" * 60 + "]" * 60)
    with pytest.raises(ValueError, match="deeper than 60"):
        read_json("[" * 61 + "]" * 61)


def test_the_longest_number_is_read_and_a_longer_one_is_not() -> None:
    assert read_json("9" * 4000) == 10**4000 - 1
    with pytest.raises(ValueError, match="4001 digits"):
        read_json("9" * 4001)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *(
            ("1.5", Decimal("1.5")),
            (" 7 ", Decimal(7)),
            (0.1, Decimal("0.1")),
            (-3, Decimal(-3)),
            ("1e20", Decimal("1e20")),
            ("1e-30", Decimal(0)),
        ),
        *((True, None), (None, None), ([], None), ("", None), ("NaN", None), ("-Infinity", None), (float("inf"), None)),
        *(("1e21", None), ("1" * 41, None)),
    ],
)
def test_numbers(value: object, read: Decimal | None) -> None:
    assert number(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [(" a ", "a"), ("", None), ("  ", None), (5, "5"), (1.5, "1.5"), (True, None), ({}, None), ("abcdef", "abcd")]
)
def test_texts(value: object, read: str | None) -> None:
    assert text(value, 4) == read


def test_the_first_text_is_the_first_that_says_something() -> None:
    assert first_text((None, "", {}, " ", "a", "b")) == "a"
    assert first_text(()) is None


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("1999-12-31T23:59:59Z", False),
        ("2000-01-01T00:00:00Z", True),
        ("2099-12-31T23:59:59Z", True),
        ("2100-01-01T00:00:00Z", False),
        ("2000-01-01T00:00:00+01:00", False),
        (946_684_799, False),
        (946_684_800, True),
        (946_684_800_000, True),
        (99_999_999_999_999_999, False),
    ],
)
def test_only_moments_of_this_century_are_believed(value: object, known: bool) -> None:
    assert (moment(value) is not None) == known


def test_moments_are_exact_and_in_utc() -> None:
    found = moment(1785146531718)
    assert found == datetime(2026, 7, 27, 10, 2, 11, 718000, tzinfo=UTC)
    assert moment("2026-07-27T12:02:11.718+02:00") == found
    later = found.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=1)
    assert (seconds_between(found, later), seconds_between(later, found)) == (Decimal("0.000001"), Decimal("-0.000001"))

"""An export opens in a spreadsheet as what it says."""

import csv
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.services import csv_text


def cells(line: str) -> list[str]:
    return next(csv.reader([line]))


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "  =1", "＝1+1", "|x", "%0A", '=HYPERLINK("http://x")'])
def test_a_text_that_begins_like_a_formula_is_shown(text: str) -> None:
    assert cells(csv_text.line([text])) == [f"'{text}"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\t=1", "'\t'=1"),
        ("Call back; =1+1", "Call back; '=1+1"),
        ("first\n=HYPERLINK(A1)", "first\n'=HYPERLINK(A1)"),
        ("one\t@SUM(A1)", "one\t'@SUM(A1)"),
        ("a; b; c\nplease", "a; b; c\nplease"),
    ],
)
def test_a_formula_inside_a_text_is_shown_where_semicolons_or_tabs_separate(text: str, shown: str) -> None:
    assert next(csv.reader(csv_text.line([text]).splitlines(keepends=True), strict=True)) == [shown]


def test_numbers_moments_and_nothing_stay_what_they_are() -> None:
    at = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
    line = csv_text.line([-75, "+14155550147", at, None, 'Ask, "twice"\nplease'])
    assert line.endswith("\r\n")
    assert next(csv.reader([line], strict=True))[:4] == ["-75", "+14155550147", "2026-11-20T09:05:00+00:00", ""]


@given(st.lists(st.text(st.characters(exclude_characters="\x00\r\n")), min_size=1, max_size=5))
def test_every_text_comes_back_or_comes_back_with_apostrophes(texts: list[str]) -> None:
    for text, cell in zip(texts, cells(csv_text.line(texts)), strict=True):
        assert cell.replace("'", "") == text.replace("'", "")
        for part in [cell, *re.split(r"[;\t]", cell)[1:]]:
            assert not part.lstrip().startswith(csv_text.FORMULA) or csv_text.E164.fullmatch(cell)

"""The printed statement: lists are cut and say so, and nothing a name or a sum holds breaks it."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from re import DOTALL, findall
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.services import statement_pdf, statement_print
from kametrix.services.checkpoint_file import Checkpoint, Signed
from kametrix.services.statement_print import SHOWN, Entry, Sheet
from kametrix.services.statements import Day, Kind, Place, Rate, Statement
from tests import factories

NOON = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)


def sheet(name: str, *, amount: int = 1_000, days: int = 30, entries: int = SHOWN) -> Sheet:
    zone = ZoneInfo("Europe/Berlin")
    shown = Statement(
        "org", name, "2026-11", zone, NOON, NOON, True, NOON, Place(1, -amount, bytes(32)), Place(9, amount, bytes(32)),
        (Kind("PURCHASE", 5, amount), Kind("GRACE_USAGE", 1, -amount)), (Rate(15, 800, amount, -amount),), amount, amount,
    )  # fmt: skip
    rows = [Entry(n, NOON, "PURCHASE", "Bought 1,000 credits", amount, -amount) for n in range(entries)]
    calls = [Day(date(2026, 11, n), amount, amount, -amount, amount, amount) for n in range(1, days + 1)]
    signed = Signed(Checkpoint("org", date(2026, 11, 30), 9, amount, bytes(32)), "local", bytes(64), NOON)
    return Sheet(shown, calls, rows, rows, 900, signed, "ab" * 32)


def pages(file: bytes) -> int:
    return len(findall(rb"/Type /Page\b", file))


def test_a_busy_month_fits_on_a_few_pages() -> None:
    assert pages(statement_pdf.drawn(sheet("Brightside Dental"))) <= 3
    assert pages(statement_pdf.drawn(sheet("Brightside Dental", days=3, entries=2))) <= 2


@pytest.mark.parametrize(
    "name",
    ["Ελληνικά Ωμέγα", "Łódź Żółć", "Київ Стоматологія", "שלום מרפאה", "مرحبا", "歯科 🦷", "", "\n\t", "x" * 300, "a\u202eb", "<b>&"],
)
def test_any_name_is_printed_or_boxed_and_told_to_no_log(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert statement_pdf.drawn(sheet(name, days=1, entries=1)).startswith(b"%PDF-")
    assert caplog.text == ""


@pytest.fixture
def paper() -> Iterator[statement_pdf.Paper]:
    """With a font chosen; its files are closed afterwards."""
    with closing(statement_pdf.Paper("")) as made:
        made.set_font(statement_pdf.FAMILY, "", 10)
        yield made


@pytest.mark.parametrize("name", ["Äußerst", "Łódź", "Ωμέγα", "Київ", "שלום"])
def test_the_font_has_the_letters_of_europe(paper: statement_pdf.Paper, name: str) -> None:
    assert "□" not in paper.fitting(name, 100)


def test_the_largest_sums_stay_within_their_column() -> None:
    assert pages(statement_pdf.drawn(sheet("Brightside", amount=2**62))) <= 3


def test_letters_that_run_the_other_way_are_in_the_order_they_are_seen(paper: statement_pdf.Paper) -> None:
    assert paper.fitting("GmbH שלום", 100) == "GmbH םולש"


def test_lists_are_cut_and_count_what_is_left(session: Session) -> None:
    actor = factories.create_member(session)
    with clock.at(NOON):
        for _ in range(SHOWN + 5):
            factories.post_credit(session, actor, 5)
    with clock.at(NOON + timedelta(hours=1)):
        found = statement_print.sheet(session, actor, "2026-11")
    assert (len(found.movements), found.movement_count, found.calls, found.signed) == (SHOWN, SHOWN + 5, [], None)
    file = statement_pdf.drawn(found)
    assert any(b"/F1" in zlib.decompress(stream) for stream in findall(rb"stream\n(.*?)\nendstream", file, DOTALL)[:1])

"""The statement of a month: the sum, the days, the files, and the proof."""

from typing import Any, Final

import reflex as rx

from kametrix.components.chart import CELLS
from kametrix.components.choose import each
from kametrix.components.copying import copy_button
from kametrix.components.links import button_link, text_link
from kametrix.components.missing import missing
from kametrix.components.money import money
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.stat import Stat, stat_strip
from kametrix.state.call_rows import Fact
from kametrix.state.statements import DayRow, RateRow, StatementsState, SumLine

SHOWN: Any = StatementsState.shown
"""A Var of StatementView."""


def numbers() -> rx.Component:
    """The month in four numbers."""
    return stat_strip(
        (
            Stat("At the beginning", SHOWN.opening, "balance"),
            Stat("Used", SHOWN.used, SHOWN.minutes),
            Stat("Paid", SHOWN.paid, "by you"),
            Stat("At the end", SHOWN.closing, "balance"),
        )
    )


def sum_line(item: SumLine) -> rx.Component:
    """One line of the sum; the result stands below a rule."""
    is_end = rx.Var.create(item.is_end)
    return rx.flex(
        rx.text(item.label, size="2", weight=rx.cond(is_end, "bold", "regular"), flex="1", min_width="0"),
        rx.text(item.count, size="1", color="var(--muted)", class_name="num"),
        money(
            item.amount, gain=rx.Var.create(item.is_gain), font_size="14px", min_width="96px", text_align="right",
            font_weight=rx.cond(is_end, "700", "400"),
        ),
        align="baseline",
        gap="16px",
        padding="7px 0",
        border_top=rx.cond(is_end, "1.5px solid var(--ink)", "0"),
    )  # fmt: skip


def adds_up() -> rx.Component:
    """Opening balance plus everything is the closing balance: a sum anyone can follow."""
    return panel(
        rx.box(each(SHOWN.sum, sum_line), margin="-7px 0"),
        rx.cond(SHOWN.grace != "", rx.text(SHOWN.grace, size="2", color="var(--muted)", margin_top="12px")),
        title="How it adds up",
    )


WIDE: Final = ("Other",)
"""Columns a phone has no room for; its pages say the same under Credits."""


def _table(heads: tuple[str, ...], rows: rx.Component, label: str) -> rx.Component:
    head = rx.el.thead(rx.el.tr(*[rx.el.th(name, scope="col", class_name="only-desk" if name in WIDE else "") for name in heads]))
    return rx.box(rx.el.table(head, rx.el.tbody(rows), aria_label=label), style=CELLS, overflow_x="auto", class_name="num")


def rate(item: RateRow) -> rx.Component:
    """Calls at one price."""
    return rx.el.tr(rx.el.th(item.rate, " a minute", scope="row"), rx.el.td(item.calls), rx.el.td(item.minutes), rx.el.td(item.amount))


def day(item: DayRow) -> rx.Component:
    """A day, with a bar for its minutes."""
    bar = rx.box(height="4px", border_radius="2px", background="var(--violet-9)", width=item.share, min_width="0", aria_hidden="true")
    return rx.el.tr(
        rx.el.th(item.day, rx.box(bar, width="64px", margin_top="2px"), scope="row"),
        rx.el.td(item.calls), rx.el.td(item.minutes), rx.el.td(item.used), rx.el.td(item.other, class_name="only-desk"),
        rx.el.td(item.balance),
    )  # fmt: skip


def by_day() -> rx.Component:
    """What happened on which day, at which price."""
    days = _table(("Day", "Calls", "Minutes", "Used", "Other", "Balance"), each(SHOWN.days, day), "Days")
    rates = _table(("Rate", "Calls", "Minutes", "Cost"), each(SHOWN.rates, rate), "Rates")
    nothing = empty_state("calendar", "Nothing was posted", "The balance stood still all month.")
    return rx.fragment(
        rx.cond(SHOWN.rates.length() > 0, panel(rates, title="Calls by rate")),
        panel(rx.cond(SHOWN.days.length() > 0, days, nothing), title="Day by day"),
    )


def downloads() -> rx.Component:
    """The three files."""
    look: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True}
    return panel(
        rx.flex(
            button_link("PDF", SHOWN.files + ".pdf", icon="printer", **look),
            button_link("CSV", SHOWN.files + ".csv", icon="sheet", **look),
            button_link("Proof (JSON)", SHOWN.files + ".json", icon="shield-check", **look),
            gap="8px",
            wrap="wrap",
        ),
        title="Download",
    )


def check() -> rx.Component:
    """Two sentences and a command."""
    return panel(
        rx.text(
            "Download the proof and ",
            text_link("verify_statement.py", "/api/verify_statement.py"),
            ", one file of plain Python that you can read in five minutes. It computes every hash, balance and total again, checks our "
            "signatures without asking us, and says what it proves.",
            size="2",
        ),
        rx.flex(
            rx.code(SHOWN.command, size="2", variant="soft", style={"overflowWrap": "anywhere"}),
            copy_button(SHOWN.command, label="Copy the command", icon_only=True),
            align="center",
            gap="8px",
            margin_top="10px",
        ),
        rx.text("Compare the key it prints with ", text_link("the ones we publish", "/api/ledger-keys"), ".", size="2", margin_top="10px"),
        title="Check it yourself",
    )


def fact(item: Fact) -> rx.Component:
    """A long value under its name."""
    return rx.box(
        rx.el.dt(item.label, style={"color": "var(--muted)", "fontSize": "13px"}),
        rx.el.dd(item.value, style={"margin": "0", "overflowWrap": "anywhere", "fontSize": "13px"}, class_name="num"),
        padding="4px 0",
    )


def proof() -> rx.Component:
    """Where the ledger stood, and who signed it."""
    return panel(
        rx.text(SHOWN.signed, size="2", weight="medium"),
        rx.el.details(
            rx.el.summary("Hash, signature and key", style={"cursor": "pointer", "fontSize": "14px", "margin": "8px 0 4px"}),
            rx.el.dl(each(SHOWN.proof, fact), style={"margin": "0"}),
        ),
        title="Proof",
    )


@page(
    "/credits/statements/[month]",
    rx.cond(StatementsState.is_missing, "Not found", SHOWN.title),
    active="Credits",
    on_load=StatementsState.load_month,
)
def statement() -> rx.Component:
    """The month named in the address, or that it has no statement."""
    left = rx.flex(adds_up(), by_day(), direction="column", gap="24px", min_width="0")
    found = rx.fragment(
        page_header(
            SHOWN.title, rx.text(SHOWN.note, color="var(--muted)", size="2", margin_top="4px"), back=("Statements", "/credits/statements")
        ),
        numbers(),
        rx.box(left, rx.box(downloads(), check(), proof(), class_name="aside"), class_name="grid-main", margin_top="24px"),
    )
    return rx.cond(
        StatementsState.is_missing,
        missing(
            "There is no statement for this month", "Nothing was posted in it or before it.", icon="receipt-text",
            back=("Statements", "/credits/statements"),
        ),
        found,
    )  # fmt: skip

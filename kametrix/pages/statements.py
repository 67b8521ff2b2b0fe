"""The list of statements: a line per month, and how they can be checked."""

import reflex as rx

from kametrix.components.links import text_link
from kametrix.components.listing import sized_table
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import cell, row_link, table_row
from kametrix.state.statements import MonthRow, StatementsState

COLUMNS = (("Month", ""), ("Calls", ""), ("Used", "end"), ("Paid", "end"), ("Balance at the end", "end"))
WIDTHS = "minmax(150px, 1.2fr) minmax(0, 1.6fr) 96px 96px 140px"


def month(item: MonthRow) -> rx.Component:
    """A month; it opens its statement."""
    name = rx.text(item.name, size="2", weight="medium", class_name="clip")
    figures = rx.el.span(item.calls, class_name="num")
    return table_row(
        cell(
            row_link(name, href=item.href),
            rx.text(item.note, size="1", color="var(--muted)"),
            rx.text(figures, size="1", color="var(--muted)", class_name="only-phone"),
        ),
        cell(rx.text(figures, size="2", color="var(--muted)", class_name="clip"), class_name="only-desk"),
        cell(rx.el.span(item.used, class_name="num"), class_name="end only-desk"),
        cell(rx.el.span(item.paid, class_name="num"), class_name="end only-desk"),
        cell(rx.el.span(item.closing, class_name="num"), class_name="end"),
        kind="sized",
    )


def proof_note() -> rx.Component:
    """Why a statement can be believed, and what to do about it."""
    return panel(
        rx.text(
            "Every row of your account carries a hash of itself and of the row before it, and each night the last hash is signed. "
            "Nobody can change a signed row without being found, and that includes us.",
            size="2",
        ),
        rx.flex(
            text_link("Public keys", "/api/ledger-keys"),
            text_link("verify_statement.py", "/api/verify_statement.py"),
            gap="16px",
            margin_top="10px",
        ),
        title="Checked by you, not by trust",
        margin_top="24px",
    )


@page("/credits/statements", "Statements", active="Credits", on_load=StatementsState.load)
def statements() -> rx.Component:
    """Every month something was posted in."""
    nothing = rx.box(
        empty_state("receipt-text", "No statements yet", "The first call or payment starts one. It is complete when its month has ended."),
        class_name="panel",
    )
    months = StatementsState.months
    return rx.fragment(
        page_header("Statements", "Each month with everything that moved your balance.", back=("Credits", "/credits")),
        rx.cond(months.length() > 0, sized_table("Statements", WIDTHS, COLUMNS, months, month), nothing),
        proof_note(),
    )

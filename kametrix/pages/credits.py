"""Credits: one honest number, what it means, what packs cost, and every cent since."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.components.links import button_link
from kametrix.components.money import money
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import cell, data_table, row_link, table_row
from kametrix.components.status import status_badge, status_word
from kametrix.state.credits import CreditsState, LedgerLine, Pack

COLUMNS = (("Kind", ""), ("When", ""), ("For", ""), ("Amount", "end"), ("Balance", "end"))


def balance() -> rx.Component:
    """The number, and what it means."""
    return rx.flex(
        rx.box(
            rx.text("Balance", size="2", color="var(--muted)"),
            rx.flex(
                rx.text(CreditsState.balance, class_name="num huge"),
                rx.cond(CreditsState.buys != "", rx.text(CreditsState.buys, size="4", color="var(--muted)", class_name="num")),
                align="baseline",
                gap="10px",
            ),
            flex="none",
        ),
        rx.box(
            rx.flex(
                rx.cond(CreditsState.is_grace, rx.icon("hourglass", size=16, aria_hidden="true")),
                rx.text(CreditsState.headline, size="3", weight="medium"),
                color=rx.cond(CreditsState.is_low, "var(--amber-11)", "inherit"),
                align="center",
                gap="8px",
            ),
            rx.text(CreditsState.meaning, size="2", margin_top="4px", max_width="62ch"),
            flex="1",
            min_width="240px",
        ),
        align="center",
        gap="16px 32px",
        wrap="wrap",
        class_name="panel",
        padding="20px 24px",
        border_color=rx.cond(CreditsState.is_low, "var(--amber-a6)", "var(--line)"),
    )


def pack(item: Pack) -> rx.Component:
    """A pack and what it buys; it cannot be bought yet, and says so."""
    return rx.flex(
        rx.heading(item.name, as_="h3", size="3"),
        rx.text(item.price, size="7", weight="bold", class_name="num", letter_spacing="-0.025em", margin_top="8px"),
        rx.text(item.minutes, " of calls", size="2"),
        rx.cond(item.settlement != "", rx.text(item.settlement, size="1", color="var(--amber-11)")),
        rx.box(flex="1", min_height="8px"),
        allowed("billing:write", rx.button("Buy", disabled=True, variant="soft", width="100%")),
        direction="column",
        gap="4px",
        class_name="panel",
        padding=rx.breakpoints(initial="14px 16px 16px", sm="18px 20px 20px"),
    )


def _note(words: str) -> rx.Component:
    return rx.text(words, size="2", color="var(--muted)")


def packs() -> rx.Component:
    """Prices."""
    return rx.box(
        rx.flex(
            rx.heading("Packs", as_="h2", size="4"),
            allowed(
                "billing:write",
                _note("Buying opens soon. Until then, this is what they will cost."),
                otherwise=_note("An owner buys them."),
            ),
            align="baseline",
            gap="4px 12px",
            wrap="wrap",
            margin="32px 0 12px",
        ),
        rx.grid(
            each(CreditsState.packs, pack),
            columns=rx.breakpoints(initial="2", lg="4"),
            gap=rx.breakpoints(initial="12px", sm="16px"),
        ),
        rx.text(
            "One minute costs ",
            CreditsState.price,
            " and every started minute counts. Credits never expire. ",
            "Calls that were not answered, or failed through our fault, cost nothing.",
            size="2",
            color="var(--muted)",
            margin_top="12px",
        ),
    )


def line(item: LedgerLine) -> rx.Component:
    """One transaction; that of a call opens the call."""
    what = rx.text(item.what, size="2", class_name="clip")
    small = rx.flex(
        rx.box(status_word("ledger", rx.Var.create(item.type)), class_name="only-phone"),
        rx.text(item.at, size="1", color="var(--muted)", class_name="only-phone num"),
        rx.text(item.why, size="1", color="var(--muted)", class_name="num", style={"whiteSpace": "normal"}),
        gap="0 8px",
        wrap="wrap",
    )
    return table_row(
        cell(status_badge("ledger", rx.Var.create(item.type)), class_name="only-desk"),
        cell(rx.text(item.at, size="2", color="var(--muted)", class_name="num"), class_name="only-desk"),
        cell(rx.cond(item.href != "", row_link(what, href=item.href), what), small),
        cell(money(item.amount, gain=rx.Var.create(item.is_gain), font_size="14px", font_weight="500"), class_name="end"),
        cell(money(item.balance, font_size="14px", color="var(--muted)"), class_name="end only-desk"),
        kind="ledger-row",
    )


def transactions() -> rx.Component:
    """Every cent, newest first."""
    nothing = empty_state(
        "receipt-text", "No transactions yet", "Each call and each purchase appears here with the balance before and after."
    )
    look: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True}
    return rx.box(
        panel(
            rx.cond(
                CreditsState.lines.length() > 0,
                data_table("Transactions", "ledger-row", COLUMNS, CreditsState.lines, line),
                nothing,
            ),
            title="Transactions",
            flush=True,
        ),
        rx.flex(
            rx.cond(CreditsState.is_first_page, rx.fragment(), button_link("Newest", "/credits", **look)),
            rx.cond(CreditsState.older != "", button_link("Older", CreditsState.older, **look)),
            justify="end",
            gap="8px",
            margin_top="16px",
        ),
        margin_top="32px",
    )


@page("/credits", "Credits", active="Credits", on_load=CreditsState.load)
def credits() -> rx.Component:
    """Balance, prices, transactions."""
    return rx.fragment(
        page_header("Credits"),
        balance(),
        packs(),
        transactions(),
    )

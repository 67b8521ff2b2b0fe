"""Credits: one honest number, what it means, packs to buy, and every cent and every payment since."""

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.links import button_link
from kametrix.components.listing import QUIET, pager
from kametrix.components.money import money
from kametrix.components.packs import pack_cards
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.payments import money_note, payments_table, unfinished_purchases
from kametrix.components.rows import cell, data_table, row_link, table_row
from kametrix.components.status import status_badge, status_word
from kametrix.state.credits import CreditsState, LedgerLine
from kametrix.state.payments import PaymentsState

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


def packs() -> rx.Component:
    """What can be bought, and by whom."""
    return rx.box(
        rx.flex(
            rx.heading("Buy a pack", as_="h2", size="4"),
            allowed("billing:write", otherwise=rx.text("An owner of the organization buys them.", size="2", color="var(--muted)")),
            align="baseline",
            gap="4px 12px",
            wrap="wrap",
            margin="32px 0 12px",
        ),
        pack_cards(CreditsState.packs, buy=PaymentsState.buy, buying=PaymentsState.buying),
        unfinished_purchases(PaymentsState.unfinished),
        rx.text(
            "One minute costs ",
            CreditsState.price,
            " and every started minute counts. Credits never expire. ",
            "Calls that were not answered, or failed through our fault, cost nothing. You pay on Stripe’s page; we never see your card.",
            size="2",
            color="var(--muted)",
            margin_top="12px",
            max_width="86ch",
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


def payments() -> rx.Component:
    """Every payment and what became of it; nothing before the first."""
    return rx.cond(
        (PaymentsState.lines.length() > 0) | (PaymentsState.newer != ""),
        rx.box(
            panel(payments_table(PaymentsState.lines), title="Payments", flush=True),
            pager(PaymentsState.newer, PaymentsState.older, back="Newest"),
            margin_top="32px",
        ),
    )


def transactions() -> rx.Component:
    """Every cent, newest first."""
    nothing = empty_state(
        "receipt-text", "No transactions yet", "Each call and each purchase appears here with the balance before and after."
    )
    return rx.box(
        panel(
            rx.cond(
                CreditsState.lines.length() > 0,
                data_table("Transactions", "ledger-row", COLUMNS, CreditsState.lines, line),
                nothing,
            ),
            title="Transactions",
            action=button_link("Statements", "/credits/statements", icon="receipt-text", size="1", **QUIET),
            flush=True,
        ),
        rx.flex(
            rx.cond(CreditsState.is_first_page, rx.fragment(), button_link("Newest", "/credits", **QUIET)),
            rx.cond(CreditsState.older != "", button_link("Older", CreditsState.older, **QUIET)),
            justify="end",
            gap="8px",
            margin_top="16px",
        ),
        margin_top="32px",
    )


@page("/credits", "Credits", active="Credits", on_load=[CreditsState.load, PaymentsState.load])
def credits() -> rx.Component:
    """Balance, packs, payments, transactions."""
    return rx.fragment(
        page_header("Credits", action=button_link("Billing", "/credits/billing", icon="credit-card", **QUIET), is_small=True),
        money_note(PaymentsState.warning, icon="shield-alert", is_bad=True),
        money_note(PaymentsState.notice, icon="info"),
        balance(),
        packs(),
        transactions(),
        payments(),
    )

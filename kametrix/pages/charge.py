"""One row of the ledger, opened: what it is for, how its amount came about, and where it stands in the chain."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.copying import copy_button
from kametrix.components.links import text_link
from kametrix.components.missing import missing
from kametrix.components.money import money
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.components.status import status_badge
from kametrix.state.call_rows import Fact
from kametrix.state.charge import ChargeState

CHARGE: Any = ChargeState.charge
"""A Var of ChargeView."""


def fact(item: Fact) -> rx.Component:
    """One line: what, and its value."""
    value = rx.cond(item.href != "", text_link(item.value, item.href), rx.el.span(item.value, class_name="num", white_space="normal"))
    return rx.flex(
        rx.el.dt(item.label, style={"color": "var(--muted)", "flex": "none"}),
        rx.el.dd(value, style={"margin": "0", "textAlign": "right", "minWidth": "0", "overflowWrap": "anywhere"}),
        justify="between",
        gap="16px",
        padding="5px 0",
        font_size="14px",
    )


def facts(items: Any, title: Any) -> rx.Component:
    """A list of facts; nothing when it is empty."""
    return rx.cond(items.length() > 0, panel(rx.el.dl(each(items, fact), style={"margin": "-5px 0"}), title=title))


def amount() -> rx.Component:
    """Before, the amount, after; how it came about."""

    def part(label: str, value: rx.Component) -> rx.Component:
        return rx.box(rx.text(label, size="1", color="var(--muted)"), value)

    arrow = rx.icon("arrow-right", size=16, color="var(--muted)", aria_hidden="true")
    return panel(
        rx.flex(
            part("Before", rx.text(CHARGE.before, size="4", class_name="num")),
            arrow,
            part("This", money(CHARGE.amount, gain=CHARGE.is_gain, font_size="24px", font_weight="700")),
            arrow,
            part("After", rx.text(CHARGE.after, size="4", class_name="num")),
            align="end",
            gap="12px 20px",
            wrap="wrap",
        ),
        rx.cond(CHARGE.sum != "", rx.text(CHARGE.sum, size="3", weight="medium", class_name="num", margin_top="16px")),
        rx.cond(CHARGE.grace != "", rx.text(CHARGE.grace, size="2", color="var(--amber-11)", margin_top="8px")),
        rx.cond(CHARGE.note != "", rx.text(CHARGE.note, size="2", margin_top="8px", overflow_wrap="anywhere")),
    )


def chain() -> rx.Component:
    """Its place in the ledger."""
    return panel(
        rx.text(CHARGE.signed, size="2", margin_bottom="8px"),
        rx.el.dl(each(CHARGE.chain, fact), style={"margin": "0 0 -5px"}),
        title="In the ledger",
        action=copy_button(CHARGE.hash, label="Copy the hash"),
    )


@page(
    "/credits/transactions/[transaction]",
    rx.cond(ChargeState.is_missing, "Not found", CHARGE.title),
    active="Credits",
    on_load=ChargeState.load,
)
def charge() -> rx.Component:
    """The row named in the address, or that there is none."""
    note = rx.flex(
        status_badge("ledger", CHARGE.type), rx.text(CHARGE.headline, size="2", color="var(--muted)"), align="center", gap="10px",
        margin_top="8px", wrap="wrap",
    )  # fmt: skip
    left = rx.flex(amount(), facts(CHARGE.cause, CHARGE.cause_title), chain(), direction="column", gap="24px", min_width="0")
    right = rx.box(
        facts(CHARGE.operator, "For operators"),
        facts(CHARGE.related, "Belongs together"),
        panel(text_link("Open the statement of its month", CHARGE.statement), title="Statement"),
        class_name="aside",
    )
    found = rx.fragment(page_header(CHARGE.title, note, back=("Credits", "/credits")), rx.box(left, right, class_name="grid-main"))
    return rx.cond(
        ChargeState.is_missing,
        missing(
            "There is no such transaction",
            "It does not exist, or it is not yours to see.",
            icon="receipt-text",
            back=("Credits", "/credits"),
        ),
        found,
    )

"""Calls and postings of all organizations: the lists behind the console's figures."""

from typing import Any

import reflex as rx

from kametrix.components.listing import pager, sized_table
from kametrix.components.money import money
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header
from kametrix.components.rows import cell, row_link, table_row
from kametrix.components.status import status_badge, status_word
from kametrix.components.tokens import Kind
from kametrix.state.admin.traffic import TrafficLine, TrafficState

WIDTHS = "124px 140px minmax(0, 1.2fr) minmax(0, 1.6fr) 92px"
DAYS = (("Today", "1"), ("7 days", "7"), ("30 days", "30"))


@page("/admin/calls", "Calls of all", active="Admin", on_load=TrafficState.load_calls)
def calls() -> rx.Component:
    """Who called and what was said stays with the organization."""
    return _list(
        "Calls of all organizations",
        "call",
        "/admin/calls",
        (("All", ""), ("Live now", "live")),
        (("Status", ""), ("Began", ""), ("Agent", ""), ("Length and price", ""), ("Cost", "end")),
        empty_state("phone", "No calls", "None in this time."),
    )


@page("/admin/ledger", "Money", active="Admin", on_load=TrafficState.load_postings)
def ledger() -> rx.Component:
    """Every posting."""
    return _list(
        "Money of all organizations",
        "ledger",
        "/admin/ledger",
        (("All", ""), ("Used by calls", "used"), ("Bought", "bought")),
        (("Kind", ""), ("When", ""), ("Organization", ""), ("Balance after", ""), ("Amount", "end")),
        empty_state("receipt-text", "No transactions", "No money moved in this time."),
    )


def _list(title: str, kind: Kind, path: str, kinds: Any, columns: Any, nothing: rx.Component) -> rx.Component:
    def row(item: TrafficLine) -> rx.Component:
        return _row(item, kind)

    days = [_link(label, f"{path}?days={value}&kind={TrafficState.kind}", TrafficState.days == value) for label, value in DAYS]
    which = [_link(label, f"{path}?days={TrafficState.days}&kind={value}", TrafficState.kind == value) for label, value in kinds]
    return rx.fragment(
        page_header(title, back=("Admin", "/admin")),
        rx.flex(
            rx.el.nav(*days, class_name="seg", aria_label="Days"),
            rx.el.nav(*which, class_name="seg", aria_label="Which"),
            justify="between",
            gap="8px",
            wrap="wrap",
            margin_bottom="16px",
        ),
        rx.cond(
            TrafficState.lines.length() > 0,
            sized_table(title, WIDTHS, columns, TrafficState.lines, row),
            rx.box(nothing, class_name="panel"),
        ),
        pager(TrafficState.newer, TrafficState.older),
    )


def _link(label: str, href: Any, is_current: Any) -> rx.Component:
    return rx.el.a(label, href=href, aria_current=rx.cond(is_current, "true", "false"))


def _row(item: TrafficLine | Any, kind: Kind) -> rx.Component:
    title = rx.text(item.title, size="2", weight="medium", class_name="clip")
    return table_row(
        cell(status_badge(kind, rx.Var.create(item.kind)), class_name="only-desk"),
        cell(rx.text(item.at, size="2", color="var(--muted)", class_name="num"), class_name="only-desk"),
        cell(
            rx.cond(item.href != "", row_link(title, href=item.href), title),
            rx.text(item.note, size="1", color="var(--muted)", class_name="clip"),
        ),
        cell(rx.text(item.why, size="2", color="var(--muted)", class_name="num clip"), class_name="only-desk"),
        cell(money(item.amount, font_size="14px", font_weight="500"), class_name="end"),
        cell(
            rx.flex(
                status_word(kind, rx.Var.create(item.kind)),
                rx.text(item.at, size="1", color="var(--muted)", class_name="num"),
                rx.text(item.why, size="1", color="var(--muted)", class_name="num"),
                gap="0 10px",
                wrap="wrap",
            ),
            class_name="wide only-phone",
        ),
        kind="sized",
    )

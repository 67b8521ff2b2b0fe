"""Payments of all organizations."""

from typing import Any

import reflex as rx

from kametrix.components.links import button_link
from kametrix.components.listing import choice, filters, pager, search_field, sized_table
from kametrix.components.money import money
from kametrix.components.page import page
from kametrix.components.panel import empty_state
from kametrix.components.rows import cell, row_link, table_row
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.status import status_badge, status_word
from kametrix.components.tokens import LOOKS
from kametrix.models import PurchaseStatus
from kametrix.state.admin.payments import PaymentLine, PaymentsState

State = PaymentsState
COLUMNS = (("State", ""), ("Organization", ""), ("For", ""), ("When", ""), ("Amount", "end"))
WIDTHS = "140px minmax(0, 1.2fr) minmax(0, 1.6fr) 132px 96px"
STATUSES = (("", "Any state"), *((status.value, LOOKS["payment"][status.value].label) for status in PurchaseStatus))


@page("/admin/payments", "Payments", active="Admin", on_load=State.load)
def payments() -> rx.Component:
    """The list."""
    nothing = empty_state("receipt-text", "No payment here", "No purchase matches.", button_link("Show all", "/admin/payments"))
    return section_page(
        "Admin",
        ADMIN,
        "Payments",
        filters(
            search_field("Organization, e-mail or payment id", State.search),
            choice("State", "status", STATUSES, State.status),
            key=State.key,
            on_submit=State.narrow,
        ),
        rx.cond(
            State.rows.length() > 0,
            sized_table("Payments", WIDTHS, COLUMNS, State.rows, _row),
            rx.box(nothing, class_name="panel"),
        ),
        pager(State.newer, State.older),
        note="What was paid, given back and disputed.",
    )


def _row(item: PaymentLine | Any) -> rx.Component:
    look = rx.Var.create(item.look)
    small = rx.flex(
        rx.box(status_word("payment", look), class_name="only-phone"),
        rx.text(item.at, size="1", color="var(--muted)", class_name="only-phone num"),
        rx.cond(item.note != "", rx.text(item.note, size="1", color="var(--muted)", overflow_wrap="anywhere")),
        gap="0 8px",
        wrap="wrap",
    )
    return table_row(
        cell(status_badge("payment", look), class_name="only-desk"),
        cell(
            row_link(
                rx.text(item.organization, size="2", weight="medium", class_name="clip"), href=f"/admin/payments/{item.id}", min_width="0"
            )
        ),
        cell(rx.text(item.what, size="2", class_name="clip"), small, class_name="wide"),
        cell(rx.text(item.at, size="2", color="var(--muted)", class_name="num"), class_name="only-desk"),
        cell(money(item.amount, font_size="14px", font_weight="500"), class_name="end"),
        kind="sized",
    )

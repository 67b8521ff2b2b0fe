"""What was paid, what is on its way, and what stands in the way: drawn the same wherever money is told."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import choose, each
from kametrix.components.links import button_link
from kametrix.components.money import money
from kametrix.components.rows import cell, data_table, table_row
from kametrix.components.status import status_badge, status_word
from kametrix.components.tokens import Text
from kametrix.state.payments import PaymentLine, Unfinished

COLUMNS = (("State", ""), ("When", ""), ("For", ""), ("Amount", "end"))
WIDTHS = "124px 132px minmax(0, 1fr) 88px"


def payments_table(lines: Any) -> rx.Component:
    """A page of payments."""
    return rx.box(data_table("Payments", "sized", COLUMNS, lines, _line), style={"--columns": WIDTHS, "--narrow": WIDTHS})


def _line(item: PaymentLine | Any) -> rx.Component:
    badge = rx.Var.create(item.look)
    small = rx.flex(
        rx.box(status_word("payment", badge), class_name="only-phone"),
        rx.text(item.at, size="1", color="var(--muted)", class_name="only-phone num"),
        rx.text(item.how, size="1", color="var(--muted)"),
        rx.cond(item.note != "", rx.text(item.note, size="1")),
        gap="0 8px",
        wrap="wrap",
    )
    return table_row(
        cell(status_badge("payment", badge), class_name="only-desk"),
        cell(rx.text(item.at, size="2", color="var(--muted)", class_name="num"), class_name="only-desk"),
        cell(rx.text(item.what, size="2", overflow_wrap="anywhere"), small),
        cell(money(item.amount, font_size="14px", font_weight="500"), class_name="end"),
        kind="sized",
    )


def unfinished_purchases(lines: Any) -> rx.Component:
    """What was begun and is not paid yet, each with the way on; nothing when there is none."""
    return rx.cond(lines.length() > 0, rx.el.ul(each(lines, _unfinished), class_name="list panel", style={"marginTop": "16px"}))


def _unfinished(item: Unfinished | Any) -> rx.Component:
    look: dict[str, Any] = {"size": "2", "variant": "soft"}
    go = rx.button(item.action, type="button", on_click=rx.redirect(item.href), **look)
    return rx.el.li(
        rx.flex(
            rx.icon("hourglass", size=18, color="var(--muted)", aria_hidden="true", style={"flex": "none"}),
            rx.box(
                rx.text(item.title, size="2", weight="medium"),
                rx.text(item.text, size="2", color="var(--muted)"),
                flex="1",
                min_width="200px",
            ),
            rx.cond(item.leaves, allowed("billing:write", go), button_link(item.action, item.href, **look)),
            align="center",
            gap="8px 14px",
            wrap="wrap",
            padding="12px 20px",
        )
    )


def money_note(text: Text, *, icon: str, is_bad: bool = False) -> rx.Component:
    """A sentence that belongs to the whole page; nothing when empty. A bad one is red and read out at once."""
    tone = {"background": "var(--red-a2)", "borderColor": "var(--red-a6)", "color": "var(--red-11)"} if is_bad else {}
    note = rx.flex(
        rx.icon(icon, size=16, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(text, size="2", flex="1", min_width="0"),
        gap="10px",
        class_name="panel",
        padding="12px 16px",
        margin_bottom="16px",
        role="alert" if is_bad else "status",
        style=tone,
    )
    return choose(text, note) if isinstance(text, str) else rx.cond(text != "", note)

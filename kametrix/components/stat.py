"""Stat cards: a label, one number, one sentence that puts it in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import reflex as rx

from kametrix.components.tokens import Text


@dataclass(frozen=True)
class Stat:
    """`trend` adds an arrow to the note. With `href` the number opens its explanation."""

    label: str
    value: Text
    note: Text
    trend: Literal["up", "down", ""] = ""
    href: str = ""


def stat(item: Stat) -> rx.Component:
    """One number with its label and note."""
    icon = {"up": "trending-up", "down": "trending-down"}.get(item.trend)
    inside = (
        rx.text(item.label, size="1", color="var(--muted)"),
        rx.text(item.value, size="6", weight="bold", class_name="num", letter_spacing="-0.02em", margin_top="2px"),
        rx.flex(
            rx.icon(icon, size=14, aria_hidden="true") if icon else rx.fragment(),
            rx.text(item.note, size="1"),
            gap="5px",
            align="center",
            color="var(--green-11)" if item.trend == "up" else "var(--muted)",
        ),
    )
    return rx.el.a(*inside, href=item.href, class_name="stat") if item.href else rx.box(*inside, class_name="stat")


def stat_strip(items: Sequence[Stat]) -> rx.Component:
    """Up to four numbers that belong together, in one card with hairlines."""
    return rx.box(*[stat(item) for item in items], class_name=f"panel stats stats-{len(items)}")

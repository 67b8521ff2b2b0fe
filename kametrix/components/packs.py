"""Packs of credits as cards: what each buys, what grace takes first, and the way to pay."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.state.credits import Pack


def pack_cards(packs: Any, *, buy: Any, buying: Any) -> rx.Component:
    """`buy(pack_id)` is the event, `buying` the id of the pack whose payment page is being opened, else empty."""

    def card(item: Pack) -> rx.Component:
        return _card(item, buy, buying)

    return rx.grid(
        each(packs, card),
        columns=rx.breakpoints(initial="2", lg="4"),
        gap=rx.breakpoints(initial="12px", sm="16px"),
    )


def _card(item: Pack | Any, buy: Any, buying: Any) -> rx.Component:
    button = rx.button(
        "Buy",
        rx.el.span(" ", item.name, class_name="sr-only"),
        variant=rx.cond(item.is_popular, "solid", "soft"),
        size="2",
        width="100%",
        loading=buying == item.id,
        disabled=buying != "",
        on_click=buy(item.id),
        custom_attrs={"data-leaving": rx.cond(buying == item.id, "yes", "")},
    )
    return rx.flex(
        rx.cond(item.is_popular, _mark()),
        rx.heading(item.name, as_="h3", size="3", overflow_wrap="anywhere"),
        rx.text(item.price, size="7", weight="bold", class_name="num", letter_spacing="-0.025em", margin_top="8px"),
        rx.text(item.credits, " (", item.minutes, ")", size="2"),
        rx.cond(item.settlement != "", rx.text(item.settlement, size="1", color="var(--amber-11)")),
        rx.box(flex="1", min_height="8px"),
        allowed("billing:write", button),
        direction="column",
        gap="4px",
        position="relative",
        class_name="panel",
        padding=rx.breakpoints(initial="14px 16px 16px", sm="18px 20px 20px"),
        border_color=rx.cond(item.is_popular, "var(--violet-a8)", "var(--line)"),
    )


def _mark() -> rx.Component:
    """Sits on the ring, so that the prices of all cards stay in one line."""
    return rx.badge(
        "Recommended", color_scheme="violet", variant="solid", size="1", radius="full", position="absolute", top="-11px", right="14px"
    )

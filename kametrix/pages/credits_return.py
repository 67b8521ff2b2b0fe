"""Where Stripe sends people back to: the truth about their payment, and nothing sooner than it is true."""

from typing import Any

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.panel import page_header
from kametrix.state.credits_return import ReturnState
from kametrix.state.payment_words import UNCONFIRMED, WAITING, Told

TOLD: Told | Any = ReturnState.told
SIGNS = {
    "credited": ("check", "green"),
    "pending": ("hourglass", "amber"),
    "failed": ("circle-x", "red"),
    UNCONFIRMED: ("clock", "gray"),
    "review": ("search-check", "amber"),
    "unknown": ("search-x", "gray"),
}


@page("/credits/return", "Payment", active="Credits", on_load=ReturnState.load)
def credits_return() -> rx.Component:
    """The page."""
    return rx.fragment(
        page_header("Payment", ReturnState.what, back=("Credits", "/credits")),
        rx.flex(
            _sign(),
            rx.box(
                rx.heading(TOLD.title, as_="h2", size="4"),
                rx.text(TOLD.text, size="2", color="var(--muted)", margin_top="4px", max_width="58ch"),
                role="status",
                aria_live="polite",
            ),
            rx.cond(TOLD.look == WAITING, _progress(), _ways_on()),
            direction="column",
            align="center",
            gap="16px",
            class_name="panel",
            padding="48px 24px",
            max_width="640px",
            style={"textAlign": "center"},
        ),
    )


def _sign() -> rx.Component:
    drawn = {
        look: rx.center(
            rx.icon(icon, size=24, aria_hidden="true"),
            width="56px",
            height="56px",
            border_radius="50%",
            background=f"var(--{color}-a3)",
            color=f"var(--{color}-11)",
        )
        for look, (icon, color) in SIGNS.items()
    }
    waiting = rx.center(rx.spinner(size="3"), width="56px", height="56px", border_radius="50%", background="var(--violet-a3)")
    return match(TOLD.look, {WAITING: waiting, **drawn})


def _progress() -> rx.Component:
    bar = rx.progress(size="1", duration="30s", aria_label="Waiting for Stripe")
    return rx.box(bar, width="min(280px, 100%)")


def _ways_on() -> rx.Component:
    again = rx.button("Ask again", variant="soft", color_scheme="gray", type="button", on_click=ReturnState.ask_again)
    on = rx.cond(
        TOLD.leaves,
        rx.button(TOLD.action, type="button", on_click=rx.redirect(TOLD.href)),
        button_link(TOLD.action, TOLD.href),
    )
    return rx.flex(rx.cond(TOLD.look == UNCONFIRMED, again), rx.cond(TOLD.action != "", on), gap="12px", wrap="wrap", justify="center")

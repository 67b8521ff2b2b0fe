"""The balance, always in the frame: calm when healthy, amber when low, honest in grace."""

import reflex as rx

from kametrix.state.frame import FrameState


def balance_chip() -> rx.Component:
    """For the phone's top bar."""
    return rx.el.a(
        rx.cond(
            FrameState.is_low,
            rx.icon("triangle-alert", size=14, aria_hidden="true"),
            rx.icon("wallet", size=14, aria_hidden="true"),
        ),
        rx.el.span("Balance ", class_name="sr-only"),
        rx.el.span(FrameState.balance, class_name="num"),
        rx.el.span(", ", FrameState.balance_note, class_name="sr-only"),
        href="/credits",
        class_name=rx.cond(FrameState.is_low, "chip balance low", "chip balance"),
    )


def balance_card() -> rx.Component:
    """For the sidebar."""
    return rx.el.a(
        rx.flex(
            rx.text("Balance", size="1"),
            rx.cond(FrameState.is_low, rx.icon("triangle-alert", size=14, aria_hidden="true")),
            justify="between",
            align="center",
            class_name="tone",
        ),
        rx.text(FrameState.balance, size="4", weight="bold", class_name="num"),
        rx.text(FrameState.balance_note, size="1", class_name="num tone"),
        href="/credits",
        class_name=rx.cond(FrameState.is_low, "panel balance-card low", "panel balance-card"),
    )

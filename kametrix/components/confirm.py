"""Deliberate confirmation: names the thing, says what happens, and wants its name typed."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.tokens import Flag, Text


def confirm_dialog(
    *,
    open: Flag,
    on_open_change: Any,
    title: Text,
    effects: Sequence[tuple[str, Text]],
    action: str,
    on_confirm: Any,
    word: Text = "",
    keep: str = "Keep it",
    sending: Flag = False,
) -> rx.Component:
    """One per deed. `effects` are (icon, sentence); with `word` it must be typed first (checked in the browser: it is a second step, not
    a right). `on_open_change(bool)` must store `open`; `on_confirm` runs once the form is complete."""
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(title, size="4", margin_bottom="4px"),
            rx.alert_dialog.description("This is what happens:", style={"fontSize": "14px", "color": "var(--muted)"}),
            rx.flex(*[_effect(*item) for item in effects], direction="column", gap="10px", margin="14px 0 18px"),
            rx.form(_typed(word), _answers(action, keep, sending), on_submit=on_confirm),
            max_width="480px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=open,
        on_open_change=on_open_change,
    )


def _effect(icon: str, text: Text) -> rx.Component:
    sign = rx.icon(icon, size=16, color="var(--muted)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"})
    return rx.flex(sign, rx.text(text, size="2", min_width="0", overflow_wrap="anywhere"), gap="10px")


def _typed(word: Text) -> rx.Component:
    if isinstance(word, str) and not word:
        return rx.fragment()
    return rx.box(
        rx.el.label("Type ", rx.el.b(word, style={"overflowWrap": "anywhere"}), " to confirm", html_for="confirm-word", class_name="label"),
        rx.input(
            id="confirm-word",
            name="confirm-word",
            size="3",
            margin_top="6px",
            auto_complete="off",
            required=True,
            custom_attrs={"data-word": word, "spellCheck": "false"},
        ),
    )


def _answers(action: str, keep: str, sending: Flag) -> rx.Component:
    return rx.flex(
        rx.alert_dialog.cancel(rx.button(keep, variant="soft", color_scheme="gray", type="button")),
        rx.button(action, color_scheme="red", type="submit", loading=sending),
        justify="end",
        gap="12px",
        margin_top="20px",
        wrap="wrap",
    )

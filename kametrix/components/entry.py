"""What log-in and sign-up look like: one panel in the middle of an empty page; and the bar that weighs a password."""

from typing import Any

import reflex as rx

from kametrix.components.brand import wordmark
from kametrix.components.fields import field
from kametrix.components.menus import theme_button
from kametrix.components.public import legal_links
from kametrix.components.tokens import Text

STRENGTH_COLORS = ("var(--red-9)", "var(--red-9)", "var(--amber-9)", "var(--green-9)", "var(--green-9)")


def entry_page(title: Text, note: Text, form: rx.Component, below: rx.Component) -> rx.Component:
    """A page with one form. `below` stands under the panel."""
    card = rx.box(
        rx.heading(title, as_="h1", size="6"),
        rx.text(note, size="2", color="var(--muted)", margin="4px 0 24px"),
        form,
        class_name="panel",
        padding="clamp(20px, 6vw, 32px)",
        width="100%",
        max_width="424px",
    )
    return rx.el.main(
        rx.box(theme_button(), position="absolute", top="16px", right="16px"),
        wordmark(),
        card,
        rx.text(below, size="2", color="var(--muted)"),
        rx.flex(*legal_links(), gap="20px"),
        style={
            "minHeight": "100dvh",
            "display": "flex",
            "flexDirection": "column",
            "alignItems": "center",
            "justifyContent": "center",
            "gap": "24px",
            "padding": "56px 16px 32px",
            "background": "var(--gray-2)",
            "position": "relative",
        },
    )


def new_password(label: str, name: str, *, error: Text, on_change: Any, score: Any, words: Text) -> rx.Component:
    """A password somebody chooses, weighed while it is typed."""
    return rx.fragment(
        field(
            label,
            name,
            kind="password",
            help="At least 8 characters, with a capital letter, a small letter and a digit.",
            error=error,
            auto_complete="new-password",
            required=True,
            min_length=8,
            on_change=on_change,
        ),
        _strength_meter(score, words),
    )


def _strength_meter(score: Any, words: Text) -> rx.Component:
    """Five steps for a `score` of 0..4 (−1: none) and what they mean; read out while typing."""
    color = rx.match(score, *[(step, shade) for step, shade in enumerate(STRENGTH_COLORS)], "var(--gray-a5)")
    steps = [
        rx.box(height="4px", flex="1", border_radius="2px", background=rx.cond(score >= step, color, "var(--gray-a4)"))
        for step in range(len(STRENGTH_COLORS))
    ]
    shown = rx.box(
        rx.flex(*steps, gap="4px", aria_hidden="true"),
        rx.text(words, size="1", color="var(--muted)", margin_top="4px"),
        margin_top="-8px",
    )
    return rx.box(rx.cond(score >= 0, shown, rx.fragment()), role="status", display=rx.cond(score >= 0, "block", "contents"))

"""404: nobody picks up here."""

import reflex as rx

from kametrix.components.brand import wordmark
from kametrix.components.links import button_link
from kametrix.components.page import page

TEXT = "This page was moved, or the address has a typo. Your agents and calls are where you left them."


@page("404", "Not found", public=True)
def not_found() -> rx.Component:
    """For every address that does not exist."""
    return rx.el.main(
        rx.box(wordmark(), position="absolute", top="24px", left="24px"),
        rx.flex(
            rx.center(rx.icon("phone-missed", size=24, aria_hidden="true"), class_name="token"),
            rx.heading("Nobody picks up here", as_="h1", size="7", margin_top="20px", align="center"),
            rx.text(TEXT, size="3", color="var(--muted)", align="center", max_width="42ch", margin_top="8px"),
            rx.flex(
                button_link("Go to the dashboard", "/dashboard", size="3"),
                button_link("Front page", "/", size="3", variant="surface", color_scheme="gray", high_contrast=True),
                gap="12px",
                margin_top="24px",
                wrap="wrap",
                justify="center",
            ),
            direction="column",
            align="center",
        ),
        style={"minHeight": "100dvh", "display": "grid", "placeItems": "center", "padding": "96px 24px 64px", "position": "relative"},
    )

"""Copy button: puts words on the clipboard and says so with a tick."""

from typing import Any

import reflex as rx

from kametrix.components.tokens import Text


def copy_button(text: Text, *, label: str = "Copy", icon_only: bool = False, **props: Any) -> rx.Component:
    """Copies `text`. With `icon_only` the label is for screen readers alone."""
    words = rx.el.span(label, class_name="sr-only") if icon_only else rx.el.span(label)
    given: dict[str, Any] = {"variant": "ghost", "color_scheme": "gray", "size": "1", "margin": "0", **props}
    return rx.button(
        rx.icon("copy", size=14, aria_hidden="true", class_name="when-off"),
        rx.icon("check", size=14, aria_hidden="true", class_name="when-on"),
        words,
        rx.el.span(role="status", class_name="sr-only"),
        type="button",
        custom_attrs={"data-copy": text},
        **given,
    )

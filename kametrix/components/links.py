"""Links: one that looks like a button, one that stands in text."""

from typing import Any

import reflex as rx

from kametrix.components.tokens import Text


def button_link(label: Text, href: Text, *, icon: str = "", keys: str = "", **props: Any) -> rx.Component:
    """A real link with a button's look; a button inside a link is not valid HTML. `keys`: those that press it (assets/kametrix.js)."""
    sign = rx.icon(icon, size=16, aria_hidden="true") if icon else rx.fragment()
    return rx.button(
        rx.el.a(sign, label, href=href, style={"textDecoration": "none"}, custom_attrs={"data-keys": keys} if keys else {}),
        as_child=True,
        **props,
    )


def text_link(label: Text, href: Text) -> rx.Component:
    """A link in running text."""
    return rx.el.a(label, href=href, class_name="link")

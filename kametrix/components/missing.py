"""What stands in the frame for an address that leads to nothing this organization has."""

import reflex as rx

from kametrix.components.links import button_link
from kametrix.components.panel import empty_state, page_header


def missing(title: str, text: str, *, icon: str, back: tuple[str, str]) -> rx.Component:
    """`back` is (label, address) of the list the person may have meant. Another organization's thing is told like an unknown one."""
    label, href = back
    way_out = button_link(f"See your {label.lower()}", href, variant="soft")
    return rx.fragment(page_header(title, back=back), rx.box(empty_state(icon, "Nothing here", text, way_out), class_name="panel"))

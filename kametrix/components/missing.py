"""What stands in the frame for an address that leads to nothing this organization has, or this person may see."""

import reflex as rx

from kametrix.components.links import button_link
from kametrix.components.panel import empty_state, page_header
from kametrix.state.frame import FrameState


def missing(title: str, text: str, *, icon: str, back: tuple[str, str]) -> rx.Component:
    """`back` is (label, address) of the list the person may have meant. Another organization's thing is told like an unknown one."""
    label, href = back
    way_out = button_link(f"See your {label.lower()}", href, variant="soft")
    return rx.fragment(page_header(title, back=back), rx.box(empty_state(icon, "Nothing here", text, way_out), class_name="panel"))


def not_for_you() -> rx.Component:
    """In place of a page that the person's role does not open."""
    text = f"You are here as {FrameState.role}. Ask an owner or an admin of {FrameState.organization} if you need it."
    way_out = button_link("Go to the dashboard", "/dashboard", variant="soft")
    shown = empty_state("lock", "Your role does not open this page", text, way_out)
    return rx.fragment(page_header("Not for your role"), rx.box(shown, class_name="panel"))

"""What the pages of settings share: how far a change has come, and values for who may only look."""

from collections.abc import Sequence

import reflex as rx

from kametrix.components.status import pulse_dot
from kametrix.components.tokens import Flag, Text
from kametrix.state.settings_pushes import PushesState


def pushes() -> rx.Component:
    """Which agents a change has not reached yet; nothing when it has reached all."""
    going = rx.flex(
        rx.box(pulse_dot(), color="var(--amber-11)"),
        rx.text(PushesState.updating, size="2"),
        align="center",
        gap="12px",
        class_name="note",
        margin_bottom="20px",
    )
    stuck = rx.flex(
        rx.icon("circle-alert", size=16, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(PushesState.failed, " ", rx.el.a("Open agents", href="/agents", style={"color": "inherit"}), size="2"),
        gap="10px",
        class_name="note note-bad",
        margin_bottom="20px",
    )
    return rx.box(
        rx.cond(PushesState.updating != "", going, rx.fragment()), rx.cond(PushesState.failed != "", stuck, rx.fragment()), role="status"
    )


def facts(rows: Sequence[tuple[str, Text]]) -> rx.Component:
    """Names and values, for people who may look and not change."""
    lines = [
        rx.box(
            rx.el.dt(name, class_name="label"),
            rx.el.dd(value, style={"margin": "2px 0 0", "whiteSpace": "pre-line", "overflowWrap": "anywhere"}),
        )
        for name, value in rows
    ]
    who = rx.text("An owner or admin of the organization can change this.", size="1", color="var(--muted)")
    return rx.box(
        rx.el.dl(*lines, style={"display": "grid", "gap": "16px", "margin": "0"}), rx.box(who, margin_top="20px"), max_width="62ch"
    )


def save_button(is_saving: Flag, label: str = "Save") -> rx.Component:
    """Sends the form it stands in."""
    return rx.box(rx.button(label, type="submit", size="3", loading=is_saving, disabled=is_saving))

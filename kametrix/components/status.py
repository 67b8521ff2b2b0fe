"""Status badge: a colour, an icon and a word, never colour alone."""

from typing import Any

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.tokens import LOOKS, Kind, StatusLook, Text


def pulse_dot() -> rx.Component:
    """A breathing dot: something is going on now."""
    return rx.el.span(class_name="dot pulse", aria_hidden="true")


def badge(look: StatusLook) -> rx.Component:
    """One look, drawn."""
    sign = pulse_dot() if look.pulse else rx.icon(look.icon, size=13, color=f"var(--{look.color}-11)", aria_hidden="true")
    quiet: dict[str, Any] = {"background": "transparent", "color": "var(--muted)", "padding_left": "0"} if look.quiet else {}
    return rx.badge(
        sign,
        look.label,
        color_scheme=look.color,
        variant="soft",
        radius="full",
        size="1",
        gap="6px",
        padding="2px 9px 2px 8px",
        width="fit-content",
        font_weight="500",
        **quiet,
    )


def status_badge(kind: Kind, status: Text) -> rx.Component:
    """The badge of `status` (an upper-case model value) within `kind`."""
    looks = LOOKS[kind]
    if isinstance(status, str):
        return badge(looks[status])
    return match(status, {value: badge(look) for value, look in looks.items()})


def status_word(kind: Kind, status: Text) -> rx.Component:
    """The word alone in its colour, for narrow screens."""
    looks = LOOKS[kind]
    return match(status, {value: rx.text(look.label, size="1", color=_quiet_color(look)) for value, look in looks.items()})


def _quiet_color(look: StatusLook) -> str:
    return "var(--muted)" if look.quiet else f"var(--{look.color}-11)"

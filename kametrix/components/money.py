"""Money as people read it: the words come from the state."""

from typing import Any

import reflex as rx

from kametrix.components.choose import choose
from kametrix.components.tokens import Flag, Text


def money(text: Text, *, gain: Flag = False, **props: Any) -> rx.Component:
    """A tabular amount such as '−$1.35'; a gain is green, everything else keeps the text colour."""
    return rx.el.span(text, class_name=choose(gain, "num gain", "num"), **props)

"""The mark of an organization: its logo, or the first letter of its name on its own colour.

The letter is black or white, whichever reads better on the colour; the stylesheet (`.org-mark`) decides by the colour's
luminance and draws a hairline in the same ink, so that a white mark still has an edge on a white page.
"""

from typing import Any

import reflex as rx
from reflex.vars.function import FunctionStringVar

from kametrix.components.choose import choose
from kametrix.components.tokens import Text


def organization_mark(name: Text, logo: Text, color: Text, size: int = 28) -> rx.Component:
    """Decoration: the name stands beside it. `logo` is an address of ours or empty, `color` like #5b4bd6 or empty (our violet)."""
    box: dict[str, Any] = {"width": f"{size}px", "height": f"{size}px", "borderRadius": f"{max(4, size // 4)}px"}
    picture = rx.el.img(src=logo, alt="", class_name="org-mark", style={**box, "objectFit": "contain"})
    letter = rx.el.span(
        _first_letter(name),
        class_name="org-mark",
        aria_hidden="true",
        style={**box, "--mark": choose(color, color, "#6e56cf"), "fontSize": f"{round(size * 0.5)}px"},
    )
    return choose(logo, picture, letter)


def _first_letter(name: Text) -> Text:
    """'Brightside Dental' -> 'B'. In the browser by code points, which string indexes are not."""
    if isinstance(name, str):
        return name.strip()[:1].upper()
    first: Any = FunctionStringVar.create("((text) => (Array.from((text ?? '').trim())[0] ?? '').toUpperCase())")
    return first.call(name).to(str)

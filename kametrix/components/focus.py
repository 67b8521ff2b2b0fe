"""Where the focus goes when something opens or closes without a trigger of its own."""

from typing import Any, Final

import reflex as rx

BACK_TO_OPENER: Final = rx.call_script("window.backToOpener()")
"""On closing: to what was pressed."""


def focus_on(selector: str) -> Any:
    """On opening: to what `selector` finds, instead of to the first thing that is not a link."""
    return rx.call_script(f"document.querySelector({selector!r})?.focus()").prevent_default

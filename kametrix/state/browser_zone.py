"""The time zone of a form's browser, asked for when the form is shown."""

from typing import Any

import reflex as rx

from kametrix.state.failures import TO_FIRST_ERROR


def ask(know_zone: Any, *, is_wrong: bool) -> list[Any]:
    """Have the browser tell `know_zone` its time zone; where something `is_wrong`, the cursor goes there."""
    asked = rx.call_script("Intl.DateTimeFormat().resolvedOptions().timeZone", callback=know_zone)
    return [asked, rx.call_script(TO_FIRST_ERROR)] if is_wrong else [asked]

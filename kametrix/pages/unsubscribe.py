"""No more warnings and statements by mail: one button, no log-in."""

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.entry import entry_page
from kametrix.components.fields import NativeForm, form_error
from kametrix.components.links import text_link
from kametrix.components.page import page
from kametrix.state.unsubscribe import UnsubscribeState

ESSENTIAL = "Receipts and messages about your account or a failed payment still come."


@page("/unsubscribe", "Unsubscribe", public=True, on_load=UnsubscribeState.load)
def unsubscribe() -> rx.Component:
    """The button, that it is done, or why there is none."""
    body = match(UnsubscribeState.way, {"open": _button(), "done": _done(), "dead": form_error(UnsubscribeState.problem)})
    waiting = rx.skeleton(height="96px")
    below = text_link("Open your settings", "/settings")
    note = "Warnings and monthly statements by mail."
    return entry_page("Unsubscribe", note, rx.cond(UnsubscribeState.way == "", waiting, body), below)


def _button() -> rx.Component:
    return NativeForm.create(
        rx.flex(
            rx.text("You will not be warned when credits run low.", size="2"),
            rx.text(ESSENTIAL, size="2", color="var(--muted)"),
            rx.el.input(type="hidden", name="token", value=UnsubscribeState.token, read_only=True),
            rx.button("Unsubscribe", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/unsubscribe",
    )


def _done() -> rx.Component:
    return rx.flex(
        rx.text("Warnings and statements no longer come.", size="2", role="status"),
        rx.text(f"{ESSENTIAL} You can turn the others on again in your settings.", size="2", color="var(--muted)"),
        direction="column",
        gap="12px",
    )

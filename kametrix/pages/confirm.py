"""What the link in the message of welcome opens: one button that confirms the address. Works logged in or not."""

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.entry import entry_page
from kametrix.components.fields import NativeForm, form_error
from kametrix.components.links import button_link, text_link
from kametrix.components.page import page
from kametrix.state.confirm import ConfirmState


@page("/confirm", "Confirm your address", public=True, on_load=ConfirmState.load)
def confirm() -> rx.Component:
    """The button, that it is done, or why there is none."""
    body = match(ConfirmState.way, {"open": _button(), "done": _done(), "dead": _dead()})
    waiting = rx.skeleton(height="96px")
    below = rx.cond(ConfirmState.is_signed_in, text_link("To the dashboard", "/dashboard"), text_link("To the log-in", "/login"))
    note = "So that receipts and warnings reach you."
    return entry_page("Your e-mail address", note, rx.cond(ConfirmState.way == "", waiting, body), below)


def _button() -> rx.Component:
    return NativeForm.create(
        rx.flex(
            form_error(ConfirmState.message),
            rx.text("Press the button, and this address belongs to your account.", size="2"),
            rx.el.input(type="hidden", name="token", value=ConfirmState.token, read_only=True),
            rx.button("Confirm the address", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/confirm",
        key=ConfirmState.form,
    )


def _done() -> rx.Component:
    onwards = rx.cond(
        ConfirmState.is_signed_in, button_link("Open the dashboard", "/dashboard", size="3"), button_link("Log in", "/login", size="3")
    )
    return rx.flex(rx.text("Your address is confirmed.", size="2", role="status"), onwards, direction="column", gap="20px")


def _dead() -> rx.Component:
    account = text_link("Open your account", "/settings")
    return rx.flex(form_error(ConfirmState.problem), account, direction="column", gap="20px")

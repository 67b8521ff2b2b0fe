"""Forgot your password: the address, and one answer for every address."""

import reflex as rx

from kametrix.components.entry import entry_page
from kametrix.components.fields import NativeForm, field, form_error
from kametrix.components.links import button_link, text_link
from kametrix.components.page import page
from kametrix.state.forgot import ForgotState

WITHOUT_MAIL = "No mail leaves this installation, so we cannot send a link. Whoever runs it can make one for you."


@page("/forgot", "Forgot your password", public=True, on_load=ForgotState.load)
def forgot() -> rx.Component:
    """The form, or that the link is on its way."""
    sent = rx.flex(
        rx.text(ForgotState.sent, size="2", role="status"), button_link("To the log-in", "/login", size="3"), direction="column", gap="20px"
    )
    body = rx.cond(ForgotState.sent != "", sent, rx.cond(ForgotState.has_mail, _form(), rx.text(WITHOUT_MAIL, size="2")))
    waiting = rx.skeleton(height="120px")
    below = rx.fragment("You remember it after all? ", text_link("Log in", "/login"))
    note = "We send a link to your address with which you set a new one."
    return entry_page("Forgot your password?", note, rx.cond(ForgotState.is_ready, body, waiting), below)


def _form() -> rx.Component:
    return NativeForm.create(
        rx.flex(
            form_error(ForgotState.message),
            field(
                "E-mail",
                "email",
                kind="email",
                value=ForgotState.email,
                error=ForgotState.error,
                auto_complete="username",
                placeholder="you@practice.com",
                required=True,
                max_length=254,
            ),
            rx.button("Send the link", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/forgot",
        key=ForgotState.form,
    )

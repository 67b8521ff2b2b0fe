"""A new password by a reset link: a native form post; a link that does not work says why."""

import reflex as rx

from kametrix.components.entry import entry_page, new_password
from kametrix.components.fields import NativeForm, form_error
from kametrix.components.links import button_link, text_link
from kametrix.components.page import page
from kametrix.state.reset import ResetState


@page("/reset", "New password", public=True, on_load=ResetState.load)
def reset() -> rx.Component:
    """The form, why there is none, or that it is done."""
    done = rx.flex(
        rx.text("Your password is changed, and every device is logged out.", size="2", role="status"),
        button_link("Log in", "/login", size="3"),
        direction="column",
        gap="20px",
    )
    gone = rx.flex(form_error(ResetState.problem), text_link("To the log-in", "/login"), direction="column", gap="20px")
    body = rx.cond(ResetState.done, done, rx.cond(ResetState.problem != "", gone, _form()))
    waiting = rx.skeleton(height="160px")
    below = rx.fragment("You remember it after all? ", text_link("Log in", "/login"))
    return entry_page("New password", "It replaces the one you have.", rx.cond(ResetState.is_ready, body, waiting), below)


def _form() -> rx.Component:
    return NativeForm.create(
        rx.flex(
            form_error(ResetState.message),
            new_password(
                "New password",
                "password",
                error=ResetState.error,
                on_change=ResetState.weigh.debounce(300),
                score=ResetState.meter.score,
                words=ResetState.meter.words,
            ),
            rx.text("Every device where you are logged in is logged out.", size="2", color="var(--muted)"),
            rx.el.input(type="hidden", name="token", value=ResetState.token, read_only=True),
            rx.button("Set the password", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/reset",
        key=ResetState.form,
    )

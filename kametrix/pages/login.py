"""Log in: a native form post; what was wrong is said above the fields, what was typed is still there."""

import reflex as rx

from kametrix.components.entry import entry_page
from kametrix.components.fields import NativeForm, field, form_error
from kametrix.components.links import text_link
from kametrix.components.page import page
from kametrix.state.entry import EntryState


@page("/login", "Log in", public=True, on_load=EntryState.load)
def login() -> rx.Component:
    """The page."""
    return entry_page("Welcome back", "Log in to see who called.", login_form(), login_below())


def login_form() -> rx.Component:
    """E-mail and password, posted to the server; `redirect` is where the person was going."""
    return NativeForm.create(
        rx.flex(
            form_error(EntryState.message),
            field(
                "E-mail",
                "email",
                kind="email",
                value=EntryState.values["email"],
                error=EntryState.errors["email"],
                auto_complete="username",
                placeholder="you@practice.com",
                required=True,
                max_length=254,
            ),
            field("Password", "password", kind="password", auto_complete="current-password", required=True),
            rx.box(text_link("Forgot your password?", "/forgot"), margin_top="-8px"),
            rx.el.input(type="hidden", name="redirect", value=EntryState.target, read_only=True),
            rx.button("Log in", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/login",
        key=EntryState.form,
    )


def login_below() -> rx.Component:
    """The way to an account."""
    return rx.fragment("New here? ", text_link("Create an account", "/signup" + EntryState.other_query))

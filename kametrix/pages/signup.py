"""Create an account: a native form post; errors are said at the fields, and nothing typed is lost but the password."""

from typing import Any

import reflex as rx

from kametrix.components.entry import entry_page, new_password
from kametrix.components.fields import NativeForm, field, form_error
from kametrix.components.links import text_link
from kametrix.components.page import page
from kametrix.state.entry import EntryState


@page("/signup", "Create an account", public=True, on_load=EntryState.load)
def signup() -> rx.Component:
    """The page."""
    note = "Your first agent answers within minutes. No card needed."
    return entry_page("Create your account", note, signup_form(), signup_below())


def signup_form() -> rx.Component:
    """Who, for which business, and a password; posted to the server with the browser's time zone."""
    return NativeForm.create(
        rx.flex(
            form_error(EntryState.message),
            _typed("Your name", "name", auto_complete="name", required=True, max_length=100),
            _typed("Business", "business", help="Left empty, your own name is used.", auto_complete="organization", max_length=100),
            _typed(
                "E-mail", "email", kind="email", auto_complete="username", placeholder="you@practice.com", required=True, max_length=254
            ),
            _password(),
            rx.el.input(type="hidden", name="timezone", value=EntryState.zone, read_only=True),
            rx.el.input(type="hidden", name="redirect", value=EntryState.target, read_only=True),
            rx.button("Create account", size="3", type="submit", width="100%"),
            direction="column",
            gap="20px",
        ),
        method="post",
        action="/auth/signup",
        key=EntryState.form,
    )


def signup_below() -> rx.Component:
    """The way in for whoever has an account."""
    return rx.fragment("Already have an account? ", text_link("Log in", "/login" + EntryState.other_query))


def _typed(label: str, name: str, **props: Any) -> rx.Component:
    def keep(value: rx.Var[str]) -> Any:
        return EntryState.keep(name, value)

    return field(label, name, value=EntryState.values[name], error=EntryState.errors[name], on_blur=keep, **props)


def _password() -> rx.Component:
    return new_password(
        "Password",
        "password",
        error=EntryState.errors["password"],
        on_change=EntryState.weigh.debounce(300),
        score=EntryState.meter.score,
        words=EntryState.meter.words,
    )

"""What the link of an invitation opens: accept with an account, join with a new one, or why the link no longer works."""

from typing import Any

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.entry import entry_page, new_password
from kametrix.components.fields import NativeForm, field, form_error
from kametrix.components.links import button_link, text_link
from kametrix.components.organization_mark import organization_mark
from kametrix.components.page import page
from kametrix.state.invite import InviteState


@page("/invite", "Invitation", public=True, on_load=InviteState.load)
def invite() -> rx.Component:
    """The page; empty until the link has been read."""
    return entry_page(
        rx.cond(InviteState.way == "", "Your invitation", InviteState.title),
        InviteState.note,
        _ways(),
        rx.cond(InviteState.way == "join", _below()),
    )


def _ways() -> rx.Component:
    return match(InviteState.way, {"accept": _accept(), "other": _other(), "join": _join(), "dead": _dead()})


def _who() -> rx.Component:
    """Which organization, for which address."""
    return rx.flex(
        organization_mark(InviteState.organization, InviteState.logo, InviteState.color, 40),
        rx.box(
            rx.text(InviteState.organization, size="2", weight="medium", overflow_wrap="anywhere"),
            rx.text("For ", InviteState.email, size="1", color="var(--muted)", overflow_wrap="anywhere"),
            min_width="0",
        ),
        gap="12px",
        align="center",
    )


def _token() -> rx.Component:
    return rx.el.input(type="hidden", name="token", value=InviteState.token, read_only=True)


def _posted(action: str, *children: rx.Component) -> rx.Component:
    return NativeForm.create(
        rx.flex(
            form_error(InviteState.message),
            _who(),
            rx.text(InviteState.about, size="2", color="var(--muted)"),
            *children,
            _token(),
            direction="column",
            gap="20px",
        ),
        method="post",
        action=action,
        key=InviteState.form,
    )


def _accept() -> rx.Component:
    return _posted("/auth/invitation", rx.button("Accept and go there", size="3", type="submit", width="100%"))


def _other() -> rx.Component:
    """Somebody else is logged in here."""
    words = rx.text(
        "You are logged in as ",
        rx.el.b(InviteState.own_email, style={"overflowWrap": "anywhere"}),
        ". Log out to accept as the invited person.",
        size="2",
    )
    return NativeForm.create(
        rx.flex(
            _who(),
            rx.box(words, class_name="note"),
            rx.el.input(type="hidden", name="redirect", value=InviteState.here, read_only=True),
            rx.button("Log out and go on", size="3", type="submit", width="100%"),
            button_link("Stay logged in", "/dashboard", size="3", variant="soft", color_scheme="gray", width="100%"),
            direction="column",
            gap="16px",
        ),
        method="post",
        action="/auth/logout",
    )


def _join() -> rx.Component:
    """Nobody is logged in here: a new account for the invited address."""
    name: Any = field(
        "Your name",
        "name",
        value=InviteState.name,
        error=InviteState.errors["name"],
        on_blur=InviteState.keep_name,
        auto_complete="name",
        required=True,
        max_length=100,
    )
    password = new_password(
        "Password",
        "password",
        error=InviteState.errors["password"],
        on_change=InviteState.weigh.debounce(300),
        score=InviteState.meter.score,
        words=InviteState.meter.words,
    )
    return _posted(
        "/auth/invitation/new",
        rx.el.input(type="text", name="username", value=InviteState.email, auto_complete="username", read_only=True, hidden=True),
        name,
        password,
        rx.el.input(type="hidden", name="timezone", value=InviteState.zone, read_only=True),
        rx.button("Create account and join", size="3", type="submit", width="100%"),
    )


def _below() -> rx.Component:
    return rx.fragment("Already have an account? ", text_link("Log in to accept", InviteState.log_in))


def _dead() -> rx.Component:
    return rx.flex(
        rx.text(InviteState.way_out, size="2"),
        button_link("Log in", "/login", size="3", variant="soft", width="100%"),
        direction="column",
        gap="20px",
    )

"""Settings: the account, the password, where one is logged in, and the theme."""

from typing import Any

import reflex as rx
from reflex.style import color_mode, set_color_mode

from kametrix.components.choose import each
from kametrix.components.confirm import confirm_dialog
from kametrix.components.entry import new_password
from kametrix.components.fields import field, field_note
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import SETTINGS, section_page
from kametrix.state.account import AccountState, SessionRow


@page("/settings", "Settings", active="Settings", on_load=AccountState.load)
def settings() -> rx.Component:
    """The page."""
    return section_page(
        "Settings",
        SETTINGS,
        "Account",
        rx.flex(_account(), _mail(), _password(), _sessions(), _theme(), direction="column", gap="24px", max_width="720px"),
        _revoke_question(),
        _others_question(),
        note="Your account and how this looks.",
    )


def _account() -> rx.Component:
    return panel(
        rx.form(
            rx.flex(
                field(
                    "Your name",
                    "name",
                    value=AccountState.name,
                    error=AccountState.name_error,
                    auto_complete="name",
                    required=True,
                    max_length=100,
                ),
                rx.box(
                    rx.text("E-mail", class_name="label", margin_bottom="6px"),
                    rx.text(AccountState.email, overflow_wrap="anywhere"),
                    rx.text("You log in with this address.", size="1", color="var(--muted)", margin_top="4px"),
                    rx.cond(AccountState.is_verified, rx.fragment(), _unconfirmed()),
                ),
                rx.box(rx.button("Save name", type="submit", size="3", loading=AccountState.is_saving_name)),
                direction="column",
                gap="20px",
            ),
            on_submit=AccountState.save_name,
        ),
        title="Account",
    )


def _unconfirmed() -> rx.Component:
    """Until the link in the message of welcome was used."""
    again = rx.button(
        "Send the link again", size="2", variant="soft", type="button", on_click=AccountState.confirm_again, loading=AccountState.is_sending
    )
    return rx.flex(
        rx.icon("mail-warning", size=16, aria_hidden="true", style={"flex": "none"}),
        rx.text("Not confirmed yet: open the link in the message we sent you.", size="2", flex="1", min_width="180px"),
        again,
        align="center",
        gap="12px",
        wrap="wrap",
        class_name="note",
        role="status",
        margin_top="12px",
    )


def _mail() -> rx.Component:
    switch = rx.switch(
        id="wants_mail", checked=AccountState.wants_mail, on_change=AccountState.choose_mail, aria_describedby="wants_mail-note",
        margin_top="2px",
    )  # fmt: skip
    note = "When credits run low, and a statement every month. Receipts and messages about your account always come."
    words = rx.box(
        rx.el.label("Warnings and statements by mail", html_for="wants_mail", class_name="label"), field_note("wants_mail", note, "")
    )
    return panel(rx.flex(switch, words, gap="12px", align="start"), title="E-mail")


def _password() -> rx.Component:
    return panel(
        rx.form(
            rx.el.input(name="username", value=AccountState.email, auto_complete="username", read_only=True, hidden=True),
            rx.flex(
                field(
                    "Current password",
                    "old",
                    kind="password",
                    error=AccountState.password_errors["old"],
                    auto_complete="current-password",
                    required=True,
                ),
                new_password(
                    "New password",
                    "new",
                    error=AccountState.password_errors["new"],
                    on_change=AccountState.weigh.debounce(300),
                    score=AccountState.meter.score,
                    words=AccountState.meter.words,
                ),
                rx.text("Every other place where you are logged in is logged out.", size="2", color="var(--muted)"),
                rx.box(rx.button("Change password", type="submit", size="3", loading=AccountState.is_saving_password)),
                direction="column",
                gap="20px",
            ),
            on_submit=AccountState.change_password,
            key=AccountState.password_form,
        ),
        title="Password",
    )


def _sessions() -> rx.Component:
    leave_others = rx.button(
        "Log out all others", variant="soft", color_scheme="gray", size="2", type="button", on_click=AccountState.turn_others(True)
    )
    return panel(
        rx.el.ul(each(AccountState.sessions, _session), class_name="list"),
        title="Where you are logged in",
        action=rx.cond(AccountState.has_others, leave_others, rx.fragment()),
        flush=True,
    )


def _session(row: SessionRow) -> rx.Component:
    this = rx.badge(rx.icon("check", size=12, aria_hidden="true"), "This device", color_scheme="green", size="2")
    leave = rx.button(
        "Log out", variant="soft", color_scheme="red", size="2", type="button", on_click=AccountState.ask_revoke(row.id),
        aria_label=f"Log out {row.device}",
    )  # fmt: skip
    return rx.el.li(
        rx.flex(
            rx.icon("monitor-smartphone", size=18, color="var(--muted)", aria_hidden="true", style={"flex": "none"}),
            rx.box(
                rx.text(row.device, weight="medium", size="2", overflow_wrap="anywhere"),
                rx.text(f"{row.seen} · {row.where}", size="1", color="var(--muted)", overflow_wrap="anywhere"),
                rx.text(row.since, size="1", color="var(--muted)"),
                flex="1",
                min_width="0",
            ),
            rx.cond(row.is_current, this, leave),
            align="center",
            gap="14px",
            padding="14px 20px",
        )
    )


def _revoke_question() -> rx.Component:
    return confirm_dialog(
        open=AccountState.revoking != "",
        on_open_change=AccountState.turn_revoke,
        title=f"Log out {AccountState.revoking}?",
        effects=(
            ("log-out", "It needs your e-mail and password to come back."),
            ("phone", "Your agents, numbers and calls go on as before."),
        ),
        action="Log out",
        on_confirm=AccountState.revoke,
        keep="Keep it logged in",
    )


def _others_question() -> rx.Component:
    return confirm_dialog(
        open=AccountState.asks_others,
        on_open_change=AccountState.turn_others,
        title="Log out everywhere else?",
        effects=(
            ("log-out", "Every device but this one needs your e-mail and password to come back."),
            ("phone", "Your agents, numbers and calls go on as before."),
        ),
        action="Log out all others",
        on_confirm=AccountState.revoke_others,
        keep="Keep them logged in",
    )


def _theme() -> rx.Component:
    choices = (("system", "System"), ("light", "Light"), ("dark", "Dark"))
    items = [rx.segmented_control.item(words, value=value) for value, words in choices]
    choose_theme: Any = set_color_mode
    return panel(
        rx.segmented_control.root(*items, value=color_mode, on_change=choose_theme, size="2", aria_label="Theme"),
        rx.text("System follows your device.", size="1", color="var(--muted)", margin_top="8px"),
        title="Theme",
    )

"""Parts that the list of people and a person's page share: the menu of deeds, and the dialog that shows a reset link once."""

from typing import Any

import reflex as rx

from kametrix.components.copying import copy_button
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.tokens import Text

ROLE_DEEDS = (("USER", "Make a user"), ("POWER_USER", "Make a power user"), ("ADMIN", "Make an administrator"))


def person_items(state: Any, user: Any) -> list[rx.Component]:
    """Items of the menu of one person. What may not be done to oneself is not offered."""

    def item(icon: str, words: str, deed: str, **props: Any) -> rx.Component:
        return rx.menu.item(rx.icon(icon, size=14), words, on_select=state.ask(deed, user.id), **props)

    roles = [rx.cond(user.role_id != role, item("shield", words, f"role:{role}")) for role, words in ROLE_DEEDS]
    suspended = user.status == "SUSPENDED"
    others = rx.fragment(
        rx.menu.separator(),
        *roles,
        rx.menu.separator(),
        rx.cond(suspended, item("rotate-ccw", "Reactivate", "activate"), item("ban", "Suspend", "suspend", color="red")),
    )
    return [
        rx.menu.item(rx.icon("user", size=14), "Open", on_select=rx.redirect(f"/admin/users/{user.id}")),
        item("key-round", "Make a reset link", "reset"),
        item("log-out", "Log out everywhere", "log_out"),
        rx.cond(user.is_verified, rx.fragment(), item("mail-check", "Confirm the address", "verify")),
        rx.cond(user.is_staff, item("user-minus", "Take staff rights", "no_staff"), item("user-plus", "Make staff", "staff")),
        rx.cond(user.is_self, rx.fragment(), others),
    ]


def link_dialog(state: Any) -> rx.Component:
    """Shows a reset link once; closed, it cannot be shown again."""
    link: Text = state.link
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Reset link", style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(
                "For ",
                state.link_for,
                ". It works once, for one hour, and is shown only now.",
                style={"fontSize": "14px", "color": "var(--muted)", "overflowWrap": "anywhere"},
            ),
            rx.el.output(link, id="reset-link", class_name="told", style={"display": "block"}),
            rx.flex(
                copy_button(link, label="Copy the link", size="2", variant="solid", color_scheme="violet"),
                rx.dialog.close(rx.button("Done", variant="soft", color_scheme="gray")),
                justify="end",
                gap="12px",
                margin_top="20px",
            ),
            max_width="520px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=state.link != "",
        on_open_change=state.turn_link,
    )

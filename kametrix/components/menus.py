"""Menus of the frame: which organization, which theme, the way out; on a phone, the sheet behind 'More'."""

import reflex as rx

from kametrix.components.brand import mark
from kametrix.components.fields import NativeForm
from kametrix.state.frame import FrameState

LOG_OUT = rx.call_script("document.getElementById('log-out').requestSubmit()")


def log_out_form() -> rx.Component:
    """Once per page: a real POST, because the session cookie is not readable here and a link could be planted by others."""
    return NativeForm.create(method="post", action="/auth/logout", id="log-out", hidden=True)


def organization_menu() -> rx.Component:
    """Shows the current organization; opens the person's menu."""
    return rx.menu.root(
        rx.menu.trigger(
            rx.el.button(
                mark(28),
                rx.box(
                    rx.text(FrameState.organization, size="2", weight="medium", class_name="clip"),
                    rx.text(FrameState.role, size="1", color="var(--muted)", class_name="clip"),
                    min_width="0",
                    flex="1",
                ),
                rx.el.span("Open the menu", class_name="sr-only"),
                rx.icon("chevrons-up-down", size=15, color="var(--muted)", aria_hidden="true"),
                class_name="tap",
                type="button",
            )
        ),
        rx.menu.content(
            rx.menu.item(FrameState.email, disabled=True, style={"color": "var(--muted)"}),
            rx.menu.item(rx.icon("check", size=14), FrameState.organization, on_select=rx.redirect("/dashboard")),
            rx.menu.separator(),
            rx.menu.item(rx.icon("settings", size=14), "Settings", on_select=rx.redirect("/settings")),
            rx.menu.item(rx.icon("log-out", size=14), "Log out", on_select=LOG_OUT),
            min_width="224px",
            max_width="320px",
        ),
        modal=False,  # a modal menu would hide the rest of the page from screen readers while it can still be focused
    )


def theme_button() -> rx.Component:
    """Light or dark; the system decides until it is pressed."""
    return rx.icon_button(
        rx.color_mode_cond(rx.icon("moon", size=16), rx.icon("sun", size=16)),
        variant="ghost",
        color_scheme="gray",
        size="2",
        margin="0",
        aria_label="Switch between light and dark",
        on_click=rx.toggle_color_mode,
    )


def more_sheet(trigger: rx.Component, pages: tuple[tuple[str, str, str], ...]) -> rx.Component:
    """The sheet from the bottom: pages without a tab of their own, the theme, the way out."""
    links = [
        rx.dialog.close(rx.el.a(rx.icon(icon, size=18, aria_hidden="true"), label, href=href, class_name="tap"))
        for label, icon, href in pages
    ]
    theme = rx.el.button(
        rx.color_mode_cond(rx.icon("moon", size=18, aria_hidden="true"), rx.icon("sun", size=18, aria_hidden="true")),
        rx.color_mode_cond("Switch to dark", "Switch to light"),
        type="button",
        class_name="tap",
        on_click=rx.toggle_color_mode,
    )
    leave = rx.el.button(rx.icon("log-out", size=18, aria_hidden="true"), "Log out", type="button", class_name="tap", on_click=LOG_OUT)
    return rx.dialog.root(
        rx.dialog.trigger(trigger),
        rx.dialog.content(
            rx.dialog.title(FrameState.person, style={"fontSize": "16px", "lineHeight": "24px", "margin": "0 8px"}),
            rx.text(FrameState.email, size="1", color="var(--muted)", margin="0 8px 8px", class_name="clip"),
            *links,
            theme,
            leave,
            class_name="sheet",
            aria_describedby=None,
        ),
    )

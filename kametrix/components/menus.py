"""Menus of the frame: which organization, which theme, the way out; on a phone, the sheet behind 'More'."""

from typing import Any, NamedTuple

import reflex as rx

from kametrix.components.allowed import allowed, offered
from kametrix.components.choose import each
from kametrix.components.fields import NativeForm
from kametrix.components.focus import focus_on
from kametrix.components.organization_mark import organization_mark
from kametrix.state.frame import FrameState
from kametrix.state.organizations import OrganizationRow, OrganizationsState


class Entry(NamedTuple):
    """A page in the navigation. `need`: the permission without which it is not offered."""

    label: str
    icon: str
    href: str
    need: str = ""


LOG_OUT = rx.call_script("document.getElementById('log-out').requestSubmit()")


def log_out_form() -> rx.Component:
    """Once per page: a real POST, because the session cookie is not readable here and a link could be planted by others."""
    return NativeForm.create(method="post", action="/auth/logout", id="log-out", hidden=True)


def organization_menu() -> rx.Component:
    """Shows the current organization; opens all of one's own, and the person's menu."""
    return rx.popover.root(
        rx.popover.trigger(
            rx.el.button(
                organization_mark(FrameState.organization, FrameState.logo, FrameState.color),
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
        rx.popover.content(
            _organizations(),
            _ways_on(),
            width="300px",
            max_width="calc(100vw - 24px)",
            padding="8px",
            class_name="palette",
            on_open_auto_focus=focus_on("[role=dialog]"),
        ),
        on_open_change=OrganizationsState.turn,
    )


def _organizations() -> rx.Component:
    """Every organization of the person; one press works there from then on. With many of them, a search."""
    search = rx.input(
        rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
        placeholder="Find an organization",
        size="2",
        auto_complete="off",
        aria_label="Find an organization",
        custom_attrs={"data-filter": "organizations"},
    )
    hits = rx.el.ul(
        each(OrganizationsState.rows, _organization),
        class_name="list hits",
        id="organizations",
        aria_label="Your organizations",
        custom_attrs={"data-rows": ""},
        style={"marginTop": "0"},
    )
    return rx.fragment(
        rx.cond(OrganizationsState.is_searched, rx.box(search, margin_bottom="6px")),
        rx.cond(OrganizationsState.is_loaded, rx.fragment(), rx.skeleton(width="100%", height="40px")),
        NativeForm.create(hits, method="post", action="/auth/organization"),
        rx.text("None of yours has that name.", size="2", color="var(--muted)", class_name="no-hits", role="status"),
    )


def _organization(row: OrganizationRow | Any) -> rx.Component:
    names = rx.box(
        rx.text(row.name, size="2", class_name="clip"), rx.text(row.role, size="1", color="var(--muted)"), min_width="0", flex="1"
    )
    check = rx.fragment(rx.icon("check", size=16, aria_hidden="true"), rx.el.span("You work here now", class_name="sr-only"))
    return rx.el.li(
        rx.el.button(
            organization_mark(row.name, row.logo, row.color, 24),
            names,
            rx.cond(row.is_current, check),
            type="submit",
            name="organization",
            value=row.id,
            class_name="tap",
            aria_current=rx.cond(row.is_current, "true", "false"),
        )
    )


def _ways_on() -> rx.Component:
    def link(icon: str, label: str, href: str) -> rx.Component:
        return rx.popover.close(rx.el.a(rx.icon(icon, size=16, aria_hidden="true"), label, href=href, class_name="tap"))

    return rx.fragment(
        rx.separator(size="4", margin="8px 0"),
        link("plus", "New organization", "/organizations/new"),
        allowed("team:write", link("user-plus", "Invite people", "/settings/team")),
        rx.separator(size="4", margin="8px 0"),
        rx.text(FrameState.email, size="1", color="var(--muted)", class_name="clip", padding="2px 8px"),
        link("settings", "Settings", "/settings"),
        rx.el.button(rx.icon("log-out", size=16, aria_hidden="true"), "Log out", type="button", class_name="tap", on_click=LOG_OUT),
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


def more_sheet(trigger: rx.Component, pages: tuple[Entry, ...]) -> rx.Component:
    """The sheet from the bottom: pages without a tab of their own, the theme, the way out."""
    links = [
        offered(
            entry.need,
            rx.dialog.close(rx.el.a(rx.icon(entry.icon, size=18, aria_hidden="true"), entry.label, href=entry.href, class_name="tap")),
        )
        for entry in pages
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

"""Pages that belong together: one header, a strip of links, and below it the page that is open."""

from typing import Final, NamedTuple

import reflex as rx

from kametrix.components.allowed import offered
from kametrix.components.panel import page_header


class Section(NamedTuple):
    """One page of a group. `need`: the permission without which it is not offered."""

    label: str
    href: str
    need: str


SETTINGS: Final = (
    Section("Account", "/settings", ""),
    Section("Organization", "/settings/organization", "organization:read"),
    Section("Opening hours", "/settings/hours", "organization:read"),
    Section("Agents", "/settings/agents", "organization:read"),
    Section("Branding", "/settings/branding", "organization:read"),
    Section("Team", "/settings/team", "organization:read"),
    Section("Activity", "/settings/activity", "audit:read"),
)
ADMIN: Final = (
    Section("Overview", "/admin", "platform:admin"),
    Section("Users", "/admin/users", "platform:admin"),
    Section("Agents", "/admin/agents", "platform:admin"),
    Section("Numbers", "/admin/numbers", "platform:admin"),
    Section("Payments", "/admin/payments", "platform:admin"),
    Section("Prices", "/admin/prices", "platform:admin"),
    Section("Audit log", "/admin/audit", "platform:admin"),
)


def section_page(
    title: str, sections: tuple[Section, ...], active: str, *children: rx.Component, note: str = "", action: rx.Component | None = None
) -> rx.Component:
    """The page called `active` (a label of `sections`) of the group `title`; `note` says what it is for, `action` is its primary one."""
    links = [_offered(section, active) for section in sections]
    return rx.fragment(
        page_header(title, note, action),
        rx.box(rx.el.nav(*links, class_name="seg", aria_label=title, style={"flexWrap": "wrap"}), margin_bottom="24px"),
        *children,
    )


def _offered(section: Section, active: str) -> rx.Component:
    link = rx.el.a(section.label, href=section.href, aria_current="true" if section.label == active else "false")
    return offered(section.need, link)

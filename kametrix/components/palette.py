"""Command palette: jump to a page, an agent or an action. ⌘K, the arrows and the filter live in assets/kametrix.js."""

from typing import NamedTuple

import reflex as rx

from kametrix.components.allowed import offered
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.tokens import Text
from kametrix.services.access import PLATFORM
from kametrix.state.frame import FrameState
from kametrix.state.rows import AgentLink


class Hit(NamedTuple):
    """Something to jump to. `need`: the permission without which it is not offered."""

    icon: str
    label: str
    kind: str
    href: str
    need: str = ""


HITS: tuple[Hit, ...] = (
    Hit("layout-dashboard", "Dashboard", "Page", "/dashboard"),
    Hit("headset", "Agents", "Page", "/agents"),
    Hit("phone", "Calls", "Page", "/calls"),
    Hit("wallet", "Credits", "Page", "/credits", "credits:read"),
    Hit("credit-card", "Billing", "Page", "/credits/billing", "credits:read"),
    Hit("receipt-text", "Statements", "Page", "/credits/statements", "credits:read"),
    Hit("settings", "Settings", "Page", "/settings"),
    Hit("users", "Team", "Page", "/settings/team", "organization:read"),
    Hit("clock", "Opening hours", "Page", "/settings/hours", "organization:read"),
    Hit("plus", "New agent", "Action", "/agents/new", "agents:write"),
    Hit("user-plus", "Invite somebody", "Action", "/settings/team", "team:write"),
    Hit("building-2", "New organization", "Action", "/organizations/new"),
    Hit("shield", "Admin", "Page", "/admin", PLATFORM),
)


def _hit(icon: str, label: Text, kind: str, href: Text) -> rx.Component:
    return rx.el.li(
        rx.dialog.close(
            rx.el.a(
                rx.icon(icon, size=16, color="var(--muted)", aria_hidden="true"),
                rx.el.span(label, class_name="clip", style={"flex": "1"}),
                rx.text(kind, size="1", color="var(--muted)"),
                href=href,
                class_name="tap",
            )
        )
    )


def _agent(agent: AgentLink) -> rx.Component:
    return _hit("headset", agent.name, "Agent", f"/agents/{agent.id}")


def search_box() -> rx.Component:
    """The sidebar's trigger; ⌘K and the phone's button press it."""
    return rx.el.button(
        rx.icon("search", size=15, aria_hidden="true"),
        "Search",
        rx.el.span("⌘K", class_name="kbd", aria_hidden="true"),
        class_name="tap find",
        type="button",
        id="palette",
    )


def phone_search() -> rx.Component:
    """The phone's button for the same palette."""
    return rx.icon_button(
        rx.icon("search", size=18),
        variant="ghost",
        color_scheme="gray",
        size="3",
        margin="0",
        aria_label="Search",
        custom_attrs={"data-opens": "palette"},
    )


def command_palette(trigger: rx.Component) -> rx.Component:
    """One per page."""
    return rx.dialog.root(
        rx.dialog.trigger(trigger),
        rx.dialog.content(
            rx.dialog.title("Search", class_name="sr-only"),
            rx.input(
                rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
                placeholder="Agent, page or action",
                size="3",
                auto_focus=True,
                auto_complete="off",
                aria_label="Agent, page or action",
                custom_attrs={"data-filter": "hits"},
            ),
            rx.el.ul(
                *[offered(hit.need, _hit(hit.icon, hit.label, hit.kind, hit.href)) for hit in HITS],
                rx.foreach(FrameState.agents, _agent),
                class_name="list hits",
                id="hits",
                custom_attrs={"data-rows": ""},
            ),
            rx.text("Nothing goes by that name.", size="2", color="var(--muted)", class_name="no-hits", role="status"),
            max_width="560px",
            class_name="palette",
            aria_describedby=None,
            on_close_auto_focus=BACK_TO_OPENER,
        ),
    )

"""The frame every signed-in page stands in: sidebar on a desk, top bar and tabs on a phone."""

import reflex as rx

from kametrix.components.balance import balance_card, balance_chip
from kametrix.components.menus import log_out_form, more_sheet, organization_menu, theme_button
from kametrix.components.palette import command_palette, phone_search, search_box
from kametrix.components.status import pulse_dot
from kametrix.state.frame import FrameState

NAV: tuple[tuple[str, str, str], ...] = (
    ("Dashboard", "layout-dashboard", "/dashboard"),
    ("Agents", "headset", "/agents"),
    ("Calls", "phone", "/calls"),
    ("Credits", "wallet", "/credits"),
    ("Settings", "settings", "/settings"),
)
TABS = NAV[:4]
BEHIND_MORE = NAV[4:]


def _live_count() -> rx.Component:
    count = rx.el.span(pulse_dot(), FrameState.live_calls, " live", class_name="num live-count")
    return rx.cond(FrameState.live_calls > 0, count)


def nav_link(item: tuple[str, str, str], active: str) -> rx.Component:
    """One page in the sidebar."""
    label, icon, href = item
    return rx.el.a(
        rx.icon(icon, size=17, aria_hidden="true"),
        label,
        _live_count() if label == "Calls" else rx.fragment(),
        href=href,
        class_name="nav",
        aria_current="page" if label == active else None,
    )


def sidebar(active: str) -> rx.Component:
    """Organization, search, pages, balance, person."""
    return rx.el.aside(
        rx.box(
            organization_menu(),
            command_palette(search_box()),
            rx.el.nav(*[nav_link(item, active) for item in NAV], aria_label="Main", style={"display": "grid", "gap": "1px"}),
            rx.box(balance_card(), margin_top="auto", padding_top="16px"),
            rx.flex(
                rx.el.span(FrameState.initials, class_name="face", aria_hidden="true"),
                rx.text(FrameState.person, size="2", class_name="clip", flex="1"),
                theme_button(),
                align="center",
                gap="10px",
                padding="8px 4px 0 8px",
            ),
            class_name="side-inner",
        ),
        class_name="side",
        aria_label="Sidebar",
    )


def phone_bar() -> rx.Component:
    """Organization, balance, search."""
    return rx.el.header(rx.box(organization_menu(), flex="1", min_width="0"), balance_chip(), phone_search(), class_name="phone-top")


def phone_tabs(active: str) -> rx.Component:
    """Four pages and 'More'."""
    tabs = [
        rx.el.a(
            rx.icon(icon, size=20, aria_hidden="true"),
            "Home" if label == "Dashboard" else label,
            href=href,
            aria_current="page" if label == active else None,
        )
        for label, icon, href in TABS
    ]
    behind = active in {label for label, _, _ in BEHIND_MORE}
    more = rx.el.button(rx.icon("menu", size=20, aria_hidden="true"), "More", type="button", aria_current="page" if behind else None)
    return rx.el.nav(*tabs, more_sheet(more, BEHIND_MORE), class_name="tabs", aria_label="Tabs")


def sandbox_ribbon() -> rx.Component:
    """Says what is simulated, when anything is."""
    ribbon = rx.box(
        rx.icon("flask-conical", size=14, color="var(--amber-11)", aria_hidden="true"),
        rx.el.span(rx.el.b("Sandbox."), " ", FrameState.ribbon),
        class_name="ribbon",
        role="note",
    )
    return rx.cond(FrameState.ribbon != "", ribbon)


def frame(*children: rx.Component, active: str) -> rx.Component:
    """`active` is the label of the page in the navigation."""
    return rx.box(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        phone_bar(),
        rx.box(
            sidebar(active),
            rx.el.main(
                sandbox_ribbon(),
                rx.box(*children, class_name="page"),
                id="content",
                tab_index=-1,
                style={"minWidth": "0", "outline": "none"},
            ),
            class_name="shell",
        ),
        phone_tabs(active),
        log_out_form(),
    )

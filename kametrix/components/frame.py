"""The frame every signed-in page stands in: sidebar on a desk, top bar and tabs on a phone."""

import reflex as rx

from kametrix.components.allowed import allowed, offered
from kametrix.components.balance import balance_card, balance_chip
from kametrix.components.links import text_link
from kametrix.components.menus import Entry, log_out_form, more_sheet, organization_menu, theme_button
from kametrix.components.palette import command_palette, phone_search, search_box
from kametrix.components.status import pulse_dot
from kametrix.components.tokens import Text
from kametrix.services.access import PLATFORM
from kametrix.state.frame import FrameState

NAV: tuple[Entry, ...] = (
    Entry("Dashboard", "layout-dashboard", "/dashboard"),
    Entry("Agents", "headset", "/agents"),
    Entry("Calls", "phone", "/calls"),
    Entry("Credits", "wallet", "/credits", "credits:read"),
    Entry("Settings", "settings", "/settings"),
    Entry("Admin", "shield", "/admin", PLATFORM),
)
ABOUT_CALLS = frozenset({"Dashboard", "Agents"})
TABS = NAV[:4]
BEHIND_MORE = NAV[4:]


def _live_count() -> rx.Component:
    count = rx.el.span(pulse_dot(), FrameState.live_calls, " live", class_name="num live-count")
    return rx.cond(FrameState.live_calls > 0, count)


def nav_link(entry: Entry, active: str) -> rx.Component:
    """One page in the sidebar; the operator's stands below a line."""
    link = rx.el.a(
        rx.icon(entry.icon, size=17, aria_hidden="true"),
        entry.label,
        _live_count() if entry.label == "Calls" else rx.fragment(),
        href=entry.href,
        class_name="nav",
        aria_current="page" if entry.label == active else None,
    )
    line = rx.separator(size="4", margin="8px 0") if entry.need == PLATFORM else rx.fragment()
    return offered(entry.need, line, link)


def sidebar(active: str) -> rx.Component:
    """Organization, search, pages, balance, person."""
    return rx.el.aside(
        rx.box(
            organization_menu(),
            command_palette(search_box()),
            rx.el.nav(*[nav_link(item, active) for item in NAV], aria_label="Main", style={"display": "grid", "gap": "1px"}),
            rx.box(allowed("credits:read", balance_card()), margin_top="auto", padding_top="16px"),
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
    return rx.el.header(
        rx.box(organization_menu(), flex="1", min_width="0"),
        allowed("credits:read", balance_chip()),
        phone_search(),
        class_name="phone-top",
    )


def phone_tabs(active: str) -> rx.Component:
    """Four pages and 'More'."""
    tabs = [
        offered(
            entry.need,
            rx.el.a(
                rx.icon(entry.icon, size=20, aria_hidden="true"),
                "Home" if entry.label == "Dashboard" else entry.label,
                href=entry.href,
                aria_current="page" if entry.label == active else None,
            ),
        )
        for entry in TABS
    ]
    behind = active in {entry.label for entry in BEHIND_MORE}
    more = rx.el.button(rx.icon("menu", size=20, aria_hidden="true"), "More", type="button", aria_current="page" if behind else None)
    return rx.el.nav(*tabs, more_sheet(more, BEHIND_MORE), class_name="tabs", aria_label="Tabs")


def _inbox() -> rx.Component:
    return rx.fragment(
        " ",
        rx.el.a(
            "Read the e-mails",
            href=FrameState.inbox,
            target="_blank",
            rel="noopener",
            style={"color": "inherit", "textDecoration": "underline"},
        ),
    )


def sandbox_ribbon() -> rx.Component:
    """Says what is simulated, when anything is."""
    ribbon = rx.box(
        rx.icon("flask-conical", size=14, color="var(--amber-11)", aria_hidden="true"),
        rx.el.span(rx.el.b("Sandbox."), " ", FrameState.ribbon, rx.cond(FrameState.inbox != "", _inbox(), rx.fragment())),
        class_name="ribbon",
        role="note",
    )
    return rx.cond(FrameState.ribbon != "", ribbon)


def switched_off() -> rx.Component:
    """Says that nobody answers, where somebody would look for calls."""
    way_out = allowed("organization:write", text_link("Settings", "/settings/organization"))
    note = _nobody_answers("Calls are switched off. Callers hear that nobody takes calls at the moment.", way_out)
    return rx.cond(FrameState.is_answering, rx.fragment(), note)


def paused() -> rx.Component:
    """Says why agents take no calls, where one is shown as live."""
    note = _nobody_answers(FrameState.paused, text_link("See prices", "/credits"))
    return rx.cond(FrameState.is_answering & FrameState.is_paused, note)


def _nobody_answers(words: Text, way_out: rx.Component) -> rx.Component:
    return rx.flex(
        rx.icon("phone-off", size=18, aria_hidden="true", style={"flex": "none"}),
        rx.text(words, size="2", flex="1", min_width="200px"),
        way_out,
        align="center",
        gap="12px",
        wrap="wrap",
        class_name="note",
        role="status",
        margin_bottom="20px",
    )


def frame(*children: rx.Component, active: str) -> rx.Component:
    """`active` is the label of the page in the navigation."""
    return rx.box(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        phone_bar(),
        rx.box(
            sidebar(active),
            rx.el.main(
                sandbox_ribbon(),
                rx.box(
                    switched_off() if active in ABOUT_CALLS else rx.fragment(),
                    paused() if active == "Agents" else rx.fragment(),
                    *children,
                    class_name="page",
                ),
                id="content",
                tab_index=-1,
                style={"minWidth": "0", "outline": "none"},
            ),
            class_name="shell",
        ),
        phone_tabs(active),
        log_out_form(),
    )

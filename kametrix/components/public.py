"""What the pages for strangers share: the bar above, the bands, the foot, and the legal links."""

import reflex as rx

from kametrix.components.brand import wordmark
from kametrix.components.links import button_link
from kametrix.components.menus import theme_button
from kametrix.state.landing import LandingState

LEGAL = (("Imprint", "/imprint"), ("Privacy", "/privacy"))


def public_page(*content: rx.Component) -> rx.Component:
    """A whole page for strangers."""
    return rx.box(rx.el.a("Skip to content", href="#content", class_name="skip"), top(), rx.el.main(*content, id="content"), foot())


def top() -> rx.Component:
    """Name, theme, and the two ways in; who is known goes straight to the dashboard."""
    stranger = rx.fragment(
        button_link("Log in", "/login", variant="ghost", color_scheme="gray", size="2", margin="0"),
        button_link("Sign up", "/signup", size="2"),
    )
    ways = rx.cond(LandingState.is_known, button_link("Dashboard", "/dashboard", size="2"), stranger)
    return rx.el.header(
        rx.flex(
            wordmark(),
            rx.flex(theme_button(), ways, gap=rx.breakpoints(initial="2px", sm="8px"), align="center"),
            justify="between",
            align="center",
            height="72px",
            gap="8px",
        ),
        class_name="land",
    )


def band_title(*title: str | rx.Component) -> rx.Component:
    """What a band is about."""
    return rx.heading(*title, as_="h2", size="7", letter_spacing="-0.03em")


def band(title: rx.Component, *children: rx.Component, note: rx.Component | None = None, shaded: bool = False) -> rx.Component:
    """A section over the whole width."""
    return rx.el.section(
        rx.box(title, note or rx.fragment(), rx.box(*children, margin_top="32px"), class_name="land"),
        class_name="band shaded" if shaded else "band",
    )


def legal_links() -> list[rx.Component]:
    """Who runs this, and what it does with data."""
    return [rx.el.a(label, href=href, class_name="muted") for label, href in LEGAL]


def foot() -> rx.Component:
    """Name, the ways in, and the legal pages."""
    links = [rx.el.a(label, href=href, class_name="muted") for label, href in (("Log in", "/login"), ("Sign up", "/signup"))]
    return rx.el.footer(
        rx.flex(
            rx.text("Kametrix", size="2", color="var(--muted)"),
            rx.el.nav(rx.flex(*links, *legal_links(), gap="8px 20px", wrap="wrap"), aria_label="More pages"),
            justify="between",
            wrap="wrap",
            gap="12px",
            class_name="land",
            padding="28px 24px",
        ),
        class_name="foot",
    )

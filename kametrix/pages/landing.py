"""The landing page: the product is the picture."""

import reflex as rx

from kametrix.components.brand import wordmark
from kametrix.components.links import button_link
from kametrix.components.menus import theme_button
from kametrix.components.page import page
from kametrix.components.sample import SampleCall, sample_call
from kametrix.state.landing import Example, LandingState

PROMISE = (
    "Kametrix picks up when you cannot. It answers callers’ questions with what you told it, "
    "notes what they want, and shows you every call to read and to hear."
)
STEPS: tuple[tuple[str, str, str], ...] = (
    (
        "message-circle-question",
        "Tell it about your business",
        "One short form: what you do, your hours, and the questions callers ask with your answers.",
    ),
    (
        "phone-call",
        "Call it yourself",
        "Your agent gets a telephone number. Ask it what a caller would ask, then forward your own line to it.",
    ),
    ("scroll-text", "Read what callers wanted", "Each call with a summary, every word, the recording, and what it cost to the cent."),
)
QUESTIONS: tuple[tuple[str, str], ...] = (
    (
        "Do callers know that they talk to an AI?",
        "Yes. The agent says so at the start, and also that the call is recorded when recording is on. "
        "Both are settings of the agent, and both are on at first.",
    ),
    (
        "What does it know?",
        "What you told it: what you do, your hours, and your answers to the questions callers ask. You change them on one page.",
    ),
    (
        "Can I keep my number?",
        "Yes. The agent has a number of its own; your telephone company forwards your line to it, always or only when you do not pick up.",
    ),
    (
        "How soon do callers hear a change?",
        "Usually within seconds. The agent’s page says “Updating” and then “Live”; if a change could not be delivered, it says why.",
    ),
    (
        "What counts as a minute?",
        "Every started minute of a call that was answered. A call that failed through our fault or the line’s costs nothing, "
        "and each call shows how its price came about.",
    ),
)
SAMPLE = SampleCall(
    business="Brightside Dental",
    turns=(
        (
            "agent",
            "You are speaking with an AI assistant. This call is recorded. Hello, this is Mia from Brightside Dental. How can I help you?",
            0,
        ),
        ("caller", "Hi, I just moved here. Do you take new patients?", 7),
        ("agent", "We do, and welcome to the neighbourhood. A first visit takes about an hour: an exam, x-rays and a cleaning.", 11),
        ("caller", "Lovely. And are you open on Saturdays?", 20),
        ("agent", "On Saturdays from nine to one. Shall I note your name and number, so that the team calls you with a time?", 24),
        ("caller", "Please. It’s Robin, on this number.", 32),
        ("agent", "Thank you, Robin. I have noted a first visit, Saturday morning if possible. The team will call you back.", 36),
    ),
    length="0:44",
    summary="Robin is new in town and would like a first visit, on a Saturday morning if possible. Call back on this number.",
)


@page("/", "Your phone, answered", public=True, on_load=LandingState.load)
def landing() -> rx.Component:
    """For owners who have never heard of it."""
    return rx.box(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        top(),
        rx.el.main(hero(), steps(), price(), questions(), last_word(), id="content"),
        foot(),
    )


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


def hero() -> rx.Component:
    """The promise beside a call that can be played."""
    return rx.box(
        rx.box(
            rx.el.h1("Your phone, answered.", class_name="hero"),
            rx.text(PROMISE, size="4", color="var(--muted)", margin_top="20px", max_width="46ch"),
            rx.flex(
                button_link("Create your agent", "/signup", size="4"),
                rx.button(
                    rx.icon("play", size=16, class_name="fill", aria_hidden="true"),
                    "Play a call",
                    size="4",
                    variant="surface",
                    color_scheme="gray",
                    high_contrast=True,
                    custom_attrs={"data-play-sample": ""},
                ),
                gap="12px",
                wrap="wrap",
                margin_top="28px",
            ),
            rx.text(
                "Free to set up. Calls cost ",
                rx.el.b(LandingState.price, class_name="num"),
                " a minute.",
                size="2",
                color="var(--muted)",
                margin_top="16px",
            ),
            min_width="0",
        ),
        sample_call(SAMPLE),
        class_name="land hero-grid",
    )


def band(title: str, *children: rx.Component, note: rx.Component | None = None, shaded: bool = False) -> rx.Component:
    """A section over the whole width."""
    heading = rx.heading(title, as_="h2", size="7", letter_spacing="-0.03em")
    return rx.el.section(
        rx.box(heading, note or rx.fragment(), rx.box(*children, margin_top="32px"), class_name="land"),
        class_name="band shaded" if shaded else "band",
    )


def steps() -> rx.Component:
    """How it works."""
    cells = [
        rx.el.li(
            rx.icon(icon, size=22, color="var(--violet-11)", aria_hidden="true", style={"marginBottom": "12px"}),
            rx.heading(title, as_="h3", size="4"),
            rx.text(text, size="3", color="var(--muted)", margin_top="6px"),
        )
        for icon, title, text in STEPS
    ]
    return band("Three steps, and it rings", rx.el.ol(*cells, class_name="thirds"), shaded=True)


def _example(example: Example) -> rx.Component:
    return rx.el.li(
        rx.text(example.calls, size="2", class_name="num"),
        rx.text(example.price, size="7", weight="bold", letter_spacing="-0.025em", margin="4px 0 2px", class_name="num"),
        rx.text("a month. ", example.who, ".", size="2", color="var(--muted)"),
        class_name="panel example",
    )


def price() -> rx.Component:
    """One price, and what it makes of a month."""
    note = rx.text(
        "One price, no subscription. You start without a card: calls are answered on trust up to ",
        rx.el.span(LandingState.on_trust, class_name="num"),
        ".",
        size="4",
        color="var(--muted)",
        margin_top="8px",
    )
    title = rx.heading(rx.el.span(LandingState.price, class_name="num"), " a minute", as_="h2", size="7", letter_spacing="-0.03em")
    return rx.el.section(
        rx.box(
            title,
            note,
            rx.el.ul(rx.foreach(LandingState.examples, _example), class_name="thirds", style={"marginTop": "32px"}),
            class_name="land",
        ),
        class_name="band",
    )


def questions() -> rx.Component:
    """What owners ask before they try it."""
    asked = [
        rx.el.details(
            rx.el.summary(question, rx.icon("chevron-down", size=18, aria_hidden="true")), rx.text(answer, size="3", color="var(--muted)")
        )
        for question, answer in QUESTIONS
    ]
    return band("Good to know", rx.box(*asked, class_name="asked"), shaded=True)


def last_word() -> rx.Component:
    """Once more, the way in."""
    return rx.el.section(
        rx.flex(
            rx.heading("The next caller could be answered today.", as_="h2", size="7", letter_spacing="-0.03em", align="center"),
            button_link("Create your agent", "/signup", size="4"),
            direction="column",
            align="center",
            gap="24px",
            class_name="land",
        ),
        class_name="band",
    )


def foot() -> rx.Component:
    """Name and the two ways in."""
    links = [rx.el.a(label, href=href, class_name="muted") for label, href in (("Log in", "/login"), ("Sign up", "/signup"))]
    return rx.el.footer(
        rx.flex(
            rx.text("Kametrix", size="2", color="var(--muted)"),
            rx.flex(*links, gap="20px"),
            justify="between",
            class_name="land",
            padding="28px 24px",
        ),
        class_name="foot",
    )

"""The landing page: one hears the product, and reckons what it would cost."""

import reflex as rx

from kametrix.components.calculator import calculator
from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.public import band, band_title, public_page
from kametrix.components.sample import hear_button, samples
from kametrix.services.sample_calls import CALLS
from kametrix.state.landing import LandingState

PROMISE = (
    "Kametrix picks up when you cannot. It answers callers’ questions with what you told it, "
    "notes what they want, and shows you every call to read and to hear."
)
STEPS: tuple[tuple[str, str, str], ...] = (
    (
        "message-circle-question",
        "Tell it about your business",
        "A few questions: what you do, your hours, and the questions callers ask with your answers.",
    ),
    (
        "phone-call",
        "Call it yourself",
        "Your agent gets a telephone number. Ask it what a caller would ask, then forward your own line to it.",
    ),
    ("scroll-text", "Read what callers wanted", "Each call with a summary, every word, the recording, and what it cost to the cent."),
)
MISSED: tuple[str, ...] = (
    "It rings until the caller gives up.",
    "Few leave a message. Many call the next one on the list.",
    "You see a number, and not what it was about.",
    "You call back in the evening, if at all.",
)
TAKEN: tuple[str, ...] = (
    "Answered at once, at any hour.",
    "Questions get your answers: prices, hours, what to do first.",
    "Name, number and wish are noted, and urgent things said to be urgent.",
    "You read two lines and know whom to call first.",
)
INCLUDED: tuple[str, ...] = (
    "A telephone number of its own",
    "Summary, transcript and recording of every call",
    "As many agents as you have businesses to answer for",
    "English or German, in a voice you choose",
    "Your team: everybody sees what concerns them",
    "Calls that fail through our fault cost nothing",
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
        "What if it does not know an answer?",
        "It says so instead of making one up, notes the question with name and number, and you find it in the summary.",
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


CHECKED = ("check", "var(--green-11)")
"""Icon and colour of what is good."""


@page("/", "Your phone, answered", public=True, on_load=LandingState.load)
def landing() -> rx.Component:
    """For owners who have never heard of it."""
    return public_page(hero(), steps(), compared(), price(), questions(), last_word())


def hero() -> rx.Component:
    """The promise beside calls that can be heard."""
    promise = rx.box(
        rx.el.h1("Your phone, answered.", class_name="hero"),
        rx.text(PROMISE, size="4", color="var(--muted)", margin_top="20px", max_width="46ch"),
        rx.flex(
            button_link("Create your agent", "/signup", size="4"),
            hear_button(size="4", variant="surface", color_scheme="gray", high_contrast=True),
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
        align_self="start",
        padding_top=rx.breakpoints(initial="0", md="72px"),
    )
    return rx.box(
        promise, samples(CALLS, lambda key: LandingState.costs[key]), class_name="land hero-grid", custom_attrs={"data-samples": ""}
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
    return band(band_title("Three steps, and it rings"), rx.el.ol(*cells, class_name="thirds"), shaded=True)


def _points(items: tuple[str, ...], icon: str, color: str) -> rx.Component:
    lines = [
        rx.el.li(
            rx.icon(icon, size=18, color=color, aria_hidden="true", style={"flex": "none", "marginTop": "3px"}),
            rx.text(item, size="3"),
            style={"display": "flex", "gap": "12px", "alignItems": "flex-start"},
        )
        for item in items
    ]
    return rx.el.ul(
        *lines, style={"display": "grid", "gap": "12px", "margin": "0", "padding": "0", "listStyle": "none", "alignContent": "start"}
    )


def compared() -> rx.Component:
    """The call nobody took, and the same call taken."""
    sides = [
        rx.box(rx.heading(title, as_="h3", size="4", margin_bottom="16px"), _points(items, icon, color), class_name="panel", padding="24px")
        for title, items, icon, color in (
            ("A missed call", MISSED, "phone-missed", "var(--gray-11)"),
            ("The same call, taken", TAKEN, *CHECKED),
        )
    ]
    return band(band_title("The caller will not try twice"), rx.box(*sides, class_name="halves", style={"gap": "24px"}))


def price() -> rx.Component:
    """One price, what it makes of a month, and what is in it."""
    note = rx.text(
        "One price, no subscription. You start without a card: calls are answered on trust up to ",
        rx.el.span(LandingState.on_trust, class_name="num"),
        ".",
        size="4",
        color="var(--muted)",
        margin_top="8px",
    )
    title = band_title(rx.el.span(LandingState.price, class_name="num"), " a minute")
    included = rx.box(
        rx.heading("All of it included", as_="h3", size="4", margin="40px 0 16px"),
        rx.box(*[_points(half, *CHECKED) for half in (INCLUDED[:3], INCLUDED[3:])], class_name="halves", style={"gap": "12px 24px"}),
    )
    return band(title, calculator(LandingState.rate), included, note=note, shaded=True)


def questions() -> rx.Component:
    """What owners ask before they try it."""
    asked = [
        rx.el.details(
            rx.el.summary(question, rx.icon("chevron-down", size=18, aria_hidden="true")), rx.text(answer, size="3", color="var(--muted)")
        )
        for question, answer in QUESTIONS
    ]
    return band(band_title("Good to know"), rx.box(*asked, class_name="asked"))


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
        class_name="band shaded",
    )

"""The inputs of each question of the wizard."""

from collections.abc import Callable
from typing import Any, Final

import reflex as rx

from kametrix.components.choose import choose
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.form_parts import disclosure_switches, faq_fields, keeps, language_field, zone_field
from kametrix.components.wizard import pick, picks, small_button, speak_button
from kametrix.services.agent_form import LIMITS
from kametrix.services.trades import trades
from kametrix.services.voices import VOICES
from kametrix.state.wizard import WizardState
from kametrix.state.wizard_offers import NO_TRADE, OffersState
from kametrix.state.wizard_questions import BY_KEY

State: Any = WizardState


keep = keeps(State.keep)


def _text(name: str, *, rows: int = 0, **props: Any) -> Callable[[], rx.Component]:
    """The screen of one free text, `rows` lines high (0: one line)."""

    def draw() -> rx.Component:
        shared: dict[str, Any] = {
            "error": State.errors[name],
            "value": State.start[name],
            "on_change": keep(name),
            "max_length": LIMITS.get(name),
            **props,
        }
        label = BY_KEY[name].label
        return area_field(label, name, rows=rows, **shared) if rows else field(label, name, **shared)

    return draw


def trade() -> rx.Component:
    """Every trade we have a template for."""
    cards = [
        pick(
            "trade",
            each.key,
            State.trade == each.key,
            OffersState.choose_trade(each.key),
            rx.icon(each.icon, size=18, color="var(--violet-11)", aria_hidden="true", style={"flex": "none"}),
            rx.el.span(each.title),
        )
        for each in trades("en")
    ]
    other = pick(
        "trade",
        NO_TRADE,
        State.trade == NO_TRADE,
        OffersState.choose_trade(NO_TRADE),
        rx.icon("pencil-line", size=18, color="var(--violet-11)", aria_hidden="true", style={"flex": "none"}),
        rx.el.span("Something else"),
    )
    return picks("Kind of business", *cards, other, least="150px")


def hours() -> rx.Component:
    """Opening hours in words; left empty, those of the organization."""
    house = rx.box(
        rx.text("Left empty, your agent tells the organization’s opening hours, also when they change:", size="2", color="var(--muted)"),
        rx.text(State.house_hours, size="2", white_space="pre-line", margin_top="4px"),
        rx.cond(State.start["hours"] != "", small_button("Use these", State.use_house_hours, margin_top="8px")),
        margin_top="14px",
        class_name="did",
    )
    own = _text("hours", rows=3, placeholder="Monday to Friday 9 to 17, Saturday 9 to 13")()
    return rx.box(own, rx.cond(State.house_hours != "", house))


def place() -> rx.Component:
    """Language and time zone."""
    language = language_field(
        State.start["language"],
        error=State.errors["language"],
        on_change=State.choose_language,
        help="Words of ours that you have not changed follow it.",
    )
    zone = zone_field(State.start["timezone"], error=State.errors["timezone"], on_change=State.choose_zone)
    return rx.flex(language, zone, direction="column", gap="18px")


def write_box() -> rx.Component:
    """Has it written; while it is being written, what there is of it, and a way to stop."""
    state: Any = OffersState
    start = rx.flex(
        rx.button(rx.icon("sparkles", size=16, aria_hidden="true"), "Write it for me", variant="soft", type="button", on_click=state.write),
        rx.el.span(
            "Questions, rules, first and last words. Yours stay unless you say otherwise.",
            class_name="muted",
            style={"flex": "1", "minWidth": "180px", "fontSize": "13px", "lineHeight": "18px"},
        ),
        gap="8px 12px",
        align="center",
        wrap="wrap",
    )
    running = rx.box(
        rx.flex(
            rx.spinner(size="2"),
            rx.text(state.progress, size="2", weight="medium", flex="1", role="status"),
            small_button("Cancel", state.stop_writing),
            align="center",
            gap="10px",
        ),
        rx.cond(
            state.written_text != "",
            rx.text(
                state.written_text,
                size="2",
                color="var(--muted)",
                white_space="pre-line",
                margin_top="10px",
                max_height="200px",
                overflow_y="auto",
                tab_index=0,
            ),
        ),
        class_name="did",
    )
    failed = choose(state.failure != "", rx.text(state.failure, size="2", color="var(--amber-11)", margin_top="8px", role="status"))
    return rx.box(rx.cond(state.is_writing, running, start), failed, margin_bottom="20px")


def questions() -> rx.Component:
    """What callers ask, and what to answer; or have it written."""
    pairs = faq_fields(State.pairs, keep=keep, add=State.add_pair, remove=State.remove_pair, error=State.errors["faqs"])
    return rx.box(write_box(), pairs)


def voice() -> rx.Component:
    """Every voice, and how the first words read."""
    cards = [
        pick(
            "voice_id",
            each.id,
            State.start["voice_id"] == each.id,
            State.choose_voice(each.id),
            rx.box(rx.text(each.name, size="2", weight="medium"), rx.text(each.description, size="1", color="var(--muted)")),
        )
        for each in VOICES
    ]
    return rx.box(
        form_error(State.errors["voice_id"]),
        rx.box(speak_button(State.first_words, State.start["language"]), margin_bottom="16px"),
        picks("Voice", *cards, least="220px"),
    )


def greeting() -> rx.Component:
    """The first words, or have them written."""
    return rx.box(write_box(), _text("greeting", rows=3)())


def disclosures() -> rx.Component:
    """What callers are told about the agent."""
    return rx.flex(*disclosure_switches(State.switched, keep), direction="column", gap="18px")


SCREENS: Final[dict[str, Callable[[], rx.Component]]] = {
    "business_name": _text("business_name", auto_complete="organization"),
    "trade": trade,
    "description": _text("description", rows=5),
    "services": _text("services", rows=7),
    "hours": hours,
    "place": place,
    "faqs": questions,
    "policies": _text("policies", rows=7),
    "voice_id": voice,
    "name": _text("name", auto_complete="off"),
    "greeting": greeting,
    "end_call_message": _text("end_call_message", rows=3),
    "disclosures": disclosures,
}
"""The inputs of every question but the review."""

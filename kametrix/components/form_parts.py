"""Parts of forms that several pages show: the time zone, what callers are told about an agent, and the note of what is not saved."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.fields import area_field, field, form_error, select_field, switch_field
from kametrix.components.tokens import Flag, Text
from kametrix.services.agent_form import MAX_FAQS, zones
from kametrix.services.texts import ENGLISH, LANGUAGES
from kametrix.services.voices import VOICES
from kametrix.state.rows import FaqRow


def keeps(keep: Any) -> Callable[[Any], Any]:
    """`keeps(State.keep)(name)`: while typing, after a short rest, the state learns what stands in the field called `name`."""

    def learns(name: Any) -> Any:
        def kept(value: Any) -> Any:
            return keep(name, value)

        return kept

    return learns


def zone_field(value: Text, *, error: Text, on_change: Any, help: Text = "") -> rx.Component:
    """The time zone, of every zone that an agent can have."""
    choices = [rx.el.option(name.replace("_", " "), value=name) for name in zones()]
    control = rx.el.select(
        *choices,
        id="timezone",
        name="timezone",
        class_name="select",
        value=value,
        on_change=on_change,
        aria_describedby="timezone-note",
    )
    return field("Time zone", "timezone", help=help, error=error, control=control)


def disclosure_switches(switched: Any, keep: Callable[[Any], Any]) -> tuple[rx.Component, ...]:
    """What callers are told about the agent; `switched` holds the first values by name."""
    shown = (
        (
            "discloses_ai",
            "Say that an AI answers",
            "Many places require it. Callers who ask are always told the truth.",
        ),
        (
            "records_calls",
            "Record calls, and say so",
            "With a recording you can hear each call. Callers are told before they speak.",
        ),
    )
    return tuple(switch_field(label, name, help=help, checked=switched[name], on_change=keep(name)) for name, label, help in shown)


def kept_note(is_kept: Flag, start_over: Any) -> rx.Component:
    """Says that the form stands as it was left, and how to begin anew."""
    note = rx.flex(
        rx.icon("history", size=16, aria_hidden="true", style={"flex": "none"}),
        rx.text("You have not saved this yet. It stands here as you left it.", size="2", flex="1", min_width="180px"),
        rx.button("Start over", size="1", variant="soft", color_scheme="gray", type="button", on_click=start_over),
        align="center",
        gap="10px",
        wrap="wrap",
        class_name="panel",
        padding="10px 14px",
        role="status",
    )
    return rx.cond(is_kept, note, rx.fragment())


def language_field(value: Text, *, error: Text, on_change: Any, help: str) -> rx.Component:
    """The language, of every one an agent can speak."""
    options = [(key, texts.name) for key, texts in LANGUAGES.items()]
    return select_field("Language", "language", options, help=help, value=value, error=error, on_change=on_change)


def voice_field(value: Text, *, error: Text, on_change: Any) -> rx.Component:
    """The voice, among all there are."""
    options = [(one.id, f"{one.name}: {one.description}") for one in VOICES]
    return select_field("Voice", "voice_id", options, value=value, error=error, on_change=on_change)


def manner_field(value: Text, *, error: Text, on_change: Any) -> rx.Component:
    """The manner of speaking, or none in particular."""
    options = [("", "None in particular"), *((key, key.capitalize()) for key in ENGLISH.personalities)]
    return select_field("Manner", "personality", options, value=value, error=error, on_change=on_change)


def faq_fields(rows: Any, *, keep: Callable[[Any], Any], add: Any, remove: Any, error: Text) -> rx.Component:
    """What callers ask, and what to answer. `remove` takes the key of a row; inputs are called question-KEY and answer-KEY."""

    def pair(row: FaqRow) -> rx.Component:
        less = rx.icon_button(
            rx.icon("trash-2", size=15),
            variant="ghost",
            color_scheme="gray",
            margin="0",
            type="button",
            aria_label="Remove this question",
            on_click=lambda: remove(row.key),
        )
        question, answer = f"question-{row.key}", f"answer-{row.key}"
        asks = field("When a caller asks", question, value=row.question, error=row.question_error, aside=less, on_change=keep(question))
        answers = area_field("Your agent answers", answer, rows=2, value=row.answer, error=row.answer_error, on_change=keep(answer))
        return rx.box(asks, rx.box(answers, margin_top="12px"), key=row.key, class_name="faq")

    more = rx.button(rx.icon("plus", size=15), "Add a question", variant="soft", type="button", on_click=add, width="fit-content")
    full = rx.text(f"{MAX_FAQS} questions stand here; more do not fit.", size="2", color="var(--muted)")
    return rx.fragment(form_error(error), each(rows, pair), rx.cond(rows.length() < MAX_FAQS, more, full))

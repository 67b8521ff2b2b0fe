"""One form for a new agent and for changing one, with what a caller would hear beside it."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.conversation import bubbles
from kametrix.components.fields import area_field, field, form_error, select_field, switch_field
from kametrix.components.links import button_link
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.services.agent_form import LIMITS, MAX_FAQS, zones
from kametrix.services.texts import LANGUAGES
from kametrix.services.voices import VOICES
from kametrix.state.agent_form import AgentFormState, FaqRow

State = AgentFormState


def _keeps(name: Any) -> Any:
    """While typing, after a short rest, the state learns what stands in the field called `name`."""

    def keep(value: Any) -> Any:
        return State.keep(name, value)

    return keep


def optional() -> rx.Component:
    """Says that a part may stay empty."""
    return rx.text("Optional", size="1", color="var(--muted)")


def _text(label: str, name: str, *, rows: int = 0, can_wait: bool = False, **props: Any) -> rx.Component:
    """A field of free text, `rows` lines high (0: one line); `can_wait`: marked as optional."""
    shared: dict[str, Any] = {
        "error": State.errors[name],
        "value": State.start[name],
        "on_change": _keeps(name),
        "max_length": LIMITS.get(name),
        "aside": optional() if can_wait else None,
        **props,
    }
    return area_field(label, name, rows=rows, **shared) if rows else field(label, name, **shared)


def business() -> rx.Component:
    """Who is called, and what for."""
    return panel(
        rx.flex(
            _text("Business", "business_name", help="As callers know it.", auto_complete="organization"),
            _text("What it does", "description", rows=3, help="Two or three sentences, as you would tell a new colleague."),
            _text("Opening hours", "hours", rows=2, can_wait=True, placeholder="Monday to Friday 9 to 17, Saturday 9 to 13"),
            _text("Services", "services", rows=3, can_wait=True, help="One per line, with prices if callers ask for them."),
            zone(),
            direction="column",
            gap="18px",
        ),
        title="Your business",
    )


def zone() -> rx.Component:
    """Where the business is; for a new agent the browser's own zone."""
    choices = [rx.el.option(name.replace("_", " "), value=name) for name in zones()]
    control = rx.el.select(
        *choices,
        id="timezone",
        name="timezone",
        class_name="select",
        value=State.zone,
        on_change=State.choose_zone,
        aria_describedby="timezone-note",
    )
    help = "So that “today” and “tomorrow” are right."
    return field("Time zone", "timezone", help=help, error=State.errors["timezone"], control=control)


def voice() -> rx.Component:
    """How it sounds, and its first and last words."""
    return panel(
        rx.flex(
            _text("Name of the agent", "name", help="What it calls itself.", auto_complete="off"),
            select_field(
                "Voice",
                "voice_id",
                [(one.id, f"{one.name}: {one.description}") for one in VOICES],
                value=State.start["voice_id"],
                error=State.errors["voice_id"],
                on_change=State.choose_voice,
            ),
            select_field(
                "Language",
                "language",
                [(key, texts.name) for key, texts in LANGUAGES.items()],
                help="First and last words you have not changed follow it.",
                value=State.start["language"],
                error=State.errors["language"],
                on_change=State.choose_language,
            ),
            _text("First words", "greeting", rows=2, help="{agentName} and {businessName} are filled in for you."),
            _text("Last words", "end_call_message", rows=2, can_wait=True),
            direction="column",
            gap="18px",
        ),
        title="Voice and greeting",
    )


def faq(row: FaqRow) -> rx.Component:
    """One question with its answer."""
    remove = rx.icon_button(
        rx.icon("trash-2", size=15),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        type="button",
        aria_label="Remove this question",
        on_click=lambda: State.remove_faq(row.key),
    )
    question, answer = f"question-{row.key}", f"answer-{row.key}"
    return rx.box(
        field("When a caller asks", question, value=row.question, error=row.question_error, aside=remove, on_change=_keeps(question)),
        rx.box(
            area_field("Your agent answers", answer, rows=2, value=row.answer, error=row.answer_error, on_change=_keeps(answer)),
            margin_top="12px",
        ),
        key=row.key,
        class_name="faq",
    )


def questions() -> rx.Component:
    """What callers ask, and what to answer."""
    add = rx.button(rx.icon("plus", size=15), "Add a question", variant="soft", type="button", on_click=State.add_faq, width="fit-content")
    full = rx.text(f"{MAX_FAQS} questions stand here; more do not fit.", size="2", color="var(--muted)")
    return panel(
        form_error(State.errors["faqs"]),
        each(State.faqs, faq),
        rx.cond(State.faqs.length() < MAX_FAQS, add, full),
        title="Questions callers ask",
        action=optional(),
    )


def rules() -> rx.Component:
    """Policies and what callers are told about the agent."""
    return panel(
        rx.flex(
            _text("Rules to follow", "policies", rows=3, can_wait=True, help="What it must always or never say or promise."),
            switch_field(
                "Say that an AI answers",
                "discloses_ai",
                help="Many places require it. Callers who ask are always told the truth.",
                checked=State.switched["discloses_ai"],
                on_change=_keeps("discloses_ai"),
            ),
            switch_field(
                "Record calls, and say so",
                "records_calls",
                help="With a recording you can hear each call. Callers are told before they speak.",
                checked=State.switched["records_calls"],
                on_change=_keeps("records_calls"),
            ),
            direction="column",
            gap="18px",
        ),
        title="Rules",
    )


def preview() -> rx.Component:
    """The beginning and the end of a call as the form stands."""
    shown: Any = State.preview
    asked = rx.cond(shown.question != "", bubbles((("caller", shown.question), ("agent", shown.answer)), margin_top="8px"))
    return panel(
        bubbles((("agent", shown.first),)),
        asked,
        rx.cond(shown.last != "", bubbles((("agent", shown.last),), margin_top="8px")),
        title="How a call would sound",
    )


def kept() -> rx.Component:
    """Says that the form stands as it was left, and how to begin anew."""
    note = rx.flex(
        rx.icon("history", size=16, aria_hidden="true", style={"flex": "none"}),
        rx.text("You have not saved this yet. It stands here as you left it.", size="2", flex="1", min_width="180px"),
        rx.button("Start over", size="1", variant="soft", color_scheme="gray", type="button", on_click=State.start_over),
        align="center",
        gap="10px",
        wrap="wrap",
        class_name="panel",
        padding="10px 14px",
        role="status",
    )
    return rx.cond(State.is_kept, note)


def form() -> rx.Component:
    """Everything, sent at once."""
    save = rx.button("Save", type="submit", size="3", loading=State.is_sending, disabled=State.is_sending)
    back = button_link(
        "Back", rx.cond(State.editing != "", f"/agents/{State.editing}", "/agents"), variant="surface", color_scheme="gray", size="3"
    )
    return rx.form(
        rx.el.input(type="hidden", name="submission", value=State.submission, read_only=True),
        rx.flex(
            kept(),
            form_error(State.problem),
            business(),
            questions(),
            voice(),
            rules(),
            rx.flex(back, save, justify="between", gap="12px", class_name="save-bar"),
            direction="column",
            gap="20px",
        ),
        on_submit=State.submit,
        no_validate=True,
        id="agent-form",
        key=State.submission,
    )


def content() -> rx.Component:
    """The form with its preview, or that there is no such agent."""
    changing = "Callers hear every change within seconds of saving."
    note = rx.cond(State.editing != "", changing, "Say what your business does: that is enough to start. Everything else can wait.")
    found = rx.fragment(
        page_header(State.title, rx.text(note, color="var(--muted)", size="2", margin_top="4px"), back=("Agents", "/agents")),
        rx.box(form(), rx.box(preview(), class_name="aside"), class_name="grid-main"),
    )
    return rx.cond(
        State.is_missing,
        missing(
            "There is no such agent", "It was deleted, or it belongs to another organization.", icon="bot-off", back=("Agents", "/agents")
        ),
        found,
    )


@page("/agents/new", "New agent", active="Agents", on_load=State.load)
def new_agent() -> rx.Component:
    """A new agent."""
    return content()


@page("/agents/[agent_id]/edit", State.title, active="Agents", on_load=State.load)
def edit_agent() -> rx.Component:
    """Changing an agent."""
    return content()

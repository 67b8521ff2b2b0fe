"""The form in which an agent is changed, with what a caller would hear beside it."""

from typing import Any

import reflex as rx

from kametrix.components.conversation import bubbles
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.form_parts import (
    disclosure_switches,
    faq_fields,
    keeps,
    kept_note,
    language_field,
    manner_field,
    voice_field,
    zone_field,
)
from kametrix.components.links import button_link
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.services.agent_form import LIMITS, MAX_MINUTES
from kametrix.state.agent_form import AgentFormState

State = AgentFormState
keep = keeps(State.keep)


def optional() -> rx.Component:
    """Says that a part may stay empty."""
    return rx.text("Optional", size="1", color="var(--muted)")


def _text(label: str, name: str, *, rows: int = 0, can_wait: bool = False, **props: Any) -> rx.Component:
    """A field of free text, `rows` lines high (0: one line); `can_wait`: marked as optional."""
    shared: dict[str, Any] = {
        "error": State.errors[name],
        "value": State.start[name],
        "on_change": keep(name),
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
            _text("Opening hours", "hours", rows=2, can_wait=True, help="Empty: the organization's opening hours, from Settings."),
            _text("Services", "services", rows=3, can_wait=True, help="One per line, with prices if callers ask for them."),
            zone_field(
                State.zone,
                error=State.errors["timezone"],
                on_change=State.choose_zone,
                help="So that “today” and “tomorrow” are right.",
            ),
            direction="column",
            gap="18px",
        ),
        title="Your business",
    )


def voice() -> rx.Component:
    """How it sounds, and its first and last words."""
    return panel(
        rx.flex(
            _text("Name of the agent", "name", help="What it calls itself.", auto_complete="off"),
            voice_field(State.start["voice_id"], error=State.errors["voice_id"], on_change=keep("voice_id")),
            language_field(
                State.start["language"],
                error=State.errors["language"],
                on_change=State.choose_language,
                help="First and last words you have not changed follow it.",
            ),
            manner_field(State.start["personality"], error=State.errors["personality"], on_change=keep("personality")),
            _text("First words", "greeting", rows=2, help="{agentName} and {businessName} are filled in for you."),
            _text("Last words", "end_call_message", rows=2, can_wait=True),
            direction="column",
            gap="18px",
        ),
        title="Voice and greeting",
    )


def questions() -> rx.Component:
    """What callers ask, and what to answer."""
    pairs = faq_fields(State.faqs, keep=keep, add=State.add_faq, remove=State.remove_faq, error=State.errors["faqs"])
    return panel(pairs, title="Questions callers ask", action=optional())


def rules() -> rx.Component:
    """Policies and what callers are told about the agent."""
    return panel(
        rx.flex(
            _text("Rules to follow", "policies", rows=3, can_wait=True, help="What it must always or never say or promise."),
            _text("Instructions", "instructions", rows=3, can_wait=True, help="Anything else it is told: how to act, what to ask for."),
            _text(
                "Longest call, in minutes",
                "max_minutes",
                kind="number",
                min="1",
                max=str(MAX_MINUTES),
                help="Then it says goodbye. It also limits what one call can cost.",
            ),
            *disclosure_switches(State.switched, keep),
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
        rx.cond(shown.unfilled != "", unfilled(shown.unfilled)),
        title="How a call would sound",
    )


def unfilled(told: str) -> rx.Component:
    """What a template left for the owner to fill in."""
    return rx.flex(
        rx.icon("pencil-line", size=16, color="var(--amber-11)", aria_hidden="true", style={"flex": "none", "marginTop": "2px"}),
        rx.text(told, size="2", color="var(--amber-11)", overflow_wrap="anywhere"),
        gap="8px",
        margin_top="14px",
        role="status",
    )


def conflict() -> rx.Component:
    """Somebody saved another version: both can be looked at, and either be kept."""
    told = rx.box(
        rx.text(State.conflict, weight="medium", size="2"),
        rx.text("Nothing of yours is lost. Look at what was saved, or save yours in its place.", size="2", margin_top="2px"),
        rx.flex(
            rx.button("See their version", size="2", variant="surface", type="button", on_click=State.see_theirs),
            rx.button("Save mine", size="2", variant="soft", type="button", loading=State.is_sending, on_click=State.save_mine),
            gap="10px",
            wrap="wrap",
            margin_top="10px",
        ),
        id="conflict",
        class_name="note",
        role="alert",
        tab_index=-1,
    )
    theirs = rx.flex(
        rx.text("This is what was saved. Yours is kept.", size="2", flex="1", min_width="180px"),
        rx.button("Return to mine", size="1", variant="surface", type="button", on_click=State.return_to_mine),
        align="center",
        gap="10px",
        wrap="wrap",
        class_name="note",
        role="status",
    )
    return rx.fragment(rx.cond(State.conflict != "", told, rx.fragment()), rx.cond(State.is_theirs, theirs, rx.fragment()))


def form() -> rx.Component:
    """Everything, sent at once."""
    save = rx.button("Save", type="submit", size="3", loading=State.is_sending, disabled=State.is_sending)
    back = button_link("Back", f"/agents/{State.editing}", variant="surface", color_scheme="gray", size="3")
    return rx.form(
        rx.el.input(type="hidden", name="version", value=State.version, read_only=True),
        rx.flex(
            kept_note(State.is_kept, State.start_over),
            conflict(),
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
        key=State.drawn,
    )


def content() -> rx.Component:
    """The form with its preview, or that there is no such agent."""
    note = rx.text("Callers hear every change within seconds of saving.", color="var(--muted)", size="2", margin_top="4px")
    found = rx.fragment(
        page_header(State.title, note, back=("Agents", "/agents")),
        rx.box(form(), rx.box(preview(), class_name="aside"), class_name="grid-main"),
    )
    return rx.cond(
        State.is_missing,
        missing(
            "There is no such agent", "It was deleted, or it belongs to another organization.", icon="bot-off", back=("Agents", "/agents")
        ),
        found,
    )


@page("/agents/[agent_id]/edit", State.title, active="Agents", on_load=State.load)
def edit_agent() -> rx.Component:
    """Changing an agent."""
    return content()

"""Settings: what a new agent begins with."""

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.form_parts import keeps, manner_field, voice_field
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import SETTINGS, section_page
from kametrix.pages.settings.parts import facts, save_button
from kametrix.services.agent_form import LIMITS, MAX_MINUTES
from kametrix.state.settings_agents import AgentDefaultsState

State = AgentDefaultsState
keep = keeps(State.keep)


@page("/settings/agents", "Agents", active="Settings", on_load=State.load)
def agent_defaults() -> rx.Component:
    """The page."""
    seen = facts(
        (
            ("Voice", State.shown["voice_id"]),
            ("First words", State.shown["greeting"]),
            ("Manner", State.shown["personality"]),
            ("Instructions", State.shown["instructions"]),
            ("Longest call", State.shown["max_minutes"]),
        )
    )
    return section_page(
        "Settings",
        SETTINGS,
        "Agents",
        rx.box(panel(allowed("organization:write", _form(), otherwise=seen), title="What a new agent begins with"), max_width="720px"),
        note="Agents you have already keep what they were given.",
    )


def _form() -> rx.Component:
    change = rx.el.a("Change the language", href="/settings/organization", class_name="link")
    language = rx.text("New agents speak ", State.language, ". ", change, size="2")
    return rx.form(
        rx.flex(
            form_error(State.problem),
            voice_field(State.start["voice_id"], error=State.errors["voice_id"], on_change=keep("voice_id")),
            language,
            area_field(
                "First words",
                "greeting",
                rows=2,
                value=State.start["greeting"],
                error=State.errors["greeting"],
                help=f"Empty: “{State.own_greeting}”",
                max_length=LIMITS["greeting"],
                on_change=keep("greeting"),
            ),
            manner_field(State.start["personality"], error=State.errors["personality"], on_change=keep("personality")),
            _instructions(),
            _longest(),
            save_button(State.is_saving),
            direction="column",
            gap="20px",
        ),
        on_submit=State.save,
        no_validate=True,
    )


def _instructions() -> rx.Component:
    return area_field(
        "Instructions",
        "instructions",
        rows=4,
        value=State.start["instructions"],
        error=State.errors["instructions"],
        help="What every new agent is told besides. You can change it for each agent.",
        max_length=LIMITS["instructions"],
        on_change=keep("instructions"),
    )


def _longest() -> rx.Component:
    return field(
        "Longest call, in minutes",
        "max_minutes",
        kind="number",
        value=State.start["max_minutes"],
        error=State.errors["max_minutes"],
        help="Then the agent says goodbye. It also limits what one call can cost.",
        min="1",
        max=str(MAX_MINUTES),
        on_change=keep("max_minutes"),
    )

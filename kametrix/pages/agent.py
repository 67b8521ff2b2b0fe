"""One agent: its number to call, what callers hear first, what it is told, and its last calls."""

from typing import Any

import reflex as rx

from kametrix.components.copying import copy_button
from kametrix.components.links import button_link, text_link
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import calls_table
from kametrix.components.status import status_badge
from kametrix.pages.agents import active_switch, removal, sync_note
from kametrix.state.agents import AgentsState

AGENT: Any = AgentsState.agent
"""A Var of AgentCard."""


def call_it() -> rx.Component:
    """The number, big, and where to call it without a telephone."""
    number = rx.flex(
        rx.text(AGENT.number_text, class_name="num big-number"),
        copy_button(AGENT.number, label="Copy"),
        gap="8px 12px",
        align="center",
        wrap="wrap",
    )
    console = rx.button(
        rx.el.a(
            rx.icon("phone-call", size=16, aria_hidden="true"),
            "Call it in the test console",
            href=AGENT.console,
            target="_blank",
            rel="noopener",
        ),
        as_child=True,
        margin_top="14px",
    )
    has = rx.fragment(
        number,
        rx.text("Call it from any telephone, or forward your own line to it.", size="2", color="var(--muted)", margin_top="4px"),
        rx.cond(AGENT.console != "", console),
    )
    waits = rx.fragment(
        rx.text(AGENT.number_text, size="4", weight="medium"), rx.text(AGENT.number_note, size="2", color="var(--muted)", margin_top="4px")
    )
    return panel(rx.cond(AGENT.number != "", has, waits), title="Call it")


def state() -> rx.Component:
    """Whether callers hear the last change."""
    return panel(sync_note(AGENT), title="What callers hear now", action=active_switch(AGENT))


def prompt() -> rx.Component:
    """Exactly what the agent was given, to read."""
    told = rx.el.details(
        rx.el.summary("Everything it was told", class_name="link opener"),
        rx.el.pre(AGENT.prompt, class_name="told", tab_index=0),
    )
    closed = rx.box(
        rx.text("Outside the organization’s opening hours", size="1", color="var(--muted)"),
        rx.text(f"“{AGENT.after_hours_message}”", size="3", overflow_wrap="anywhere"),
        margin_top="12px",
    )
    otherwise = rx.cond(AGENT.after_hours_message != "", closed, rx.fragment())
    return panel(rx.text(f"“{AGENT.first_message}”", size="3", overflow_wrap="anywhere"), otherwise, told, title="First words")


def last_calls() -> rx.Component:
    """Its last calls, running ones on top."""
    nothing = empty_state("phone", "No calls yet", "Call the number: the call appears here while it rings.")
    return panel(
        rx.cond(AgentsState.calls.length() > 0, calls_table(AgentsState.calls, label="Last calls", brief=True), nothing),
        title="Last calls",
        action=text_link("All calls", "/calls"),
        flush=True,
    )


def header() -> rx.Component:
    """Name, state, voice; edit and delete."""
    note = rx.flex(
        status_badge("sync", AGENT.sync),
        rx.text(AGENT.about, ", voice ", AGENT.voice, size="2", color="var(--muted)", overflow_wrap="anywhere"),
        align="center",
        gap="10px",
        margin_top="8px",
        wrap="wrap",
    )
    actions = rx.flex(
        button_link("Edit", f"/agents/{AGENT.id}/edit", icon="pencil"),
        rx.icon_button(
            rx.icon("trash-2", size=16),
            variant="soft",
            color_scheme="gray",
            aria_label="Delete this agent",
            on_click=AgentsState.ask_removal(AGENT.id),
        ),
        gap="8px",
    )
    return page_header(AGENT.name, note, rx.cond(AgentsState.can_write, actions), back=("Agents", "/agents"))


@page("/agents/[agent_id]", AGENT.name, active="Agents", on_load=AgentsState.load_one)
def agent() -> rx.Component:
    """The agent named in the address, or that there is none."""
    left = rx.flex(call_it(), last_calls(), direction="column", gap="24px", min_width="0")
    found = rx.fragment(header(), rx.box(left, rx.box(state(), prompt(), class_name="aside"), class_name="grid-main"), removal())
    return rx.cond(
        AgentsState.is_missing,
        missing(
            "There is no such agent", "It was deleted, or it belongs to another organization.", icon="bot-off", back=("Agents", "/agents")
        ),
        found,
    )

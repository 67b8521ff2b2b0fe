"""Agents as cards, each saying on which number it answers and whether callers already hear its latest version."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.confirm import confirm_dialog
from kametrix.components.copying import copy_button
from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header
from kametrix.components.status import status_badge
from kametrix.state.agents import AgentCard, AgentsState


def number_line(card: AgentCard | Any) -> rx.Component:
    """The number with its copy button, or why there is none yet."""
    has = rx.flex(
        rx.icon("phone", size=15, color="var(--muted)", aria_hidden="true"),
        rx.text(card.number_text, size="2", class_name="num"),
        copy_button(card.number, label="Copy the number", icon_only=True),
        gap="8px",
        align="center",
    )
    waits = rx.flex(
        rx.icon("phone-off", size=15, color="var(--muted)", aria_hidden="true", style={"marginTop": "3px", "flex": "none"}),
        rx.box(rx.text(card.number_text, size="2", weight="medium"), rx.text(card.number_note, size="1", color="var(--muted)")),
        gap="8px",
    )
    return rx.cond(card.number != "", has, waits)


def sync_note(card: AgentCard | Any) -> rx.Component:
    """What callers hear now; in amber while a change is on its way, in red with a way out when it did not arrive."""
    again = rx.button(
        "Try again", size="1", variant="soft", color_scheme="red", margin_top="8px", on_click=lambda: AgentsState.retry(card.id)
    )
    loud = rx.box(
        rx.text(card.sync_note, size="2"),
        rx.cond((card.sync == "FAILED") & AgentsState.can_write, again),
        class_name=rx.cond(card.sync == "FAILED", "note note-bad", "note"),
    )
    calm = rx.text(card.sync_note, size="2", color="var(--muted)")
    return rx.box(rx.cond((card.sync == "FAILED") | (card.sync == "UPDATING"), loud, calm), role="status")


def active_switch(card: AgentCard | Any) -> rx.Component:
    """On or off, in a word."""
    return rx.flex(
        rx.el.label(
            rx.cond(card.is_active, "On", "Off"),
            rx.el.span(", ", card.name, class_name="sr-only"),
            html_for=f"active-{card.id}",
            class_name="label",
        ),
        rx.switch(
            id=f"active-{card.id}",
            checked=card.is_active,
            on_change=lambda is_active: AgentsState.set_active(card.id, is_active),
            disabled=rx.cond(AgentsState.can_write, False, True),
        ),
        gap="8px",
        align="center",
    )


def removal() -> rx.Component:
    """Names the agent and says what happens to number, calls and money."""
    card: Any = AgentsState.removing
    number = rx.cond(
        card.number != "",
        f"{card.number_text} stops being answered at once and may later serve somebody else.",
        "It has no telephone number.",
    )
    return confirm_dialog(
        open=AgentsState.is_removing,
        on_open_change=AgentsState.turn_removal,
        title=f"Delete {card.name}?",
        effects=(
            ("phone-off", number),
            ("phone", "Its calls stay, with words, recordings and costs."),
            ("wallet", "Your balance does not change. A call that is running is still charged."),
        ),
        word=card.name,
        action="Delete the agent",
        on_confirm=AgentsState.remove,
        sending=AgentsState.is_sending,
    )


def card_foot(card: AgentCard | Any) -> rx.Component:
    """The week, and what can be done."""
    edit = rx.icon_button(
        rx.el.a(rx.icon("pencil", size=16), href=f"/agents/{card.id}/edit", aria_label=f"Edit {card.name}"),
        as_child=True,
        variant="soft",
        color_scheme="gray",
    )
    delete = rx.icon_button(
        rx.icon("trash-2", size=16),
        variant="soft",
        color_scheme="gray",
        aria_label=f"Delete {card.name}",
        on_click=lambda: AgentsState.ask_removal(card.id),
    )
    return rx.flex(
        rx.text(card.week, size="1", color="var(--muted)", flex="1"),
        rx.cond(AgentsState.can_write, rx.fragment(edit, delete)),
        align="center",
        gap="8px",
        class_name="card-foot",
    )


def agent_card(card: AgentCard) -> rx.Component:
    """One agent."""
    return rx.el.article(
        rx.flex(
            rx.el.span(card.initial, class_name="face face-agent face-big", aria_hidden="true"),
            status_badge("sync", rx.Var.create(card.sync)),
            justify="between",
            align="start",
        ),
        rx.box(
            rx.el.a(rx.heading(card.name, as_="h2", size="3", class_name="clamp2"), href=f"/agents/{card.id}", class_name="plain"),
            rx.text(card.about, size="2", color="var(--muted)", margin_top="2px", class_name="clip"),
        ),
        number_line(card),
        rx.flex(
            rx.flex(
                rx.icon("audio-lines", size=15, color="var(--muted)", aria_hidden="true"),
                rx.text(card.voice, size="2"),
                gap="8px",
                align="center",
            ),
            active_switch(card),
            justify="between",
            align="center",
        ),
        sync_note(card),
        card_foot(card),
        class_name="panel agent-card",
    )


@page("/agents", "Agents", active="Agents", on_load=AgentsState.load)
def agents() -> rx.Component:
    """The cards, or the way to the first one."""
    new = rx.cond(AgentsState.can_write, button_link("New agent", "/agents/new", icon="plus"))
    none_yet = empty_state(
        "headset",
        "No agent yet",
        "An agent answers your telephone with what you told it. A few questions, and it has a number.",
        rx.cond(AgentsState.can_write, button_link("Create your agent", "/agents/new", icon="plus")),
    )
    cards = rx.grid(
        each(AgentsState.cards, agent_card), columns=rx.breakpoints(initial="1", sm="2", lg="3"), gap="20px", align="start", min_width="0"
    )
    return rx.fragment(
        page_header("Agents", action=new),
        rx.cond(AgentsState.cards.length() > 0, cards, rx.box(none_yet, class_name="panel")),
        removal(),
    )

"""Agents of all organizations: who made them, on which number, and which did not reach callers."""

from typing import Any

import reflex as rx

from kametrix.components.decision import decision_dialog
from kametrix.components.links import button_link, text_link
from kametrix.components.listing import choice, filters, pager, row_menu, search_field, sized_table
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.rows import cell, row_link, table_row, unseen
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.status import status_badge, status_word
from kametrix.state.admin.agents import AgentLine, AgentsAdminState

WIDTHS = "minmax(0, 1.4fr) minmax(0, 1.4fr) 148px 128px minmax(0, 1.6fr) 32px"
NARROW = "minmax(0, 1.4fr) minmax(0, 1.4fr) 128px minmax(0, 1.6fr) 32px"
COLUMNS = (("Agent", ""), ("Organization", ""), ("Number", "from-wide"), ("State", ""), ("What is wrong", ""), (unseen("Actions"), ""))
ACTIVE = (("", "On and off"), ("yes", "On"), ("no", "Off"))
SYNC = (("", "Any state"), ("LIVE", "Live"), ("UPDATING", "Updating"), ("FAILED", "Not updated"))
NUMBER = (("", "Any number"), ("none", "Without a number"))
AGENT: Any = AgentsAdminState.agent
"""A Var of AgentLine."""


@page("/admin/agents", "Agents of all", active="Admin", on_load=AgentsAdminState.load)
def agents() -> rx.Component:
    """The list."""
    only = rx.text("Only of ", rx.el.b(AgentsAdminState.of_whom), size="2")
    whose = rx.flex(only, text_link("Show all", "/admin/agents"), gap="12px", margin_bottom="12px")
    nothing = empty_state("search-x", "No such agents", "None matches this search.", button_link("Show all", "/admin/agents"))
    return section_page(
        "Admin",
        ADMIN,
        "Agents",
        filters(
            search_field("Agent, business or organization", AgentsAdminState.search),
            choice("On or off", "active", ACTIVE, AgentsAdminState.active),
            choice("State", "sync", SYNC, AgentsAdminState.sync),
            choice("Number", "number", NUMBER, AgentsAdminState.number),
            key=AgentsAdminState.key,
            on_submit=AgentsAdminState.narrow,
        ),
        rx.cond(AgentsAdminState.of_whom != "", whose),
        rx.cond(
            AgentsAdminState.rows.length() > 0,
            sized_table("Agents", WIDTHS, COLUMNS, AgentsAdminState.rows, _row, narrow=NARROW),
            rx.box(nothing, class_name="panel"),
        ),
        pager(AgentsAdminState.newer, AgentsAdminState.older),
        _dialog(),
        note="Of all organizations, the newest first.",
    )


def _dialog() -> rx.Component:
    return decision_dialog(
        AgentsAdminState.asked,
        open=AgentsAdminState.is_asking,
        on_open_change=AgentsAdminState.turn_decision,
        on_confirm=AgentsAdminState.confirm,
        sending=AgentsAdminState.is_sending,
    )


def _row(item: AgentLine | Any) -> rx.Component:
    wrong = rx.text(item.error, size="2", color=rx.cond(item.sync == "FAILED", "var(--red-11)", "var(--muted)"), class_name="clamp2")
    return table_row(
        cell(
            row_link(rx.text(item.name, size="2", weight="medium", class_name="clip"), href=f"/admin/agents/{item.id}"),
            rx.text(item.business, size="1", color="var(--muted)", class_name="clip"),
        ),
        cell(
            rx.text(item.organization, size="2", class_name="clip"),
            rx.text(item.person, size="1", color="var(--muted)", class_name="clip"),
            class_name="only-desk",
        ),
        cell(rx.text(item.number, size="2", class_name="num"), class_name="only-desk from-wide"),
        cell(status_badge("sync", rx.Var.create(item.sync)), class_name="only-desk"),
        cell(wrong, class_name="only-desk"),
        cell(
            rx.flex(
                rx.box(status_word("sync", rx.Var.create(item.sync)), class_name="only-phone"),
                row_menu(f"What to do with {item.name}", *deeds(item)),
                align="center",
                gap="8px",
            ),
            class_name="end",
        ),
        cell(
            rx.text(item.organization, ", ", item.number, size="1", color="var(--muted)", class_name="clip"),
            rx.cond(item.error != "", wrong),
            class_name="wide only-phone",
        ),
        kind="sized",
    )


def deeds(item: Any) -> tuple[rx.Component, ...]:
    """What can be done with an agent."""

    def deed(icon: str, words: str, name: str) -> rx.Component:
        return rx.menu.item(rx.icon(icon, size=14), words, on_select=AgentsAdminState.ask(name, item.id))

    return (
        rx.cond(item.is_active, deed("power-off", "Switch off", "off"), deed("power", "Switch on", "on")),
        deed("refresh-cw", "Send to the provider again", "retry"),
        rx.menu.separator(),
        rx.menu.item(rx.icon("user", size=14), "Who made it", on_select=rx.redirect(f"/admin/users/{item.user_id}")),
        rx.menu.item(
            rx.icon("building-2", size=14),
            "All of this organization",
            on_select=rx.redirect(f"/admin/agents?organization={item.organization_id}"),
        ),
        rx.menu.item(rx.icon("scroll-text", size=14), "What was done to it", on_select=rx.redirect(f"/admin/audit?person={item.id}")),
    )


@page("/admin/agents/[agent_id]", AGENT.name, active="Admin", on_load=AgentsAdminState.load_one)
def agent() -> rx.Component:
    """The agent named in the address, with exactly what it was told."""
    facts = rx.flex(
        status_badge("sync", AGENT.sync),
        rx.text(AGENT.business, ", ", AGENT.organization, ", ", AGENT.number, size="2", color="var(--muted)", overflow_wrap="anywhere"),
        gap="10px",
        align="center",
        wrap="wrap",
        margin_top="6px",
    )
    wrong = rx.box(rx.text(AGENT.error, size="2"), class_name="note note-bad", margin_bottom="12px")
    state = panel(
        rx.cond(AGENT.error != "", wrong),
        rx.text(AgentsAdminState.synced, size="2"),
        rx.text(
            "At the provider: ", AgentsAdminState.provider_id, size="1", color="var(--muted)", margin_top="6px", overflow_wrap="anywhere"
        ),
        title="At the provider",
    )
    told = panel(rx.el.pre(AgentsAdminState.prompt, class_name="told", tab_index=0, style={"maxHeight": "none"}), title="What it is told")
    words = panel(rx.text(f"“{AgentsAdminState.greeting}”", size="2", overflow_wrap="anywhere"), title="Greeting")
    found = rx.fragment(
        page_header(
            AGENT.name, facts, row_menu(f"What to do with {AGENT.name}", *deeds(AGENT)), back=("Agents", "/admin/agents"), is_small=True
        ),
        rx.box(told, rx.box(state, words, class_name="aside"), class_name="grid-main"),
        _dialog(),
    )
    gone = missing("There is no such agent", "It was deleted, or the address has a typo.", icon="bot-off", back=("Agents", "/admin/agents"))
    return rx.cond(AgentsAdminState.is_missing, gone, found)

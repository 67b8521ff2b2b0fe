"""The pool of telephone numbers: who has which, compared with the provider at a press, given and taken."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.decision import decision_dialog
from kametrix.components.fields import field, form_error
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.links import button_link
from kametrix.components.listing import QUIET, filters, pager, row_menu, search_field, sized_table
from kametrix.components.page import page
from kametrix.components.panel import empty_state
from kametrix.components.rows import cell, table_row, unseen
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.status import status_badge
from kametrix.state.admin.number_words import Choice, NumberLine
from kametrix.state.admin.numbers import NumbersState

WIDTHS = "minmax(140px, 1fr) 148px minmax(0, 1.4fr) minmax(0, 1.6fr) 32px"
COLUMNS = (("Number", ""), ("Status", ""), ("Agent", ""), ("Note", ""), (unseen("Actions"), ""))
KINDS = (
    ("All", ""), ("Free", "free"), ("Assigned", "assigned"), ("Released", "released"), ("Not at provider", "unknown"), ("Off", "off"),
)  # fmt: skip


@page("/admin/numbers", "Numbers", active="Admin", on_load=NumbersState.load)
def numbers() -> rx.Component:
    """The list."""
    return section_page(
        "Admin",
        ADMIN,
        "Numbers",
        rx.box(
            rx.el.nav(*[_kind(*item) for item in KINDS], class_name="seg", aria_label="Filter numbers", style={"flexWrap": "wrap"}),
            margin_bottom="12px",
        ),
        filters(search_field("Number, agent or organization", NumbersState.search), key=NumbersState.key, on_submit=NumbersState.narrow),
        rx.cond(
            NumbersState.result != "",
            rx.box(rx.text(NumbersState.result, size="2"), class_name="note", role="status", margin_bottom="16px"),
        ),
        rx.cond(
            NumbersState.rows.length() > 0,
            sized_table("Numbers", WIDTHS, COLUMNS, NumbersState.rows, _row),
            rx.box(
                empty_state("hash", "No such numbers", "None matches, or the pool is empty."),
                class_name="panel",
            ),
        ),
        pager(NumbersState.newer, NumbersState.older, back="Previous", on="Next"),
        decision_dialog(
            NumbersState.asked,
            open=NumbersState.is_asking,
            on_open_change=NumbersState.turn_decision,
            on_confirm=NumbersState.confirm,
            sending=NumbersState.is_sending,
        ),
        _giving(),
        _adding(),
        action=_actions(),
        note="One number per agent. Free ones go to whoever waits longest.",
    )


def _kind(label: str, value: str) -> rx.Component:
    return rx.el.a(
        label,
        rx.el.span(" ", NumbersState.counts[value], class_name="num"),
        href=f"/admin/numbers?status={value}" if value else "/admin/numbers",
        aria_current=rx.cond(NumbersState.kind == value, "true", "false"),
    )


def _actions() -> rx.Component:
    return rx.flex(
        rx.button(rx.icon("plus", size=16), "Add", on_click=NumbersState.turn_adding(True), **QUIET),
        button_link("Import", "/admin/numbers/import", icon="upload", **QUIET),
        rx.button(rx.icon("refresh-cw", size=16), "Compare with provider", on_click=NumbersState.sync, loading=NumbersState.is_syncing),
        gap="8px",
        wrap="wrap",
    )


def _row(item: NumberLine | Any) -> rx.Component:
    return table_row(
        cell(
            rx.text(item.number, size="2", weight="medium", class_name="num"),
            rx.cond(item.name != "", rx.text(item.name, size="1", color="var(--muted)", class_name="clip")),
        ),
        cell(status_badge("number", rx.Var.create(item.state)), class_name="only-desk"),
        cell(
            rx.cond(
                item.agent_id != "",
                rx.el.a(rx.text(item.agent, size="2", class_name="clip"), href=f"/admin/agents/{item.agent_id}", class_name="link above"),
            ),
            class_name="only-desk",
        ),
        cell(rx.text(item.note, size="2", color="var(--muted)", class_name="clamp2"), class_name="only-desk"),
        cell(row_menu(f"What to do with {item.number}", *_deeds(item)), class_name="end"),
        cell(
            rx.flex(
                status_badge("number", rx.Var.create(item.state)),
                rx.text(item.agent, size="1"),
                rx.text(item.note, size="1", color="var(--muted)"),
                gap="2px 10px",
                wrap="wrap",
                align="center",
            ),
            class_name="wide only-phone",
        ),
        kind="sized",
    )


def _deeds(item: Any) -> tuple[rx.Component, ...]:
    def deed(icon: str, words: str, name: str, **props: Any) -> rx.Component:
        return rx.menu.item(rx.icon(icon, size=14), words, on_select=NumbersState.ask(name, item.id), **props)

    return (
        rx.cond(item.can_assign, deed("user-plus", "Give to an agent", "assign")),
        rx.cond(item.agent_id != "", deed("undo-2", "Release from its agent", "release")),
        rx.cond(item.is_enabled, deed("power-off", "Switch off", "off"), deed("power", "Switch on", "on")),
        rx.cond(item.is_enabled, rx.fragment(rx.menu.separator(), deed("log-out", "Take out of the pool", "withdraw", color="red"))),
    )


def _giving() -> rx.Component:
    def candidate(one: Choice) -> rx.Component:
        return rx.el.li(
            rx.el.button(
                rx.box(
                    rx.text(one.name, size="2", weight="medium", class_name="clip"),
                    rx.text(one.note, size="1", color="var(--muted)", class_name="clip"),
                    min_width="0",
                    flex="1",
                ),
                rx.icon("chevron-right", size=16, color="var(--muted)", aria_hidden="true"),
                type="button",
                class_name="tap",
                disabled=NumbersState.is_sending,
                on_click=NumbersState.give(one.id),
            )
        )

    nobody = rx.text("No agent without a number goes by that name.", size="2", color="var(--muted)", padding="12px 8px", role="status")
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Give ", NumbersState.giving.number, " to an agent", style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(
                "Its callers reach the agent a few seconds later. ",
                NumbersState.giving.note,
                style={"fontSize": "14px", "color": "var(--muted)"},
            ),
            rx.box(form_error(NumbersState.problem), margin_top="12px"),
            rx.input(
                rx.input.slot(rx.icon("search", size=15, aria_hidden="true")),
                placeholder="Agent or organization",
                aria_label="Agent or organization",
                on_change=NumbersState.find.debounce(200),
                auto_complete="off",
                size="3",
                margin="12px 0 8px",
            ),
            rx.cond(
                NumbersState.candidates.length() > 0,
                rx.el.ul(each(NumbersState.candidates, candidate), class_name="list hits"),
                nobody,
            ),
            max_width="480px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=NumbersState.is_giving,
        on_open_change=NumbersState.turn_giving,
    )


def _adding() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Add a number", style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(
                "One you have at the telephone provider. It joins the pool once the provider lists it.",
                style={"fontSize": "14px", "color": "var(--muted)"},
            ),
            rx.form(
                rx.flex(
                    form_error(NumbersState.problem),
                    field(
                        "Number", "number", kind="tel", placeholder="+14155550123", error=NumbersState.errors["number"], required=True,
                        help="With a plus and the country.",
                    ),
                    field("Name", "name", error=NumbersState.errors["name"], help="For you; may be empty.", max_length=100),
                    rx.flex(
                        rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
                        rx.button("Add the number", type="submit", loading=NumbersState.is_sending),
                        justify="end",
                        gap="12px",
                    ),
                    direction="column",
                    gap="16px",
                    margin_top="16px",
                ),
                on_submit=NumbersState.add,
            ),
            max_width="440px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=NumbersState.is_adding,
        on_open_change=NumbersState.turn_adding,
    )  # fmt: skip

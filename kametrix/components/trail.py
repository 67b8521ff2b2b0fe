"""The audit trail drawn: a sentence a row, which opens to what changed, from where, and when exactly."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.links import button_link
from kametrix.components.listing import choice, day_field, filters, pager, search_field
from kametrix.components.panel import empty_state


def trail_filters(state: Any, actions: Sequence[tuple[str, str]], *more: rx.Component) -> rx.Component:
    """Who, what and when; `more` stands between."""
    return filters(
        search_field("E-mail of who did it", state.asked_for["actor"], name="actor", width="220px"),
        choice("What was done", "action", actions, state.asked_for["action"]),
        *more,
        day_field("From", "from", state.asked_for["from"]),
        day_field("To", "to", state.asked_for["to"]),
        key=state.key,
        on_submit=state.narrow,
    )


def trail(state: Any, everything: str) -> rx.Component:
    """A page of acts, or that there are none; `everything` is the address without filters."""
    nothing = empty_state("scroll-text", "Nothing was noted", "No act matches.", button_link("Show everything", everything, variant="soft"))
    listed = rx.el.ul(each(state.lines, _act), class_name="list panel")
    return rx.fragment(rx.cond(state.lines.length() > 0, listed, rx.box(nothing, class_name="panel")), pager(state.newer, state.older))


def _act(item: Any) -> rx.Component:
    head = rx.el.summary(
        rx.box(
            rx.text(item.sentence, size="2", weight="medium", overflow_wrap="anywhere"),
            rx.cond(item.organization != "", rx.text(item.organization, size="1", color="var(--muted)", overflow_wrap="anywhere")),
            rx.text(item.at, size="1", color="var(--muted)", class_name="num only-phone"),
            flex="1",
            min_width="0",
        ),
        rx.text(item.at, size="1", color="var(--muted)", class_name="num only-desk"),
        rx.icon("chevron-down", size=14, color="var(--muted)", aria_hidden="true", style={"flex": "none"}),
        style={
            "display": "flex",
            "gap": "12px",
            "alignItems": "baseline",
            "padding": "10px 20px",
            "cursor": "pointer",
            "listStyle": "none",
        },
    )
    changed = rx.el.dl(
        each(item.changes, _change),
        style={"display": "grid", "gridTemplateColumns": "minmax(96px, auto) minmax(0, 1fr)", "gap": "4px 16px", "margin": "0 0 8px"},
    )
    body = rx.box(changed, rx.text(item.facts, size="1", color="var(--muted)", overflow_wrap="anywhere"), padding="4px 20px 14px")
    return rx.el.li(rx.el.details(head, body))


def _change(change: Any) -> rx.Component:
    before = rx.cond(
        change.before != "",
        rx.fragment(rx.el.del_(change.before, style={"color": "var(--red-11)"}), rx.el.span(" became ", class_name="sr-only"), " "),
    )
    after = rx.cond(change.after != "", rx.el.ins(change.after, style={"color": "var(--green-11)", "textDecoration": "none"}))
    return rx.fragment(
        rx.el.dt(change.field, class_name="muted"),
        rx.el.dd(before, after, style={"margin": "0", "fontSize": "14px", "lineHeight": "20px", "overflowWrap": "anywhere"}),
    )

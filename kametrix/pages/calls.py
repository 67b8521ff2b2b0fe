"""Every call, newest first; the filter and the place in the list stand in the address."""

from typing import Any

import reflex as rx

from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header
from kametrix.components.rows import calls_table
from kametrix.state.calls import CallsState

FILTERS: tuple[tuple[str, str], ...] = (
    ("All", ""),
    ("Completed", "completed"),
    ("Missed", "missed"),
    ("Voicemail", "voicemail"),
    ("Failed", "failed"),
)


def filters() -> rx.Component:
    """Links, so that a filter can be kept, shared and gone back from."""
    links = [
        rx.el.a(
            label,
            href=f"/calls?status={value}" if value else "/calls",
            aria_current=rx.cond(CallsState.status == value, "true", "false"),
        )
        for label, value in FILTERS
    ]
    return rx.box(rx.el.nav(*links, class_name="seg", aria_label="Filter calls"), margin_bottom="16px")


def pager() -> rx.Component:
    """To newer and older calls, where there are any."""
    look: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True}
    return rx.flex(
        rx.cond(CallsState.newer != "", button_link("Newer", CallsState.newer, **look)),
        rx.cond(CallsState.older != "", button_link("Older", CallsState.older, **look)),
        justify="end",
        gap="8px",
        margin_top="16px",
    )


def running() -> rx.Component:
    """Calls that ring or run now, on top."""
    table = rx.box(calls_table(CallsState.live_rows, label="Live calls"), class_name="panel live", overflow="clip", margin_bottom="16px")
    return rx.cond(CallsState.live_rows.length() > 0, table)


def nothing() -> rx.Component:
    """No call at all, or none with this filter."""
    none_such = empty_state("search-x", "No such calls", "No call ended this way.", button_link("Show all calls", "/calls", variant="soft"))
    none_yet = empty_state(
        "phone",
        "No calls yet",
        "Calls appear here, with their words, their sound and their cost, once your agents receive them.",
        button_link("See your agents", "/agents", variant="soft"),
    )
    return rx.cond(CallsState.status != "", none_such, none_yet)


@page("/calls", "Calls", active="Calls", on_load=CallsState.load)
def calls() -> rx.Component:
    """The list."""
    listed = rx.box(calls_table(CallsState.rows), class_name="panel", overflow="clip")
    empty = rx.cond(CallsState.live_rows.length() > 0, rx.fragment(), rx.box(nothing(), class_name="panel"))
    return rx.fragment(
        page_header("Calls"),
        filters(),
        running(),
        rx.cond(CallsState.rows.length() > 0, listed, empty),
        pager(),
    )

"""Every call, newest first; search, filters and the place in the list stand in the address."""

from collections.abc import Mapping
from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.components.fields import field
from kametrix.components.links import button_link
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header
from kametrix.components.rows import calls_table
from kametrix.services.call_filters import ME, NOBODY
from kametrix.state.call_lists import DIRECTIONS, PERIODS, STATUSES
from kametrix.state.calls import CallsState
from kametrix.state.rows import Chip, Choice

ASKED: Any = CallsState.asked
QUIET: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True}
KEYS = (
    ("/", "Search"),
    ("↑ ↓", "Walk through the calls"),
    ("Enter", "Open the call"),
    ("[ ]", "Newer and older page"),
    ("Esc", "Clear the search and the filters"),
    ("j k", "On a call: the older and the newer one"),
)


def statuses() -> rx.Component:
    """Links, so that a filter can be kept, shared and gone back from."""
    links = [
        rx.el.a(label, href=CallsState.statuses[name], aria_current=rx.cond(ASKED.get("status", "") == name, "true", "false"))
        for name, label in {"": "All", **STATUSES}.items()
    ]
    return rx.el.nav(*links, class_name="seg", aria_label="Filter calls")


def search() -> rx.Component:
    """Words that were said, or part of a number."""
    box = rx.input(
        rx.input.slot(rx.icon("search", size=16, aria_hidden="true")),
        rx.input.slot(rx.el.kbd("/", class_name="kbd only-desk", aria_hidden="true"), side="right"),
        id="q",
        name="q",
        type="search",
        placeholder="Words said, or a number",
        aria_label="Search calls by words said or by number",
        default_value=ASKED.get("q", ""),
        max_length=200,
        size="2",
        custom_attrs={"data-keys": "/", "data-clears": ""},
    )
    return rx.form(box, on_submit=CallsState.search, class_name="find-box", width="auto", role="search")


def choices(name: str, label: str, options: Mapping[str, str], more: rx.Component | None = None) -> rx.Component:
    """A choice among fixed options and those of a state."""
    fixed = [rx.el.option(words, value=key) for key, words in options.items()]
    control = rx.el.select(*fixed, more or rx.fragment(), id=name, name=name, class_name="select", default_value=ASKED.get(name, ""))
    return field(label, name, control=control)


def option(choice: Choice) -> rx.Component:
    """One of the organization's own."""
    return rx.el.option(choice.name, value=choice.id)


def filters() -> rx.Component:
    """Agent, days, direction, who follows up: behind a button, on a desk and on a phone."""
    followers = {"": "Anybody", ME: "Me", NOBODY: "Nobody yet"}
    form = rx.form(
        choices("agent", "Agent", {"": "Any agent"}, each(CallsState.agents, option)),
        choices("period", "When", {"": "Any time, or the days below", **PERIODS}),
        rx.grid(
            field("From", "from", kind="date", value=ASKED.get("from", ""), min="2000-01-01", max="2100-01-01"),
            field("To", "to", kind="date", value=ASKED.get("to", ""), min="2000-01-01", max="2100-01-01"),
            columns="2",
            gap="12px",
        ),
        choices("direction", "Direction", {"": "Inbound and outbound", **DIRECTIONS}),
        rx.cond(CallsState.is_own, rx.fragment(), choices("assigned", "Who follows up", followers, each(CallsState.members, option))),
        rx.popover.close(rx.button("Show calls", type="submit", size="3", width="100%")),
        on_submit=CallsState.choose,
        style={"display": "grid", "gap": "14px"},
    )
    button = rx.button(rx.icon("sliders-horizontal", size=16, aria_hidden="true"), "Filters", type="button", size="2", **QUIET)
    return rx.popover.root(
        rx.popover.trigger(button),
        rx.popover.content(form, width="340px", max_width="calc(100vw - 32px)", align="end", aria_label="Filters"),
    )


def chip(item: Chip) -> rx.Component:
    """A filter in use; the cross takes it away."""
    return rx.el.a(
        rx.el.span(item.label, class_name="clip"),
        rx.el.span("Remove this filter", class_name="sr-only"),
        rx.icon("x", size=14, aria_hidden="true", style={"flex": "none"}),
        href=item.href,
        class_name="chip",
    )


def in_use() -> rx.Component:
    """What is filtered by, how many calls that leaves, and what in the address could not be meant."""
    clear = rx.el.a("Clear all", href="/calls", class_name="link", custom_attrs={"data-keys": "Escape"})
    line = rx.flex(
        each(CallsState.chips, chip),
        rx.cond(CallsState.chips.length() > 0, clear),
        rx.text(CallsState.how_many, size="2", color="var(--muted)", class_name="num", role="status", margin_left="auto"),
        align="center",
        wrap="wrap",
        gap="8px",
        min_height="24px",
        margin_bottom="12px",
    )
    note = rx.box(CallsState.note, class_name="note", role="status", margin_bottom="12px")
    return rx.fragment(rx.cond(CallsState.note != "", note), line)


def pager() -> rx.Component:
    """To newer and older calls, where there are any."""
    return rx.flex(
        rx.cond(CallsState.newer != "", button_link("Newer", CallsState.newer, keys="[", **QUIET)),
        rx.cond(CallsState.older != "", button_link("Older", CallsState.older, keys="]", **QUIET)),
        justify="end",
        gap="8px",
        margin_top="16px",
    )


def running() -> rx.Component:
    """Calls that ring or run now, on top."""
    table = rx.box(calls_table(CallsState.live_rows, label="Live calls"), class_name="panel live", overflow="clip", margin_bottom="16px")
    return rx.cond(CallsState.live_rows.length() > 0, table)


def nothing() -> rx.Component:
    """No call at all, or none with these filters."""
    show_all = button_link("Show all calls", "/calls", variant="soft")
    none_such = empty_state("search-x", "No such calls", "No call fits all of this. Try it with fewer filters or words.", show_all)
    none_own = empty_state("phone", "No calls for you yet", "Calls appear here as soon as a colleague asks you to follow one up.")
    none_yet = empty_state(
        "phone",
        "No calls yet",
        "Calls appear here, with their words, their sound and their cost, once your agents receive them.",
        button_link("See your agents", "/agents", variant="soft"),
    )
    none_at_all = rx.cond(CallsState.is_own, none_own, none_yet)
    return rx.cond((CallsState.chips.length() > 0) | (CallsState.note != ""), none_such, none_at_all)


def keys() -> rx.Component:
    """Which keys work here."""
    lines = [
        rx.flex(
            rx.el.dt(rx.el.kbd(key, class_name="kbd")),
            rx.el.dd(what, style={"margin": "0"}),
            gap="12px",
            justify="between",
            padding="6px 0",
        )
        for key, what in KEYS
    ]
    look: dict[str, Any] = {"variant": "ghost", "color_scheme": "gray", "size": "2", "margin": "0", "class_name": "only-desk"}
    sign = rx.icon("keyboard", size=16)
    button = rx.icon_button(sign, type="button", aria_label="Keys that work here", custom_attrs={"data-keys": "?"}, **look)
    content = rx.dialog.content(
        rx.dialog.title("Keys", style={"fontSize": "16px", "lineHeight": "24px"}),
        rx.el.dl(*lines, style={"margin": "0", "fontSize": "14px"}),
        max_width="380px",
        aria_describedby=None,
    )
    return rx.dialog.root(rx.dialog.trigger(button), content)


def export() -> rx.Component:
    """The calls the filters show, as a table for a spreadsheet."""
    sign = rx.icon("download", size=16, aria_hidden="true")
    plain = {"reloadDocument": True}  # a file is fetched by the browser; the router would look for a page
    link = rx.el.a(sign, "Export", href=CallsState.export, style={"textDecoration": "none"}, custom_attrs=plain)
    return rx.cond(CallsState.rows.length() > 0, allowed("data:export", rx.button(link, as_child=True, **QUIET)))


@page("/calls", "Calls", active="Calls", on_load=CallsState.load)
def calls() -> rx.Component:
    """The list."""
    listed = rx.box(calls_table(CallsState.rows), class_name="panel", overflow="clip")
    empty = rx.cond(CallsState.live_rows.length() > 0, rx.fragment(), rx.box(nothing(), class_name="panel"))
    return rx.fragment(
        page_header("Calls", action=rx.flex(keys(), export(), gap="12px", align="center")),
        rx.box(statuses(), search(), filters(), class_name="filters"),
        in_use(),
        running(),
        rx.cond(CallsState.rows.length() > 0, listed, empty),
        pager(),
    )

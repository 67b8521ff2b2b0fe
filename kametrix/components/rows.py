"""Lists as tables: real table roles on grids that become two lines on a phone; a row opens its detail, arrow keys walk the rows."""

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.components.status import status_badge, status_word
from kametrix.components.ticking import ticking
from kametrix.components.tokens import Text
from kametrix.services.call_marks import Segment
from kametrix.state.rows import CallRow

CALL_COLUMNS: tuple[tuple[rx.Component | Text, str], ...] = (
    ("Status", ""),
    ("Caller", ""),
    ("What it was about", ""),
    ("Agent", "from-wide"),
    ("When", "end"),
    (allowed("credits:read", rx.fragment("Cost")), "end"),
)
BRIEF_COLUMNS: tuple[tuple[rx.Component | Text, str], ...] = (("Status", ""), ("Caller", ""), ("What it was about", ""), ("When", "end"))


def column_heads(kind: str, heads: Sequence[tuple[rx.Component | Text, str]]) -> rx.Component:
    """Column titles as (label, class): 'end' aligns right, 'from-wide' hides on narrow desks."""
    cells = [rx.el.div(label, role="columnheader", class_name=class_name) for label, class_name in heads]
    return rx.el.div(rx.el.div(*cells, role="row", class_name=f"row cols {kind}"), role="rowgroup", class_name="heads")


def unseen(label: str) -> rx.Component:
    """The title of a column that shows by itself what it is: told to screen readers alone."""
    return rx.el.span(label, class_name="sr-only")


def data_table(
    label: Text, kind: str, columns: Sequence[tuple[rx.Component | Text, str]], rows: Any, render: Callable[[Any], rx.Component]
) -> rx.Component:
    """A table named `label`. `kind` is the CSS class of its grid, `rows` a list Var (or a list), `render(row)` draws a `table_row`."""
    return rx.el.div(
        column_heads(kind, columns),
        rx.el.div(each(rows, render), role="rowgroup", class_name="list", custom_attrs={"data-rows": ""}),
        role="table",
        aria_label=label,
    )


def cell(*children: rx.Component | Text, class_name: str = "", **props: Any) -> rx.Component:
    """One cell of a `table_row`."""
    return rx.el.div(*children, role="cell", class_name=f"cell {class_name}".strip(), **props)


def table_row(*cells: rx.Component, kind: str) -> rx.Component:
    """One row of a `data_table` of the same `kind`. Put a `row_link` in one cell and the whole row opens it."""
    return rx.el.div(*cells, role="row", class_name=f"row {kind}")


def row_link(*children: rx.Component | Text, href: Text, **props: Any) -> rx.Component:
    """The link of a row: it stands in one cell and covers the row, so the row keeps its table roles."""
    return rx.el.a(*children, href=href, class_name="row-link", **props)


def calls_table(rows: Any, *, label: Text = "Calls", brief: bool = False) -> rx.Component:
    """Calls, each opening its page. `rows` is a list Var of CallRow; `brief` leaves out agent and cost."""
    return data_table(
        label,
        "call-brief" if brief else "call-row",
        BRIEF_COLUMNS if brief else CALL_COLUMNS,
        rows,
        lambda call: call_row(call, brief=brief),
    )


def call_row(call: CallRow, *, brief: bool = False) -> rx.Component:
    """A call in a list."""
    desk = (
        ()
        if brief
        else (
            cell(call.agent, class_name="clip muted only-desk from-wide"),
            allowed("credits:read", cell(rx.el.span(call.cost, class_name="num"), class_name="end only-desk")),
        )
    )
    when = cell(
        rx.text(call.at, size="2", class_name="num"),
        rx.box(rx.text(_duration(call), size="1", color="var(--muted)", class_name="num"), class_name="only-desk"),
        rx.box(status_word("call", call.status), class_name="only-phone"),
        class_name="end when",
    )
    return table_row(
        cell(status_badge("call", rx.Var.create(call.status)), class_name="only-desk"),
        cell(
            row_link(rx.text(call.title, size="2", weight="medium", class_name="clip"), href=f"/calls/{call.id}{call.query}"),
            rx.text(call.note, size="1", color="var(--muted)", class_name="clip num"),
        ),
        cell(rx.text(_about(call), size="2", color="var(--muted)", class_name="clamp2", dir="auto"), class_name="wide"),
        *desk[:1],
        when,
        *desk[1:],
        kind="call-brief" if brief else "call-row",
    )


def _about(call: CallRow) -> rx.Component:
    """What a search found in the call, else what it was about."""
    found = rx.Var.create(call.found).to(list[Segment])
    return rx.cond(found.length() > 0, each(found, marked), rx.fragment(call.summary))


def marked(part: Segment) -> rx.Component:
    """A piece of text, marked where it is what was searched for."""
    return rx.cond(part.is_hit, rx.el.mark(part.text), rx.fragment(part.text))


def _duration(call: CallRow) -> rx.Component:
    return rx.cond(call.is_live, ticking(call.duration, call.elapsed), rx.el.span(call.duration))

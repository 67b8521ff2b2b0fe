"""Bars by day, week or month, drawn with plain boxes: each bar is a link that tells its numbers when pointed at, focused or tapped.

Arrow keys walk the bars (assets/kametrix.js); the same numbers stand in a table beside them.
"""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.state.charts import Bar, Chart, Line, Tick

ANSWERED, MISSED = "var(--violet-9)", "var(--gray-9)"
SERIES = ((ANSWERED, "Answered"), (MISSED, "Missed"))
COLUMNS = ("When", "Calls", "Answered", "Missed", "Minutes")
CELLS = {
    "& table": {"width": "100%", "borderCollapse": "collapse", "fontSize": "14px", "lineHeight": "20px"},
    "& th, & td": {"padding": "6px 12px 6px 0", "textAlign": "right", "fontWeight": "400", "whiteSpace": "nowrap"},
    "& thead th": {"color": "var(--muted)", "fontSize": "13px"},
    "& :is(th, td):first-child": {"textAlign": "left"},
    "& tr + tr": {"borderTop": "1px solid var(--line)"},
}


def legend() -> rx.Component:
    """The colours of answered and missed calls."""
    entries = [
        rx.flex(
            rx.box(width="10px", height="10px", border_radius="3px", background=color),
            rx.text(label, size="1", color="var(--muted)"),
            align="center",
            gap="6px",
        )
        for color, label in SERIES
    ]
    return rx.flex(*entries, gap="14px")


def bar_chart(chart: Any, *, height: int = 180) -> rx.Component:
    """`chart` is a Var of Chart, `height` that of the bars in pixels. Where nothing happened the axis is drawn, and says so."""
    shown: Chart = chart
    nothing = rx.center(
        rx.text("Nothing in this time.", size="2", color="var(--muted)"), position="absolute", inset="0", pointer_events="none"
    )
    return rx.el.figure(
        rx.text(shown.total, size="2", color="var(--muted)", class_name="num", min_height="20px"),
        rx.box(
            each(shown.ticks, _tick),
            rx.el.ol(each(shown.bars, _bar), class_name="bars", aria_label=shown.title, custom_attrs={"data-bars": ""}),
            rx.cond(shown.total == "", nothing),
            position="relative",
            height=f"{height}px",
            margin="18px 0 26px 40px",
        ),
        style={"margin": "0"},
    )


def _tick(tick: Tick) -> rx.Component:
    """A line across the chart, its number before it."""
    number = rx.text(tick.label, size="1", color="var(--muted)", class_name="num", position="absolute", right="100%", padding_right="8px")
    line = rx.box(position="absolute", inset_inline="0", border_top="1px solid var(--line)")
    return rx.flex(number, line, align="center", position="absolute", inset_inline="0", height="0", bottom=tick.at, aria_hidden="true")


def _bar(bar: Bar) -> rx.Component:
    """One bar: what was missed above what was answered; the tip says the same in words."""
    link = rx.el.a(
        rx.el.i(style={"height": bar.upper, "background": MISSED}),
        rx.el.i(style={"height": bar.lower, "background": ANSWERED}),
        rx.el.span(bar.title, ": ", bar.words, class_name="sr-only"),
        href=bar.href,
        class_name=rx.cond(bar.is_open, "bar still", "bar"),
        tab_index=rx.cond(bar.is_last, 0, -1),
    )
    tip = rx.el.span(
        rx.el.b(bar.title), rx.el.span(bar.words), rx.el.span("Tap again to see them", class_name="again"), class_name="tip " + bar.side
    )
    label = rx.el.span(bar.label, class_name="under", aria_hidden="true")
    return rx.el.li(link, rx.box(tip, aria_hidden="true"), label)


def numbers_table(lines: Any, *, has_money: Any) -> rx.Component:
    """The numbers of the charts as a table, behind a line that opens it; `lines` is a list Var of Line."""
    heads = [rx.el.th(head, scope="col") for head in COLUMNS]
    cost = rx.cond(has_money, rx.el.th("Cost", scope="col"))
    table = rx.el.table(
        rx.el.caption("Calls and minutes", class_name="sr-only"),
        rx.el.thead(rx.el.tr(*heads, cost)),
        rx.el.tbody(each(lines, lambda line: _line(line, has_money))),
        class_name="num",
    )
    scrolled = rx.el.div(
        table, role="region", aria_label="Calls and minutes", tab_index=0, style={"overflow": "auto", "maxHeight": "340px"}
    )
    summary = rx.el.summary("Show as table", class_name="link", style={"cursor": "pointer", "width": "fit-content"})
    return rx.el.details(summary, rx.box(scrolled, style=CELLS, margin_top="12px"))


def _line(line: Line, has_money: Any) -> rx.Component:
    cells = [rx.el.td(value) for value in (line.calls, line.answered, line.missed, line.minutes)]
    return rx.el.tr(rx.el.th(line.when, scope="row"), *cells, rx.cond(has_money, rx.el.td(line.cost)))

"""The week by hour: the darker, the more calls. A real table: each cell says its numbers to who cannot see the colour."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.state.busiest import SHADES, HeatCell, HeatRow

LABELLED = 6
"""Every sixth hour has its number above; the others are narrow on a phone."""
LOOK: dict[str, Any] = {
    "& table": {"width": "100%", "tableLayout": "fixed", "borderCollapse": "separate", "borderSpacing": "2px"},
    "& :is(th, td)": {"padding": "0", "fontWeight": "400", "fontSize": "13px", "lineHeight": "18px", "color": "var(--muted)"},
    "& td": {"height": "18px", "borderRadius": "3px", "background": "var(--gray-a3)"},
    "& th": {"textAlign": "left", "whiteSpace": "nowrap"},
    "& [data-open='true']": {"boxShadow": "inset 0 0 0 1px var(--gray-a8)"},
    **{
        f"& [data-shade='{shade}']": {"background": f"color-mix(in srgb, var(--violet-9) {shade * 100 // SHADES}%, var(--gray-3))"}
        for shade in range(1, SHADES + 1)
    },
}


def heat_map(rows: Any, *, has_hours: Any) -> rx.Component:
    """`rows` is a list Var of HeatRow; with `has_hours` the opening hours are drawn, and explained."""
    corner = rx.el.td(style={"width": "36px", "background": "none !important"})
    hours = [rx.el.th(_hour(hour), scope="col") for hour in range(24)]
    table = rx.el.table(
        rx.el.caption("Calls by weekday and hour", class_name="sr-only"),
        rx.el.thead(rx.el.tr(corner, *hours)),
        rx.el.tbody(each(rows, _row)),
    )
    swatch = rx.box(
        width="14px", height="14px", border_radius="3px", style={"boxShadow": "inset 0 0 0 1px var(--gray-a8)"}, aria_hidden="true"
    )
    note = rx.flex(swatch, rx.text("Your opening hours", size="1", color="var(--muted)"), align="center", gap="6px", margin_top="10px")
    return rx.box(table, rx.cond(has_hours, note), style=LOOK)


def _hour(hour: int) -> rx.Component:
    return rx.el.span(f"{hour}:00", class_name="num" if hour % LABELLED == 0 else "sr-only")


def _row(row: HeatRow) -> rx.Component:
    return rx.el.tr(rx.el.th(row.name[:3], scope="row"), each(row.cells, _cell))


def _cell(cell: HeatCell) -> rx.Component:
    return rx.el.td(
        rx.el.span(cell.words, class_name="sr-only"), title=cell.words, custom_attrs={"data-shade": cell.shade, "data-open": cell.is_open}
    )

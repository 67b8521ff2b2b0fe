"""A chart from plain boxes: stacked bars by day with an axis."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.panel import panel
from kametrix.components.tokens import Text
from kametrix.state.rows import DayBar

SERIES: tuple[tuple[str, str], ...] = (("Answered", "var(--violet-9)"), ("Missed", "var(--gray-8)"))


def _legend() -> rx.Component:
    keys = [
        rx.flex(
            rx.el.span(class_name="dot", style={"color": color, "borderRadius": "3px"}, aria_hidden="true"),
            rx.text(label, size="1", color="var(--muted)"),
            align="center",
            gap="6px",
        )
        for label, color in SERIES
    ]
    return rx.flex(*keys, gap="14px")


def calls_chart(days: Any, top: Any, *, sentence: Text, title: str = "Calls by day") -> rx.Component:
    """`days` is a list Var of DayBar, `top` the highest line of the axis (an even number ≥ the largest day, at least 2), `sentence`
    what the picture says in words."""
    return panel(
        rx.el.figure(
            rx.box(*[_line(top, share) for share in (1.0, 0.5, 0.0)], class_name="bars-axis"),
            rx.box(each(days, lambda day: _bar(day, top)), class_name="bars"),
            role="img",
            aria_label=sentence,
            class_name="bars-figure",
        ),
        title=title,
        action=_legend(),
    )


def _line(top: Any, share: float) -> rx.Component:
    words = rx.Var.create(top).to(float) * share
    return rx.el.span(words.to_string(), class_name="num", style={"bottom": f"{share * 100:g}%"})


def _bar(day: DayBar, top: Any) -> rx.Component:
    parts = [
        rx.el.i(style={"height": f"calc({count} / {top} * 100%)", "background": color})
        for count, (_, color) in zip((day.answered, day.missed), SERIES, strict=True)
    ]
    return rx.el.div(rx.box(*reversed(parts), class_name="bar", title=day.sentence), rx.el.span(day.label, class_name="bar-day"))

"""Rows in which opening hours are changed: a weekday, a special day, a from-to."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.fields import field
from kametrix.services.opening_hours import MAX_LABEL, MAX_RANGES
from kametrix.state.settings_hours import HoursState

State = HoursState
KINDS = (("closed", "Closed"), ("open", "Open"), ("always", "Day and night"))


def day_row(day: Any) -> rx.Component:
    """A weekday of state/hours_rows.py: closed, open at times, or day and night."""
    first = day.ranges[0]
    always = (day.ranges.length() == 1) & (first.start == "00:00") & (first.end == "00:00")
    kind = rx.cond(day.ranges.length() == 0, "closed", rx.cond(always, "always", "open"))
    return rx.el.li(
        rx.flex(
            rx.text(day.name, size="2", weight="medium", width="92px", padding_top="10px"),
            _kind(day.key, day.name, kind),
            rx.cond(kind == "open", _ranges(day.key, day.name, day.ranges), rx.fragment()),
            gap="12px",
            wrap="wrap",
            align="start",
            padding="10px 20px",
        ),
        key=day.key,
    )


def _kind(place: Any, name: Any, kind: Any) -> rx.Component:
    options = [rx.el.option(words, value=value) for value, words in KINDS]
    return rx.el.select(
        *options,
        value=kind,
        on_change=lambda value: State.set_kind(place, value),
        aria_label=f"{name}: open or closed",
        class_name="select",
        style={"width": "148px"},
    )


def _ranges(place: Any, name: Any, ranges: Any) -> rx.Component:
    add = rx.button(
        rx.icon("plus", size=14, aria_hidden="true"), "Add hours", size="1", variant="ghost", type="button", margin="0",
        on_click=State.add_range(place),
    )  # fmt: skip
    return rx.flex(
        each(ranges, lambda one: _range(one, name)),
        rx.cond(ranges.length() < MAX_RANGES, add, rx.fragment()),
        direction="column",
        align="start",
        gap="8px",
    )


def _range(one: Any, name: Any) -> rx.Component:
    def time(edge: str, words: str, value: Any) -> rx.Component:
        return rx.input(
            type="time", default_value=value, on_change=lambda typed: State.set_time(one.key, edge, typed), size="3", width="118px",
            aria_label=f"{name} {words}", aria_invalid=rx.cond(one.error != "", "true", "false"), aria_describedby=f"{one.key}-note",
        )  # fmt: skip

    remove = rx.icon_button(
        rx.icon("x", size=15), variant="ghost", color_scheme="gray", type="button", margin="0", aria_label=f"{name}: remove these hours",
        on_click=State.remove_range(one.key),
    )  # fmt: skip
    return rx.box(
        rx.flex(
            time("start", "opens at", one.start),
            rx.text("to", size="2", color="var(--muted)"),
            time("end", "closes at", one.end),
            remove,
            gap="8px",
            align="center",
            wrap="wrap",
        ),
        rx.box(_wrong(one.error), id=f"{one.key}-note"),
        class_name=rx.cond(one.error != "", "field-wrong", ""),
        key=one.key,
    )


def _wrong(error: Any) -> rx.Component:
    return rx.cond(error != "", rx.text(error, size="1", color="var(--red-11)", role="alert", margin_top="4px"), rx.fragment())


def special_row(day: Any) -> rx.Component:
    """A date or period with hours of its own."""

    def given(label: str, name: str, value: Any, error: Any, **props: Any) -> rx.Component:
        def keep(typed: Any) -> Any:
            return State.set_special(day.key, name, typed)

        return rx.box(field(label, f"{name}-{day.key}", value=value, error=error, on_change=keep, **props), flex="1", min_width="168px")

    remove = rx.icon_button(
        rx.icon("trash-2", size=15), variant="ghost", color_scheme="gray", margin="36px 0 0", type="button",
        aria_label="Remove this day", on_click=State.remove_special(day.key),
    )  # fmt: skip
    kind = rx.cond(day.ranges.length() == 0, "closed", "open")
    return rx.box(
        rx.flex(
            given("From", "first", day.first, day.first_error, kind="date"),
            given("To (if longer)", "last", day.last, day.last_error, kind="date"),
            given("Name", "label", day.label, day.label_error, max_length=MAX_LABEL, placeholder="Christmas"),
            remove,
            gap="12px",
            wrap="wrap",
            align="start",
        ),
        rx.flex(
            _kind(day.key, "Special day", kind),
            rx.cond(kind == "open", _ranges(day.key, "Special day", day.ranges), rx.fragment()),
            gap="12px",
            wrap="wrap",
            margin_top="12px",
        ),
        key=day.key,
        class_name="faq",
    )

"""What long lists share: columns of given widths, filters kept in the address, a pager, a menu at the end of a row."""

from collections.abc import Callable, Sequence
from typing import Any

import reflex as rx

from kametrix.components.links import button_link
from kametrix.components.rows import data_table
from kametrix.components.tokens import Text

QUIET: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True}
SUBMIT = rx.call_script("document.getElementById('filters').requestSubmit()")
Choices = Sequence[tuple[str, str]]


def sized_table(
    label: Text,
    widths: str,
    columns: Sequence[tuple[rx.Component | Text, str]],
    rows: Any,
    render: Callable[[Any], rx.Component],
    *,
    narrow: str = "",
) -> rx.Component:
    """A `data_table` whose columns have these `widths` (CSS); its rows are of the kind 'sized'. `narrow`: the widths on a narrow desk,
    where columns of the class 'from-wide' are hidden."""
    style = {"--columns": widths, "--narrow": narrow or widths}
    return rx.box(data_table(label, "sized", columns, rows, render), class_name="panel", overflow="clip", style=style)


def filters(*controls: rx.Component, key: Any, on_submit: Any) -> rx.Component:
    """The form around search and choices. `key` changes with the address, so that the fields show what it says."""
    return rx.form(
        rx.flex(*controls, gap="8px", wrap="wrap", align="center", class_name="narrowing"),
        on_submit=on_submit,
        key=key,
        id="filters",
        role="search",
        margin_bottom="16px",
    )


def search_field(placeholder: str, value: Text, *, name: str = "search", width: str = "300px") -> rx.Component:
    """Searches on Enter."""
    return rx.input(
        rx.input.slot(rx.icon("search", size=15, aria_hidden="true")),
        name=name,
        id=name,
        default_value=value,
        placeholder=placeholder,
        aria_label=placeholder,
        auto_complete="off",
        max_length=200,
        size="2",
        width=f"min(100%, {width})",
    )


def choice(label: str, name: str, options: Choices, value: Text) -> rx.Component:
    """Narrows the list as soon as it is chosen."""
    return rx.el.select(
        *[rx.el.option(words, value=key) for key, words in options],
        name=name,
        id=name,
        default_value=value,
        aria_label=label,
        on_change=SUBMIT,
        class_name="select",
        style={"width": "auto", "height": "32px", "fontSize": "14px", "maxWidth": "100%"},
    )


def day_field(label: str, name: str, value: Text) -> rx.Component:
    """A day; narrows the list as soon as it is chosen."""
    return rx.flex(
        rx.el.label(label, html_for=name, class_name="muted"),
        rx.input(type="date", name=name, id=name, default_value=value, size="2", on_change=SUBMIT, width="148px"),
        gap="6px",
        align="center",
    )


def pager(newer: Any, older: Any, *, back: str = "Newer", on: str = "Older") -> rx.Component:
    """To the pages before and after, where there are any."""
    return rx.flex(
        rx.cond(newer != "", button_link(back, newer, **QUIET)),
        rx.cond(older != "", button_link(on, older, **QUIET)),
        justify="end",
        gap="8px",
        margin_top="16px",
    )


def row_menu(label: Text, *items: rx.Component) -> rx.Component:
    """What can be done with a row, behind three dots; works the same on a telephone."""
    return rx.menu.root(
        rx.menu.trigger(
            rx.icon_button(rx.icon("ellipsis", size=16), variant="ghost", color_scheme="gray", size="2", margin="0", aria_label=label)
        ),
        rx.menu.content(*items, min_width="200px"),
        modal=False,
    )

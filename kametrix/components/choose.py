"""One way to show this or that, or each of many, whether the values are known when the page is built or live in a state."""

from collections.abc import Callable
from typing import Any, cast

import reflex as rx


def choose(condition: Any, yes: Any, no: Any = None) -> Any:
    """`yes` when the condition holds, else `no`: decided now for plain values, in the browser for Vars."""
    if isinstance(condition, rx.Var):
        return rx.cond(condition, yes, rx.fragment() if no is None else no)
    return yes if condition else rx.fragment() if no is None else no


def match(value: str | rx.Var[str], drawn: dict[str, rx.Component]) -> rx.Component:
    """What is drawn for this value; nothing for a value not in the list."""
    return cast("rx.Component", rx.match(value, *drawn.items(), rx.fragment()))


def each(rows: Any, draw: Callable[[Any], rx.Component]) -> rx.Component:
    """Each row of a list Var (or of a list), drawn."""
    return cast("rx.Component", rx.foreach(rows, draw)) if isinstance(rows, rx.Var) else rx.fragment(*[draw(row) for row in rows])

"""One way to show this or that, whether the condition is known when the page is built or lives in a state."""

from typing import Any

import reflex as rx


def choose(condition: Any, yes: Any, no: Any = None) -> Any:
    """`yes` when the condition holds, else `no`: decided now for plain values, in the browser for Vars."""
    if isinstance(condition, rx.Var):
        return rx.cond(condition, yes, rx.fragment() if no is None else no)
    return yes if condition else rx.fragment() if no is None else no

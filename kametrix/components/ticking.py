"""A length that goes on by itself while something lasts."""

import reflex as rx

from kametrix.components.tokens import Text


def ticking(words: Text, elapsed: int | rx.Var[int]) -> rx.Component:
    """`words` is the length so far, `elapsed` the same in seconds; assets/kametrix.js goes on counting."""
    return rx.el.span(words, class_name="num", role="timer", custom_attrs={"data-elapsed": elapsed})

"""Long text for reading: headings, paragraphs, lists, in a measure the eye can follow."""

from collections.abc import Sequence

import reflex as rx

Words = str | rx.Component


def prose(*parts: rx.Component) -> rx.Component:
    """A column of text."""
    return rx.box(*parts, class_name="prose", max_width="68ch")


def heading(words: str) -> rx.Component:
    """What the next paragraphs are about."""
    return rx.heading(words, as_="h2", size="5")


def paragraph(*words: Words) -> rx.Component:
    """One thought."""
    return rx.text(*words, size="3")


def link(words: str, href: str) -> rx.Component:
    """A link as large as the text around it."""
    return rx.el.a(words, href=href, class_name="link", style={"fontSize": "inherit"})


def bullets(items: Sequence[Words | Sequence[Words]]) -> rx.Component:
    """Several things of a kind; one of them may consist of words and links."""
    lines = [rx.el.li(*([item] if isinstance(item, str | rx.Component) else item), style={"marginBottom": "6px"}) for item in items]
    return rx.el.ul(*lines, style={"paddingLeft": "20px", "fontSize": "16px", "lineHeight": "24px", "listStyle": "disc"})

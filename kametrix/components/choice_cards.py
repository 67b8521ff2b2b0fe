"""One of a few, each with what it means: cards that are radio buttons."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import reflex as rx

from kametrix.components.tokens import Text


class ChoiceCard(NamedTuple):
    """`points` are what choosing it means, one sentence each."""

    value: str
    icon: str
    title: Text
    points: Sequence[Text]


def choice_cards(cards: Sequence[ChoiceCard], *, label: str, value: Any, on_change: Any) -> rx.Component:
    """Cards below each other on a phone and beside each other on a desk; arrow keys move between them."""
    return rx.radio_cards.root(
        *[rx.radio_cards.item(_inside(card), value=card.value) for card in cards],
        value=value,
        on_value_change=on_change,
        aria_label=label,
        columns=rx.breakpoints(initial="1", md=str(len(cards))),
        gap="3",
        size="2",
    )


def _inside(card: ChoiceCard) -> rx.Component:
    head = rx.flex(
        rx.icon(card.icon, size=18, color="var(--violet-11)", aria_hidden="true", style={"flex": "none"}),
        rx.text(card.title, as_="span", size="2", weight="medium"),
        gap="10px",
        align="center",
    )
    points = [rx.text(point, as_="span", size="2", color="var(--muted)", style={"display": "block"}) for point in card.points]
    return rx.flex(
        head, *points, direction="column", gap="8px", width="100%", height="100%", style={"textAlign": "left", "whiteSpace": "normal"}
    )

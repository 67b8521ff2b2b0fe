"""A sample call that can be played through: bubbles appear as they would be spoken (assets/kametrix.js), then the summary."""

from dataclasses import dataclass
from typing import Literal

import reflex as rx

from kametrix.components.conversation import live_wave


@dataclass(frozen=True)
class SampleCall:
    """`turns` are (who speaks, words, seconds from the start); `length` in words."""

    business: str
    turns: tuple[tuple[Literal["agent", "caller"], str, int], ...]
    length: str
    summary: str


def sample_call(call: SampleCall) -> rx.Component:
    """The whole call is there to read at once; playing reveals it turn by turn."""
    turns = [
        rx.el.li(
            rx.el.span("Agent: " if speaker == "agent" else "Caller: ", class_name="sr-only"),
            words,
            class_name=f"bubble bubble-{speaker}",
            custom_attrs={"data-second": second},
        )
        for speaker, words, second in call.turns
    ]
    return rx.el.section(
        rx.flex(
            live_wave(),
            rx.box(rx.text(call.business, size="2", weight="medium"), rx.text("A sample call", size="1", color="var(--muted)"), flex="1"),
            rx.el.span(call.length, class_name="num muted", custom_attrs={"data-clock": call.length}),
            class_name="sample-head",
        ),
        rx.el.ol(*turns, class_name="sample-turns"),
        rx.box(
            rx.icon("scroll-text", size=16, color="var(--violet-11)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
            rx.box(rx.text("What you read afterwards", size="1", color="var(--muted)"), rx.text(call.summary, size="2", margin_top="2px")),
            class_name="did sample-summary",
        ),
        class_name="panel sample",
        aria_label="A sample call",
        custom_attrs={"data-sample": ""},
    )

"""Sample calls that can be heard: the browser reads them aloud, in step with the bubbles (assets/landing.js), then the summary."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from kametrix.components.conversation import live_wave
from kametrix.components.tokens import Text
from kametrix.services.sample_calls import SampleCall
from kametrix.services.wording import clock

ALOUD = "Read aloud by your browser, on this device. A real agent has a voice of its own."
SILENT = "Shown without sound: this browser has no English voice of its own to read with."


def hear_button(*, is_small: bool = False, **props: Any) -> rx.Component:
    """Plays the sample that is shown, and pauses it; a small one shows only its sign."""
    quiet = "sr-only" if is_small else ""
    words = [
        rx.el.span(rx.el.span(said, class_name=quiet), class_name=when)
        for said, when in (("Hear a call", "when-paused"), ("Pause", "when-playing"))
    ]
    return rx.button(
        rx.icon("play", size=16, class_name="fill when-paused", aria_hidden="true"),
        rx.icon("pause", size=16, class_name="fill when-playing", aria_hidden="true"),
        *words,
        type="button",
        custom_attrs={"data-play-sample": ""},
        **props,
    )


def samples(calls: tuple[SampleCall, ...], cost_of: Callable[[str], Text]) -> rx.Component:
    """One call at a time, chosen by trade; `cost_of` says in words what the one of this key would have cost."""
    return rx.box(
        _picker(calls),
        *[_sample(call, cost_of(call.key), is_shown=place == 0) for place, call in enumerate(calls)],
        _note(),
        min_width="0",
    )


def _picker(calls: tuple[SampleCall, ...]) -> rx.Component:
    buttons = [
        rx.button(
            rx.icon(call.icon, size=15, aria_hidden="true"),
            call.trade,
            size="2",
            variant="soft",
            color_scheme="gray",
            radius="full",
            type="button",
            aria_pressed="false" if place else "true",
            custom_attrs={"data-pick-sample": call.key},
        )
        for place, call in enumerate(calls)
    ]
    return rx.flex(
        *buttons, gap="8px", wrap="wrap", margin_bottom="12px", role="group", aria_label="Whose telephone rings", class_name="picks"
    )


def _sample(call: SampleCall, cost: Text, *, is_shown: bool) -> rx.Component:
    """The whole call is there to read at once; playing reveals it turn by turn."""
    turns = [
        rx.el.li(
            rx.el.span("Agent: " if turn.speaker == "agent" else "Caller: ", class_name="sr-only"),
            rx.el.span(turn.words, custom_attrs={"data-words": ""}),
            class_name=f"bubble bubble-{turn.speaker}",
            style={"scrollMargin": "24px"},
            custom_attrs={"data-second": turn.second, "data-speaker": turn.speaker},
        )
        for turn in call.turns
    ]
    return rx.el.section(
        _head(call),
        rx.el.ol(*turns, class_name="sample-turns"),
        rx.box(
            rx.icon("scroll-text", size=16, color="var(--violet-11)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
            rx.box(
                rx.text("What you read afterwards", size="1", color="var(--muted)"),
                rx.text(call.summary, size="2", margin_top="2px"),
                rx.text("What it costs: ", rx.el.span(cost, class_name="num"), size="1", color="var(--muted)", margin_top="6px"),
            ),
            class_name="did sample-summary",
        ),
        class_name="panel sample",
        aria_label=f"A sample call to a {call.trade.lower()}",
        hidden=not is_shown,
        custom_attrs={"data-sample": call.key, "data-seconds": call.seconds},
    )


def _head(call: SampleCall) -> rx.Component:
    return rx.flex(
        live_wave(),
        rx.box(
            rx.text(call.business, size="2", weight="medium", class_name="clip"),
            rx.text("A sample call", size="1", color="var(--muted)"),
            flex="1",
            min_width="0",
        ),
        rx.el.span(clock(call.seconds), class_name="num muted", custom_attrs={"data-clock": ""}),
        hear_button(is_small=True, size="2", variant="surface", color_scheme="gray", high_contrast=True, gap="0"),
        class_name="sample-head",
    )


def _note() -> rx.Component:
    """What one hears, and the way to hear nothing or to stop."""
    quiet: dict[str, Any] = {"size": "1", "variant": "ghost", "color_scheme": "gray", "type": "button", "margin": "0"}
    return rx.flex(
        rx.text(ALOUD, size="1", color="var(--muted)", flex="1 1 220px", role="status", custom_attrs={"data-sample-note": SILENT}),
        rx.button(
            rx.icon("volume-2", size=15, aria_hidden="true", class_name="when-on"),
            rx.icon("volume-x", size=15, aria_hidden="true", class_name="when-off"),
            "Sound",
            aria_pressed="true",
            custom_attrs={"data-sample-sound": ""},
            **quiet,
        ),
        rx.button(rx.icon("square", size=13, aria_hidden="true"), "Stop", disabled=True, custom_attrs={"data-stop-sample": ""}, **quiet),
        gap="8px 12px",
        align="center",
        wrap="wrap",
        margin_top="12px",
    )

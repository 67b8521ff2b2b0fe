"""The recording: play, seek by dragging, and who speaks when; each part is a button that plays from there."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.tokens import Text
from kametrix.state.rows import TurnRow


def player(src: Text, turns: Any, *, total: Text, seconds: int | rx.Var[int]) -> rx.Component:
    """Plays the audio at `src` (a route of ours). `turns` is a list Var of TurnRow, `total` the length in words ('2:41') and `seconds` as a
    number; nothing is fetched before somebody plays.
    The behaviour is in assets/kametrix.js; turns of a `conversation(..., seekable=True)` on the page follow along."""
    return rx.flex(
        rx.el.audio(src=src, preload="none", custom_attrs={"data-audio": "", "data-seconds": seconds}),
        rx.icon_button(
            rx.icon("play", size=16, class_name="fill when-paused"),
            rx.icon("pause", size=16, class_name="fill when-playing"),
            size="3",
            radius="full",
            flex="none",
            aria_label="Play the recording",
            custom_attrs={"data-play": ""},
        ),
        rx.box(
            each(turns, _part),
            rx.el.input(
                type="range",
                min=0,
                max=100,
                step="any",
                default_value=0,
                class_name="scrub",
                aria_label="Position in the recording",
                custom_attrs={"data-scrub": ""},
            ),
            class_name="voices",
            flex="1",
        ),
        rx.el.span(rx.el.span("0:00", custom_attrs={"data-heard": ""}), " / ", total, class_name="num muted", style={"flex": "none"}),
        rx.text(
            "The recording could not be loaded. Try again in a minute.", size="1", color="var(--red-11)", role="alert", class_name="broken"
        ),
        align="center",
        gap="8px 14px",
        wrap="wrap",
        custom_attrs={"data-player": ""},
        class_name="player",
    )


def _part(turn: TurnRow) -> rx.Component:
    """Who speaks here, as wide as it is long. The range input beside it carries the keyboard and the name for screen readers."""
    return rx.el.i(class_name=f"voice voice-{turn.role}", style={"flexGrow": turn.lasts}, aria_hidden="true")

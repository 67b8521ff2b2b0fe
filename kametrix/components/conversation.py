"""A call as a conversation: turns with their times, and what the agent did where it happened."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx

from kametrix.components.choose import choose, each
from kametrix.components.rows import marked
from kametrix.components.tokens import Flag, Text
from kametrix.services.call_marks import Segment
from kametrix.state.rows import TurnRow


def conversation(turns: Any, *, seekable: Flag = False) -> rx.Component:
    """Turns in order; `turns` is a list Var (or a list) of TurnRow. With `seekable` each time is a button that plays from there,
    which needs a `player` on the same page."""
    return rx.el.ol(each(turns, lambda turn: _line(turn, seekable)), class_name="turns")


def _line(turn: TurnRow, seekable: Flag) -> rx.Component:
    is_tool = rx.Var.create(turn.role) == "tool"
    return rx.cond(is_tool, tool_line(turn), turn_line(turn, seekable=seekable))


def turn_line(turn: TurnRow, *, seekable: Flag = False) -> rx.Component:
    """One thing said."""
    time = rx.el.time(turn.at, class_name="num")
    button = rx.el.button(
        time, rx.el.span("Play from here", class_name="sr-only"), class_name="seek", type="button", custom_attrs={"data-seek": turn.seconds}
    )
    found = rx.Var.create(turn.found).to(list[Segment])
    is_hit = found.length() > 0
    return rx.el.li(
        choose(seekable, button, time),
        rx.el.span(_face(turn), class_name=f"face face-{turn.role}", aria_hidden="true"),
        rx.box(rx.el.span(turn.name, ": ", class_name="sr-only"), rx.cond(is_hit, each(found, marked), turn.text), class_name="said"),
        class_name="turn",
        custom_attrs={"data-at": turn.seconds, "data-hit": rx.cond(is_hit, "", rx.Var("undefined"))},
    )


def _face(turn: TurnRow) -> Any:
    """The agent's initial, a person's outline for the caller: two letters could be the same."""
    return choose(rx.Var.create(turn.role) == "caller", rx.icon("user", size=14), turn.initials)


def tool_line(turn: TurnRow) -> rx.Component:
    """Something the agent did, in the middle of the talk."""
    return rx.el.li(
        rx.el.time(turn.at, class_name="num"),
        rx.center(rx.icon("wrench", size=15, color="var(--muted)", aria_hidden="true"), width="28px", height="28px"),
        rx.box(
            rx.text(turn.text, size="2", weight="medium"),
            choose(rx.Var.create(turn.detail) != "", rx.text(turn.detail, size="2", color="var(--muted)")),
            class_name="did",
        ),
        class_name="turn",
    )


def bubbles(turns: Sequence[tuple[Literal["agent", "caller"], Text]], **props: Any) -> rx.Component:
    """A short exchange as bubbles, for previews and the sample call."""
    said = [rx.box(text, class_name=f"bubble bubble-{speaker}") for speaker, text in turns]
    return rx.flex(*said, direction="column", gap="8px", **props)


def live_wave(bars: int = 14) -> rx.Component:
    """Moving strokes of a voice: somebody is talking now."""
    strokes = [
        rx.el.i(style={"height": f"{30 + place * 41 % 71}%", "animationDelay": f"-{place * 367 % 1101}ms"})  # scattered, always alike
        for place in range(bars)
    ]
    return rx.box(*strokes, class_name="wave wave-live", width="64px", height="28px", color="var(--amber-9)", aria_hidden="true")

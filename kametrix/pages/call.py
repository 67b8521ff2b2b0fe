"""One call: live while it runs, then what was said, what the agent did, and what it cost."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.components.conversation import conversation, live_wave
from kametrix.components.copying import copy_button
from kametrix.components.links import button_link, text_link
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import empty_state, page_header, panel
from kametrix.components.player import player
from kametrix.components.status import status_badge
from kametrix.components.ticking import ticking
from kametrix.services.call_filters import ME
from kametrix.state.call_rows import Fact
from kametrix.state.calls import CallState

CALL: Any = CallState.call
"""A Var of CallView."""


def fact(item: Fact) -> rx.Component:
    """One line: what, and its value."""
    value = rx.cond(item.href != "", text_link(item.value, item.href), rx.el.span(item.value, class_name="num"))
    return rx.flex(
        rx.el.dt(item.label, style={"color": "var(--muted)"}),
        rx.el.dd(value, style={"margin": "0", "textAlign": "right", "minWidth": "0", "overflowWrap": "anywhere"}),
        justify="between",
        gap="16px",
        padding="5px 0",
        font_size="14px",
    )


def facts() -> rx.Component:
    """Who, when, how long."""
    return panel(rx.el.dl(each(CALL.facts, fact), style={"margin": "-5px 0"}), title="Facts")


def cost() -> rx.Component:
    """The number a person may doubt, opened."""
    return panel(
        rx.cond(CALL.cost_sentence != "", rx.text(CALL.cost_sentence, size="2", weight="medium")),
        rx.cond(CALL.cost_lines.length() > 0, rx.el.dl(each(CALL.cost_lines, fact), style={"margin": "8px 0 -5px"})),
        rx.cond(CALL.cost_note != "", rx.text(CALL.cost_note, size="2", color="var(--muted)", margin_top="8px")),
        title="Cost",
    )


def now() -> rx.Component:
    """What is going on while the call lasts."""
    words = rx.cond(CALL.is_talking, "The conversation is running.", "The telephone is ringing.")
    return rx.flex(
        live_wave(),
        rx.box(
            rx.text(words, size="3", weight="medium"),
            rx.text("Summary, words, recording and cost appear here when the call ends.", size="2", color="var(--muted)"),
            flex="1",
            min_width="200px",
        ),
        align="center",
        gap="12px 20px",
        wrap="wrap",
        class_name="panel live",
        padding="16px 20px",
    )


def summary() -> rx.Component:
    """What it was about, or why the caller was turned away and where to change that."""
    words = rx.text(CALL.summary, size="3", overflow_wrap="anywhere", dir="auto")
    change = rx.flex(
        text_link("Open the agent", f"/agents/{CALL.agent_id}"), text_link("See credits", "/credits"), gap="16px", margin_top="8px"
    )
    turned_away = panel(words, change, title="Why it was turned away")
    return rx.cond(CALL.is_turned_away, turned_away, rx.cond(CALL.summary != "", panel(words, title="Summary")))


def talk() -> rx.Component:
    """The recording and the words; each time plays from there."""
    silent = empty_state("message-square-off", "No words", "Nothing was said, or the provider sent no transcript.")
    recording = rx.box(
        player(f"/api/calls/{CALL.id}/recording", CALL.turns, total=CALL.duration, seconds=CALL.seconds), class_name="recording"
    )
    said = conversation(CALL.turns, seekable=CALL.has_recording)
    full = panel(
        rx.cond(CALL.has_recording, recording),
        rx.cond(CALL.turns.length() > 0, said, silent),
        title="Conversation",
        action=rx.cond(CALL.turns.length() > 0, copy_button(CALL.text)),
    )
    return rx.cond((CALL.is_live | CALL.is_turned_away) & (CALL.turns.length() == 0), rx.fragment(), full)


def follow_up() -> rx.Component:
    """Who follows the call up; whoever may, takes it, hands it on, or lets go of it."""
    is_mine = CALL.follower_id == CallState.me
    by = rx.cond(is_mine, "You are following up on this call.", CALL.follower + " is following up on this call.")
    who = rx.cond(CALL.follower_id == "", "Nobody is following up on this call yet.", by)
    note = "Once somebody else follows it up, you no longer see this call."
    options = each(CallState.members, lambda one: rx.el.option(one.name, value=one.id))
    look: dict[str, Any] = {"size": "2", "variant": "soft", "loading": CallState.is_sending, "type": "button"}
    change = rx.flex(
        rx.cond(is_mine, rx.fragment(), rx.button("I’ll follow up", on_click=CallState.assign(ME), **look)),
        rx.cond(CALL.follower_id != "", rx.button("Stop following up", on_click=CallState.assign(""), color_scheme="gray", **look)),
        gap="8px",
        wrap="wrap",
    )
    hand = rx.cond(
        CallState.members.length() > 1,
        rx.el.select(
            rx.el.option("Hand to somebody", value=""), options, value="", on_change=CallState.assign, class_name="select",
            aria_label="Hand this call to somebody", disabled=CallState.is_sending,
        ),
    )  # fmt: skip
    told = rx.cond(CallState.is_own, rx.text(note, size="1", color="var(--muted)"))
    acts = allowed("calls:write", rx.flex(hand, change, told, direction="column", gap="12px", margin_top="12px"))
    return panel(rx.text(who, size="2"), acts, title="Follow up")


def around() -> rx.Component:
    """To the calls before and after this one in the list it was opened from."""
    look: dict[str, Any] = {"variant": "surface", "color_scheme": "gray", "high_contrast": True, "size": "2"}
    return rx.flex(
        rx.cond(CallState.newer != "", button_link("Newer call", CallState.newer, keys="k ArrowLeft", **look)),
        rx.cond(CallState.older != "", button_link("Older call", CallState.older, keys="j ArrowRight", **look)),
        gap="8px",
    )


def header() -> rx.Component:
    """Caller, state, when, how long, how much."""
    note = rx.flex(
        status_badge("call", CALL.status),
        rx.cond(CALL.is_live, rx.text(ticking(CALL.duration, CALL.elapsed), size="2", weight="medium")),
        rx.text(CALL.headline, size="2", color="var(--muted)"),
        align="center",
        gap="10px",
        margin_top="8px",
        wrap="wrap",
        role="status",
    )
    return page_header(CALL.title, note, around(), back=("Calls", CallState.back))


@page("/calls/[call_id]", rx.cond(CallState.is_missing, "Not found", CALL.title), active="Calls", on_load=CallState.load)
def call() -> rx.Component:
    """The call named in the address, or that there is none."""
    left = rx.flex(rx.cond(CALL.is_live, now()), summary(), talk(), direction="column", gap="24px", min_width="0")
    found = rx.fragment(
        header(), rx.box(left, rx.box(facts(), follow_up(), allowed("credits:read", cost()), class_name="aside"), class_name="grid-main")
    )
    return rx.cond(
        CallState.is_missing,
        missing("There is no such call", "It does not exist, or it is not for you to see.", icon="phone-off", back=("Calls", "/calls")),
        found,
    )

"""Settings: when the business is open, on which days otherwise, and what callers hear outside the hours."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choose import each
from kametrix.components.confirm import confirm_dialog
from kametrix.components.conversation import bubbles
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.form_parts import kept_note
from kametrix.components.page import page
from kametrix.components.panel import empty_state, panel
from kametrix.components.sections import SETTINGS, section_page
from kametrix.pages.settings.hours_editor import day_row, special_row
from kametrix.pages.settings.parts import facts, pushes
from kametrix.services.agent_form import LIMITS
from kametrix.services.opening_hours import MAX_SPECIAL
from kametrix.state.settings_hours import HoursState
from kametrix.state.settings_pushes import PushesState

State = HoursState
MARKS = ("0", "6", "12", "18", "24")


@page("/settings/hours", "Opening hours", active="Settings", on_load=[State.load, PushesState.load])
def hours() -> rx.Component:
    """The page."""
    edit = rx.form(
        rx.flex(
            kept_note(State.is_kept, State.start_over), form_error(State.problem), _week(),
            rx.cond(State.has_hours, rx.fragment(_special(), _greeting())), _save_bar(),
            direction="column", gap="24px",
        ),
        on_submit=State.save,
        no_validate=True,
        key=State.drawn,
    )  # fmt: skip
    return section_page(
        "Settings",
        SETTINGS,
        "Opening hours",
        pushes(),
        rx.box(
            allowed("organization:write", edit, otherwise=_seen()),
            rx.box(_picture(), _heard(), class_name="aside"),
            class_name="grid-main",
        ),
        _question(),
        note="Agents tell callers these hours, unless an agent has its own.",
    )


def _week() -> rx.Component:
    copy = rx.button(
        rx.icon("copy", size=14, aria_hidden="true"), "Monday’s hours to Friday", size="1", variant="soft", color_scheme="gray",
        type="button", on_click=State.copy_monday,
    )  # fmt: skip
    begin = rx.button("Set opening hours", type="button", on_click=State.begin)
    why = "With them your agents tell callers when you are open, and can greet them in another way when you are closed."
    none = allowed("organization:write", empty_state("clock", "No opening hours yet", why, begin))
    rows = rx.el.ul(each(State.week, day_row), class_name="list")
    return panel(rx.cond(State.has_hours, rows, none), title="The week", action=rx.cond(State.has_hours, copy, rx.fragment()), flush=True)


def _special() -> rx.Component:
    add = rx.button(
        rx.icon("plus", size=15, aria_hidden="true"), "Add a day or period", variant="soft", type="button", on_click=State.add_special
    )
    full = rx.text(f"{MAX_SPECIAL} stand here; more do not fit. Remove those that are over.", size="2", color="var(--muted)")
    none = rx.text(
        "Holidays, vacation, a long Saturday: days that differ from the week.", size="2", color="var(--muted)", margin_bottom="16px"
    )
    return panel(
        form_error(State.special_error),
        rx.cond(State.special.length() == 0, none, rx.fragment()),
        each(State.special, special_row),
        rx.cond(State.special.length() < MAX_SPECIAL, add, full),
        title="Special days",
    )


def _greeting() -> rx.Component:
    return panel(
        area_field(
            "Greeting outside the hours",
            "after_hours_greeting",
            rows=3,
            value=State.greeting,
            error=State.greeting_error,
            help="Instead of the usual first words; empty: the same as always. {agentName} and {businessName} are filled in for you.",
            placeholder="Hello, this is {agentName} from {businessName}. We are closed at the moment, but I can take a message.",
            max_length=LIMITS["greeting"],
            on_change=State.keep_greeting,
        ),
        title="When you are closed",
    )


def _save_bar() -> rx.Component:
    stop = rx.button(
        "Remove opening hours", variant="ghost", color_scheme="gray", type="button", margin="0", on_click=State.turn_question(True)
    )
    save = rx.button("Save", type="submit", size="3", loading=State.is_saving, disabled=State.is_saving)
    bar = rx.flex(stop, save, justify="between", align="center", gap="12px", class_name="save-bar")
    return rx.cond(State.has_hours, bar, rx.fragment())


def _picture() -> rx.Component:
    hours_of_day = [rx.text(mark, size="1", color="var(--muted)", class_name="num") for mark in MARKS]
    marks = rx.flex(*hours_of_day, justify="between", margin_left="36px")
    rows = rx.el.ul(each(State.picture, _bar), style={"margin": "0", "padding": "0", "listStyle": "none", "display": "grid", "gap": "6px"})
    special = rx.el.ul(
        each(State.coming, lambda words: rx.el.li(rx.text(words, size="1", color="var(--muted)"))),
        style={"margin": "12px 0 0", "padding": "0", "listStyle": "none"},
    )
    shown = panel(
        rows,
        rx.box(marks, aria_hidden="true", margin_top="4px"),
        rx.cond(State.coming.length() > 0, special, rx.fragment()),
        title="The week at a glance",
    )
    return rx.cond(State.has_hours & (State.picture.length() > 0), shown, rx.fragment())


def _bar(day: Any) -> rx.Component:
    return rx.el.li(
        rx.flex(
            rx.text(day.name[:2], size="1", color="var(--muted)", width="28px", aria_hidden="true"),
            rx.el.span(day.name, ": ", day.words, class_name="sr-only"),
            rx.box(
                each(day.parts, _part),
                position="relative",
                flex="1",
                height="16px",
                border_radius="5px",
                background="var(--quiet)",
                overflow="hidden",
                aria_hidden="true",
                title=day.words,
            ),
            gap="8px",
            align="center",
        )
    )


def _part(part: Any) -> rx.Component:
    return rx.box(position="absolute", top="0", bottom="0", left=part.left, width=part.width, background="var(--violet-9)")


def _heard() -> rx.Component:
    """What callers hear now, or at another moment."""
    chosen = rx.input(
        id="moment",
        type="datetime-local",
        size="2",
        default_value=State.moment,
        on_change=State.ask_about,
        aria_describedby="moment-note",
    )
    moment = field("At another moment", "moment", control=chosen, help="Empty: now.")
    return panel(
        rx.cond(State.told != "", rx.text(State.told, size="2", weight="medium", margin_bottom="10px", role="status"), rx.fragment()),
        rx.cond(State.heard != "", bubbles((("agent", State.heard),)), rx.fragment()),
        rx.cond(State.has_hours, rx.box(moment, margin_top="16px"), rx.fragment()),
        rx.text(State.used, " Times are those of ", State.zone, ".", size="1", color="var(--muted)", margin_top="12px"),
        title="What callers hear",
    )


def _seen() -> rx.Component:
    """For who may only look."""
    told = rx.cond(State.has_hours, "They are shown beside.", "No opening hours are set.")
    greeting = rx.cond(State.greeting != "", State.greeting, "The usual first words.")
    return panel(facts((("Opening hours", told), ("Greeting outside the hours", greeting))), title="Opening hours")


def _question() -> rx.Component:
    return confirm_dialog(
        open=State.is_asking,
        on_open_change=State.turn_question,
        title="Remove the opening hours?",
        effects=(
            ("clock", "The week and all special days are forgotten."),
            ("message-circle", "Agents no longer tell callers when you are open, and greet everybody alike."),
            ("phone", "Calls are answered as before."),
        ),
        action="Remove",
        on_confirm=State.remove,
        keep="Keep them",
    )

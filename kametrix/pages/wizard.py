"""The wizard for a new agent: one question at a time beside the call it makes."""

from typing import Any

import reflex as rx

from kametrix.components.choose import match
from kametrix.components.confirm import confirm_dialog
from kametrix.components.fields import form_error
from kametrix.components.page import page
from kametrix.components.panel import page_header
from kametrix.components.wizard import (
    desk_preview,
    notice,
    offers_box,
    phone_preview,
    question_head,
    save_note,
    small_button,
    wizard_progress,
    wizard_rail,
)
from kametrix.pages.wizard_questions import SCREENS
from kametrix.pages.wizard_review import review
from kametrix.state.wizard import WizardState
from kametrix.state.wizard_offers import OffersState
from kametrix.state.wizard_questions import ORDER, REVIEW

State: Any = WizardState


def notices() -> rx.Component:
    """What the person should know about the draft."""
    theirs, mine = small_button("Take theirs", State.take_theirs), small_button("Keep mine", State.keep_mine)
    begun = small_button("Start over", State.ask_start_over(True))
    asked = State.conflict + " What would you like to keep?"
    went_on = "You started over. Your old draft can still be brought back."
    return rx.fragment(
        rx.cond(State.conflict != "", notice("triangle-alert", asked, theirs, mine, tone="note")),
        rx.cond(State.notice != "", notice("history", State.notice, begun)),
        rx.cond(State.abandoned != "", notice("undo-2", went_on, small_button("Bring it back", State.bring_back))),
        form_error(State.problem),
    )


def done() -> rx.Component:
    """What was just filled in, where it is in sight, and the way back."""
    undo = rx.cond(OffersState.can_undo, small_button("Undo", OffersState.undo))
    is_here = (OffersState.done != "") & (OffersState.done_at == State.question)
    return rx.cond(is_here, notice("sparkles", OffersState.done, undo))


def buttons() -> rx.Component:
    """Back, on, and straight to the review once that is enough."""
    back = rx.button("Back", variant="surface", color_scheme="gray", size="3", type="button", on_click=State.go_back)
    skip = rx.button("Skip to the review", variant="ghost", size="2", type="button", margin="0", on_click=State.skip_to_review)
    onward = rx.button(rx.cond(State.returns, "Back to the review", "Continue"), size="3", type="submit")
    at_start = State.question == ORDER[0]
    row = rx.flex(
        rx.cond(State.returns, rx.fragment(), rx.cond(at_start, rx.el.span(), back)),
        rx.flex(rx.cond(State.can_create & ~State.returns, skip), onward, gap="16px", align="center", margin_left="auto"),
        justify="between",
        align="center",
        gap="12px",
        wrap="wrap",
    )
    return rx.box(done(), row, class_name="save-bar", margin_top="28px")


def _screen(key: str, fields: rx.Component) -> rx.Component:
    return rx.form(
        question_head(key),
        offers_box(OffersState.offers, OffersState.source, OffersState.take, OffersState.keep_own),
        fields,
        buttons(),
        on_submit=State.go_on,
        no_validate=True,
        id="ask",
        key=f"{key}-{State.drawn}",
    )


def ask() -> rx.Component:
    """The open question."""
    screens = {key: _screen(key, draw()) for key, draw in SCREENS.items()}
    return rx.box(match(State.question, {**screens, REVIEW: review()}), min_width="0")


def starting_over() -> rx.Component:
    """Asks before the draft is thrown away."""
    return confirm_dialog(
        open=State.is_starting_over,
        on_open_change=State.ask_start_over,
        title="Start over?",
        effects=(
            ("trash-2", "Everything you answered here is put away, and the wizard begins with its first question."),
            ("undo-2", "You can bring it back until you leave this page."),
            ("headset", "Your other agents, their numbers and calls stay as they are."),
        ),
        action="Start over",
        keep="Keep my answers",
        on_confirm=State.start_over,
    )


def wizard() -> rx.Component:
    """Everything on the page."""
    saved = save_note(State.saving, State.saved, State.save_now)
    return rx.box(
        page_header("New agent", action=saved, back=("Agents", "/agents")),
        notices(),
        wizard_progress(State.question, State.reached, State.go_to_step),
        phone_preview(State, State.ask_in_preview),
        rx.box(
            wizard_rail(State.question, State.reached, State.go_to_step),
            ask(),
            desk_preview(State, State.ask_in_preview),
            class_name="wizard",
        ),
        starting_over(),
        on_unmount=OffersState.leave,
    )


@page("/agents/new", "New agent", active="Agents", on_load=[WizardState.load, OffersState.forget_offers])
def new_agent() -> rx.Component:
    """A new agent."""
    return wizard()

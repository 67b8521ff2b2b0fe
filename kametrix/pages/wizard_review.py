"""The last step of the wizard: everything that was answered, and the agent made of it."""

from typing import Any

import reflex as rx

from kametrix.components.choose import choose, each, match
from kametrix.components.panel import panel
from kametrix.components.wizard import question_head
from kametrix.state.wizard import WizardState
from kametrix.state.wizard_questions import REVIEW, STEPS
from kametrix.state.wizard_review import SummaryRow

State: Any = WizardState
MADE_BY = (
    ("saving", "Saving your answers"),
    ("making", "Making the agent and giving it a number"),
    ("made", "Done: it is being connected to the telephone"),
)
"""What happens when the agent is made, in order."""


def row(answer: SummaryRow) -> rx.Component:
    """One answer, what is wrong or open there, and the way to change it."""
    edit = rx.button(
        "Edit",
        rx.el.span(answer.label, class_name="sr-only"),
        size="1",
        variant="soft",
        color_scheme="gray",
        type="button",
        on_click=State.edit(answer.question),
    )
    return rx.el.li(
        rx.box(
            rx.text(answer.label, size="1", color="var(--muted)"),
            rx.text(answer.text, size="2", white_space="pre-line", overflow_wrap="anywhere"),
            choose(rx.Var.create(answer.wrong) != "", _mark("circle-alert", answer.wrong, "var(--red-11)")),
            choose(rx.Var.create(answer.open) != "", _mark("square-dashed", answer.open, "var(--amber-11)")),
            min_width="0",
        ),
        edit,
        style={"display": "flex", "gap": "16px", "justifyContent": "space-between", "alignItems": "start", "padding": "10px 20px"},
        key=answer.question,
    )


def _mark(icon: str, words: Any, color: str) -> rx.Component:
    return rx.flex(
        rx.icon(icon, size=14, aria_hidden="true", style={"flex": "none", "marginTop": "2px"}),
        rx.text(words, size="1"),
        gap="6px",
        color=color,
        margin_top="4px",
    )


def progress() -> rx.Component:
    """What is happening now."""
    order = [key for key, _ in MADE_BY]
    lines = [
        rx.flex(
            match(State.making, {key: _sign(order.index(key), place) for key in order}),
            rx.text(words, size="2"),
            align="center",
            gap="10px",
        )
        for place, (_, words) in enumerate(MADE_BY)
    ]
    number = rx.cond(State.number != "", rx.text(State.number, size="3", weight="medium", class_name="num"))
    return panel(*lines, number, title="Creating your agent", style={"marginTop": "20px"}, role="status")


def _sign(now: int, place: int) -> rx.Component:
    if place < now or now == len(MADE_BY) - 1:
        return rx.icon("check", size=16, color="var(--green-11)", aria_hidden="true")
    if place == now:
        return rx.spinner(size="2")
    return rx.icon("circle", size=16, color="var(--gray-a7)", aria_hidden="true")


def review() -> rx.Component:
    """Every section, then the one button."""
    summary: Any = State.summary
    sections = [
        panel(rx.el.ul(each(summary[step.key], row), class_name="list"), title=step.title, flush=True)
        for step in STEPS
        if step.key != REVIEW
    ]
    create = rx.button(
        "Create the agent", size="3", type="button", on_click=State.create, loading=State.making != "", disabled=State.making != ""
    )
    back = rx.button("Back", variant="surface", color_scheme="gray", size="3", type="button", on_click=State.go_back)
    return rx.box(
        question_head(REVIEW),
        rx.flex(*sections, direction="column", gap="16px"),
        rx.cond(State.making != "", progress()),
        rx.flex(back, create, justify="between", gap="12px", class_name="save-bar", margin_top="28px"),
        id="ask",
    )

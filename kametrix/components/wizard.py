"""The furniture of the wizard: the rail of steps, the preview of a call, what is saved, cards to choose from, offered texts."""

from typing import Any

import reflex as rx

from kametrix.components.choose import choose, each, match
from kametrix.components.conversation import bubbles
from kametrix.components.panel import panel
from kametrix.components.tokens import Flag, Text
from kametrix.state.wizard_questions import BY_KEY, FIRST_OF, ORDER, QUESTIONS, STEPS, Step


def _here(question: Any, step: Step) -> Any:
    """Whether the open question belongs to this step."""
    keys = [ask.key for ask in QUESTIONS if ask.step == step.key]
    return rx.Var.create(keys).contains(question)


def wizard_rail(question: Any, reached: Any, go: Any) -> rx.Component:
    """The steps below each other; those that were reached open at a click. `go(step)` is the event."""
    return rx.el.ol(
        *[_rail_step(index, step, question, reached, go) for index, step in enumerate(STEPS)],
        class_name="list from-wide",
        aria_label="Steps",
        style={"position": "sticky", "top": "24px", "display": "grid", "gap": "4px"},
    )


def _rail_step(index: int, step: Step, question: Any, reached: Any, go: Any) -> rx.Component:
    here, open_ = _here(question, step), reached >= ORDER.index(FIRST_OF[step.key])
    after = _here(question, step) | (reached < _end(step))
    sign = rx.cond(after, rx.el.span(str(index + 1), class_name="num"), rx.icon("check", size=13, aria_hidden="true"))
    color = rx.cond(open_, "var(--violet-9)", "var(--gray-a6)")
    mark = rx.center(
        sign,
        width="26px",
        height="26px",
        border_radius="50%",
        font_size="13px",
        font_weight="600",
        flex="none",
        border="1.5px solid",
        border_color=color,
        background=rx.cond(here, "var(--violet-9)", rx.cond(open_, "var(--violet-a3)", "transparent")),
        color=rx.cond(here, "#fff", rx.cond(open_, "var(--violet-11)", "var(--muted)")),
    )
    button = rx.el.button(
        mark,
        rx.el.span(step.title, style={"fontWeight": rx.cond(here, "550", "400"), "color": rx.cond(open_, "inherit", "var(--muted)")}),
        class_name="tap",
        type="button",
        disabled=~open_,
        on_click=go(step.key),
        aria_current=rx.cond(here, "step", "false"),
        style={"cursor": rx.cond(open_, "pointer", "default")},
    )
    return rx.el.li(button, style={"border": "0"})


def _end(step: Step) -> int:
    """The first place after the step."""
    return max(ORDER.index(ask.key) for ask in QUESTIONS if ask.step == step.key) + 1


def wizard_progress(question: Any, reached: Any, go: Any) -> rx.Component:
    """The same steps as a bar, where there is no room beside the question."""
    bars = [
        rx.el.li(
            rx.el.button(
                rx.el.span(step.title, class_name="sr-only"),
                rx.el.span(
                    style={
                        "display": "block",
                        "height": "4px",
                        "borderRadius": "2px",
                        "background": rx.cond(reached >= ORDER.index(FIRST_OF[step.key]), "var(--violet-9)", "var(--gray-a4)"),
                    }
                ),
                type="button",
                disabled=reached < ORDER.index(FIRST_OF[step.key]),
                on_click=go(step.key),
                aria_current=rx.cond(_here(question, step), "step", "false"),
                style={"width": "100%", "padding": "12px 0", "border": "0", "background": "none", "cursor": "pointer"},
            ),
            style={"flex": "1", "border": "0"},
        )
        for step in STEPS
    ]
    titles: dict[str, rx.Component] = {
        ask.key: rx.text(f"Step {_number(ask.step)} of {len(STEPS)}: {_title(ask.step)}", size="1", color="var(--muted)")
        for ask in QUESTIONS
    }
    return rx.box(
        match(question, titles),
        rx.el.ol(*bars, class_name="list", aria_label="Steps", style={"display": "flex", "gap": "4px"}),
        class_name="to-wide",
        margin="-8px 0 8px",
    )


def _number(step: str) -> int:
    return [each.key for each in STEPS].index(step) + 1


def _title(step: str) -> str:
    return next(each.title for each in STEPS if each.key == step)


def question_head(key: str) -> rx.Component:
    """What is asked, and why."""
    ask = BY_KEY[key]
    return rx.box(
        rx.heading(ask.title, as_="h2", size="5", tab_index=-1, style={"outline": "none"}),
        rx.text(ask.help, size="2", color="var(--muted)", margin_top="4px", id="ask-help"),
        margin_bottom="20px",
    )


def save_note(kind: Any, words: Any, retry: Any) -> rx.Component:
    """Whether the draft is saved. `kind` as in DraftState.saving."""
    failed = rx.flex(
        _note("cloud-off", words, color="var(--red-11)"),
        rx.button("Try again", size="1", variant="soft", color_scheme="gray", type="button", on_click=retry),
        align="center",
        gap="10px",
        wrap="wrap",
    )
    drawn = {
        "conflict": _note("cloud-off", "Not saved", color="var(--red-11)"),
        "waiting": _note("cloud", "Saving…"),
        "saved": _note("cloud-check", words, "data-saved"),
        "failed": failed,
    }
    return rx.box(match(kind, drawn), role="status", min_height="24px")


def _note(icon: str, words: Text, mark: str = "", color: str = "var(--muted)") -> rx.Component:
    attrs = {mark: ""} if mark else {}
    return rx.flex(
        rx.icon(icon, size=16, aria_hidden="true", style={"flex": "none"}),
        rx.el.span(words, custom_attrs=attrs, style={"fontSize": "14px", "lineHeight": "20px"}),
        align="center",
        gap="6px",
        color=color,
    )


def notice(icon: str, words: Text, *actions: rx.Component, tone: str = "") -> rx.Component:
    """A line about the draft as a whole, with what can be done about it."""
    return rx.flex(
        rx.icon(icon, size=16, aria_hidden="true", style={"flex": "none"}),
        rx.text(words, size="2", flex="1", min_width="180px", overflow_wrap="anywhere"),
        *actions,
        align="center",
        gap="8px 10px",
        wrap="wrap",
        class_name=f"panel {tone}".strip(),
        padding="10px 14px",
        margin_bottom="16px",
        role="status",
    )


def small_button(label: Text, on_click: Any, **props: Any) -> rx.Component:
    """An action within a notice."""
    given: dict[str, Any] = {"size": "1", "variant": "soft", "color_scheme": "gray", **props}
    return rx.button(label, type="button", on_click=on_click, **given)


def pick(name: str, value: str, checked: Flag, on_change: Any, *inside: rx.Component) -> rx.Component:
    """A card that is one of a group of radio buttons called `name`. `checked` is the first value: the browser goes ahead of the server."""
    radio = rx.el.input(type="radio", name=name, default_checked=checked, on_change=on_change, custom_attrs={"value": value})
    return rx.el.label(radio, *inside, class_name="pick")


def picks(label: str, *cards: rx.Component, least: str = "200px") -> rx.Component:
    """Cards to choose one of."""
    columns = f"repeat(auto-fill, minmax(min({least}, 100%), 1fr))"
    return rx.el.fieldset(
        rx.el.legend(label, class_name="sr-only"),
        rx.box(*cards, display="grid", grid_template_columns=columns, gap="10px"),
        style={"border": "0", "margin": "0", "padding": "0", "minWidth": "0"},
    )


def speak_button(words: Any, language: Any) -> rx.Component:
    """Reads `words` with the browser's own voice, and says that it is not the agent's."""
    return rx.flex(
        rx.button(
            rx.icon("volume-2", size=16, aria_hidden="true"),
            "Hear the first words",
            variant="soft",
            type="button",
            custom_attrs={"data-says": words, "data-language": language},
        ),
        rx.el.span(
            "Read by your browser’s voice. Your agent’s own voice sounds different: call it once it is created.",
            class_name="muted",
            role="status",
            style={"fontSize": "13px", "lineHeight": "18px", "flex": "1", "minWidth": "180px"},
        ),
        gap="8px 12px",
        align="center",
        wrap="wrap",
    )


def call_preview(shown: Any, ask: Any, *, name: str) -> rx.Component:
    """How a call would go as the answers stand. `shown` is the wizard's state, `ask(key)` chooses the caller's question; `name` tells the
    controls of several previews on one page apart."""
    choice = rx.box(
        rx.el.label("A caller asks", html_for=name, class_name="sr-only"),
        rx.el.select(
            each(shown.callers_ask, lambda choice: rx.el.option(choice.text, value=choice.key)),
            id=name,
            class_name="select",
            value=shown.asked,
            on_change=ask,
            style={"fontSize": "14px", "height": "34px"},
        ),
        margin="12px 0 8px",
    )
    return rx.box(
        bubbles((("agent", shown.first_words),)),
        rx.cond(shown.callers_ask.length() > 1, choice, rx.box(height="8px")),
        rx.cond(shown.asked != "", bubbles((("caller", shown.asked_text), ("agent", shown.answer_text)), margin_bottom="8px")),
        rx.cond(shown.last_words != "", bubbles((("agent", shown.last_words),))),
    )


def desk_preview(shown: Any, ask: Any) -> rx.Component:
    """Beside the question."""
    return rx.box(panel(call_preview(shown, ask, name="preview-ask"), title="How a call would sound"), class_name="aside only-desk")


def phone_preview(shown: Any, ask: Any) -> rx.Component:
    """On a phone: stays below the top bar while typing, two lines high until it is opened."""
    line = rx.el.summary(
        rx.el.b("Preview", style={"fontWeight": "550", "flex": "none"}),
        rx.el.span("“", shown.heard, "”", class_name="clamp2 muted", style={"flex": "1", "overflowWrap": "anywhere"}),
        rx.icon("chevron-down", size=16, aria_hidden="true", style={"flex": "none"}),
        style={"display": "flex", "gap": "10px", "alignItems": "center", "padding": "10px 14px", "cursor": "pointer", "listStyle": "none"},
    )
    body = rx.box(call_preview(shown, ask, name="peek-ask"), padding="4px 14px 14px", max_height="38dvh", overflow_y="auto")
    return rx.el.details(line, body, class_name="panel peek only-phone", style={"overflow": "hidden"})


def offer_card(row: Any, take: Any, keep: Any) -> rx.Component:
    """One offered text beside what the person typed. `take(field)` and `keep(field)` are the events."""
    return rx.box(
        rx.text(row.label, size="2", weight="medium"),
        rx.text(row.offered, size="2", margin_top="4px", white_space="pre-line", max_height="180px", overflow_y="auto", tab_index=0),
        rx.flex(
            rx.button("Keep mine", rx.el.span(row.label, class_name="sr-only"), type="button", size="2", on_click=keep(row.field)),
            rx.button(
                row.verb,
                rx.el.span(row.label, class_name="sr-only"),
                type="button",
                size="2",
                variant="soft",
                on_click=take(row.field),
            ),
            gap="8px",
            margin_top="10px",
            wrap="wrap",
        ),
        class_name="did",
        key=row.field,
    )


def offers_box(offers: Any, source: Any, take: Any, keep: Any) -> rx.Component:
    """What may replace what the person typed: theirs stays unless they say otherwise."""
    box = rx.el.section(
        rx.flex(
            rx.icon("sparkles", size=16, color="var(--violet-11)", aria_hidden="true", style={"flex": "none", "marginTop": "2px"}),
            rx.box(
                rx.text("You wrote something else here. It stays unless you take the suggestion.", size="2", weight="medium"),
                rx.text(source, size="1", color="var(--muted)"),
            ),
            gap="10px",
        ),
        each(offers, lambda row: offer_card(row, take, keep)),
        aria_label="Suggestions",
        style={"display": "grid", "gap": "12px", "marginBottom": "20px"},
        class_name="panel panel-body",
    )
    return choose(offers.length() > 0, box)

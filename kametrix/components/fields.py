"""Form fields: the label above, help below, the error at the field in words."""

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx
from reflex_components_core.el.element import Element

from kametrix.components.choose import choose
from kametrix.components.tokens import Flag, Text

InputKind = Literal["text", "email", "password", "tel", "url", "number", "search", "time", "date"]


class NativeForm(Element):
    """A real <form>: rx.form always calls preventDefault, so a POST would never leave. Its buttons rest while it is being sent."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


def field(
    label: str,
    name: str,
    *,
    kind: InputKind = "text",
    help: Text = "",
    error: Text = "",
    value: Text = "",
    aside: rx.Component | None = None,
    control: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """A labelled input. `kind` is the input's type; 'password' gets a button that shows it. `value` is the first value (uncontrolled:
    read it from the submitted form). `aside` stands at the right of the label; `control` replaces the input and must have id `name`."""
    box = control or _input(name, kind, error, value, **props)
    return rx.box(
        rx.flex(
            rx.el.label(label, html_for=name, class_name="label"),
            aside or rx.fragment(),
            justify="between",
            align="baseline",
            margin_bottom="6px",
        ),
        box,
        field_note(name, help, error),
        class_name=choose(error, "field field-wrong", "field"),
    )


def _input(name: str, kind: InputKind, error: Text, value: Text, **props: Any) -> rx.Component:
    slots = (rx.input.slot(_show_button(name), side="right"),) if kind == "password" else ()
    return rx.input(*slots, type=kind, size="3", width="100%", **_attributes(name, error, value, **props))


def _attributes(name: str, error: Text, value: Text, **props: Any) -> dict[str, Any]:
    start = {} if "value" in props or (isinstance(value, str) and not value) else {"default_value": value}
    return {"id": name, "name": name, "aria_invalid": choose(error, "true", "false"), "aria_describedby": f"{name}-note", **start, **props}


def _show_button(name: str) -> rx.Component:
    return rx.el.button(
        rx.icon("eye", size=16, aria_hidden="true", class_name="when-off"),
        rx.icon("eye-off", size=16, aria_hidden="true", class_name="when-on"),
        type="button",
        class_name="tap-icon",
        aria_label="Show the password",
        aria_pressed="false",
        custom_attrs={"data-shows": name},
    )


def area_field(
    label: str,
    name: str,
    *,
    rows: int = 4,
    help: Text = "",
    error: Text = "",
    value: Text = "",
    aside: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """A labelled text area; like `field`."""
    control = rx.text_area(rows=str(rows), size="3", width="100%", resize="vertical", **_attributes(name, error, value, **props))
    return field(label, name, help=help, error=error, aside=aside, control=control)


def select_field(
    label: str,
    name: str,
    options: Sequence[tuple[str, Text]],
    *,
    help: Text = "",
    error: Text = "",
    value: Text = "",
    aside: rx.Component | None = None,
    **props: Any,
) -> rx.Component:
    """A labelled choice among `options` (value, words): the browser's own, so it works with every keyboard and telephone."""
    choices = [rx.el.option(words, value=key) for key, words in options]
    control = rx.el.select(*choices, class_name="select", **_attributes(name, error, value, **props))
    return field(label, name, help=help, error=error, aside=aside, control=control)


def switch_field(label: str, name: str, *, help: Text = "", checked: Flag = False, **props: Any) -> rx.Component:
    """An on/off switch with its label beside it and help below. `checked` is the first value."""
    return rx.flex(
        rx.switch(id=name, name=name, default_checked=checked, aria_describedby=f"{name}-note", margin_top="2px", **props),
        rx.box(rx.el.label(label, html_for=name, class_name="label"), field_note(name, help, "")),
        gap="12px",
        align="start",
    )


def field_note(name: str, help: Text, error: Text) -> rx.Component:
    """Help, or in its place the error, below the field called `name`."""
    wrong = rx.flex(
        rx.icon("circle-alert", size=14, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(error, size="1"),
        role="alert",
        gap="6px",
        color="var(--red-11)",
        margin_top="6px",
    )
    hint = choose(help, rx.text(help, size="1", color="var(--muted)", margin_top="4px"))
    return rx.box(choose(error, wrong, hint), id=f"{name}-note")


def form_error(message: Text) -> rx.Component:
    """What went wrong with the whole form, above its fields; nothing when empty."""
    box = rx.flex(
        rx.icon("circle-alert", size=16, aria_hidden="true", style={"marginTop": "2px", "flex": "none"}),
        rx.text(message, size="2"),
        role="alert",
        class_name="alarm",
    )
    return choose(message, box)

"""One dialog for every deed of a page: the state says what is asked, what it does, and whether a reason is wanted."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.fields import area_field, form_error
from kametrix.components.focus import BACK_TO_OPENER


def decision_dialog(asked: Any, *, open: Any, on_open_change: Any, on_confirm: Any, sending: Any) -> rx.Component:
    """`asked` is a Var of `state.rows.Asked`. `on_confirm(form)` runs when it is answered with yes."""
    reason = area_field("Reason", "reason", rows=2, help="Kept in the audit log.", max_length=500)
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(asked.title, size="4", margin_bottom="4px", overflow_wrap="anywhere"),
            rx.alert_dialog.description("This is what happens:", style={"fontSize": "14px", "color": "var(--muted)"}),
            rx.el.ul(
                each(asked.effects, _effect),
                style={"margin": "12px 0 16px", "paddingLeft": "20px", "listStyle": "disc", "display": "grid", "gap": "8px"},
            ),
            rx.form(
                form_error(asked.error),
                rx.cond(asked.wants_reason, reason),
                _answers(asked, sending),
                on_submit=on_confirm,
            ),
            max_width="480px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=open,
        on_open_change=on_open_change,
    )


def _effect(text: Any) -> rx.Component:
    return rx.el.li(text, style={"fontSize": "14px", "lineHeight": "20px"})


def _answers(asked: Any, sending: Any) -> rx.Component:
    return rx.flex(
        rx.alert_dialog.cancel(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
        rx.button(asked.action, color_scheme=rx.cond(asked.is_grave, "red", "violet"), type="submit", loading=sending),
        justify="end",
        gap="12px",
        margin_top="20px",
        wrap="wrap",
    )

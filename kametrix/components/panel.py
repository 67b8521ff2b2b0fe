"""Panels, page headers, empty states and skeletons: the furniture of every page."""

from typing import Any

import reflex as rx

from kametrix.components.choose import choose
from kametrix.components.tokens import Flag, Text


def panel(*children: rx.Component, title: Text = "", action: rx.Component | None = None, flush: bool = False, **props: Any) -> rx.Component:
    """A bordered surface. `title` becomes an h2 with `action` beside it; `flush` drops the padding, for lists that reach the edges."""
    named = not isinstance(title, str) or bool(title)
    heading = rx.heading(title, as_="h2", size="3")
    head = rx.box(heading, action or rx.fragment(), class_name="panel-head") if named else rx.fragment()
    body = rx.fragment(*children) if flush else rx.box(*children, class_name="panel-body")
    extra = str(props.pop("class_name", ""))
    return rx.el.section(head, body, class_name=f"panel {extra}".strip(), aria_label=title if named else None, **props)


def page_header(
    title: Text,
    note: Text | rx.Component = "",
    action: rx.Component | None = None,
    back: tuple[str, Text] | None = None,
    *,
    is_small: bool = False,
) -> rx.Component:
    """The h1 of a page, a line about it, one primary action on the right; `back` is (label, address) of the page above. An action that
    `is_small` stays beside the title, however narrow the window."""
    below = note if isinstance(note, rx.Component) else choose(_said(note), rx.text(note, color="var(--muted)", size="2", margin_top="4px"))
    return rx.flex(
        rx.box(
            _crumb(*back) if back else rx.fragment(),
            rx.heading(title, as_="h1", size="6", overflow_wrap="anywhere"),
            below,
            min_width="0",
        ),
        action or rx.fragment(),
        justify="between",
        align="end" if back else "start",
        gap="16px",
        wrap="nowrap" if is_small else "wrap",
        margin_bottom="24px",
    )


def _said(text: Text) -> Flag:
    """Whether there is something to say."""
    return text != "" if isinstance(text, rx.Var) else bool(text)


def _crumb(label: str, href: Text) -> rx.Component:
    return rx.el.a(rx.icon("chevron-left", size=16, aria_hidden="true"), label, href=href, class_name="crumb")


def empty_state(icon: str, title: Text, text: Text, action: rx.Component | None = None) -> rx.Component:
    """Says what will appear here and offers the next step."""
    return rx.flex(
        rx.center(rx.icon(icon, size=20, aria_hidden="true"), class_name="token"),
        rx.text(title, size="3", weight="medium", margin_top="12px", align="center"),
        rx.text(text, size="2", color="var(--muted)", max_width="44ch", align="center", margin_top="2px"),
        rx.box(action, margin_top="16px") if action else rx.fragment(),
        direction="column",
        align="center",
        padding="40px 20px",
    )


def skeleton_rows(count: int = 4) -> rx.Component:
    """The shape of a list while it loads."""
    line = rx.el.div(
        rx.skeleton(width="92px", height="22px", border_radius="99px"),
        rx.skeleton(width="148px", height="14px"),
        rx.skeleton(width="100%", height="14px"),
        rx.skeleton(width="48px", height="14px"),
        class_name="skeleton-row",
    )
    return rx.el.div(*[line] * count, class_name="list", aria_busy="true", aria_label="Loading", role="status")


def page_skeleton() -> rx.Component:
    """The shape of a page while its data is on the way; it shows itself only when that takes a moment."""
    return rx.box(
        rx.skeleton(width="180px", height="28px", margin_bottom="28px"),
        rx.box(skeleton_rows(5), class_name="panel"),
        class_name="late",
    )

"""What each role may do, as the services enforce it: one table on a desk, a list on a phone; one's own role stands out."""

from typing import Any

import reflex as rx

from kametrix.models import OrgRole
from kametrix.services.access import MATRIX, Ability
from kametrix.services.roles import ROLES
from kametrix.state.frame import FrameState

CELL = {"padding": "9px 12px", "borderTop": "1px solid var(--line)", "fontSize": "14px", "lineHeight": "20px"}


def role_matrix() -> rx.Component:
    """Drawn from MATRIX, so it cannot say anything else than what is enforced."""
    return rx.fragment(_table(), rx.el.ul(*[_line(ability) for ability in MATRIX], class_name="list only-phone"))


def _own(role: OrgRole) -> Any:
    return rx.cond(FrameState.role == ROLES[role].name, "var(--violet-a3)", "transparent")


def _table() -> rx.Component:
    heads = [
        rx.el.th(
            ROLES[role].name,
            rx.cond(FrameState.role == ROLES[role].name, rx.el.span(" (you)", class_name="sr-only")),
            scope="col",
            style={**CELL, "borderTop": "0", "background": _own(role), "fontWeight": "550", "textAlign": "center"},
        )
        for role in OrgRole
    ]
    corner = rx.el.td(style={**CELL, "borderTop": "0"})
    body = [rx.el.tr(_title(ability), *[_mark(ability, role) for role in OrgRole]) for ability in MATRIX]
    table = rx.el.table(
        rx.el.thead(rx.el.tr(corner, *heads)),
        rx.el.tbody(*body),
        aria_label="What each role may do",
        style={"width": "100%", "borderCollapse": "collapse"},
    )
    return rx.box(table, class_name="only-desk", padding="4px 8px 8px")


def _title(ability: Ability) -> rx.Component:
    return rx.el.th(ability.title, scope="row", style={**CELL, "textAlign": "left", "fontWeight": "400"})


def _mark(ability: Ability, role: OrgRole) -> rx.Component:
    if role not in ability.roles:
        sign = rx.fragment(rx.el.span("–", aria_hidden="true", style={"color": "var(--gray-9)"}), rx.el.span("No", class_name="sr-only"))
    elif role in ability.own:
        sign = rx.text("Own only", as_="span", size="1", color="var(--muted)", white_space="nowrap", style={"textWrap": "nowrap"})
    else:
        yes = rx.icon("check", size=16, color="var(--green-11)", aria_hidden="true", style={"display": "inline", "verticalAlign": "-3px"})
        sign = rx.fragment(yes, rx.el.span("Yes", class_name="sr-only"))
    return rx.el.td(sign, style={**CELL, "background": _own(role), "textAlign": "center"})


def _line(ability: Ability) -> rx.Component:
    """On a phone: the deed, and below it who may do it."""
    words = [f"{ROLES[role].name} (own only)" if role in ability.own else ROLES[role].name for role in ability.roles]
    parts = [
        rx.el.span(
            word,
            ", " if index < len(words) - 1 else "",
            style={"fontWeight": rx.cond(FrameState.role == ROLES[role].name, "600", "400"), "color": _ink(role)},
        )
        for index, (role, word) in enumerate(zip(ability.roles, words, strict=True))
    ]
    return rx.el.li(rx.text(ability.title, size="2"), rx.text(*parts, size="1", color="var(--muted)"), style={"padding": "10px 16px"})


def _ink(role: OrgRole) -> Any:
    return rx.cond(FrameState.role == ROLES[role].name, "var(--violet-11)", "var(--muted)")

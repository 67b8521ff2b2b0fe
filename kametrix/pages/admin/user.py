"""One person: what belongs to them, what they did, and what can be done for them."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.decision import decision_dialog
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.links import text_link
from kametrix.components.listing import row_menu
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.components.status import status_badge
from kametrix.components.tokens import Kind
from kametrix.pages.admin.people import link_dialog, person_items
from kametrix.state.admin.user import UserState
from kametrix.state.admin.user_words import BelongingLine, Line

USER: Any = UserState.user
"""A Var of UserLine."""


@page("/admin/users/[user_id]", USER.name, active="Admin", on_load=UserState.load)
def user() -> rx.Component:
    """The person named in the address, or that there is none."""
    left = rx.flex(_organizations(), _calls(), _acts(), direction="column", gap="24px", min_width="0")
    found = rx.fragment(
        _header(),
        rx.box(left, rx.box(_agents(), _logins(), class_name="aside"), class_name="grid-main"),
        decision_dialog(
            UserState.asked,
            open=UserState.is_asking,
            on_open_change=UserState.turn_decision,
            on_confirm=UserState.confirm,
            sending=UserState.is_sending,
        ),
        link_dialog(UserState),
        _adjustment(),
    )
    gone = missing(
        "There is no such person", "The account was deleted, or the address has a typo.", icon="user-x", back=("Users", "/admin/users")
    )
    return rx.cond(UserState.is_missing, gone, found)


def _header() -> rx.Component:
    facts = rx.flex(
        status_badge("user", USER.status),
        rx.cond(USER.role_id != "USER", rx.badge(USER.role, color_scheme="violet", size="1", radius="full")),
        rx.cond(USER.is_staff, rx.badge("Staff", color_scheme="gray", size="1", radius="full")),
        rx.text(USER.email, size="2", color="var(--muted)", overflow_wrap="anywhere"),
        rx.cond(
            USER.is_verified,
            rx.text("confirmed", size="2", color="var(--muted)"),
            rx.text("not confirmed", size="2", color="var(--amber-11)"),
        ),
        rx.text("since ", UserState.since, size="2", color="var(--muted)"),
        rx.text("last seen: ", USER.seen, size="2", color="var(--muted)"),
        gap="4px 12px",
        align="center",
        wrap="wrap",
        margin_top="6px",
    )
    menu = row_menu(f"What to do with {USER.name}", *person_items(UserState, USER))
    return page_header(USER.name, facts, menu, back=("Users", "/admin/users"), is_small=True)


def _listed(title: str, rows: Any, draw: Any, nothing: str, action: rx.Component | None = None) -> rx.Component:
    empty = rx.text(nothing, size="2", color="var(--muted)", padding="16px 20px")
    return panel(rx.cond(rows.length() > 0, rx.el.ul(each(rows, draw), class_name="list"), empty), title=title, action=action, flush=True)


def _line(item: Line) -> rx.Component:
    return _drawn(item, rx.fragment())


def _with_badge(kind: Kind) -> Callable[[Line], rx.Component]:
    """Lines whose state is shown as a badge."""

    def draw(item: Line) -> rx.Component:
        return _drawn(item, status_badge(kind, rx.Var.create(item.tag)))

    return draw


def _drawn(item: Line | Any, badge: rx.Component) -> rx.Component:
    title = rx.text(item.title, size="2", weight="medium", overflow_wrap="anywhere")
    return rx.el.li(
        rx.flex(
            rx.box(
                rx.cond(item.href != "", rx.el.a(title, href=item.href, class_name="plain"), title),
                rx.cond(item.note != "", rx.text(item.note, size="1", color="var(--muted)", overflow_wrap="anywhere")),
                flex="1 1 150px",
                min_width="0",
            ),
            badge,
            rx.cond(item.end != "", rx.text(item.end, size="1", color="var(--muted)", class_name="num")),
            align="center",
            gap="4px 12px",
            wrap="wrap",
            padding="10px 20px",
        )
    )


def _organizations() -> rx.Component:
    def draw(item: BelongingLine) -> rx.Component:
        adjust = rx.button(
            "Adjust", size="1", variant="soft", color_scheme="gray", on_click=UserState.ask_adjustment(item.id),
            aria_label=f"Adjust the credits of {item.name}",
        )  # fmt: skip
        return rx.el.li(
            rx.flex(
                rx.box(
                    rx.text(item.name, size="2", weight="medium", overflow_wrap="anywhere"),
                    rx.text(item.note, size="1", color="var(--muted)"),
                    flex="1",
                    min_width="0",
                ),
                rx.text(item.balance, size="2", class_name="num"),
                adjust,
                align="center",
                gap="12px",
                padding="12px 20px",
            )
        )

    return _listed("Organizations", UserState.organizations, draw, "Belongs to no organization.")


def _agents() -> rx.Component:
    return _listed("Agents", UserState.agents, _with_badge("sync"), "Made no agent yet.")


def _calls() -> rx.Component:
    return _listed("Last calls", UserState.calls, _with_badge("call"), "No calls yet.")


def _logins() -> rx.Component:
    return _listed("Logged in", UserState.logins, _line, "Logged in nowhere.")


def _acts() -> rx.Component:
    action = text_link("All", f"/admin/audit?person={USER.id}")
    return _listed("Activity", UserState.acts, _line, "Nothing was noted yet.", action)


def _adjustment() -> rx.Component:
    """Credits given or taken, with the balance before and after."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Adjust credits", style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(
                "Of ",
                UserState.adjusting,
                ". Their transactions show it with your reason; the audit log shows who did it.",
                style={"fontSize": "14px", "color": "var(--muted)", "overflowWrap": "anywhere"},
            ),
            rx.form(
                rx.flex(
                    form_error(UserState.problem),
                    field(
                        "Amount in dollars", "amount", help="5.00 gives, -5.00 takes.", error=UserState.errors["amount"], required=True,
                        auto_complete="off", max_length=20, on_change=UserState.weigh.debounce(200),
                    ),
                    area_field("Reason", "reason", rows=2, error=UserState.errors["reason"], required=True, max_length=500),
                    rx.text(UserState.effect, size="2", weight="medium", class_name="num", role="status"),
                    rx.flex(
                        rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
                        rx.button("Adjust credits", type="submit", loading=UserState.is_sending),
                        justify="end",
                        gap="12px",
                    ),
                    direction="column",
                    gap="16px",
                    margin_top="16px",
                ),
                on_submit=UserState.adjust,
            ),
            max_width="480px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=UserState.is_adjusting,
        on_open_change=UserState.turn_adjustment,
    )  # fmt: skip

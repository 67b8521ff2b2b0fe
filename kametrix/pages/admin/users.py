"""People of all organizations: find one, open them, or do one thing for many."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.decision import decision_dialog
from kametrix.components.links import button_link
from kametrix.components.listing import choice, filters, pager, row_menu, search_field, sized_table
from kametrix.components.page import page
from kametrix.components.panel import empty_state
from kametrix.components.rows import cell, row_link, table_row, unseen
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.status import status_badge, status_word
from kametrix.pages.admin.people import link_dialog, person_items
from kametrix.state.admin.user_words import UserLine
from kametrix.state.admin.users import Skipped, UsersState

WIDTHS = "20px minmax(0, 2fr) minmax(0, 1.6fr) 116px 100px 76px 132px 32px"
NARROW = "20px minmax(0, 1fr) 116px 100px 112px 32px"
COLUMNS = (
    (unseen("Choose"), ""), ("Person", ""), ("Organization", "from-wide"), ("Status", ""), ("Balance", "end"), ("Calls", "end from-wide"),
    ("Last seen", "end"), (unseen("Actions"), ""),
)  # fmt: skip
STATUSES = (("", "Any status"), ("ACTIVE", "Active"), ("SUSPENDED", "Suspended"), ("INVITED", "Invited"), ("INACTIVE", "Inactive"))
ROLES = (("", "Any role"), ("USER", "Users"), ("POWER_USER", "Power users"), ("ADMIN", "Administrators"), ("GUEST", "Guests"))
MONEY = (("", "Any balance"), ("yes", "In grace"))


@page("/admin/users", "Users", active="Admin", on_load=UsersState.load)
def users() -> rx.Component:
    """The list."""
    return section_page(
        "Admin",
        ADMIN,
        "Users",
        rx.text(UsersState.note, size="2", color="var(--muted)", margin_bottom="12px", role="status"),
        filters(
            search_field("Name, e-mail or organization", UsersState.search),
            choice("Status", "status", STATUSES, UsersState.status),
            choice("Role", "role", ROLES, UsersState.role),
            choice("Balance", "grace", MONEY, UsersState.grace),
            key=UsersState.key,
            on_submit=UsersState.narrow,
        ),
        _chosen(),
        _skipped(),
        rx.cond(
            UsersState.rows.length() > 0,
            sized_table("Users", WIDTHS, COLUMNS, UsersState.rows, _row, narrow=NARROW),
            rx.box(
                empty_state(
                    "search-x", "Nobody like that", "No account matches this search.", button_link("Show everybody", "/admin/users")
                ),
                class_name="panel",
            ),
        ),
        pager(UsersState.newer, UsersState.older),
        decision_dialog(
            UsersState.asked,
            open=UsersState.is_asking,
            on_open_change=UsersState.turn_decision,
            on_confirm=UsersState.confirm,
            sending=UsersState.is_sending,
        ),
        link_dialog(UsersState),
        note="Everybody with an account.",
    )


def _chosen() -> rx.Component:
    """What can be done with the ticked ones."""
    tick_all = rx.el.label(
        rx.checkbox(
            checked=(UsersState.chosen.length() > 0) & (UsersState.chosen.length() == UsersState.rows.length()),
            on_change=UsersState.choose_all,
            aria_label="Choose everybody on this page",
        ),
        rx.cond(UsersState.chosen.length() > 0, rx.el.span(UsersState.chosen.length(), " chosen"), rx.el.span("Choose all")),
        style={"display": "flex", "gap": "10px", "alignItems": "center", "fontSize": "14px"},
    )
    deeds = rx.flex(
        rx.button("Suspend", size="1", variant="soft", color_scheme="red", on_click=UsersState.ask_bulk("SUSPENDED")),
        rx.button("Reactivate", size="1", variant="soft", color_scheme="gray", on_click=UsersState.ask_bulk("ACTIVE")),
        gap="8px",
    )
    return rx.flex(
        tick_all,
        rx.cond(UsersState.chosen.length() > 0, deeds),
        gap="16px",
        align="center",
        min_height="24px",
        padding="0 20px",
        margin_bottom="8px",
        class_name="only-desk",
    )


def _skipped() -> rx.Component:
    """Whom the last bulk act left as they were."""

    def line(item: Skipped) -> rx.Component:
        return rx.el.li(rx.el.b(item.name), ": ", item.why)

    told = rx.box(
        rx.text(UsersState.bulk_result, size="2", weight="medium"),
        rx.el.ul(each(UsersState.skipped, line), style={"margin": "6px 0 0", "paddingLeft": "20px", "fontSize": "14px"}),
        class_name="note",
        role="status",
        margin_bottom="16px",
    )
    return rx.cond(UsersState.skipped.length() > 0, told)


def _row(user: UserLine | Any) -> rx.Component:
    tick = rx.checkbox(
        checked=UsersState.chosen.contains(user.id),
        on_change=lambda is_chosen: UsersState.choose(user.id, is_chosen),
        aria_label=f"Choose {user.name}",
    )
    role = rx.cond(user.role_id != "USER", rx.badge(user.role, color_scheme="violet", size="1", radius="full", margin_left="8px"))
    return table_row(
        cell(tick, class_name="only-desk"),
        cell(
            rx.flex(
                row_link(rx.text(user.name, size="2", weight="medium", class_name="clip"), href=f"/admin/users/{user.id}", min_width="0"),
                role,
                align="center",
            ),
            rx.text(user.email, size="1", color="var(--muted)", class_name="clip"),
        ),
        cell(rx.text(user.organization, size="2", class_name="clip"), class_name="only-desk from-wide"),
        cell(status_badge("user", rx.Var.create(user.status)), class_name="only-desk"),
        cell(
            rx.el.span(user.balance, class_name="num", style={"color": rx.cond(user.is_grace, "var(--amber-11)", "inherit")}),
            class_name="end only-desk",
        ),
        cell(rx.el.span(user.calls, class_name="num"), class_name="end only-desk from-wide"),
        cell(rx.text(user.seen, size="2", color="var(--muted)"), class_name="end only-desk"),
        cell(
            rx.flex(
                rx.box(status_word("user", rx.Var.create(user.status)), class_name="only-phone"),
                row_menu(f"What to do with {user.name}", *person_items(UsersState, user)),
                align="center",
                gap="8px",
            ),
            class_name="end",
        ),
        kind="sized",
    )

"""The operator's console: what needs attention first, then the platform in numbers, each opening the list behind it."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import ADMIN, section_page
from kametrix.components.stat import Stat, stat_strip
from kametrix.state.admin.overview import Concern, OverviewState


@page("/admin", "Admin", active="Admin", on_load=OverviewState.load)
def overview() -> rx.Component:
    """The page."""
    return section_page(
        "Admin",
        ADMIN,
        "Overview",
        rx.flex(_attention(), _numbers(), _trade(), direction="column", gap="24px"),
        note="The whole platform, all organizations.",
    )


def _attention() -> rx.Component:
    calm = rx.flex(
        rx.icon("check", size=18, color="var(--green-11)", aria_hidden="true", style={"flex": "none"}),
        rx.text("Nothing needs you. Messages are worked, agents are up to date, numbers are free.", size="2"),
        gap="10px",
        padding="16px 20px",
        align="center",
    )
    listed = rx.el.ul(each(OverviewState.concerns, _concern), class_name="list", custom_attrs={"data-rows": ""})
    return panel(rx.cond(OverviewState.concerns.length() > 0, listed, calm), title="Needs attention", flush=True)


def _concern(item: Concern) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.flex(
                rx.cond(
                    item.is_grave,
                    rx.icon("circle-alert", size=18, color="var(--red-11)", aria_hidden="true", style={"flex": "none"}),
                    rx.icon("triangle-alert", size=18, color="var(--amber-11)", aria_hidden="true", style={"flex": "none"}),
                ),
                rx.box(
                    rx.text(item.title, size="2", weight="medium"),
                    rx.text(item.text, size="2", color="var(--muted)"),
                    flex="1",
                    min_width="0",
                ),
                rx.icon("chevron-right", size=16, color="var(--muted)", aria_hidden="true", style={"flex": "none"}),
                gap="12px",
                align="center",
                padding="12px 20px",
            ),
            href=item.href,
            class_name="plain",
            style={"display": "block"},
        )
    )


def _numbers() -> rx.Component:
    return stat_strip(
        (
            Stat("Users", OverviewState.people.value, OverviewState.people.note, href="/admin/users"),
            Stat("Agents", OverviewState.agents.value, OverviewState.agents.note, href="/admin/agents"),
            Stat("Calls today", OverviewState.calls.value, OverviewState.calls.note, href="/admin/calls"),
            Stat("Free numbers", OverviewState.numbers.value, OverviewState.numbers.note, href="/admin/numbers"),
        )
    )


def _trade() -> rx.Component:
    return rx.grid(
        _period("Today", OverviewState.today, "1"),
        _period("Last 7 days", OverviewState.week, "7"),
        columns=rx.breakpoints(initial="1", md="2"),
        gap="24px",
    )


def _period(title: str, figures: Any, days: str) -> rx.Component:
    """Calls and minutes open the calls, money opens the ledger."""
    calls, ledger = f"/admin/calls?days={days}", f"/admin/ledger?days={days}"
    cells = [
        rx.el.a(
            rx.text(figures[place].value, size="5", weight="bold", class_name="num", letter_spacing="-0.02em"),
            rx.text(figures[place].note, size="1", color="var(--muted)"),
            href=href,
            class_name="stat",
        )
        for place, href in enumerate((calls, calls, f"{ledger}&kind=used", f"{ledger}&kind=bought"))
    ]
    return panel(rx.box(*cells, class_name="stats"), title=title, flush=True)

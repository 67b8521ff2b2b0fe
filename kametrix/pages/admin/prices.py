"""Prices: a minute, the welcome ceiling, the packs on sale."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.decision import decision_dialog
from kametrix.components.fields import field, form_error
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.listing import row_menu
from kametrix.components.page import page
from kametrix.components.panel import panel
from kametrix.components.sections import ADMIN, section_page
from kametrix.state.admin.prices import PackLine, PricesState


@page("/admin/prices", "Prices", active="Admin", on_load=PricesState.load)
def prices() -> rx.Component:
    """The page."""
    return section_page(
        "Admin",
        ADMIN,
        "Prices",
        rx.flex(
            rx.grid(_rate(), _ceiling(), columns=rx.breakpoints(initial="1", md="2"), gap="24px"),
            _packs(),
            direction="column",
            gap="24px",
        ),
        decision_dialog(
            PricesState.asked,
            open=PricesState.is_asking,
            on_open_change=PricesState.turn_decision,
            on_confirm=PricesState.confirm,
            sending=PricesState.is_sending,
        ),
        _form(),
        note="A change applies at once, to everybody.",
    )


def _rate() -> rx.Component:
    return panel(
        _one(
            field(
                "Cents a minute", "cents_per_minute", kind="number", value=PricesState.rate, error=PricesState.errors["cents_per_minute"],
                help="Every started minute counts. Between 1 and 1,000.", required=True, min="1", max="1000", step="1",
            ),
            PricesState.ask_rate,
        ),
        title="A minute",
    )  # fmt: skip


def _ceiling() -> rx.Component:
    return panel(
        _one(
            field(
                "Dollars", "welcome_ceiling_cents", value=PricesState.ceiling, error=PricesState.errors["welcome_ceiling_cents"],
                help="What calls may use before an organization's first purchase.", required=True, max_length=12, input_mode="decimal",
            ),
            PricesState.ask_ceiling,
        ),
        title="Welcome ceiling",
    )  # fmt: skip


def _one(control: rx.Component, on_submit: Any) -> rx.Component:
    """A form of one field; the next step says what the change means."""
    button = rx.box(rx.button("Change", type="submit", size="3", variant="soft"))
    return rx.form(rx.flex(control, button, direction="column", gap="16px"), on_submit=on_submit, key=PricesState.form)


def _packs() -> rx.Component:
    new = rx.button(rx.icon("plus", size=16), "New pack", size="2", on_click=PricesState.edit(""))
    nothing = rx.text("No pack yet.", size="2", color="var(--muted)", padding="16px 20px")
    listed = rx.el.ul(each(PricesState.packs, _pack), class_name="list")
    return panel(rx.cond(PricesState.packs.length() > 0, listed, nothing), title="Packs", action=new, flush=True)


def _pack(item: PackLine | Any) -> rx.Component:
    off = rx.badge(rx.icon("eye-off", size=13, aria_hidden="true"), "Not on sale", color_scheme="gray", size="1", radius="full")
    return rx.el.li(
        rx.flex(
            rx.box(
                rx.flex(
                    rx.text(item.name, size="2", weight="medium"), rx.cond(item.is_active, rx.fragment(), off), gap="8px", align="center"
                ),
                rx.text(item.credits, ", ", item.minutes, " at the present price", size="1", color="var(--muted)", class_name="num"),
                flex="1",
                min_width="0",
            ),
            rx.text(item.price, size="3", weight="medium", class_name="num"),
            row_menu(
                f"What to do with {item.name}",
                rx.menu.item(rx.icon("pencil", size=14), "Edit", on_select=PricesState.edit(item.id)),
                rx.menu.item(rx.icon("arrow-up", size=14), "Move up", on_select=PricesState.move(item.id, -1)),
                rx.menu.item(rx.icon("arrow-down", size=14), "Move down", on_select=PricesState.move(item.id, 1)),
                rx.menu.separator(),
                rx.menu.item(
                    rx.icon("tag", size=14), rx.cond(item.is_active, "Stop selling", "Sell it"), on_select=PricesState.ask_sale(item.id)
                ),
            ),
            align="center",
            gap="16px",
            padding="12px 20px",
        )
    )


def _form() -> rx.Component:
    pack: Any = PricesState.editing
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(rx.cond(pack.id != "", "Edit the pack", "New pack"), style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(
                "Customers see the change at once. What was bought before stays as it was.",
                style={"fontSize": "14px", "color": "var(--muted)"},
            ),
            rx.form(
                rx.flex(
                    form_error(PricesState.problem),
                    field("Name", "name", value=pack.name, error=PricesState.errors["name"], required=True, max_length=60),
                    field(
                        "Credits", "credits", value=pack.typed_credits, error=PricesState.errors["credits"], help="One credit is one cent.",
                        required=True, max_length=12, input_mode="numeric",
                    ),
                    field(
                        "Price in dollars", "price", value=pack.typed_price, error=PricesState.errors["price"], required=True,
                        max_length=12, input_mode="decimal",
                    ),
                    rx.flex(
                        rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
                        rx.button("Save the pack", type="submit", loading=PricesState.is_sending),
                        justify="end",
                        gap="12px",
                    ),
                    direction="column",
                    gap="16px",
                    margin_top="16px",
                ),
                on_submit=PricesState.save,
            ),
            max_width="440px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=PricesState.is_editing,
        on_open_change=PricesState.turn_editing,
    )  # fmt: skip

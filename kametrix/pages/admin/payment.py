"""One payment: facts, refunds, disputes."""

from typing import Any

import reflex as rx

from kametrix.components.choose import each
from kametrix.components.decision import decision_dialog
from kametrix.components.fields import area_field, field, form_error
from kametrix.components.focus import BACK_TO_OPENER
from kametrix.components.missing import missing
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.components.status import status_badge
from kametrix.state.admin.payment import DisputeLine, PaymentState, RefundLine

State = PaymentState


@page("/admin/payments/[purchase_id]", State.title, active="Admin", on_load=State.load)
def payment() -> rx.Component:
    """The payment named in the address, or that there is none."""
    refund = rx.button(rx.icon("undo-2", size=16, aria_hidden="true"), "Refund", on_click=State.ask_refund, variant="surface")
    found = rx.fragment(
        page_header(
            State.title,
            rx.text(State.organization, size="2", color="var(--muted)", margin_top="4px", overflow_wrap="anywhere"),
            rx.cond(State.can_refund, refund),
            back=("Payments", "/admin/payments"),
        ),
        rx.flex(_facts(), _refunds(), _disputes(), direction="column", gap="24px", max_width="880px"),
        decision_dialog(
            State.asked,
            open=State.is_asking,
            on_open_change=State.turn_decision,
            on_confirm=State.confirm,
            sending=State.is_sending,
        ),
        _refund(),
    )
    gone = missing("There is no such payment", "The address may be cut short.", icon="receipt-text", back=("Payments", "/admin/payments"))
    return rx.cond(State.is_missing, gone, found)


def _facts() -> rx.Component:
    shown: Any = State.facts
    rows = (
        ("Bought", shown["pack"]),
        ("How", shown["how"]),
        ("Begun", shown["began"]),
        ("Paid", shown["paid"]),
        ("Payment at Stripe", shown["payment"]),
        ("Left", shown["left"]),
        ("Problem", shown["failure"]),
    )
    lines = [rx.cond(value != "", rx.fragment(rx.el.dt(name, class_name="muted"), _value(value))) for name, value in rows]
    return panel(
        rx.box(status_badge("payment", shown["look"]), margin_bottom="16px"),
        rx.el.dl(
            *lines, style={"display": "grid", "gridTemplateColumns": "minmax(96px, 160px) minmax(0, 1fr)", "gap": "8px 16px", "margin": "0"}
        ),
        title="Payment",
    )


def _value(value: Any) -> rx.Component:
    return rx.el.dd(value, class_name="num", style={"margin": "0", "fontSize": "14px", "whiteSpace": "normal", "overflowWrap": "anywhere"})


def _refunds() -> rx.Component:
    again = rx.button("Look again", size="1", variant="soft", color_scheme="gray", on_click=State.reload)
    none = rx.text("Nothing was given back.", size="2", color="var(--muted)", padding="16px 20px")

    def draw(item: RefundLine) -> rx.Component:
        return _line(status_badge("refund", rx.Var.create(item.look)), item, rx.fragment())

    return panel(
        rx.cond(State.refunds.length() > 0, rx.el.ul(each(State.refunds, draw), class_name="list"), none),
        title="Refunds",
        action=again,
        flush=True,
    )


def _disputes() -> rx.Component:
    def draw(item: DisputeLine | Any) -> rx.Component:
        lift = rx.button(
            "Let calls start",
            size="1",
            variant="soft",
            on_click=State.ask_lift(item.id),
            aria_label=f"Let calls start although {item.amount} is disputed",
        )
        return _line(status_badge("dispute", rx.Var.create(item.look)), item, rx.cond(item.can_lift, lift))

    listed = panel(rx.el.ul(each(State.disputes, draw), class_name="list"), title="Disputes", flush=True)
    return rx.cond(State.disputes.length() > 0, listed)


def _line(badge: rx.Component, item: Any, deed: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.flex(
            rx.box(badge, width="124px", flex="none"),
            rx.box(
                rx.text(item.note, size="2", overflow_wrap="anywhere"),
                rx.text(item.at, size="1", color="var(--muted)", class_name="num"),
                flex="1",
                min_width="160px",
            ),
            rx.text(item.amount, size="2", weight="medium", class_name="num"),
            deed,
            align="center",
            gap="6px 16px",
            wrap="wrap",
            padding="12px 20px",
        )
    )


def _refund() -> rx.Component:
    """What is given back, why, and what that leaves."""
    beyond = rx.flex(
        rx.checkbox(id="beyond_unspent", name="beyond_unspent", size="2", margin_top="2px"),
        rx.el.label(
            rx.text("More than is unspent: the organization may end up owing it.", as_="span", size="2"), html_for="beyond_unspent"
        ),
        gap="10px",
        align="start",
    )
    form = rx.form(
        rx.flex(
            form_error(State.problem),
            field(
                "Amount in dollars", "amount", value=State.typed, error=State.errors["amount"], required=True, auto_complete="off",
                max_length=20, input_mode="decimal",
            ),
            beyond,
            area_field(
                "Reason", "reason", rows=2, error=State.errors["reason"], required=True, max_length=500,
                help="For the audit log. The customer sees the refund, not the reason.",
            ),
            rx.flex(
                rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray", type="button")),
                rx.button("Refund", type="submit", loading=State.is_sending),
                justify="end",
                gap="12px",
            ),
            direction="column",
            gap="16px",
            margin_top="16px",
        ),
        on_submit=State.refund,
        key=State.form,
    )  # fmt: skip
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Refund ", State.title, style={"fontSize": "18px", "marginBottom": "4px"}),
            rx.dialog.description(State.effect, style={"fontSize": "14px", "color": "var(--muted)"}),
            form,
            max_width="480px",
            on_close_auto_focus=BACK_TO_OPENER,
        ),
        open=State.is_refunding,
        on_open_change=State.turn_refund,
    )

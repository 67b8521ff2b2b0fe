"""Billing: what happens when credits run out, and the card that is charged by itself."""

from typing import Any

import reflex as rx

from kametrix.components.allowed import allowed
from kametrix.components.choice_cards import ChoiceCard, choice_cards
from kametrix.components.choose import each
from kametrix.components.confirm import confirm_dialog
from kametrix.components.fields import field, field_note, form_error, switch_field
from kametrix.components.form_parts import keeps
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.components.payments import money_note
from kametrix.components.status import pulse_dot
from kametrix.models import WhenEmpty
from kametrix.pages.settings.parts import facts, save_button
from kametrix.state.billing_at_zero import AtZeroState
from kametrix.state.billing_recharge import PackChoice, RechargeState

Zero = AtZeroState
Card = RechargeState
keep_zero, keep_card = keeps(Zero.keep), keeps(Card.keep)
ONGOING = "Calls that are already running are always finished."


@page("/credits/billing", "Billing", active="Credits", on_load=[AtZeroState.load, RechargeState.load])
def billing() -> rx.Component:
    """The page."""
    return rx.fragment(
        page_header("Billing", "What happens when credits run out, and how they come back.", back=("Credits", "/credits")),
        rx.flex(_at_zero(), _recharge(), direction="column", gap="24px", max_width="880px"),
        _question(),
    )


def _at_zero() -> rx.Component:
    seen = facts((("At zero", Zero.holds), ("While we cannot be reached", rx.cond(Zero.number != "", Zero.number, "Nobody"))))
    return panel(
        rx.box(_switching(), role="status"),
        allowed("billing:write", _zero_form(), otherwise=seen),
        title="When credits run out",
    )


def _switching() -> rx.Component:
    going = rx.flex(
        rx.box(pulse_dot(), color="var(--amber-11)"),
        rx.text("Your numbers are being switched: ", Zero.switching, " Until then, what held before holds.", size="2"),
        align="center",
        gap="12px",
        class_name="note",
        margin_bottom="20px",
    )
    return rx.cond(Zero.switching != "", going)


def _zero_form() -> rx.Component:
    cards = (
        ChoiceCard(WhenEmpty.GRACE, "hourglass", "Keep answering", ("Callers notice nothing.", Zero.grace, ONGOING)),
        ChoiceCard(
            WhenEmpty.STOP, "phone-off", "Stop taking calls", (f"Callers hear: “{Zero.heard}” The call costs nothing.", ONGOING)
        ),
        ChoiceCard(
            WhenEmpty.FORWARD, "phone-forwarded", "Pass calls on",
            ("Callers are connected to your number below, without the agent and at no cost to your credits.", ONGOING),
        ),
    )  # fmt: skip
    is_needed = Zero.mode == WhenEmpty.FORWARD.value
    help = rx.cond(
        is_needed,
        "With its country code. It also takes over while we cannot be reached.",
        "Optional. It takes over calls while we cannot be reached, for numbers that ask us before each call.",
    )
    return rx.form(
        rx.flex(
            form_error(Zero.problem),
            choice_cards(cards, label="When credits run out", value=Zero.mode, on_change=keep_zero("mode")),
            rx.box(
                field(
                    "Number that takes over", "forwarding_number", kind="tel", value=Zero.start["forwarding_number"],
                    error=Zero.errors["forwarding_number"], help=help, auto_complete="tel", max_length=40, placeholder="+1 415 555 0100",
                    on_change=keep_zero("forwarding_number"),
                ),
                max_width="420px",
            ),
            rx.cond(Zero.ungated != "", _aside(Zero.ungated)),
            save_button(Zero.is_saving),
            direction="column",
            gap="20px",
        ),
        on_submit=Zero.save,
        no_validate=True,
    )  # fmt: skip


def _aside(text: Any) -> rx.Component:
    sign = rx.icon("info", size=16, color="var(--muted)", aria_hidden="true", style={"marginTop": "2px", "flex": "none"})
    return rx.flex(sign, rx.text(text, size="2", color="var(--muted)", max_width="74ch"), gap="10px")


def _recharge() -> rx.Component:
    seen = facts(
        (
            ("Automatic recharge", Card.holds),
            ("Saved card", rx.cond(Card.card != "", Card.card, "None")),
            ("Charged by itself", Card.this_month),
        )
    )
    return panel(
        money_note(Card.failure, icon="circle-alert", is_bad=True),
        money_note(Card.under_way, icon="hourglass"),
        allowed("billing:write", rx.flex(_card(), _recharge_form(), direction="column", gap="24px"), otherwise=seen),
        title="Automatic recharge",
    )


def _card() -> rx.Component:
    """The saved card and what can be done with it."""
    save = rx.button(
        rx.cond(Card.card != "", "Save another card", "Save a card"), type="button", variant="soft", loading=Card.is_leaving,
        on_click=Card.save_card, custom_attrs={"data-leaving": rx.cond(Card.is_leaving, "yes", "")},
    )  # fmt: skip
    remove = rx.button("Remove card", type="button", variant="soft", color_scheme="gray", on_click=Card.turn_question(True))
    known = rx.box(rx.text(Card.card, size="2", weight="medium"), rx.text(Card.expires, size="1", color="var(--muted)", class_name="num"))
    none = rx.box(
        rx.text("No card is saved", size="2", weight="medium"),
        rx.text("Saving one on Stripe’s page charges nothing. We never see its number.", size="2", color="var(--muted)"),
    )
    return rx.flex(
        rx.icon("credit-card", size=20, color="var(--muted)", aria_hidden="true", style={"flex": "none"}),
        rx.box(rx.cond(Card.card != "", known, none), flex="1", min_width="200px"),
        rx.flex(save, rx.cond(Card.card != "", remove), gap="10px", wrap="wrap"),
        align="center",
        gap="12px 14px",
        wrap="wrap",
    )


def _recharge_form() -> rx.Component:
    switch = switch_field(
        "Charge my card by itself",
        "enabled",
        help="Every charge comes with a receipt. After two failures in a row it switches itself off and tells you.",
        checked=Card.is_on,
        on_change=keep_card("enabled"),
    )
    limit = f"Charged by itself so far: {Card.this_month}."
    amounts = rx.grid(
        _amount("When the balance falls below, dollars", "threshold_cents"),
        field("Buy this pack", "pack_id", control=_pack(), error=Card.errors["pack_id"]),
        _amount("At most a month, dollars", "monthly_cap_cents", help=limit),
        columns=rx.breakpoints(initial="1", md="3"),
        gap="16px",
    )
    return rx.form(
        rx.flex(
            form_error(Card.problem),
            rx.box(switch, field_note("switch", "", Card.errors["enabled"])),
            amounts,
            save_button(Card.is_saving),
            direction="column",
            gap="20px",
        ),
        on_submit=Card.save,
        no_validate=True,
    )


def _amount(label: str, name: str, *, help: Any = "") -> rx.Component:
    return field(
        label,
        name,
        value=Card.start[name],
        error=Card.errors[name],
        help=help,
        input_mode="decimal",
        max_length=12,
        on_change=keep_card(name),
    )


def _pack() -> rx.Component:
    def option(pack: PackChoice) -> rx.Component:
        return rx.el.option(pack.words, value=pack.id)

    return rx.el.select(
        each(Card.packs, option),
        id="pack_id",
        name="pack_id",
        class_name="select",
        value=Card.start["pack_id"],
        on_change=keep_card("pack_id"),
        aria_describedby="pack_id-note",
    )


def _question() -> rx.Component:
    return confirm_dialog(
        open=Card.is_asking,
        on_open_change=Card.turn_question,
        title=f"Remove {Card.card}?",
        effects=(
            ("credit-card", "The card is forgotten here and at Stripe. You can save it again at any time."),
            ("power-off", "Automatic recharge is switched off. A charge that is under way is finished."),
            ("wallet", "Your credits stay, and you can buy packs as before."),
        ),
        action="Remove card",
        on_confirm=Card.remove_card,
        keep="Keep it",
        sending=Card.is_removing,
    )

"""Charging the saved card by itself: when, with which pack, up to how much a month, and what became of it last time."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Invalid, KametrixError
from kametrix.models import RechargeFailure
from kametrix.services import credits, recharge
from kametrix.services.recharge import Recharge
from kametrix.services.wording import dollars, moment
from kametrix.services.zones import zone_of
from kametrix.state import checkout, live
from kametrix.state.addresses import said
from kametrix.state.admin.amounts import cents_of
from kametrix.state.guard import AuthState, allow
from kametrix.state.settings_form import SettingsForm

FIELDS: Final = ("enabled", "threshold_cents", "pack_id", "monthly_cap_cents")
AMOUNTS: Final = ("threshold_cents", "monthly_cap_cents")
ON: Final = "on"
HERE: Final = "/credits/billing"
KNOWN_BRANDS: Final = {
    "amex": "American Express",
    "mastercard": "Mastercard",
    "visa": "Visa",
    "discover": "Discover",
    "unionpay": "UnionPay",
}


@dataclass(frozen=True)
class PackChoice:
    """A pack that can be bought by itself."""

    id: str
    words: str


class RechargeState(SettingsForm, AuthState):
    """`card` and `expires` are what its owner knows the saved card by; `failure` says what went wrong last, and what to do."""

    is_on: bool = False
    packs: rx.Field[list[PackChoice]] = rx.field(default_factory=list)
    holds: str = ""
    card: str = ""
    expires: str = ""
    this_month: str = ""
    under_way: str = ""
    failure: str = ""
    is_leaving: bool = False
    is_asking: bool = False
    is_removing: bool = False

    @rx.event
    @allow("credits:read")
    async def load(self) -> AsyncGenerator[Any]:
        """Show what is set; who comes back from Stripe with a card has it kept first."""
        live.follow(self, RechargeState.refresh)
        self.is_leaving = self.is_asking = self.is_removing = False
        self._resume()
        setup = said(self, "setup")["setup"]
        if setup and self.actor.may("billing:write"):
            yield await self._keep_card(setup)
        await self._read()

    async def _keep_card(self, session_id: str) -> Any:
        """Keep the card once: the address is left, so that loading the page again keeps nothing anew."""
        try:
            await checkout.keep_card(self.actor, session_id)
        except KametrixError as error:
            return [rx.toast.error(error.message), rx.redirect(HERE, replace=True)]
        return [rx.toast.success("Your card is saved. It is charged only if you switch that on."), rx.redirect(HERE, replace=True)]

    @rx.event
    @allow("credits:read")
    async def refresh(self) -> None:
        """The card was charged, or somebody else changed something."""
        await self._read()

    async def _read(self) -> None:
        shown: Recharge = await db.run(recharge.shown, self.actor)
        on_sale = await db.run(credits.packs, self.actor)
        now = clock.now().astimezone(await db.run(zone_of, self.actor))
        self.packs = [PackChoice(pack.id, f"{pack.name}, {dollars(pack.price_in_cents)}") for pack in on_sale]
        self.start = {
            "enabled": ON if shown.enabled else "",
            "threshold_cents": f"{shown.threshold_cents / 100:.2f}",
            "pack_id": shown.pack_id or (on_sale[0].id if on_sale else ""),
            "monthly_cap_cents": f"{shown.monthly_cap_cents / 100:.2f}",
        } | self._typed
        self.is_on = self.start["enabled"] == ON
        self.holds = holds(shown)
        self.card, self.expires = card_words(shown), f"Expires {shown.card_expires}" if shown.has_card else ""
        self.this_month = f"{dollars(shown.spent_cents)} of {dollars(shown.monthly_cap_cents)} this month"
        self.under_way = "A charge of your card is under way." if shown.is_running else ""
        self.failure = failure_words(shown, now)

    @rx.event
    @allow("billing:write")
    def keep(self, name: str, value: str | bool) -> None:
        """Remember what is switched, chosen and typed."""
        if name in FIELDS:
            self._keep(name, (ON if value else "") if isinstance(value, bool) else value[:100])
            self.is_on = self.start["enabled"] == ON

    @rx.event
    @allow("billing:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save all of it; errors are told at the fields."""
        typed = {name: str(form.get(name, self.start.get(name, "")))[:100] for name in FIELDS[1:]}
        async for events in self._send({"enabled": ON if self.is_on else "", **typed}, self._save):
            yield events

    async def _save(self) -> Any:
        typed = self._typed
        amounts, wrong = _amounts(typed)
        if wrong:
            raise Invalid.fields(wrong)
        is_on = typed["enabled"] == ON
        await db.run(
            recharge.save, self.actor, enabled=is_on, threshold_cents=amounts["threshold_cents"], pack_id=typed["pack_id"],
            monthly_cap_cents=amounts["monthly_cap_cents"],
        )  # fmt: skip
        return rx.toast.success(
            "Saved. Your card is charged by itself from now on." if is_on else "Saved. Your card is not charged by itself."
        )

    @rx.event
    @allow("billing:write")
    async def save_card(self) -> AsyncGenerator[Any]:
        """Go to Stripe's page, where a card is saved without being charged."""
        self.is_leaving = True
        yield
        url = ""
        try:
            url = await checkout.open_card_setup(self.actor)
        finally:
            self.is_leaving = bool(url)
        yield rx.redirect(url)

    @rx.event
    @allow("billing:write")
    def turn_question(self, is_open: bool) -> None:
        """Open or close the question whether to remove the card."""
        self.is_asking = is_open

    @rx.event
    @allow("billing:write")
    async def remove_card(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Forget the card; nothing is charged by itself any more."""
        if self.is_removing:
            return
        self.is_removing = True
        yield
        try:
            await db.run(recharge.forget_card, self.actor)
        finally:
            self.is_removing = self.is_asking = False
        self._typed = {}
        await self._read()
        yield rx.toast.success("The card is being removed. Nothing is charged by itself any more.")


def _amounts(typed: dict[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """The amounts in cents, and what is wrong with those that are none."""
    amounts: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for name in AMOUNTS:
        try:
            amounts[name] = cents_of(typed[name], name)
        except Invalid:
            wrong[name] = "Give an amount in dollars, like 5.00."
    return amounts, wrong


def holds(shown: Recharge) -> str:
    """What is set, in a sentence, for people who may look and not change."""
    if not shown.enabled:
        return "Off"
    return f"{shown.pack_name} for {dollars(shown.pack_price_cents)}, whenever the balance falls below {dollars(shown.threshold_cents)}"


def card_words(shown: Recharge) -> str:
    """'Visa ending in 4242'; empty without a card."""
    if not shown.has_card:
        return ""
    brand = shown.card_brand or "card"
    return f"{KNOWN_BRANDS.get(brand, brand.capitalize())} ending in {shown.card_last4}"


def failure_words(shown: Recharge, now: datetime) -> str:
    """What went wrong when the card was last charged, and what to do; empty when nothing did."""
    if not shown.last_failure or shown.last_failure_at is None:
        return ""
    when = moment(shown.last_failure_at.astimezone(now.tzinfo), now)
    what, todo = {
        RechargeFailure.DECLINED: ("your card was declined", "Save another card, or ask your bank."),
        RechargeFailure.AUTHENTICATION_REQUIRED: (
            "your bank wanted you to confirm the payment",
            "Buy this pack yourself, or save a card that can be charged without asking you.",
        ),
        RechargeFailure.NO_METHOD: ("there was no card left to charge", "Save a card."),
        RechargeFailure.CAP_REACHED: ("the limit for this month was reached", "Raise the limit, or buy a pack yourself."),
    }[RechargeFailure(shown.last_failure)]
    off = "" if shown.enabled else " Automatic recharge is switched off."
    return f"{when}: {what}.{off} {todo}"

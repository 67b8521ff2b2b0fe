"""Prices: what a change means is said before it is made, and it is effective at once."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from kametrix.errors import KametrixError
from kametrix.services.access import PLATFORM
from kametrix.services.admin import prices
from kametrix.services.admin.prices import PackForm, PackRow
from kametrix.services.ledger import cost_cents
from kametrix.services.money_text import minutes_left
from kametrix.services.wording import dollars, length, minutes
from kametrix.state.admin.amounts import cents_of, whole
from kametrix.state.admin.base import AdminState
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

EXAMPLE_SECONDS: Final = 272
NO_ERRORS: Final = {"cents_per_minute": "", "welcome_ceiling_cents": "", "name": "", "credits": "", "price": ""}


@dataclass(frozen=True)
class PackLine:
    """A pack in words, and the numbers its form begins with."""

    id: str = ""
    name: str = ""
    credits: str = ""
    price: str = ""
    minutes: str = ""
    is_active: bool = True
    typed_credits: str = ""
    typed_price: str = ""


class PricesState(AdminState):
    """`form` changes when prices were read anew, so that the fields show them; `editing` is the pack in the open form."""

    rate: str = ""
    ceiling: str = ""
    packs: rx.Field[list[PackLine]] = rx.field(default_factory=list)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict(NO_ERRORS))
    problem: str = ""
    form: int = 0
    editing: PackLine = PackLine()
    is_editing: bool = False
    _rate: int = 0
    _ceiling: int = 0

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show everything that has a price."""
        self._settle()
        self.is_editing, self.errors, self.problem = False, dict(NO_ERRORS), ""
        await self._read()

    async def _read(self) -> None:
        found = await self._ask(prices.prices)
        self._rate, self._ceiling = found.cents_per_minute, found.welcome_ceiling_cents
        self.rate, self.ceiling = str(found.cents_per_minute), f"{found.welcome_ceiling_cents / 100:.2f}"
        self.packs, self.form = [pack_line(pack, found.cents_per_minute) for pack in found.packs], self.form + 1

    @rx.event
    @allow(PLATFORM)
    def ask_rate(self, form: dict[str, Any]) -> Any:
        """Read the new price of a minute and say what it means."""
        return self._check("cents_per_minute", lambda: whole(str(form.get("cents_per_minute", "")), "cents_per_minute"), rate_question)

    @rx.event
    @allow(PLATFORM)
    def ask_ceiling(self, form: dict[str, Any]) -> Any:
        """Read the new ceiling and say what it means."""
        return self._check(
            "welcome_ceiling_cents", lambda: cents_of(str(form.get("welcome_ceiling_cents", "")), "welcome_ceiling_cents"), ceiling_question
        )

    def _check(self, key: str, read: Any, question: Any) -> Any:
        self.errors = dict(NO_ERRORS)
        lowest, highest = prices.RANGES[key]
        try:
            value = read()
        except KametrixError as error:
            self.errors = {**NO_ERRORS, **error.errors}
            return rx.call_script(TO_FIRST_ERROR)
        if not lowest <= value <= highest:
            shown = f"{lowest} and {highest:,} cents" if key == "cents_per_minute" else f"{dollars(lowest)} and {dollars(highest)}"
            self.errors = {**NO_ERRORS, key: f"Between {shown}."}
            return rx.call_script(TO_FIRST_ERROR)
        self._open(question(self._rate if key == "cents_per_minute" else self._ceiling, value))
        return None

    @rx.event
    @allow(PLATFORM)
    async def confirm(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Make the change that was asked about."""
        async for event in self._decide(self._perform, self._read):
            yield event

    async def _perform(self) -> str:
        deed, subject = self.asked.deed, self.asked.subject
        try:
            if deed in ("sell", "stop"):
                await self._ask(prices.set_pack_active, subject, deed == "sell")
            else:
                was = self._rate if deed == "cents_per_minute" else self._ceiling
                await self._ask(prices.set_price, deed, int(subject), was=was)
        except KametrixError:
            await self._read()  # it was refused because the page is out of date
            raise
        return "Saved. It applies from now on."

    @rx.event
    @allow(PLATFORM)
    def edit(self, pack_id: str) -> None:
        """Open the form of a pack; an empty id begins a new one."""
        self.editing = next((pack for pack in self.packs if pack.id == pack_id), PackLine())
        self.errors, self.problem, self.is_editing = dict(NO_ERRORS), "", True

    @rx.event
    @allow(PLATFORM)
    def turn_editing(self, is_open: bool) -> None:
        """The form was closed."""
        self.is_editing = bool(is_open)

    @rx.event
    @allow(PLATFORM)
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save a pack; errors are told at the fields."""
        self.errors, self.problem, self.is_sending = dict(NO_ERRORS), "", True
        yield
        try:
            credits, price = whole(str(form.get("credits", "")), "credits"), cents_of(str(form.get("price", "")), "price")
            pack = PackForm(str(form.get("name", "")), credits, price)
            await (self._ask(prices.update_pack, self.editing.id, pack) if self.editing.id else self._ask(prices.create_pack, pack))
        except KametrixError as error:
            self.errors, self.problem = {**NO_ERRORS, **error.errors}, "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_sending = False
        self.is_editing = False
        await self._read()
        yield rx.toast.success("The pack is saved. Customers see it now.")

    @rx.event
    @allow(PLATFORM)
    async def move(self, pack_id: str, by: int) -> None:
        """One place up or down."""
        await self._ask(prices.move_pack, pack_id, int(by))
        await self._read()

    @rx.event
    @allow(PLATFORM)
    def ask_sale(self, pack_id: str) -> None:
        """Ask before a pack is sold, or no longer sold."""
        for pack in self.packs:
            if pack.id == pack_id:
                self._open(sale_question(pack))


def pack_line(pack: PackRow, rate: int) -> PackLine:
    """A pack in words."""
    return PackLine(
        id=pack.id,
        name=pack.name,
        credits=f"{pack.credits:,} credits",
        price=dollars(pack.price_in_cents),
        minutes=minutes(minutes_left(pack.credits, rate)),
        is_active=pack.is_active,
        typed_credits=str(pack.credits),
        typed_price=f"{pack.price_in_cents / 100:.2f}",
    )


def rate_question(before: int, after: int) -> Asked:
    """What another price of a minute means, by an example."""
    example = (
        f"A call of {length(EXAMPLE_SECONDS)} will cost {dollars(cost_cents(EXAMPLE_SECONDS, after)[1])} "
        f"instead of {dollars(cost_cents(EXAMPLE_SECONDS, before)[1])}."
    )
    effects = [
        example,
        f"A balance of $10.00 buys {minutes(minutes_left(1000, after))} instead of {minutes(minutes_left(1000, before))}.",
        "It applies to every call that is settled from now on, in all organizations.",
        "Calls that were charged keep the price they had.",
    ]
    return Asked("cents_per_minute", str(after), f"Charge {dollars(after)} a minute?", effects, "Change the price", is_grave=after > before)


def ceiling_question(before: int, after: int) -> Asked:
    """What another welcome ceiling means."""
    effects = [
        f"Organizations that never bought may use up to {dollars(after)} instead of {dollars(before)} before calls are declined.",
        "It applies to the next call. A call that runs is not cut off.",
        "Whoever has bought once is not concerned.",
    ]
    return Asked("welcome_ceiling_cents", str(after), f"Set the welcome ceiling to {dollars(after)}?", effects, "Change the ceiling")


def sale_question(pack: PackLine) -> Asked:
    """What it means to sell a pack, or not."""
    if pack.is_active:
        effects = ["Customers no longer see it.", "Credits that were bought with it stay."]
        return Asked("stop", pack.id, f"Stop selling {pack.name}?", effects, "Stop selling", is_grave=True)
    return Asked("sell", pack.id, f"Sell {pack.name}?", [f"Customers see {pack.credits} for {pack.price} at once."], "Sell it")

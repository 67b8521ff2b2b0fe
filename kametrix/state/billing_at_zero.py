"""What happens to calls when no credit is left: the owner's choice, what callers hear, and how far it has come to the numbers."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.models import WhenEmpty
from kametrix.services import organization_settings, texts, when_empty
from kametrix.services.when_empty import Rules
from kametrix.services.wording import counted, dollars, telephone
from kametrix.state import live
from kametrix.state.guard import AuthState, allow
from kametrix.state.settings_form import SettingsForm

FIELDS: Final = ("mode", "forwarding_number")


class AtZeroState(SettingsForm, AuthState):
    """`mode` is the chosen one, `holds` the saved one in words; `heard` is what a caller who is turned away hears."""

    mode: str = WhenEmpty.GRACE.value
    holds: str = ""
    grace: str = ""
    heard: str = ""
    number: str = ""
    switching: str = ""
    ungated: str = ""

    @rx.event
    @allow("credits:read")
    async def load(self) -> None:
        """Show what holds; what was chosen and not saved stays."""
        live.follow(self, AtZeroState.refresh)
        self._resume()
        await self._read()

    @rx.event
    @allow("credits:read")
    async def refresh(self) -> None:
        """A number has arrived, or somebody else chose."""
        await self._read()

    async def _read(self) -> None:
        rules = await db.run(when_empty.rules, self.actor)
        self.start = {"mode": rules.mode, "forwarding_number": telephone(rules.forwarding_number)} | self._typed
        self.mode, self.holds, self.grace = self.start["mode"], holds(rules), grace(rules)
        self.number, self.switching, self.ungated = telephone(rules.forwarding_number), switching(rules), ungated(rules)
        if not self.heard:
            self.heard = texts.of((await db.run(organization_settings.profile, self.actor)).language).line_unavailable

    @rx.event
    @allow("billing:write")
    def keep(self, name: str, value: str) -> None:
        """Remember what is chosen and typed."""
        if name in FIELDS:
            self._keep(name, str(value)[:100])
            self.mode = self.start["mode"]

    @rx.event
    @allow("billing:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save the choice; errors are told at the fields."""
        typed = {"mode": self.mode, "forwarding_number": str(form.get("forwarding_number", ""))[:100]}
        async for events in self._send(typed, self._save):
            yield events

    async def _save(self) -> Any:
        await db.run(when_empty.choose, self.actor, self._typed["mode"], self._typed["forwarding_number"])
        return rx.toast.success("Saved. It holds for every call that starts from now on, as soon as your numbers are switched.")


def holds(rules: Rules) -> str:
    """The saved choice, for people who may look and not change."""
    return {
        WhenEmpty.GRACE: "Calls go on being answered, on grace.",
        WhenEmpty.STOP: "Callers hear that nobody can take the call.",
        WhenEmpty.FORWARD: f"Callers are connected to {telephone(rules.forwarding_number)}.",
    }[WhenEmpty(rules.mode)]


def grace(rules: Rules) -> str:
    """How far grace reaches, for the card that offers it."""
    if not rules.has_purchased and rules.mode == WhenEmpty.GRACE and rules.ceiling_cents is not None:
        return f"Before your first pack up to {dollars(rules.ceiling_cents)}; after it without a limit."
    if rules.own_limit_cents is not None:
        return f"Up to {dollars(rules.own_limit_cents)}, the limit set for you."
    return "Without a limit. Your next pack pays it back first."


def switching(rules: Rules) -> str:
    """Which numbers a saved choice has not reached yet; empty when it has reached all."""
    if not rules.updating:
        return ""
    one = telephone(rules.updating[0])
    return f"{one} is being switched." if len(rules.updating) == 1 else f"{counted(len(rules.updating), 'number')} are being switched."


def ungated(rules: Rules) -> str:
    """What cannot be promised for numbers that the provider answers without asking us."""
    waiting = [number for number in rules.not_gated if rules.is_gated or rules.mode != WhenEmpty.GRACE]
    if not rules.not_gated:
        return ""
    if waiting:
        return (
            f"Until they are switched, {_numbers(waiting)} are answered directly by the telephone provider, without asking us: "
            "a call that starts there is not stopped."
        )
    return (
        "Calls to your numbers are answered directly by the telephone provider, without asking us first. That is quickest, and works even "
        "while we cannot be reached; but such calls cannot be stopped or passed on for want of credit."
    )


def _numbers(numbers: list[str]) -> str:
    return telephone(numbers[0]) if len(numbers) == 1 else counted(len(numbers), "number")

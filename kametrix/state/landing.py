"""The front page: what a minute costs today, and whether the visitor is known."""

from dataclasses import dataclass

import reflex as rx

from kametrix import db
from kametrix.services.access import PUBLIC
from kametrix.services.ledger import cost_cents
from kametrix.services.site_settings import DEFAULTS, cents_per_minute, welcome_ceiling_cents
from kametrix.services.wording import counted, dollars, minutes
from kametrix.state.guard import AuthState, allow

EXAMPLES: tuple[tuple[int, int, str], ...] = (
    (15, 2, "A quiet line, covered after hours"),
    (40, 3, "A practice that lets it take lunch and evenings"),
    (200, 2, "A busy shop where every call is answered"),
)
"""Calls a month, minutes of each, whose month this is."""


@dataclass(frozen=True)
class Example:
    """A month of calls and its price, in words."""

    calls: str
    price: str
    who: str


def examples(rate: int) -> list[Example]:
    """The price of example months at `rate` cents a minute."""
    return [
        Example(f"{counted(calls, 'call')} of {minutes(length)}", dollars(calls * cost_cents(length * 60, rate)[1]), who)
        for calls, length, who in EXAMPLES
    ]


class LandingState(AuthState):
    """Prerendered with the usual price; the installation's own follows."""

    price: str = dollars(DEFAULTS["cents_per_minute"])
    on_trust: str = dollars(DEFAULTS["welcome_ceiling_cents"])
    examples: rx.Field[list[Example]] = rx.field(default_factory=lambda: examples(DEFAULTS["cents_per_minute"]))
    is_known: bool = False

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> None:
        """Read the terms of this installation."""
        rate = await db.run_platform(db.PAGES, cents_per_minute)
        on_trust = await db.run_platform(db.PAGES, welcome_ceiling_cents)
        self.price, self.on_trust, self.examples = dollars(rate), dollars(on_trust), examples(rate)
        self.is_known = self._principal is not None

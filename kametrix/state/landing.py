"""The front page: what a minute costs today, what the sample calls would have cost, and whether the visitor is known."""

import reflex as rx

from kametrix import db
from kametrix.services import sample_calls
from kametrix.services.access import PUBLIC
from kametrix.services.ledger import cost_cents
from kametrix.services.site_settings import DEFAULTS, cents_per_minute, welcome_ceiling_cents
from kametrix.services.wording import dollars, minutes
from kametrix.state.guard import AuthState, allow


def sample_costs(rate: int) -> dict[str, str]:
    """What each sample call costs at `rate` cents a minute, in words, by its key."""
    priced = {call.key: cost_cents(call.seconds, rate) for call in sample_calls.CALLS}
    return {key: f"{minutes(count)} × {dollars(rate)} = {dollars(cents)}" for key, (count, cents) in priced.items()}


class LandingState(AuthState):
    """Prerendered with the usual price; the installation's own follows. `rate` is in cents a minute."""

    rate: int = DEFAULTS["cents_per_minute"]
    price: str = dollars(DEFAULTS["cents_per_minute"])
    on_trust: str = dollars(DEFAULTS["welcome_ceiling_cents"])
    costs: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: sample_costs(DEFAULTS["cents_per_minute"]))
    is_known: bool = False

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> None:
        """Read the terms of this installation."""
        rate = await db.run_platform(db.PAGES, cents_per_minute)
        on_trust = await db.run_platform(db.PAGES, welcome_ceiling_cents)
        self.rate, self.price, self.on_trust, self.costs = rate, dollars(rate), dollars(on_trust), sample_costs(rate)
        self.is_known = self._principal is not None

"""One Stripe account: its objects, what can be done with them, and its clock's errands."""

import asyncio

from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.store import Store
from sandbox.stripe.cards import Cards
from sandbox.stripe.catalogue import Catalogue
from sandbox.stripe.checkout import Checkout
from sandbox.stripe.courier import Courier
from sandbox.stripe.disputes import Disputes
from sandbox.stripe.endpoints import Endpoints
from sandbox.stripe.events import Events
from sandbox.stripe.idempotency import Keys
from sandbox.stripe.payments import Payments
from sandbox.stripe.records import Records
from sandbox.stripe.refunds import Refunds
from sandbox.stripe.trouble import Troubles

LOOKS_EVERY = 10.0  # seconds between looks for sessions whose time is over


class Account:
    """Everything the API, the hosted page, /_control and the console may need."""

    def __init__(self, store: Store, clock: Clock, config: Config) -> None:
        self._config, self._clock = config, clock
        self.store = store
        self.records = Records(store, clock)
        self.troubles = Troubles()
        self.courier = Courier(store, clock, self.troubles)
        self.events = Events(self.records, self.courier)
        self.endpoints = Endpoints(self.records)
        self.keys = Keys(store)
        self.cards = Cards(self.records, self.events)
        self.catalogue = Catalogue(self.records, self.events)
        self.payments = Payments(self.records, self.events, self.cards, config.public)
        self.checkout = Checkout(self.records, self.events, self.cards, self.payments, self.catalogue, config.public)
        self.refunds = Refunds(self.records, self.events)
        self.disputes = Disputes(self.records, self.events)
        self._errands: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """The endpoint of the environment."""
        self.endpoints.prepare(self._config)

    def start(self) -> None:
        """Go on with waiting deliveries, and expire sessions in time."""
        self.courier.resume()
        self._errands = asyncio.ensure_future(self._run_errands())

    async def reset(self) -> None:
        """Stop deliveries and faults; the store is emptied by the caller."""
        await self.courier.stop()
        self.troubles.clear()

    async def close(self) -> None:
        """Stop everything."""
        if self._errands:
            self._errands.cancel()
            await asyncio.gather(self._errands, return_exceptions=True)
        await self.courier.close()

    async def _run_errands(self) -> None:
        while True:
            await self._clock.sleep(LOOKS_EVERY)
            for session in self.records.all("checkout.session", status="open"):
                self.checkout.get(session["id"])

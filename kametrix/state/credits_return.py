"""Back from Stripe: what became of the payment, asked for as long as it is undecided, and told the moment it changes."""

import asyncio
from typing import Any

import reflex as rx

from kametrix import db
from kametrix.errors import Busy, NotFound
from kametrix.models import PurchaseStatus
from kametrix.services import purchases
from kametrix.services.access import Actor
from kametrix.services.purchases import Standing
from kametrix.services.wording import dollars
from kametrix.state import checkout, live
from kametrix.state.addresses import said
from kametrix.state.guard import AuthState, allow
from kametrix.state.payment_words import RECEIVED, UNCONFIRMED, UNKNOWN, WAITING, Told, told, unconfirmed

REST_SECONDS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
"""Rests before each time Stripe is asked: half a minute in all. The webhook and the sync job go on by themselves."""
SURE = 2
"""Answers without a payment after which the page no longer says that one was received."""


class ReturnState(AuthState):
    """The payment named in the address; `what` is the pack. `_asked`: how often Stripe was asked about it without finding it paid."""

    told: Told = Told()
    what: str = ""
    _session: str = ""
    _asked: int = 0
    _turn: int = 0

    @rx.event
    @allow("credits:read")
    async def load(self) -> Any:
        """Say how the payment stands; while it is undecided, go on asking."""
        self._session, self._asked, self._turn = said(self, "session")["session"], 0, self._turn + 1
        live.follow(self, ReturnState.refresh)
        await self._read()
        return ReturnState.watch if self.told.look == WAITING else None

    @rx.event
    @allow("credits:read")
    async def refresh(self) -> None:
        """Money moved, or the payment did."""
        await self._read()

    async def _read(self) -> None:
        try:
            self._show(await db.run(purchases.standing, self.actor, self._session))
        except NotFound:
            self.told, self.what = UNKNOWN, ""

    def _show(self, standing: Standing) -> None:
        self.what = f"{standing.pack_name}, {standing.credits:,} credits for {dollars(standing.price_in_cents)}"
        if standing.status != PurchaseStatus.OPEN:
            self.told = told(standing)
        else:
            self.told = RECEIVED if self._asked < SURE else unconfirmed(standing)

    @rx.event
    @allow("credits:read")
    async def ask_again(self) -> Any:
        """Ask Stripe once more, from the beginning."""
        self._asked, self._turn = 0, self._turn + 1
        await self._read()
        return ReturnState.watch

    @rx.event(background=True)
    @allow("credits:read")
    async def watch(self) -> None:
        """Ask Stripe a few times, so that a late webhook makes nobody wait; a page that is loaded again begins anew."""
        async with self:
            turn, session = self._turn, self._session
        for rest in REST_SECONDS:
            await asyncio.sleep(rest)
            async with self:
                if turn != self._turn or self.told.look not in (WAITING, UNCONFIRMED):
                    return
                actor = self.actor
            standing = await _standing(actor, session)
            async with self:
                if turn != self._turn:
                    return
                self._asked += 1
                if standing is not None:
                    self._show(standing)


async def _standing(actor: Actor, session: str) -> Standing | None:
    """What Stripe and our books say; none while neither can."""
    try:
        return await checkout.look_again(actor, session)
    except Busy:
        return None

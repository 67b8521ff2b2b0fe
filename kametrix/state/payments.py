"""Buying on the credits page: to Stripe's page and back, what is still on its way, and what became of every payment."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import reflex as rx

from kametrix import clock, db
from kametrix.models import PurchaseKind, PurchaseStatus
from kametrix.services import attention_money, payment_list
from kametrix.services.payment_list import PaymentPage, PaymentRow
from kametrix.services.wording import dollars, moment
from kametrix.services.zones import zone_of
from kametrix.state import checkout, live
from kametrix.state.addresses import address, said
from kametrix.state.guard import AuthState, allow

OPEN_FOR: Final = timedelta(minutes=30)
"""How long somebody who went to pay is reminded of it."""
UNPAID: Final = (PurchaseStatus.OPEN, PurchaseStatus.EXPIRED)
"""Purchases that are no payments."""
CANCELLED: Final = "You came back without paying. Nothing was charged, and nothing is lost."


@dataclass(frozen=True)
class PaymentLine:
    """One payment. `look` is its badge; `note` what happened to it since, or why it failed."""

    id: str
    look: str
    at: str
    what: str
    how: str
    amount: str
    note: str


@dataclass(frozen=True)
class Unfinished:
    """A purchase that waits: for the person (`leaves` to Stripe's page) or for the bank."""

    id: str
    title: str
    text: str
    action: str
    href: str
    leaves: bool


class PaymentsState(AuthState):
    """`buying` is the pack whose payment page is being opened; `notice` says what coming back without paying means."""

    buying: str = ""
    notice: str = ""
    warning: str = ""
    unfinished: rx.Field[list[Unfinished]] = rx.field(default_factory=list)
    lines: rx.Field[list[PaymentLine]] = rx.field(default_factory=list)
    newer: str = ""
    older: str = ""

    @rx.event
    @allow("credits:read")
    async def load(self) -> None:
        """Show the payments; nobody is on the way to Stripe any more."""
        live.follow(self, PaymentsState.refresh)
        self.buying = ""
        self.notice = CANCELLED if said(self, "cancelled")["cancelled"] else ""
        await self._read(db.run)

    @rx.event
    @allow("credits:read")
    async def refresh(self) -> None:
        """Money moved, or a payment did."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        after = said(self, "payments")["payments"]
        newest: PaymentPage = await run(payment_list.payments, self.actor)
        page: PaymentPage = await run(payment_list.payments, self.actor, after=after) if after else newest
        trouble: attention_money.MoneyTrouble = await run(attention_money.trouble, self.actor)
        now = clock.now().astimezone(await run(zone_of, self.actor))
        self.unfinished = [unfinished(row) for row in newest.rows if waits(row, now)]
        self.lines = [payment_line(row, now) for row in page.rows if row.status not in UNPAID]
        self.newer = "/credits" if after else ""
        self.older = address("/credits", payments=page.next) if page.next else ""
        self.warning = dispute_words(trouble)

    @rx.event
    @allow("billing:write")
    async def buy(self, pack_id: str) -> AsyncGenerator[Any]:
        """Open Stripe's page for a pack and go there. What fails is told; a purchase that was begun costs nothing."""
        self.buying, self.notice = pack_id, ""
        yield
        url = ""
        try:
            url = await checkout.open_checkout(self.actor, pack_id, origin=str(self.router.headers.origin))
        finally:
            self.buying = pack_id if url else ""
        yield rx.redirect(url)


def waits(row: PaymentRow, now: datetime) -> bool:
    """Whether a purchase waits: for the bank, or for somebody who went to pay minutes ago."""
    is_fresh = row.status is PurchaseStatus.OPEN and row.kind is PurchaseKind.CHECKOUT and now - row.created_at < OPEN_FOR
    return row.status is PurchaseStatus.PENDING or (is_fresh and bool(row.checkout_url))


def unfinished(row: PaymentRow) -> Unfinished:
    """What a purchase waits for."""
    what = f"{row.pack_name} for {dollars(row.price_in_cents)}"
    if row.status is PurchaseStatus.PENDING:
        href = f"/credits/return?{urlencode({'session': row.session_id or row.id})}"
        text = f"{what}: your bank needs a few days. The credits are added by themselves."
        return Unfinished(row.id, "A payment is on its way", text, "See how it stands", href, leaves=False)
    return Unfinished(
        row.id, "Waiting for your payment", f"{what}. Nothing was charged yet.", "Continue", row.checkout_url or "", leaves=True
    )


def payment_line(row: PaymentRow, now: datetime) -> PaymentLine:
    """A payment in words."""
    look, note = outcome(row)
    return PaymentLine(
        id=row.id,
        look=look,
        at=moment((row.paid_at or row.created_at).astimezone(now.tzinfo), now),
        what=f"{row.pack_name}, {row.credits:,} credits",
        how="Automatic recharge"
        if row.kind is PurchaseKind.RECHARGE
        else f"Bought by {row.buyer}"
        if row.buyer
        else "Bought on Stripe’s page",
        amount=dollars(row.price_in_cents),
        note=note,
    )


def outcome(row: PaymentRow) -> tuple[str, str]:
    """(look, note) of a payment: what happened to it last weighs most."""
    price = dollars(row.price_in_cents)
    if row.disputed:
        return "DISPUTED", f"Your bank took {dollars(row.disputed)} back. While that is open, calls are declined."
    if row.lost:
        return "DISPUTED", f"Your bank took {dollars(row.lost)} back and kept it."
    if row.refunded:
        given = f"{dollars(row.refunded)} of {price} refunded" if row.refunded < row.price_in_cents else f"All of {price} refunded"
        return "REFUNDED", f"{given}."
    if row.refunding:
        return row.status.value, f"{dollars(row.refunding)} is on its way back to you."
    if row.status is PurchaseStatus.FAILED:
        return "FAILED", f"{(row.failure or 'The payment did not go through').rstrip('.')}. Nothing was charged."
    if row.status is PurchaseStatus.REVIEW:
        return "REVIEW", "What was paid is not what we asked for. Somebody looks at it; nothing is lost."
    return row.status.value, ""


def dispute_words(trouble: attention_money.MoneyTrouble) -> str:
    """Why callers are turned away although there is credit; empty while they are not."""
    if not trouble.declines_calls:
        return ""
    if trouble.disputed:
        return (
            f"Calls are paused: {dollars(trouble.disputed)} that was paid here is disputed with the bank of the card. "
            "Calls are answered again when that is decided. If it was a mistake, withdraw it at your bank and write to us."
        )
    return "Calls are paused: a disputed payment was lost and is still owed. The next pack pays it back, and calls are answered again."

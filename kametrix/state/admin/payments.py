"""Payments of all organizations: found by organization or number, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import reflex as rx

from kametrix.models import PurchaseKind, PurchaseStatus
from kametrix.services.access import PLATFORM
from kametrix.services.admin import payments
from kametrix.services.admin.payments import PaymentRow
from kametrix.services.wording import dollars, moment
from kametrix.state.addresses import address, neighbours, place, said
from kametrix.state.admin.base import AdminState
from kametrix.state.guard import allow

FILTERS: Final = ("search", "status")


@dataclass(frozen=True)
class PaymentLine:
    """A payment in the list. `look` is its badge."""

    id: str
    look: str
    at: str
    organization: str
    what: str
    note: str
    amount: str


class PaymentsState(AdminState):
    """What the address asks for."""

    rows: rx.Field[list[PaymentLine]] = rx.field(default_factory=list)
    search: str = ""
    status: str = ""
    key: str = ""
    newer: str = ""
    older: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show a page of payments."""
        self._settle()
        query = said(self, *FILTERS)
        wanted = PurchaseStatus(query["status"]) if query["status"] in set(PurchaseStatus) else None
        found, now = await self._ask(payments.payments, wanted, query["search"], place(self)), await self._now()
        self.search, self.status, self.key = query["search"], wanted.value if wanted else "", address("", **query)
        self.rows = [payment_line(row, now) for row in found.rows]
        self.newer, self.older = neighbours("/admin/payments", query, found)

    @rx.event
    @allow(PLATFORM)
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was searched and chosen."""
        return rx.redirect(address("/admin/payments", **{name: str(form.get(name, ""))[:200].strip() for name in FILTERS}))


def payment_line(row: PaymentRow, now: datetime) -> PaymentLine:
    """A payment in words."""
    note = row.failure
    if row.refunded:
        note = f"{dollars(row.refunded)} refunded"
    how = "automatic recharge" if row.kind is PurchaseKind.RECHARGE else "Checkout"
    return PaymentLine(
        id=row.id,
        look=look_of(row),
        at=moment((row.paid_at or row.created_at).astimezone(now.tzinfo), now),
        organization=row.organization,
        what=f"{row.pack_name}, {how}",
        note=note,
        amount=price(row),
    )


def look_of(row: PaymentRow) -> str:
    """The badge of a payment: what happened to it last weighs most."""
    return "DISPUTED" if row.disputed else "REFUNDED" if row.refunded else row.status.value


def price(row: PaymentRow) -> str:
    """'$25.00', '25.00 EUR'."""
    return dollars(row.price_in_cents) if row.currency == "USD" else f"{row.price_in_cents / 100:,.2f} {row.currency}"

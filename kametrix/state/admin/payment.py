"""One payment: its facts, what was given back and what is disputed; refunds are ordered and disputes lifted here."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import reflex as rx

from kametrix.errors import Invalid, KametrixError, NotFound
from kametrix.models import PurchaseKind, PurchaseStatus
from kametrix.services.access import PLATFORM
from kametrix.services.admin import payments
from kametrix.services.admin.payments import Detail, DisputeRow, RefundRow
from kametrix.services.wording import dollars, moment
from kametrix.state.admin.amounts import cents_of
from kametrix.state.admin.base import AdminState, told
from kametrix.state.admin.payments import look_of, price
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

NO_ERRORS: Final = {"amount": "", "reason": ""}
NO_FACTS: Final[dict[str, str]] = dict.fromkeys(("look", "price", "pack", "how", "began", "paid", "payment", "failure", "left"), "")


@dataclass(frozen=True)
class RefundLine:
    """Money given back; `note` says why, or why not."""

    id: str
    look: str
    amount: str
    at: str
    note: str


@dataclass(frozen=True)
class DisputeLine:
    """Money a bank took back. `can_lift`: it keeps calls waiting."""

    id: str
    look: str
    amount: str
    at: str
    note: str
    can_lift: bool


class PaymentState(AdminState):
    """The payment named in the address. `typed` is what the refund form begins with, `effect` what is left and owed."""

    title: str = ""
    organization: str = ""
    facts: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict(NO_FACTS))
    refunds: rx.Field[list[RefundLine]] = rx.field(default_factory=list)
    disputes: rx.Field[list[DisputeLine]] = rx.field(default_factory=list)
    is_missing: bool = False
    can_refund: bool = False
    is_refunding: bool = False
    typed: str = ""
    effect: str = ""
    form: int = 0
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict(NO_ERRORS))
    problem: str = ""
    _id: str = ""
    _organization_id: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show the payment."""
        self._settle()
        self.is_refunding, self._id = False, self.router.url.path.rstrip("/").rpartition("/")[2]
        await self._read()

    async def _read(self) -> None:
        try:
            found, now = await self._ask(payments.payment, self._id), await self._now()
        except NotFound:
            self.title, self.is_missing = "", True
            return
        row = found.payment
        self.is_missing, self.organization, self._organization_id = False, row.organization, row.organization_id
        self.title, self.facts = f"{row.pack_name} for {price(row)}", facts(found, now)
        self.refunds = [refund_line(refund, now) for refund in found.refunds]
        self.disputes = [dispute_line(dispute, now) for dispute in found.disputes]
        self.can_refund, self.typed = found.refundable > 0, f"{min(found.unspent, found.refundable) / 100:.2f}"
        self.effect = f"{dollars(found.unspent)} of it is unspent, {dollars(found.refundable)} is left of the payment. " + (
            f"Balance now: {dollars(found.balance)}."
        )

    @rx.event
    @allow(PLATFORM)
    async def ask_refund(self) -> None:
        """Open the form, with what is unspent by now."""
        await self._read()
        self.errors, self.problem, self.is_sending = dict(NO_ERRORS), "", False
        self.is_refunding, self.form = self.can_refund, self.form + 1

    @rx.event
    @allow(PLATFORM)
    def turn_refund(self, is_open: bool) -> None:
        """The form was closed."""
        self.is_refunding = is_open and self.can_refund

    @rx.event
    @allow(PLATFORM)
    async def refund(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Order the refund, once; errors are told at the fields."""
        if not self.is_refunding or self.is_sending:
            return
        self.errors, self.problem, self.is_sending = dict(NO_ERRORS), "", True
        yield
        try:
            amount = _positive(str(form.get("amount", "")))
            beyond = str(form.get("beyond_unspent", "")) not in ("", "False", "false")
            await self._ask(payments.request_refund, self._id, amount, str(form.get("reason", "")), beyond)
        except KametrixError as error:
            self.errors, self.problem = {**NO_ERRORS, **error.errors}, "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_sending = False
        self.is_refunding = False
        told((), (self._organization_id,))
        await self._read()
        yield rx.toast.success(f"{dollars(amount)} is on its way back. The credits go when Stripe has done it.")

    @rx.event
    @allow(PLATFORM)
    def ask_lift(self, dispute_id: str) -> None:
        """Open the confirmation of letting calls start again."""
        for line in self.disputes:
            if line.id == dispute_id and line.can_lift:
                effects = [
                    f"{self.organization} takes calls again at once, although {line.amount} is disputed.",
                    "The credits stay taken: what it owes is paid back by its next pack.",
                    "This is in the audit log.",
                ]
                self._open(Asked("lift", line.id, "Let calls start again?", effects, "Let calls start", is_grave=True))

    @rx.event
    @allow(PLATFORM)
    async def confirm(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Do what was asked."""
        async for event in self._decide(self._lift, self._read):
            yield event

    async def _lift(self) -> str:
        await self._ask(payments.lift_dispute, self.asked.subject)
        told((), (self._organization_id,))
        return f"{self.organization} takes calls again."

    @rx.event
    @allow(PLATFORM)
    async def reload(self) -> None:
        """Look again: refunds are done by a job."""
        await self._read()


def _positive(text: str) -> int:
    amount = cents_of(text, "amount")
    if amount <= 0:
        raise Invalid.fields({"amount": "Give an amount like 5.00."})
    return amount


def facts(found: Detail, now: datetime) -> dict[str, str]:
    """The payment in words, by name."""
    row = found.payment
    return {
        "look": look_of(row),
        "price": price(row),
        "pack": f"{row.pack_name}, {row.credits:,} credits",
        "how": "Charged by itself" if row.kind is PurchaseKind.RECHARGE else "Checkout",
        "began": moment(row.created_at.astimezone(now.tzinfo), now),
        "paid": moment(row.paid_at.astimezone(now.tzinfo), now) if row.paid_at else "Not paid",
        "payment": row.payment_id or "None yet",
        "failure": row.failure,
        "left": f"{dollars(found.unspent)} unspent, {dollars(found.refundable)} can be refunded"
        if row.status is PurchaseStatus.PAID
        else "",
    }


def refund_line(row: RefundRow, now: datetime) -> RefundLine:
    """A refund in words."""
    who = f"Ordered here: {row.reason}" if row.by_us else "Made at Stripe"
    return RefundLine(
        row.id, row.status.value, dollars(row.amount), moment(row.created_at.astimezone(now.tzinfo), now),
        f"{who}. {row.failure}" if row.failure else who,
    )  # fmt: skip


def dispute_line(row: DisputeRow, now: datetime) -> DisputeLine:
    """A dispute in words."""
    reason = row.reason.replace("_", " ").capitalize() or "No reason given"
    lifted = "" if row.blocks or row.status == "WON" else " Calls were let through by an operator."
    return DisputeLine(
        row.id, row.status.value, dollars(row.amount), moment(row.created_at.astimezone(now.tzinfo), now), f"{reason}.{lifted}", row.blocks
    )

"""One row of the ledger in words."""

from dataclasses import dataclass, field
from datetime import datetime

import reflex as rx

from kametrix import clock, db
from kametrix.errors import NotFound
from kametrix.services import charges
from kametrix.services.charges import Bought, Charge, ChargedCall
from kametrix.services.money_text import cost_explained
from kametrix.services.statement_words import NAMES
from kametrix.services.wording import dollars, length, minutes, moment
from kametrix.state.call_rows import Fact
from kametrix.state.guard import AuthState, allow


@dataclass(frozen=True)
class ChargeView:
    """The page of a row. `sum` is how the amount came about; `cause` what it is for; `chain` where it stands."""

    title: str = ""
    type: str = ""
    headline: str = ""
    amount: str = ""
    is_gain: bool = False
    sum: str = ""
    grace: str = ""
    before: str = ""
    after: str = ""
    note: str = ""
    cause_title: str = ""
    cause: list[Fact] = field(default_factory=list[Fact])
    related: list[Fact] = field(default_factory=list[Fact])
    chain: list[Fact] = field(default_factory=list[Fact])
    hash: str = ""
    signed: str = ""
    statement: str = ""
    operator: list[Fact] = field(default_factory=list[Fact])


class ChargeState(AuthState):
    """The row named in the address."""

    charge: ChargeView = ChargeView()
    is_missing: bool = False

    @rx.event
    @allow("credits:read")
    async def load(self) -> None:
        """Show it, or that there is none."""
        transaction_id = self.router.url.path.rstrip("/").rpartition("/")[2]
        try:
            found = await db.run(charges.explain, self.actor, transaction_id)
        except NotFound:
            self.charge, self.is_missing = ChargeView(), True
            return
        self.charge, self.is_missing = charge_view(found, clock.now()), False


def charge_view(charge: Charge, now: datetime) -> ChargeView:
    """A row in words; its moments are in the organization's zone already."""
    now = now.astimezone(charge.posted_at.tzinfo)
    return ChargeView(
        title=f"{NAMES[charge.type]} of {dollars(abs(charge.amount))}",
        type=charge.type,
        headline=f"{moment(charge.posted_at, now)}, {charge.description}",
        amount=dollars(charge.amount, signed=True),
        is_gain=charge.amount > 0,
        sum=_sum(charge),
        grace=_grace(charge),
        before=dollars(charge.balance_before),
        after=dollars(charge.balance_after),
        note=charge.note,
        cause_title="The call" if charge.call else "The payment",
        cause=_call(charge.call, now) if charge.call else _bought(charge, charge.bought, now),
        related=[Fact(NAMES[row.type], dollars(row.amount, signed=True), f"/credits/transactions/{row.id}") for row in charge.related],
        chain=_chain(charge),
        hash=charge.hash,
        signed=_signed(charge),
        statement=f"/credits/statements/{charge.posted_at:%Y-%m}",
        operator=_operator(charge.call) if charge.call else [],
    )


def _sum(charge: Charge) -> str:
    """'4 min 32 sec → 5 minutes × $0.15 = $0.75'; the seconds only while they are those that were charged."""
    if not charge.minutes or not charge.call or not charge.call.rate:
        return ""
    if charge.call.seconds and charge.call.total == -charge.amount:
        return cost_explained(charge.call.seconds, charge.call.rate)
    return f"{minutes(charge.minutes)} × {dollars(charge.call.rate)} = {dollars(-charge.amount)}"


def _grace(charge: Charge) -> str:
    if charge.grace_used:
        return f"{dollars(charge.grace_used)} of it was grace: the balance went below zero. The next payment pays it back first."
    if charge.grace_repaid:
        return f"{dollars(charge.grace_repaid)} of it paid back grace, {dollars(charge.amount - charge.grace_repaid)} was added."
    return ""


def _call(call: ChargedCall, now: datetime) -> list[Fact]:
    facts = (
        Fact("Call", "Open the call", f"/calls/{call.id}"),
        Fact("Agent", call.agent),
        Fact("Began", moment(call.started_at, now)),
        Fact("Answered", moment(call.answered_at, now) if call.answered_at else ""),
        Fact("Ended", moment(call.ended_at, now) if call.ended_at else ""),
        Fact("Length", length(call.seconds) if call.seconds else ""),
        Fact("Settled", moment(call.settled_at, now) if call.settled_at else ""),
        Fact("Cost in all", dollars(call.total)),
        Fact("Provider’s id", call.provider_id),
    )
    return [fact for fact in facts if fact.value]


def _bought(charge: Charge, bought: Bought | None, now: datetime) -> list[Fact]:
    facts = (
        Fact("Pack", f"{bought.pack}, {bought.credits:,} credits" if bought else ""),
        Fact("Price", f"{dollars(bought.price)} {bought.currency}" if bought else ""),
        Fact("Paid", moment(bought.paid_at, now) if bought and bought.paid_at else ""),
        Fact("Payment id", charge.payment_id),
    )
    return [fact for fact in facts if fact.value]


def _chain(charge: Charge) -> list[Fact]:
    return [
        Fact("Row", f"{charge.seq:,}"),
        Fact("Posted", f"{charge.posted_at:%Y-%m-%d %H:%M:%S.%f %z}"),
        Fact("Key, which makes it count once", charge.key),
        Fact("Hash of the row before", charge.link),
        Fact("Hash", charge.hash),
    ]


def _signed(charge: Charge) -> str:
    if charge.signed_on:
        return f"Signed with the checkpoint of {charge.signed_on} (UTC): since then it cannot be changed without being found."
    return "Signed with the next checkpoint, shortly after midnight (UTC)."


def _operator(call: ChargedCall) -> list[Fact]:
    """What the provider took, for operators."""
    if call.cost is None or call.margin is None:
        return []
    return [Fact("Provider’s cost", f"${call.cost:.5f}"), Fact("Margin", f"{'−' if call.margin < 0 else ''}${abs(call.margin):.5f}")]

"""Statements in words: the list of months, and one month with its sum, its days and its proof."""

from dataclasses import dataclass, field
from hashlib import sha256

import reflex as rx

from kametrix import crypto, db
from kametrix.errors import NotFound
from kametrix.services import statement_print, statements
from kametrix.services.statement_print import Sheet
from kametrix.services.statement_words import month_name, movements
from kametrix.services.statements import Month
from kametrix.services.wording import counted, dollars, minutes
from kametrix.state.call_rows import Fact
from kametrix.state.guard import AuthState, allow


@dataclass(frozen=True)
class MonthRow:
    """A line of the list."""

    name: str
    note: str
    calls: str
    used: str
    paid: str
    closing: str
    href: str


@dataclass(frozen=True)
class SumLine:
    """A line of the sum: what, how many rows, how much."""

    label: str
    count: str
    amount: str
    is_gain: bool = False
    is_end: bool = False


@dataclass(frozen=True)
class DayRow:
    """A day of the month; `share` of the day with the most minutes, in per cent."""

    day: str
    calls: str
    minutes: str
    used: str
    other: str
    balance: str
    share: str


@dataclass(frozen=True)
class RateRow:
    """Calls at one rate."""

    rate: str
    calls: str
    minutes: str
    amount: str


@dataclass(frozen=True)
class StatementView:
    """The page of a month. `files` is the address of its downloads without the ending."""

    title: str = ""
    note: str = ""
    opening: str = ""
    calls: str = ""
    minutes: str = ""
    used: str = ""
    paid: str = ""
    closing: str = ""
    sum: list[SumLine] = field(default_factory=list[SumLine])
    grace: str = ""
    rates: list[RateRow] = field(default_factory=list[RateRow])
    days: list[DayRow] = field(default_factory=list[DayRow])
    files: str = ""
    proof: list[Fact] = field(default_factory=list[Fact])
    signed: str = ""
    command: str = ""


class StatementsState(AuthState):
    """The list, and the month named in the address."""

    months: rx.Field[list[MonthRow]] = rx.field(default_factory=list)
    shown: StatementView = StatementView()
    is_missing: bool = False

    @rx.event
    @allow("credits:read")
    async def load(self) -> None:
        """Show every month something was posted in."""
        self.months = [month_row(month) for month in await db.run(statements.months, self.actor)]

    @rx.event
    @allow("credits:read")
    async def load_month(self) -> None:
        """Show one month, or that it has no statement."""
        month = self.router.url.path.rstrip("/").rpartition("/")[2]
        try:
            sheet = await db.run(statement_print.sheet, self.actor, month)
        except NotFound:
            self.shown, self.is_missing = StatementView(), True
            return
        self.shown, self.is_missing = statement_view(sheet, crypto.public_keys()), False


def month_row(month: Month) -> MonthRow:
    """A month in words."""
    return MonthRow(
        name=month_name(month.month),
        note="" if month.is_complete else "so far",
        calls=f"{counted(month.calls, 'call')}, {minutes(month.minutes)}",
        used=dollars(month.used),
        paid=dollars(month.paid),
        closing=dollars(month.closing),
        href=f"/credits/statements/{month.month}",
    )


def statement_view(sheet: Sheet, keys: dict[str, bytes]) -> StatementView:
    """A statement in words; `keys` are the public keys by id."""
    shown = sheet.statement
    used = -shown.amount("CALL_USAGE", "GRACE_USAGE")
    return StatementView(
        title=month_name(shown.month),
        note=f"{'' if shown.is_complete else 'So far. '}{counted(shown.rows, 'row')}, days in {shown.zone.key}",
        opening=dollars(shown.opening.balance),
        calls=counted(shown.calls, "call"),
        minutes=minutes(shown.minutes),
        used=dollars(used),
        paid=dollars(shown.amount("PURCHASE")),
        closing=dollars(shown.closing.balance),
        sum=_sum(sheet),
        grace=f"Grace used: {dollars(shown.grace_used)}. Paid back: {dollars(shown.grace_repaid)}."
        if shown.grace_used or shown.grace_repaid
        else "",
        rates=[RateRow(dollars(rate.rate), f"{rate.calls:,}", f"{rate.minutes:,}", dollars(-rate.amount)) for rate in shown.rates],
        days=_days(sheet),
        files=f"/api/statements/{shown.month}",
        proof=_proof(sheet, keys),
        signed=_signed(sheet),
        command=f"python verify_statement.py statement-{shown.month}.json",
    )


def _sum(sheet: Sheet) -> list[SumLine]:
    shown = sheet.statement
    return [
        SumLine("Balance at the beginning", "", dollars(shown.opening.balance)),
        *(SumLine(label, counted(count, "row"), dollars(cents, signed=True), cents > 0) for label, count, cents in movements(shown)),
        SumLine("Balance at the end" if shown.is_complete else "Balance now", "", dollars(shown.closing.balance), is_end=True),
    ]


def _days(sheet: Sheet) -> list[DayRow]:
    most = max((day.minutes for day in sheet.days), default=0) or 1
    return [
        DayRow(
            day=f"{day.day.day} {day.day:%b}",
            calls=f"{day.calls:,}",
            minutes=f"{day.minutes:,}",
            used=dollars(day.used),
            other=dollars(day.other, signed=True) if day.other else "",
            balance=dollars(day.balance),
            share=f"{100 * day.minutes / most:.0f}%",
        )
        for day in sheet.days
    ]


def _signed(sheet: Sheet) -> str:
    """How far the signatures reach."""
    closing = sheet.statement.closing.seq
    if sheet.signed is None:
        return "Not signed yet: the first checkpoint follows shortly after midnight (UTC)."
    point = sheet.signed.checkpoint
    if point.seq >= closing:
        return f"All of it is signed, with the checkpoint of {point.day.isoformat()} (UTC)."
    return f"Signed up to row {point.seq:,} of {closing:,}; the rest follows shortly after midnight (UTC)."


def _proof(sheet: Sheet, keys: dict[str, bytes]) -> list[Fact]:
    shown = sheet.statement
    facts = [Fact("Last row", f"{shown.closing.seq:,}"), Fact("Its hash", shown.closing.hash.hex())]
    if sheet.signed:
        key = keys.get(sheet.signed.key_id, b"")
        facts += [
            Fact("Signed row", f"{sheet.signed.checkpoint.seq:,}"),
            Fact("Signed hash", sheet.signed.checkpoint.hash.hex()),
            Fact("Signature", sheet.signed.signature.hex()),
            Fact(f"Public key {sheet.signed.key_id}", key.hex()),
            Fact("Its fingerprint", sha256(key).hexdigest()[:32]),
        ]
    return facts

"""The calls and the postings behind the console's figures, in words."""

from dataclasses import dataclass
from datetime import datetime

import reflex as rx

from kametrix.services.access import PLATFORM
from kametrix.services.admin import traffic
from kametrix.services.admin.traffic import CallRow, Money, Posting
from kametrix.services.wording import clock, dollars, minutes, moment
from kametrix.state.addresses import neighbours, place, said
from kametrix.state.admin.base import AdminState
from kametrix.state.guard import allow

DAYS = {"1": 1, "7": 7, "30": 30}


@dataclass(frozen=True)
class TrafficLine:
    """A call or a posting; `why` explains the amount."""

    id: str
    kind: str
    at: str
    title: str
    note: str
    why: str
    amount: str
    href: str


class TrafficState(AdminState):
    """One page of calls (/admin/calls) or postings (/admin/ledger); which days stands in the address."""

    lines: rx.Field[list[TrafficLine]] = rx.field(default_factory=list)
    days: str = "1"
    kind: str = ""
    newer: str = ""
    older: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load_calls(self) -> None:
        """Calls of all organizations."""
        query = said(self, "days", "kind")
        self.days, self.kind = query["days"] if query["days"] in DAYS else "1", "live" if query["kind"] == "live" else ""
        found = await self._ask(traffic.calls, DAYS[self.days], self.kind == "live", place(self))
        now = await self._now()
        self.lines = [call_line(row, now) for row in found.rows]
        self.newer, self.older = neighbours("/admin/calls", query, found)

    @rx.event
    @allow(PLATFORM)
    async def load_postings(self) -> None:
        """What moved money in all organizations."""
        query = said(self, "days", "kind")
        self.days = query["days"] if query["days"] in DAYS else "1"
        money = Money(query["kind"]) if query["kind"] in set(Money) else Money.ALL
        self.kind = "" if money == Money.ALL else money.value
        found = await self._ask(traffic.postings, DAYS[self.days], money, place(self))
        now = await self._now()
        self.lines = [posting_line(row, now) for row in found.rows]
        self.newer, self.older = neighbours("/admin/ledger", query, found)


def call_line(row: CallRow, now: datetime) -> TrafficLine:
    """'4:32, 5 minutes × $0.15'."""
    price = f"{minutes(row.minutes)} × {dollars(row.rate)}" if row.rate else ""
    return TrafficLine(
        id=row.id,
        kind=row.status,
        at=moment(row.at.astimezone(now.tzinfo), now),
        title=row.agent,
        note=row.organization,
        why=", ".join(filter(None, (clock(row.seconds) if row.seconds else "", price))),
        amount=dollars(row.cents),
        href=f"/admin/agents/{row.agent_id}",
    )


def posting_line(row: Posting, now: datetime) -> TrafficLine:
    """A row of a ledger."""
    return TrafficLine(
        id=row.id,
        kind=row.type,
        at=moment(row.at.astimezone(now.tzinfo), now),
        title=row.organization,
        note=f"{row.description}: {row.note}" if row.note else row.description,
        why=f"balance {dollars(row.balance_after)}",
        amount=dollars(row.amount, signed=True),
        href="",
    )

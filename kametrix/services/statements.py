"""A month of an organization's ledger: what it began and ended with, and everything in between, added up.

A month is a run of rows, never a choice by date: it begins with the first row posted in it and ends before the first row posted in
a later one. Rows are numbered in the order they were committed and their moments may be a little out of order; this way every row
stands in exactly one month, months join without a gap, and once a month has ended and the next has a row nothing changes it.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import Organization
from kametrix.services.access import SYSTEM, Actor, allows, open_to
from kametrix.services.ledger_audit import NO_HASH
from kametrix.services.zones import midnight

# the billed minutes of a call are read from what its row says, which its hash covers
UNKNOWN: Final = "There is no statement for this month: nothing was posted in it or before it."
USAGE: Final = ("CALL_USAGE", "GRACE_USAGE")
_MONTHS: Final = text("""
    select month, count(*) filter (where is_call) as calls, coalesce(sum(minutes) filter (where is_call), 0) as minutes,
      coalesce(-sum(amount) filter (where is_call), 0) as used, coalesce(sum(amount) filter (where type = 'PURCHASE'), 0) as paid,
      sum(amount) as change, (array_agg(balance_after order by seq desc))[1] as closing
    from (
      select seq, type, amount, balance_after, type in ('CALL_USAGE', 'GRACE_USAGE') as is_call,
        cast(substring(description from '^Call: ([0-9]+) min$') as bigint) as minutes,
        date_trunc('month', max(created_at) over (order by seq) at time zone :zone) as month
      from credit_transaction where organization_id = :org) rows
    group by month order by month desc""")
_ENDS: Final = text("""
    select coalesce(min(seq) filter (where created_at >= :begin), max(seq) + 1) - 1 as opening,
      coalesce(min(seq) filter (where created_at >= :end), max(seq) + 1) - 1 as closing, min(created_at) as since
    from credit_transaction where organization_id = :org""")
_PLACE: Final = text("select balance_after, hash from credit_transaction where organization_id = :org and seq = :seq")
_KINDS: Final = text("""
    select type, count(*) as number, sum(amount) as amount, sum(grace_used) as grace_used, sum(grace_repaid) as grace_repaid
    from credit_transaction where organization_id = :org and seq > :opening and seq <= :closing group by type order by type""")
_RATES: Final = text("""
    select coalesce(-amount / nullif(minutes, 0), 0) as rate, count(*) as calls, sum(minutes) as minutes, sum(amount) as amount from (
      select amount, coalesce(cast(substring(description from '^Call: ([0-9]+) min$') as bigint), 0) as minutes from credit_transaction
      where organization_id = :org and seq > :opening and seq <= :closing and type in ('CALL_USAGE', 'GRACE_USAGE')) calls
    group by 1 order by 1""")
_DAYS: Final = text("""
    select day, count(*) filter (where is_call) as calls, coalesce(sum(minutes) filter (where is_call), 0) as minutes,
      coalesce(sum(amount) filter (where is_call), 0) as used, coalesce(sum(amount) filter (where not is_call), 0) as other,
      (array_agg(balance_after order by seq desc))[1] as balance
    from (
      select seq, amount, balance_after, type in ('CALL_USAGE', 'GRACE_USAGE') as is_call,
        cast(substring(description from '^Call: ([0-9]+) min$') as bigint) as minutes,
        cast(max(created_at) over (order by seq) at time zone :zone as date) as day
      from credit_transaction where organization_id = :org and seq > :opening and seq <= :closing) rows
    group by day order by day""")


@dataclass(frozen=True)
class Place:
    """Behind row `seq` of the ledger: the balance there in cents and the row's hash. Before the first row all of it is zero."""

    seq: int
    balance: int
    hash: bytes


@dataclass(frozen=True)
class Kind:
    """All rows of one type: how many, and their sum in cents (a loss is negative)."""

    type: str
    count: int
    amount: int


@dataclass(frozen=True)
class Rate:
    """Calls at `rate` cents a minute; rate 0: the row does not name its minutes. `amount` in cents is negative."""

    rate: int
    calls: int
    minutes: int
    amount: int


@dataclass(frozen=True)
class Day:
    """One day: cents used by calls and moved otherwise (both signed), and the balance it ended with."""

    day: date
    calls: int
    minutes: int
    used: int
    other: int
    balance: int


@dataclass(frozen=True)
class Month:
    """A line of the list. `used` and `paid` are positive cents, `change` is signed. `is_complete`: the month has ended."""

    month: str
    calls: int
    minutes: int
    used: int
    paid: int
    change: int
    closing: int
    is_complete: bool


@dataclass(frozen=True)
class Statement:
    """A month: `begin` and `end` (exclusive) in the organization's zone. `opening.balance` plus all `kinds` is `closing.balance`."""

    organization_id: str
    name: str
    month: str
    zone: ZoneInfo
    begin: datetime
    end: datetime
    is_complete: bool
    made_at: datetime
    opening: Place
    closing: Place
    kinds: tuple[Kind, ...]
    rates: tuple[Rate, ...]
    grace_used: int
    grace_repaid: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.closing.seq - self.opening.seq

    @property
    def calls(self) -> int:
        """How many calls were charged."""
        return sum(rate.calls for rate in self.rates)

    @property
    def minutes(self) -> int:
        """Minutes billed."""
        return sum(rate.minutes for rate in self.rates)

    def amount(self, *types: str) -> int:
        """The sum of these types, in cents."""
        return sum(kind.amount for kind in self.kinds if kind.type in types)


@allows("credits:read")
def months(session: Session, actor: Actor) -> list[Month]:
    """Every month something was posted in, newest first, in the organization's zone."""
    zone = _organization(session, actor.organization_id)[1]
    rows = session.connection().execute(_MONTHS, {"org": actor.organization_id, "zone": zone.key})
    now = f"{clock.now().astimezone(zone):%Y-%m}"
    return [_month(row, now) for row in rows]


@allows("credits:read")
def statement(session: Session, actor: Actor, month: str) -> Statement:
    """The statement of `month` ('2026-11'), so far when it has not ended. Raises NotFound for a month before the first row or to come."""
    return statement_of(session, actor.organization_id, month)


@allows("credits:read")
def days(session: Session, actor: Actor, behind: int, upto: int, zone: ZoneInfo) -> list[Day]:
    """The days on which the rows behind `behind` up to `upto` were posted."""
    given = {"org": actor.organization_id, "zone": zone.key, "opening": behind, "closing": upto}
    rows = session.connection().execute(_DAYS, given)
    return [Day(row.day, row.calls, int(row.minutes), int(row.used), int(row.other), row.balance) for row in rows]


@open_to(SYSTEM)
def statement_of(session: Session, organization_id: str, month: str) -> Statement:
    """The statement of an organization. Raises NotFound as `statement` does."""
    name, zone = _organization(session, organization_id)
    begin, end = bounds(month, zone)
    now = clock.now()
    found = session.connection().execute(_ENDS, {"org": organization_id, "begin": begin, "end": end}).one()
    if found.since is None or found.since >= end or begin > now:
        raise NotFound(UNKNOWN)
    run = {"org": organization_id, "opening": found.opening, "closing": found.closing}
    kinds = session.connection().execute(_KINDS, run).all()
    rates = session.connection().execute(_RATES, run).all()
    return Statement(
        organization_id, name, month, zone, begin, end, is_complete=end <= now, made_at=now,
        opening=_place(session, organization_id, found.opening), closing=_place(session, organization_id, found.closing),
        kinds=tuple(Kind(row.type, row.number, int(row.amount)) for row in kinds),
        rates=tuple(Rate(row.rate, row.calls, int(row.minutes), int(row.amount)) for row in rates),
        grace_used=sum(int(row.grace_used) for row in kinds), grace_repaid=sum(int(row.grace_repaid) for row in kinds),
    )  # fmt: skip


def bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When '2026-11' begins and when the month after it does, in `zone`. Raises NotFound for what is no month."""
    if not re.fullmatch("20[2-9][0-9]-(0[1-9]|1[0-2])", month or ""):
        raise NotFound(UNKNOWN)
    year, number = int(month[:4]), int(month[5:])
    following = date(year + number // 12, number % 12 + 1, 1)
    return midnight(date(year, number, 1), zone), midnight(following, zone)


def _organization(session: Session, organization_id: str) -> tuple[str, ZoneInfo]:
    query = select(Organization.name, Organization.timezone).where(Organization.id == organization_id)
    name, zone = session.exec(query).one()
    return name, ZoneInfo(zone)


def _place(session: Session, organization_id: str, seq: int) -> Place:
    if seq == 0:
        return Place(0, 0, NO_HASH)
    row = session.connection().execute(_PLACE, {"org": organization_id, "seq": seq}).one()
    return Place(seq, row.balance_after, bytes(row.hash))


def _month(row: Any, now: str) -> Month:
    month = f"{row.month:%Y-%m}"
    return Month(month, row.calls, int(row.minutes), int(row.used), int(row.paid), int(row.change), row.closing, is_complete=month < now)

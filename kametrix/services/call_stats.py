"""How many calls came and when: by day, week or month of the organization's calendar, and by hour of its week.

The zone's rules decide what a day is (23 or 25 hours when clocks change). PostgreSQL reads them from its own copy.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Date, DateTime, Integer, and_, cast, literal, or_, tuple_
from sqlmodel import Session, col, func, select

from kametrix import clock
from kametrix.models import LIVE, Call, Organization
from kametrix.services import opening_hours
from kametrix.services.access import Actor, allows
from kametrix.services.call_search import seen_by
from kametrix.services.zones import midnight, zone_of

HOURS: Final = 24
BIN: Final = timedelta(minutes=15)
"""Calls are counted in bins of this length first, from midnight on, and zoned after: clocks change by whole bins everywhere."""


THURSDAY: Final = 3 * HOURS
"""The hour of the week at which PostgreSQL's epoch begins."""
COUNTS: Final = ("calls", "answered", "minutes", "cents")


class Span(StrEnum):
    """How far back: so many days up to today, or this month and the eleven before."""

    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    YEAR = "12m"


DAYS: Final = {Span.WEEK: 7, Span.MONTH: 30, Span.QUARTER: 90}


@dataclass(frozen=True)
class Tally:
    """Calls and what became of them. One that rings now counts as `answered`: nobody missed it yet."""

    calls: int = 0
    answered: int = 0
    minutes: int = 0
    cents: int = 0

    @property
    def missed(self) -> int:
        """Calls nobody answered, turned away ones among them."""
        return self.calls - self.answered

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.calls + other.calls, self.answered + other.answered, self.minutes + other.minutes, self.cents + other.cents)


@dataclass(frozen=True)
class Period:
    """The calls of the days from `first` to `last`, both included. A week begins on Monday."""

    first: date
    last: date
    tally: Tally


@dataclass(frozen=True)
class Statistics:
    """Periods, oldest first, without a gap up to `today`; `hours` by weekday (Monday first) and hour.

    `open_hours` numbers the hours of the week (0: Monday, midnight) in which the business is open, none when nobody told them.
    Without `has_money` all cents are 0.
    """

    span: Span
    today: date
    periods: tuple[Period, ...]
    hours: tuple[tuple[Tally, ...], ...]
    total: Tally
    has_money: bool
    open_hours: frozenset[int] | None = None


@allows("dashboard:read")
def statistics(session: Session, actor: Actor, span: Span = Span.WEEK) -> Statistics:
    """The calls the actor may see, of the organization's last days up to now."""
    zone = zone_of(session, actor)
    today = clock.now().astimezone(zone).date()
    first, has_money = first_day(span, today), actor.may("credits:read")
    within = (midnight(first, zone), midnight(today + timedelta(days=1), zone))
    days, hours = dict[date, Tally](), dict[int, Tally]()
    for day, hour, *counts in _counted(session, actor, within, zone.key, has_money=has_money):
        if hour is None:
            days[day] = Tally(*counts)
        else:
            hours[hour] = Tally(*counts)
    return Statistics(
        span=span,
        today=today,
        periods=tuple(periods(span, first, today, days)),
        hours=tuple(tuple(hours.get(weekday * HOURS + hour, Tally()) for hour in range(HOURS)) for weekday in range(7)),
        total=sum(days.values(), Tally()),
        has_money=has_money,
        open_hours=_open_hours(session, actor, today),
    )


def _open_hours(session: Session, actor: Actor, today: date) -> frozenset[int] | None:
    """The hours of a usual week with an open minute in them."""
    stored = session.exec(select(Organization.business_hours).where(col(Organization.id) == actor.organization_id)).one()
    hours = opening_hours.parsed(stored)
    if hours is None:
        return None
    usual, monday = replace(hours, special=()), today - timedelta(days=today.weekday())
    parts = ((day, part) for day in range(7) for part in opening_hours.open_minutes(usual, monday + timedelta(days=day)))
    return frozenset(day * HOURS + minute // 60 for day, part in parts for minute in range(*part))


def first_day(span: Span, today: date) -> date:
    """The first day of a span that ends today."""
    if span in DAYS:
        return today - timedelta(days=DAYS[span] - 1)
    return date(today.year - (today.month < 12), today.month % 12 + 1, 1)


def periods(span: Span, first: date, today: date, days: dict[date, Tally]) -> Iterable[Period]:
    """Days for a week or a month, weeks for a quarter, months for a year; the first and the last may be cut off."""
    while first <= today:
        last = min(_last_day(span, first), today)
        within = (first + timedelta(days=place) for place in range((last - first).days + 1))
        yield Period(first, last, sum((days.get(day, Tally()) for day in within), Tally()))
        first = last + timedelta(days=1)


def _last_day(span: Span, first: date) -> date:
    if span is Span.QUARTER:
        return first + timedelta(days=6 - first.weekday())
    if span is Span.YEAR:
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first


def visible(actor: Actor) -> ColumnElement[bool]:
    """The calls the actor may see: their organization's, or of these only the ones they follow up."""
    return and_(col(Call.organization_id) == actor.organization_id, seen_by(actor))


def _counted(session: Session, actor: Actor, within: tuple[datetime, datetime], zone: str, *, has_money: bool) -> list[Any]:
    """(day, none, calls, answered, minutes, cents) per day, and (none, hour of the week, calls, ...) per hour."""
    answered = func.count().filter(or_(col(Call.answered_at).is_not(None), col(Call.status).in_(LIVE)))
    cents: Any = func.sum(Call.credits_used) if has_money else literal(0)
    summed = (func.count(), answered, func.sum(Call.billed_minutes), cents)
    counts = [column.label(name) for column, name in zip(summed, COUNTS, strict=True)]
    at: Any = func.date_bin(BIN, Call.started_at, within[0], type_=DateTime(timezone=True)).label("at")
    of_range = and_(visible(actor), col(Call.started_at) >= within[0], col(Call.started_at) < within[1])
    bins = _kept("bins", select(at, *counts).where(of_range).group_by(at))
    zoned = _kept("zoned", select(func.timezone(zone, bins.c.at, type_=DateTime()).label("local"), *tuple(bins.c)[1:]))
    hour = (func.floor(func.date_part("epoch", zoned.c.local) / 3600).cast(Integer) + THURSDAY) % (7 * HOURS)
    placed = select(cast(zoned.c.local, Date).label("day"), hour.label("hour"), *tuple(zoned.c)[1:]).subquery()
    sums = (func.coalesce(func.sum(placed.c[name]), 0).cast(Integer) for name in COUNTS)
    by = func.grouping_sets(tuple_(placed.c.day), tuple_(placed.c.hour))
    columns: Any = (placed.c.day, placed.c.hour, *sums)
    return list(session.exec(select(*columns).group_by(by)).all())


def _kept(name: str, query: Any) -> CTE:
    """A step that is worked out once, not folded into the next, which would ask for the zone of every call, or twice."""
    return query.cte(name).prefix_with("materialized")

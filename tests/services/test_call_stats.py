"""Calls by day and by hour, as the organization's own calendar and clock count them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from kametrix import clock
from kametrix.models import Agent, CallStatus, Organization, OrgRole
from kametrix.services.access import Actor
from kametrix.services.call_stats import Period, Span, Statistics, Tally, first_day, periods, statistics
from kametrix.services.gate import REJECTED
from tests import factories

ZONES = (
    "UTC", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Kolkata", "Pacific/Chatham",
    "America/Havana", "America/Santiago", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Asia/Beirut",
)  # fmt: skip
"""Half and quarter hours, clocks that change by thirty minutes, clocks that change at midnight."""
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def edges(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """The moments around each midnight of the last year, and around each change of the clocks."""
    days = [datetime.combine(now.astimezone(zone).date() - timedelta(days=back), datetime.min.time(), zone) for back in range(-1, 370)]
    instants = [day.astimezone(UTC) for day in days]
    changes = [
        later + timedelta(minutes=15 * quarter)
        for earlier, later in zip(days[1:], days[:-1], strict=True)
        if earlier.utcoffset() != later.utcoffset()
        for quarter in range(-96, 1)
    ]
    return [*instants, *(change.astimezone(UTC) for change in changes)]


@st.composite
def situations(draw: st.DrawFn) -> tuple[ZoneInfo, datetime, Span, list[datetime]]:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    now = draw(st.datetimes(datetime(2024, 3, 1), datetime(2032, 3, 1))).replace(tzinfo=UTC)
    near = st.sampled_from(edges(now, zone)).flatmap(
        lambda edge: st.sampled_from((0, -1, 1, -1_000_000, 59_000_000)).map(lambda off: edge + timedelta(microseconds=off))
    )
    anywhere = st.datetimes(now.replace(tzinfo=None) - timedelta(days=400), now.replace(tzinfo=None)).map(lambda at: at.replace(tzinfo=UTC))
    moments = draw(st.lists(st.one_of(near, anywhere).filter(lambda at: at <= now), max_size=12))
    return zone, now, draw(st.sampled_from(Span)), moments


@given(situations())
@example((ZoneInfo("Pacific/Chatham"), datetime(2024, 3, 1, tzinfo=UTC), Span.YEAR, [datetime(2023, 9, 23, 14, tzinfo=UTC)]))
@settings(max_examples=120)
def test_days_and_hours_are_those_a_clock_on_the_wall_shows(
    session: Session, situation: tuple[ZoneInfo, datetime, Span, list[datetime]]
) -> None:
    zone, now, span, moments = situation
    actor = factories.create_member(session, factories.create_organization(session, timezone=zone.key))
    agent = factories.create_agent(session, actor)
    for at in moments:
        factories.create_call(session, agent, started_at=at, status=CallStatus.COMPLETED)
    with clock.at(now):
        found = statistics(session, actor, span)
    local = [at.astimezone(zone) for at in moments]
    today = now.astimezone(zone).date()
    within = [at for at in local if first_day(span, today) <= at.date()]
    assert counted(found.periods) == Counter(period_of(span, at.date(), first_day(span, today)) for at in within)
    by_hour = {(day, hour): tally.calls for day, hours in enumerate(found.hours) for hour, tally in enumerate(hours) if tally.calls}
    assert by_hour == Counter((at.weekday(), at.hour) for at in within)
    assert found.total.calls == len(within)


def counted(found: Iterable[Period]) -> dict[date, int]:
    return {period.first: period.tally.calls for period in found if period.tally.calls}


def period_of(span: Span, day: date, first: date) -> date:
    """The first day of the period that `day` falls into."""
    if span is Span.YEAR:
        return day.replace(day=1)
    return max(day - timedelta(days=day.weekday()), first) if span is Span.QUARTER else day


@given(st.sampled_from(Span), st.dates(date(2024, 1, 1), date(2040, 1, 1)))
def test_periods_follow_each_other_up_to_today(span: Span, today: date) -> None:
    first = first_day(span, today)
    found = list(periods(span, first, today, {}))
    assert (found[0].first, found[-1].last) == (first, today)
    assert all(later.first == earlier.last + timedelta(days=1) for earlier, later in pairwise(found))
    assert {Span.WEEK: (7,), Span.MONTH: (30,), Span.QUARTER: (13, 14), Span.YEAR: (12,)}[span].count(len(found))
    assert all(period.first.weekday() == 0 for period in found[1:] if span is Span.QUARTER)
    assert all(period.first.day == 1 for period in found if span is Span.YEAR)


@pytest.fixture
def agent(session: Session) -> Agent:
    return factories.create_agent(session, factories.create_member(session))


def actor_of(session: Session, agent: Agent, role: OrgRole = OrgRole.OWNER) -> Actor:
    return factories.create_member(session, session.get_one(Organization, agent.organization_id), role=role)


def today_of(session: Session, actor: Actor) -> Tally:
    with clock.at(NOON):
        found = statistics(session, actor)
    assert found.today == date(2026, 11, 20)
    assert found.total == found.periods[-1].tally
    return found.total


def test_what_nobody_answered_is_missed_but_not_while_it_rings(session: Session, agent: Agent) -> None:
    for columns in (
        {"status": CallStatus.COMPLETED, "answered_at": NOON, "billed_minutes": 3, "credits_used": 45},
        {"status": CallStatus.FAILED, "answered_at": NOON, "billed_minutes": 1, "credits_used": 15},
        {"status": CallStatus.RINGING},
        {"status": CallStatus.NO_ANSWER},
        {"status": CallStatus.FAILED, "ended_cause": REJECTED},
    ):
        factories.create_call(session, agent, started_at=NOON, **columns)
    found = today_of(session, actor_of(session, agent))
    assert (found, found.missed) == (Tally(calls=5, answered=3, minutes=4, cents=60), 2)


def test_calls_of_before_the_range_and_of_other_organizations_do_not_count(session: Session, agent: Agent) -> None:
    stranger = factories.create_agent(session, factories.create_member(session))
    factories.create_call(session, stranger, started_at=NOON)
    factories.create_call(session, agent, started_at=datetime(2026, 11, 13, 23, 59, 59, tzinfo=UTC))
    assert today_of(session, actor_of(session, agent)) == Tally()


def test_a_providers_clock_ahead_of_ours_opens_no_future_day(session: Session, agent: Agent) -> None:
    factories.create_call(session, agent, started_at=NOON + timedelta(minutes=2))
    factories.create_call(session, agent, started_at=NOON + timedelta(hours=12))
    assert today_of(session, actor_of(session, agent)).calls == 1


def test_role_agent_counts_their_own_calls_and_sees_no_money(session: Session, agent: Agent) -> None:
    me, other = actor_of(session, agent, OrgRole.AGENT), actor_of(session, agent, OrgRole.AGENT)
    for handler in (me.user_id, other.user_id, None):
        factories.create_call(session, agent, started_at=NOON, handled_by_id=handler, answered_at=NOON, billed_minutes=2, credits_used=30)
    assert today_of(session, me) == Tally(1, 1, 2, 0)
    assert today_of(session, actor_of(session, agent, OrgRole.VIEWER)) == Tally(3, 3, 6, 90)


def test_whoever_asks_for_no_range_gets_a_week(session: Session, agent: Agent) -> None:
    found: Statistics = statistics(session, actor_of(session, agent))
    assert (found.span, len(found.periods), found.total) == (Span.WEEK, 7, Tally())


@pytest.mark.parametrize(
    ("week", "hours"),
    [
        (None, None),
        ({}, set()),
        ({"mon": [["09:00", "12:00"]]}, {9, 10, 11}),
        ({"mon": [["09:30", "11:01"]]}, {9, 10, 11}),
        ({"sun": [["22:00", "02:00"]]}, {6 * 24 + 22, 6 * 24 + 23, 0, 1}),
    ],
    ids=["nobody told", "always closed", "a morning", "begun hours count", "past midnight into Monday"],
)
def test_opening_hours_are_told_by_hour_of_a_usual_week(
    session: Session, agent: Agent, week: dict[str, list[list[str]]] | None, hours: set[int] | None
) -> None:
    holiday = [{"from": "2026-11-16", "to": "2026-11-20", "label": "Holiday", "ranges": []}]
    stored = None if week is None else {"week": week, "special": holiday}
    session.get_one(Organization, agent.organization_id).business_hours = stored
    session.flush()
    with clock.at(NOON):
        assert statistics(session, actor_of(session, agent)).open_hours == hours

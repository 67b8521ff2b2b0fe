"""The dashboard's numbers: in the organization's own days, of its own calls alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.models import CallStatus, Organization, OrgRole, SyncState
from kametrix.services import audit, dashboard, ledger
from kametrix.services.access import Actor
from kametrix.services.attention import Attention
from kametrix.services.attention_money import MoneyTrouble
from kametrix.services.dashboard import Day, Earlier, FirstSteps
from kametrix.services.gate import REJECTED
from kametrix.services.recordings import PLAYED
from tests import factories
from tests.services.test_calls import counted_queries

NEARLY_MIDNIGHT = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
"""23:30 on 30 November in Los Angeles."""


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session, factories.create_organization(session, timezone="America/Los_Angeles"))


def _call(session: Session, actor: Actor, at: datetime, **columns: Any) -> None:
    agent = factories.create_agent(session, actor)
    factories.create_call(session, agent, started_at=at, **{"status": CallStatus.COMPLETED, **columns})


def test_days_and_months_begin_at_midnight_of_the_organization(session: Session, actor: Actor) -> None:
    today, yesterday = datetime(2026, 11, 30, 8, 0, tzinfo=UTC), datetime(2026, 11, 30, 7, 59, tzinfo=UTC)
    first, last_month = datetime(2026, 11, 1, 7, 0, tzinfo=UTC), datetime(2026, 11, 1, 6, 59, tzinfo=UTC)
    for at in (today, yesterday, first, last_month):
        _call(session, actor, at, answered_at=at, billed_minutes=2, credits_used=30)
    with clock.at(NEARLY_MIDNIGHT):
        found = dashboard.overview(session, actor)
    assert found.calls_this_month == 3
    assert found.today == Day(calls=1, answered=1, minutes=2, cents=30)
    assert (found.now.day, found.now.hour) == (30, 23)


def test_todays_story_counts_what_was_answered_and_charged(session: Session, actor: Actor) -> None:
    factories.post_credit(session, actor, 100)
    agent = factories.create_agent(session, actor)
    with clock.at(NEARLY_MIDNIGHT):
        missed = factories.create_call(session, agent, status=CallStatus.NO_ANSWER)
        factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause=REJECTED)
        factories.create_call(session, agent, status=CallStatus.RINGING)
        charged = factories.create_call(session, agent, status=CallStatus.COMPLETED, answered_at=clock.now())
        ledger.charge_call(session, charged, seconds=61, rate=15)
        session.flush()
        found = dashboard.overview(session, actor)
    assert missed.billed_minutes is None
    assert found.today == Day(calls=4, answered=2, minutes=2, cents=30, turned_away=1), "one that rings is not missed yet"
    assert found.wallet
    assert found.wallet.balance == 70


def test_live_calls_and_the_last_five_stand_apart(session: Session, actor: Actor) -> None:
    now = clock.now()
    for n in range(7):
        _call(session, actor, now - timedelta(minutes=n))
    _call(session, actor, now - timedelta(hours=9), status=CallStatus.RINGING)
    found = dashboard.overview(session, actor)
    assert [call.status for call in found.live] == [CallStatus.RINGING]
    assert [call.started_at for call in found.recent] == [now - timedelta(minutes=n) for n in range(5)]


def test_deleted_agents_do_not_count(session: Session, actor: Actor) -> None:
    factories.create_agent(session, actor, deleted_at=clock.now(), sync_state=SyncState.FAILED)
    factories.create_agent(session, actor, is_active=False)
    factories.create_agent(session, actor)
    found = dashboard.overview(session, actor)
    assert (found.agents, found.active_agents) == (2, 1)


def test_the_first_steps_are_ticked_off_one_by_one(session: Session, actor: Actor) -> None:
    def steps() -> FirstSteps | None:
        session.flush()
        return dashboard.overview(session, actor).steps

    assert steps() == FirstSteps(False, False, False, False, False)
    agent = factories.create_agent(session, actor)
    assert steps() == FirstSteps(True, False, False, False, False)
    factories.create_phone_number(session, agent)
    assert steps() == FirstSteps(True, True, False, False, False)
    factories.create_call(session, agent)
    assert steps() == FirstSteps(True, True, True, False, False)
    audit.record(session, actor, PLAYED, entity="call", entity_id="c")
    assert steps() == FirstSteps(True, True, True, True, False)


def test_another_organizations_day_is_not_told(session: Session, actor: Actor) -> None:
    stranger = factories.create_member(session)
    agent = factories.create_agent(session, stranger, sync_state=SyncState.FAILED)
    factories.create_phone_number(session, agent)
    factories.create_call(session, agent)
    factories.post_credit(session, stranger, 900)
    audit.record(session, stranger, PLAYED, entity="call", entity_id="c")
    session.flush()
    found = dashboard.overview(session, actor)
    assert found.wallet
    assert (found.agents, found.calls_this_month, found.wallet.balance, found.live, found.recent) == (0, 0, 0, [], [])
    assert found.attention == Attention(False, 0, (), 0, 0, (), waits_for_purchase=False, money=MoneyTrouble())
    assert found.steps == FirstSteps(False, False, False, False, False)


def test_many_calls_take_no_more_queries_than_one(session: Session, actor: Actor) -> None:
    def queries() -> int:
        session.expire_all()
        with counted_queries(session) as sent:
            dashboard.overview(session, actor)
        return len(sent)

    _call(session, actor, clock.now())
    one = queries()
    for n in range(30):
        _call(session, actor, clock.now() - timedelta(minutes=n))
    assert queries() == one <= 23


@pytest.mark.parametrize(
    ("weeks_ago", "yesterday", "told"),
    [
        ((timedelta(days=7, hours=1),), (), Earlier(date(2026, 11, 23), 1)),
        ((timedelta(days=7) - timedelta(minutes=1),), (), None),
        ((timedelta(days=6, hours=20),), (timedelta(hours=25), timedelta(hours=30)), Earlier(date(2026, 11, 29), 2)),
        ((timedelta(days=7, minutes=1),), (timedelta(hours=25),), Earlier(date(2026, 11, 23), 1)),
        ((), (timedelta(hours=23, minutes=59),), None),
    ],
    ids=["last week up to now", "later that day does not count", "else yesterday", "last week goes first", "nothing to compare with"],
)
def test_today_is_compared_with_the_same_time_of_another_day(
    session: Session, actor: Actor, weeks_ago: tuple[timedelta, ...], yesterday: tuple[timedelta, ...], told: Earlier | None
) -> None:
    for ago in (*weeks_ago, *yesterday):
        _call(session, actor, NEARLY_MIDNIGHT - ago)
    with clock.at(NEARLY_MIDNIGHT):
        assert dashboard.overview(session, actor).earlier == told


def test_a_week_ago_may_lie_in_the_month_before(session: Session, actor: Actor) -> None:
    early = NEARLY_MIDNIGHT + timedelta(days=3)
    _call(session, actor, early - timedelta(days=7, hours=1))
    with clock.at(early):
        found = dashboard.overview(session, actor)
    assert (found.calls_this_month, found.earlier) == (0, Earlier(date(2026, 11, 26), 1))


def test_a_day_without_calls_costs_nothing(session: Session, actor: Actor) -> None:
    assert dashboard.overview(session, actor).today == Day(calls=0, answered=0, minutes=0, cents=0)


def test_role_agent_sees_their_own_calls_and_no_money(session: Session, actor: Actor) -> None:
    factories.post_credit(session, actor, 900)
    me = factories.create_member(session, session.get_one(Organization, actor.organization_id), role=OrgRole.AGENT)
    for handler in (me.user_id, actor.user_id, None):
        _call(session, actor, clock.now(), answered_at=clock.now(), billed_minutes=2, credits_used=30, handled_by_id=handler)
    found = dashboard.overview(session, me)
    assert (found.wallet, found.steps, found.calls_this_month, found.today) == (None, None, 1, Day(1, 1, 2, None))


def test_who_only_looks_sees_all_of_it_and_is_asked_to_set_nothing_up(session: Session, actor: Actor) -> None:
    viewer = factories.create_member(session, session.get_one(Organization, actor.organization_id), role=OrgRole.VIEWER)
    _call(session, actor, clock.now(), answered_at=clock.now(), billed_minutes=2, credits_used=30)
    found = dashboard.overview(session, viewer)
    assert found.wallet is not None
    assert (found.steps, found.today) == (None, Day(1, 1, 2, 30))

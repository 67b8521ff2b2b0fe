"""The platform in numbers: everything of everybody, days beginning in the operator's own zone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import Forbidden
from kametrix.models import CallStatus, PhoneStatus, SyncState, UserStatus, WebhookEvent
from kametrix.services import ledger
from kametrix.services.admin.overview import overview
from tests import factories
from tests.services.test_agents import buy

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_everything_of_everybody_is_counted(session: Session) -> None:
    operator = factories.create_operator(session)
    first, second = factories.create_member(session), factories.create_member(session)
    factories.create_user(session, status=UserStatus.SUSPENDED)
    factories.create_user(session, deleted_at=NOON)
    one = factories.create_agent(session, first, sync_state=SyncState.LIVE)
    factories.create_agent(session, first, sync_state=SyncState.LIVE, is_active=False)
    factories.create_agent(session, second, sync_state=SyncState.FAILED)
    factories.create_agent(session, second, sync_state=SyncState.UPDATING)
    factories.create_agent(session, second, deleted_at=NOON)
    factories.create_phone_number(session, one)
    factories.create_phone_number(session)
    factories.create_phone_number(session, vapi_phone_id=None)
    factories.create_phone_number(session, is_enabled=False)
    factories.create_phone_number(session, status=PhoneStatus.RELEASED)
    with clock.at(NOON):
        buy(session, first)
        call = factories.create_call(session, one, started_at=NOON, status=CallStatus.COMPLETED)
        ledger.charge_call(session, call, seconds=272, rate=15)
        factories.create_call(session, one, started_at=NOON, status=CallStatus.IN_PROGRESS)
        factories.create_call(session, one, started_at=NOON - timedelta(days=3), status=CallStatus.COMPLETED, billed_minutes=2)
        factories.create_call(session, one, started_at=NOON - timedelta(days=8), status=CallStatus.COMPLETED, billed_minutes=99)
        session.flush()
        found = overview(session, operator)
    assert (found.people.users, found.people.suspended, found.people.organizations, found.people.in_grace) == (4, 1, 3, 0)
    agents = found.agents
    assert (agents.total, agents.live, agents.updating, agents.failed, agents.off, agents.waiting) == (4, 1, 1, 1, 1, 3)
    assert (found.numbers.free, found.numbers.assigned, found.numbers.released) == (1, 1, 1)
    assert (found.numbers.unknown, found.numbers.off) == (1, 1)
    assert (found.live_calls, found.today.calls, found.today.minutes, found.today.used, found.today.bought) == (1, 2, 5, 75, 1000)
    assert (found.week.calls, found.week.minutes) == (3, 7)


def test_a_day_begins_at_the_operators_midnight(session: Session) -> None:
    operator = factories.create_operator(session, timezone="Pacific/Auckland")
    agent = factories.create_agent(session, factories.create_member(session))
    factories.create_call(session, agent, started_at=NOON - timedelta(hours=2))  # 23:00 there
    with clock.at(NOON):  # 01:00 there
        found = overview(session, operator)
    assert (found.today.calls, found.week.calls) == (0, 1)


def test_messages_that_wait_and_those_given_up_are_told_apart(session: Session) -> None:
    operator = factories.create_operator(session)
    shared = {"provider": "vapi", "type": "end-of-call-report"}
    session.add(WebhookEvent(**shared, dedupe_key="a", received_at=NOON))
    session.add(WebhookEvent(**shared, dedupe_key="b", failed_at=NOON))
    session.add(WebhookEvent(**shared, dedupe_key="c", processed_at=NOON))
    session.flush()
    work = overview(session, operator).work
    assert (work.waiting, work.oldest, work.failed_messages, work.failed_jobs) == (1, NOON, 1, 0)


def test_an_owner_of_an_organization_sees_nothing_of_the_platform(session: Session) -> None:
    with pytest.raises(Forbidden):
        overview(session, factories.create_member(session))

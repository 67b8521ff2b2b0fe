"""What the tables of the suite refuse, whoever writes them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, select

from kametrix import clock
from kametrix.models import (
    Agent,
    ApiKey,
    BookingStatus,
    CalendarBooking,
    CalendarIntegration,
    ConversationSession,
    CrmIntegration,
    Lead,
    LeadStatus,
    Message,
    RehearsalUsageLog,
    Scenario,
    Transcript,
    WebhookEndpoint,
)
from tests import factories, suite_rows

NOON = datetime(2040, 1, 2, 12, tzinfo=UTC)
"""Far from the booking that every organization here has now."""


@pytest.fixture
def agent(session: Session) -> Agent:
    """An agent whose organization has one of everything."""
    agent = factories.create_agent(session, factories.create_member(session))
    suite_rows.of_everybody(session)
    suite_rows.of_a_tenant(session, agent, factories.create_call(session, agent))
    return agent


def refused(session: Session, work: Callable[[], Any], rule: str) -> None:
    def attempt() -> None:
        with session.begin_nested():
            work()
            session.flush()

    with pytest.raises(IntegrityError, match=rule):
        attempt()


def book(session: Session, agent: Agent, **columns: Any) -> CalendarBooking:
    row = suite_rows.booking(agent, **{"scheduled_at": NOON, **columns})
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize("minutes", [-29, -1, 0, 1, 29])
def test_two_active_bookings_of_a_calendar_never_overlap(session: Session, agent: Agent, minutes: int) -> None:
    book(session, agent)
    moved = NOON + timedelta(minutes=minutes)
    refused(session, lambda: book(session, agent, scheduled_at=moved, status=BookingStatus.CONFIRMED), "calendar_booking_no_overlap")


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_booking_may_begin_when_another_ends(session: Session, agent: Agent, minutes: int) -> None:
    book(session, agent)
    book(session, agent, scheduled_at=NOON + timedelta(minutes=minutes))


def test_what_was_cancelled_frees_its_time(session: Session, agent: Agent) -> None:
    first = book(session, agent)
    first.status, first.cancelled_at = BookingStatus.CANCELLED, clock.now()
    session.flush()
    book(session, agent)


def test_calendars_and_organizations_do_not_block_each_other(session: Session, agent: Agent) -> None:
    book(session, agent)
    book(session, agent, calendar_id="google:front-desk")
    book(session, factories.create_agent(session, factories.create_member(session)))


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"duration": 0}, "calendar_booking_duration"),
        ({"duration": -30}, "calendar_booking_duration|lower bound"),
        ({"calendar_id": None}, "calendar_id"),
        ({"status": BookingStatus.CANCELLED}, "calendar_booking_cancelled"),
        ({"status": BookingStatus.COMPLETED}, "calendar_booking_completed"),
        ({"status": BookingStatus.NO_SHOW}, "calendar_booking_no_show"),
    ],
)
def test_a_booking_is_whole(session: Session, agent: Agent, columns: dict[str, Any], rule: str) -> None:
    with pytest.raises(DBAPIError, match=rule):
        book(session, agent, **columns)


def test_the_end_of_a_booking_is_its_start_and_its_minutes(session: Session, agent: Agent) -> None:
    row = book(session, agent)
    later = {"ends_at": row.ends_at + timedelta(minutes=1)}
    refused(session, lambda: session.execute(update(CalendarBooking).values(later)), "calendar_booking_ends")


@pytest.mark.parametrize(
    ("model", "columns", "rule"),
    [
        (Lead, {"score": 101}, "lead_score"),
        (Lead, {"score": -1}, "lead_score"),
        (Lead, {"status": LeadStatus.LOST, "closed_at": NOON}, "lead_lost_for_a_reason"),
        (Lead, {"status": LeadStatus.LOST, "closed_at": NOON, "lost_reason": " "}, "lead_lost_for_a_reason"),
        (Lead, {"status": LeadStatus.WON, "closed_at": NOON}, "lead_won_is_converted"),
        (Lead, {"status": LeadStatus.UNQUALIFIED}, "lead_closed"),
        (Lead, {"closed_at": NOON}, "lead_closed"),
        (Lead, {"appointment_time": "24:00"}, "lead_appointment_time"),
        (Lead, {"appointment_time": "9:30"}, "lead_appointment_time"),
        (Lead, {"estimated_value": -1}, "lead_values_positive"),
        (Lead, {"assigned_at": NOON}, "lead_assigned"),
        (CalendarIntegration, {"default_duration": 25}, "calendar_integration_duration"),
        (ApiKey, {"permissions": ["admin"]}, "api_key_permissions"),
        (ApiKey, {"permissions": []}, "api_key_permissions"),
        (ApiKey, {"permissions": "read"}, "api_key_permissions"),
        (ApiKey, {"key_prefix": "short"}, "api_key_prefix"),
        (WebhookEndpoint, {"enabled": False}, "webhook_endpoint_disabled"),
        (ConversationSession, {"invitation_id": None}, "conversation_session_whose"),
        (ConversationSession, {"ended_at": NOON}, "conversation_session_ended"),
    ],
)
def test_a_row_keeps_its_rules(session: Session, agent: Agent, model: type[Any], columns: dict[str, Any], rule: str) -> None:
    refused(session, lambda: session.execute(update(model).values(columns)), rule)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update add_on_purchase set used_call_minutes = call_minutes + 1", "add_on_purchase_used_call"),
        ("update add_on_purchase set used_ai_minutes = -1", "add_on_purchase_used_ai"),
        ("update add_on_purchase set call_minutes = 0, ai_minutes = 0", "add_on_purchase_minutes"),
        ("update add_on_purchase set status = 'EXHAUSTED'", "add_on_purchase_exhausted"),
        ("update invoice set status = 'paid'", "invoice_paid"),
        ("update usage_alert set dismissed = true", "usage_alert_dismissed"),
        ("update data_export_request set status = 'completed'", "data_export_request_completed"),
        ("update data_export_request set status = 'failed'", "data_export_request_failed"),
        ("update webhook_delivery set status = 'DELIVERED', next_at = null", "webhook_delivery_delivered"),
        ("update webhook_delivery set next_at = null", "webhook_delivery_next"),
        ("update webhook_endpoint set previous_secret = 'sealed'", "webhook_endpoint_previous_secret"),
        ("update webhook_endpoint set events = '{}'", "webhook_endpoint_events"),
        ("update plan set overage_call_cents = -1", "plan_positive"),
        ("update plan set max_users = 0", "plan_limits"),
        ("update invitation set linked_user_id = created_by_id", "invitation_claimed"),
        ("update invitation set expires_at = created_at", "invitation_expires"),
        ("""update invitation set quota = '{"label": "none"}'""", "invitation_tokens"),
        ("""update invitation set quota = '{"tokens": "5"}'""", "invitation_tokens"),
        ("""update quota_preset set quota = '{"tokens": 0}'""", "quota_preset_tokens"),
        ("update conversation_session set total_messages = -1", "conversation_session_positive"),
    ],
)
def test_a_column_keeps_its_rules(session: Session, agent: Agent, statement: str, rule: str) -> None:
    refused(session, lambda: session.execute(text(statement)), rule)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update usage_log set unit = 'bytes'", "usage_log_unit_of_type"),
        ("update usage_log set period_end = period_start", "usage_log_period"),
        ("update rehearsal_usage_log set input_tokens = -1", "rehearsal_usage_log_positive"),
        ("update cleanup_log set bytes_freed = -1", "cleanup_log_positive"),
    ],
)
def test_evidence_keeps_its_rules(session: Session, agent: Agent, statement: str, rule: str) -> None:
    """Which nobody but the owner could change."""
    table, _, change = statement.removeprefix("update ").partition(" set ")
    column, _, value = change.partition(" = ")
    row = f"jsonb_populate_record(null::{table}, to_jsonb(old) || jsonb_build_object('id', 'again', '{column}', {value}))"
    refused(session, lambda: session.execute(text(f"insert into {table} select r.* from {table} old, {row} r")), rule)


@pytest.mark.parametrize("model", [CalendarIntegration, CrmIntegration])
def test_a_provider_is_connected_once_to_an_organization(session: Session, agent: Agent, model: type[Any]) -> None:
    row = session.scalars(select(model)).one()
    again = model(organization_id=row.organization_id, provider=row.provider)
    refused(session, lambda: session.add(again), f"{model.__tablename__}_once")
    session.add(model(organization_id=factories.create_organization(session).id, provider=row.provider))
    session.flush()


def test_a_call_has_one_lead_and_one_transcript_with_its_sid(session: Session, agent: Agent) -> None:
    lead = session.exec(select(Lead)).one()
    refused(session, lambda: session.add(Lead(organization_id=agent.organization_id, call_id=lead.call_id)), "lead_call_id_key")
    for number in range(2):
        call = factories.create_call(session, agent)
        row = Transcript(organization_id=agent.organization_id, call_id=call.id, call_sid="CA1", full_text="Hello")
        if number:
            refused(session, lambda row=row: session.add(row), "transcript_call_sid_key")
        else:
            session.add(row)
            session.flush()


def test_a_conversation_takes_its_messages_with_it_and_leaves_what_it_cost(session: Session, agent: Agent) -> None:
    session.execute(delete(ConversationSession))
    session.expire_all()
    assert session.exec(select(Message)).all() == []
    assert session.exec(select(RehearsalUsageLog.session_id)).all() == [None]


def test_a_scenario_speaks_with_the_specified_model_unless_told_otherwise(session: Session, agent: Agent) -> None:
    scenario = session.exec(select(Scenario)).one()
    assert (scenario.partner_model, scenario.coach_model) == ("claude-sonnet-4-20250514", "claude-sonnet-4-20250514")

"""What waits for a person, and when it no longer does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.models import Agent, Call, CallStatus, DraftStatus, Organization, OrgRole, SyncState, User, WizardDraft
from kametrix.services.access import Actor
from kametrix.services.attention import AgentNeed, AgentTrouble, MissedCaller, attention, personal
from kametrix.services.gate import REJECTED, WITHOUT_CREDIT
from kametrix.settings import settings
from tests import factories

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA, BEN = "+14155550111", "+14155550122"


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


@pytest.fixture
def agent(session: Session, actor: Actor) -> Agent:
    agent = factories.create_agent(session, actor, sync_state=SyncState.LIVE)
    factories.create_phone_number(session, agent)
    return agent


def missed(session: Session, agent: Agent, ago: timedelta = timedelta(hours=1), caller: str | None = ANNA, **columns: Any) -> Call:
    given = {"status": CallStatus.NO_ANSWER, "ended_cause": "customer", **columns}
    return factories.create_call(session, agent, started_at=NOON - ago, from_number=caller, **given)


def waiting(session: Session, actor: Actor) -> list[str]:
    with clock.at(NOON):
        return [caller.number for caller in attention(session, actor).missed]


def test_a_caller_nobody_answered_waits_until_somebody_follows_up(session: Session, actor: Actor, agent: Agent) -> None:
    call = missed(session, agent)
    with clock.at(NOON):
        found = attention(session, actor)
    assert found.missed == (MissedCaller(call.id, ANNA, NOON - timedelta(hours=1), was_turned_away=False),)
    assert found.missed_count == 1
    call.handled_by_id = actor.user_id
    session.flush()
    assert waiting(session, actor) == []


@pytest.mark.parametrize(
    ("columns", "waits"),
    [
        ({"status": CallStatus.NO_ANSWER}, True),
        ({"status": CallStatus.BUSY}, True),
        ({"status": CallStatus.CANCELLED}, True),
        ({"status": CallStatus.FAILED, "ended_cause": REJECTED}, True),
        ({"status": CallStatus.FAILED, "ended_cause": "provider"}, False),
        ({"status": CallStatus.COMPLETED}, False),
        ({"status": CallStatus.RINGING}, False),
        ({"ago": timedelta(hours=24)}, True),
        ({"ago": timedelta(hours=24, seconds=1)}, False),
        ({"caller": None}, False),
    ],
)
def test_who_waits_to_be_called_back(session: Session, actor: Actor, agent: Agent, columns: dict[str, Any], waits: bool) -> None:
    missed(session, agent, **columns)
    assert waiting(session, actor) == ([ANNA] if waits else [])


def test_the_last_call_of_a_number_decides(session: Session, actor: Actor, agent: Agent) -> None:
    missed(session, agent, timedelta(hours=3))
    missed(session, agent, timedelta(hours=2), handled_by_id=actor.user_id)
    last = missed(session, agent, timedelta(hours=1))
    missed(session, agent, timedelta(hours=2), BEN)
    missed(session, agent, timedelta(minutes=5), BEN, status=CallStatus.COMPLETED)
    with clock.at(NOON):
        assert [caller.call_id for caller in attention(session, actor).missed] == [last.id], "Ben got through later"


def test_the_latest_callers_are_named_and_the_rest_counted(session: Session, actor: Actor, agent: Agent) -> None:
    for number in range(5):
        missed(session, agent, timedelta(hours=number + 1), f"+1415555020{number}")
    with clock.at(NOON):
        found = attention(session, actor)
    assert [caller.number[-1] for caller in found.missed] == ["0", "1", "2"]
    assert found.missed_count == 5


def test_calls_turned_away_for_want_of_credit_are_counted_from_midnight(session: Session, actor: Actor, agent: Agent) -> None:
    turned_away = {"status": CallStatus.FAILED, "ended_cause": REJECTED, "summary": WITHOUT_CREDIT}
    for ago in (timedelta(0), timedelta(hours=12), timedelta(hours=12, seconds=1)):
        missed(session, agent, ago, **turned_away)
    missed(session, agent, **{**turned_away, "summary": "Turned away: the agent was switched off."})
    with clock.at(NOON):
        found = attention(session, actor)
    assert (found.declined_today, found.failed_calls) == (2, 0)


def test_technical_faults_of_the_last_day_are_counted_until_somebody_follows_up(session: Session, actor: Actor, agent: Agent) -> None:
    for columns in ({}, {"ended_cause": None}, {"ago": timedelta(hours=25)}, {"handled_by_id": actor.user_id}):
        missed(session, agent, **{"status": CallStatus.FAILED, "ended_cause": "provider", **columns})
    with clock.at(NOON):
        found = attention(session, actor)
    assert (found.failed_calls, found.declined_today, found.missed) == (2, 0, ())


def test_agents_tell_what_is_worst_about_them(session: Session, actor: Actor, agent: Agent) -> None:
    bare = factories.create_agent(session, actor, name="Bare")
    off = factories.create_agent(session, actor, name="Off", is_active=False)
    factories.create_phone_number(session, off)
    failed = factories.create_agent(session, actor, name="Failed", is_active=False, sync_state=SyncState.FAILED, sync_error="Too long.")
    factories.create_agent(session, actor, deleted_at=NOON)
    found = attention(session, actor)
    assert found.agents == (
        AgentTrouble(failed.id, "Failed", AgentNeed.NOT_UPDATED, "Too long."),
        AgentTrouble(off.id, "Off", AgentNeed.OFF),
        AgentTrouble(bare.id, "Bare", AgentNeed.NO_NUMBER),
    )
    assert found.waits_for_purchase, "the organization has its one number before the first purchase"


def test_an_agent_without_a_number_waits_for_a_free_one_where_none_is_taken(session: Session, actor: Actor) -> None:
    factories.create_agent(session, actor)
    assert not attention(session, actor).waits_for_purchase


def test_an_agent_that_has_a_number_waits_for_no_purchase(session: Session, actor: Actor, agent: Agent) -> None:
    agent.is_active = False
    session.flush()
    found = attention(session, actor)
    assert [trouble.need for trouble in found.agents] == [AgentNeed.OFF]
    assert not found.waits_for_purchase


def test_an_organization_switched_off_says_so(session: Session, actor: Actor) -> None:
    assert not attention(session, actor).is_switched_off
    session.get_one(Organization, actor.organization_id).ai_enabled = False
    session.flush()
    assert attention(session, actor).is_switched_off


def test_role_agent_is_not_asked_about_calls_of_others(session: Session, actor: Actor, agent: Agent) -> None:
    missed(session, agent)
    missed(session, agent, status=CallStatus.FAILED, ended_cause="provider")
    me = factories.create_member(session, session.get_one(Organization, actor.organization_id), role=OrgRole.AGENT)
    with clock.at(NOON):
        found = attention(session, me)
    assert (found.missed, found.missed_count, found.failed_calls) == ((), 0, 0)


def draft(session: Session, actor: Actor, **columns: Any) -> None:
    session.add(WizardDraft(organization_id=actor.organization_id, user_id=actor.user_id, **{"updated_at": NOON, **columns}))
    session.flush()


def test_an_open_draft_is_its_authors_alone(session: Session, actor: Actor) -> None:
    colleague = factories.create_member(session, session.get_one(Organization, actor.organization_id))
    draft(session, colleague)
    draft(session, actor, status=DraftStatus.PUBLISHED)
    assert personal(session, actor).draft_since is None
    draft(session, actor)
    assert personal(session, actor).draft_since == NOON


def test_who_may_not_make_agents_is_not_asked_to_finish_one(session: Session) -> None:
    viewer = factories.create_member(session, role=OrgRole.VIEWER)
    draft(session, viewer)
    assert personal(session, viewer).draft_since is None


@pytest.mark.parametrize(
    ("environment", "verified", "asked"), [("production", False, True), ("production", True, False), ("local", False, False)]
)
def test_an_address_is_to_be_confirmed_in_production(
    session: Session, actor: Actor, monkeypatch: pytest.MonkeyPatch, environment: str, verified: bool, asked: bool
) -> None:
    session.get_one(User, actor.user_id).email_verified = verified
    session.flush()
    monkeypatch.setattr(type(settings()), "is_production", property(lambda _: environment == "production"))
    assert personal(session, actor).is_unverified is asked

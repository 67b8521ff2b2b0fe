from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.crypto import new_token
from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiError
from kametrix.models import Agent, Organization, PhoneNumber, PhoneStatus, SyncState
from kametrix.services import agent_sync, agents, number_push, reconcile, sync_requests
from kametrix.services.access import Actor
from kametrix.services.agent_sync import AGENT_KEY, RETRIES, Outcome
from tests.factories import create_agent, create_member, create_phone_number
from tests.forms import agent_form
from tests.services.test_agents import buy, jobs
from tests.vapi_fake import KEY, FakeVapi, running

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def vapi() -> Iterator[FakeVapi]:
    with running() as fake:
        yield fake


@pytest.fixture
def client(vapi: FakeVapi) -> Iterator[VapiClient]:
    with VapiClient(vapi.url, KEY, read_seconds=0.5, sleep=lambda _seconds: None) as open_client:
        yield open_client


def new_agent(session: Session, vapi: FakeVapi, *, paid: bool = False, **columns: Any) -> tuple[Actor, Agent, PhoneNumber, dict[str, Any]]:
    """An agent with a number, not yet at the provider. Paid: no ceiling, so calls need not ask us first."""
    actor = create_member(session)
    if paid:
        buy(session, actor)
    token = new_token()
    agent = create_agent(session, actor, token=token, **{"vapi_assistant_id": None, "sync_state": SyncState.UPDATING, **columns})
    listed = vapi.add_number()
    number = create_phone_number(session, agent, vapi_phone_id=listed["id"])
    return actor, agent, number, listed


def sync(session: Session, client: VapiClient, agent: Agent, *, attempt: int = 0) -> Outcome:
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    outcome = agent_sync.carry_out(client, plan)
    agent_sync.record(session, plan, outcome, attempt=attempt)
    session.flush()
    return outcome


def test_an_agent_is_live_once_the_provider_shows_it(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, listed = new_agent(session, vapi, paid=True)
    with clock.at(NOON):
        sync(session, client, agent)
    assert (agent.sync_state, agent.sync_error, agent.synced_revision, agent.synced_at) == (SyncState.LIVE, None, 1, NOON)
    (assistant,) = vapi.assistants.values()
    assert agent.vapi_assistant_id == assistant["id"]
    assert assistant["model"]["messages"] == [{"role": "system", "content": agent.system_prompt}]
    assert assistant["firstMessage"] == f"You are speaking with an AI assistant. This call is recorded. {agent.greeting}"
    assert assistant["metadata"] == {AGENT_KEY: agent.id, "kametrix_organization_id": agent.organization_id}
    assert vapi.numbers[listed["id"]]["assistantId"] == assistant["id"]
    assert vapi.numbers[listed["id"]]["server"]["url"] == assistant["server"]["url"] == number_push.webhook_url(agent)


def test_pushing_again_changes_the_same_assistant(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi, paid=True)
    sync(session, client, agent)
    agent.greeting = "Welcome."
    sync_requests.request(session, agent)
    sync(session, client, agent)
    assert [row["firstMessage"][-8:] for row in vapi.assistants.values()] == ["Welcome."]
    assert vapi.count("POST", "/assistant") == 1
    assert (agent.sync_state, agent.synced_revision) == (SyncState.LIVE, 2)


@pytest.mark.parametrize(("paid", "is_active", "direct"), [(True, True, True), (True, False, False), (False, True, False)])
def test_a_number_asks_us_first_unless_the_agent_is_on_and_nothing_limits_calls(
    session: Session, vapi: FakeVapi, client: VapiClient, paid: bool, is_active: bool, direct: bool
) -> None:
    _, agent, _, listed = new_agent(session, vapi, paid=paid, is_active=is_active)
    sync(session, client, agent)
    assert vapi.numbers[listed["id"]].get("assistantId") == (agent.vapi_assistant_id if direct else None)
    assert vapi.numbers[listed["id"]]["server"]["url"] == number_push.webhook_url(agent)
    assert agent.sync_state == SyncState.LIVE


def test_the_first_purchase_lifts_the_gate(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, _, listed = new_agent(session, vapi)
    sync(session, client, agent)
    buy(session, actor)
    assert agent_sync.push_all(session) == 1
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]
    sync(session, client, agent)
    assert vapi.numbers[listed["id"]]["assistantId"] == agent.vapi_assistant_id


def test_an_own_limit_keeps_the_gate_after_a_purchase(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, _, listed = new_agent(session, vapi, paid=True)
    session.get_one(Organization, actor.organization_id).grace_limit_cents = 1000
    session.flush()
    sync(session, client, agent)
    assert "assistantId" not in vapi.numbers[listed["id"]]


def test_an_agent_without_a_number_is_pushed_alone(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    agent = create_agent(session, create_member(session), vapi_assistant_id=None)
    sync(session, client, agent)
    assert agent.sync_state == SyncState.LIVE
    assert vapi.count("PATCH", "/phone-number") == 0


def test_a_change_during_the_push_is_pushed_again(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, _, _ = new_agent(session, vapi)
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    agents.update(session, actor, agent.id, agent_form(greeting="Newer."))
    agent_sync.record(session, plan, agent_sync.carry_out(client, plan))
    assert (agent.sync_state, agent.synced_revision) == (SyncState.UPDATING, 0)
    assert len(jobs(session, "sync_agent")) == 1
    sync(session, client, agent)
    assert (agent.sync_state, agent.synced_revision) == (SyncState.LIVE, 2)
    assert [row["firstMessage"][-6:] for row in vapi.assistants.values()] == ["Newer."]


@pytest.mark.parametrize("lost", ["the answer", "the record"])
def test_a_crash_after_creating_leaves_no_second_assistant(session: Session, vapi: FakeVapi, client: VapiClient, lost: str) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    if lost == "the answer":
        vapi.fail("POST", "/assistant", applies=True)
        assert sync(session, client, agent).error is not None
        assert vapi.count("POST", "/assistant") == 1
    else:
        agent_sync.carry_out(client, plan)
    sync(session, client, agent)
    assert list(vapi.assistants) == [agent.vapi_assistant_id]
    assert vapi.count("POST", "/assistant") == 1
    assert agent.sync_state == SyncState.LIVE


def test_an_assistant_deleted_at_the_provider_is_made_again(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    sync(session, client, agent)
    vapi.assistants.clear()
    sync(session, client, agent)
    assert list(vapi.assistants) == [agent.vapi_assistant_id]
    assert agent.sync_state == SyncState.LIVE


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        (["firstMessage must be shorter than or equal to 400 characters"], "did not accept the greeting"),
        (["voice.voiceId must be one of the following values"], "did not accept the voice"),
        (["property surprise should not exist"], "We are informed"),
        ("no", "did not accept this agent"),
    ],
)
def test_a_refused_field_is_named(session: Session, vapi: FakeVapi, client: VapiClient, complaint: Any, told: str) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    vapi.fail("POST", "/assistant", status=400, body={"message": complaint, "error": "Bad Request", "statusCode": 400})
    sync(session, client, agent)
    assert agent.sync_state == SyncState.FAILED
    assert told in (agent.sync_error or "")
    assert "Your change is saved" in (agent.sync_error or "")
    assert jobs(session, "sync_agent_later") == []


def test_a_conflict_is_told_and_not_repeated(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    sync(session, client, agent)
    vapi.fail("PATCH", "/assistant", status=409, body={"error": "assistant_pinned", "message": "Assistant is pinned."}, times=9)
    sync(session, client, agent)
    assert agent.sync_state == SyncState.FAILED
    assert "did not accept this agent" in (agent.sync_error or "")
    assert vapi.count("PATCH", "/assistant") == 1


def test_a_refused_key_is_ours_to_mend(session: Session, vapi: FakeVapi) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    with VapiClient(vapi.url, "wrong", sleep=lambda _seconds: None) as client:
        sync(session, client, agent)
    assert agent.sync_state == SyncState.FAILED
    assert (agent.sync_error or "").startswith("Our connection to the voice provider is refused. We are informed.")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "body": {"message": "boom"}},
        {"status": 429, "body": {"message": "slow down"}},
        {"status": 200, "body": "<html>not JSON</html>"},
        {"status": 200, "body": []},
        {"status": 0},
        {"status": 200, "body": {}, "seconds": 0.8},
    ],
    ids=["500", "429", "not JSON", "another shape", "broken off", "slow"],
)
def test_trouble_that_passes_is_tried_again_on_its_own(session: Session, vapi: FakeVapi, client: VapiClient, fault: dict[str, Any]) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    vapi.fail("GET", "/assistant", times=3, **fault)
    with clock.at(NOON):
        sync(session, client, agent)
    assert agent.sync_state == SyncState.UPDATING
    assert "we keep trying" in (agent.sync_error or "")
    (later,) = jobs(session, "sync_agent_later")
    assert (later["agent_id"], later["attempt"], later["lock"]) == (agent.id, 1, None)
    vapi.faults.clear()
    sync(session, client, agent, attempt=1)
    assert (agent.sync_state, agent.sync_error) == (SyncState.LIVE, None)
    assert len(vapi.assistants) == 1


@pytest.mark.parametrize(("attempt", "seconds"), tuple(enumerate((5, 15, 60, 300, 900, 2700))))
def test_each_pause_is_longer_than_the_one_before(session: Session, vapi: FakeVapi, attempt: int, seconds: int) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    away = Outcome(error=VapiError("Away.", retryable=True))
    with clock.at(NOON):
        agent_sync.record(session, plan, away, **({"attempt": attempt} if attempt else {}))
    query = text("select scheduled_at, (args ->> 'attempt')::int from procrastinate_jobs where task_name = 'sync_agent_later'")
    assert session.connection().execute(query).one() == (NOON + timedelta(seconds=seconds), attempt + 1)


def test_after_about_an_hour_we_give_up_and_say_so(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    assert 3000 < sum(RETRIES) < 4500
    vapi.fail("GET", "/assistant", status=500, body={}, times=99)
    sync(session, client, agent, attempt=len(RETRIES) - 1)
    assert agent.sync_state == SyncState.UPDATING
    sync(session, client, agent, attempt=len(RETRIES))
    assert agent.sync_state == SyncState.FAILED
    assert "Press Try again" in (agent.sync_error or "")


def test_an_assistant_that_shows_other_words_is_not_live(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    sync(session, client, agent)
    assert agent.vapi_assistant_id
    vapi.on_request = lambda method, _path: (
        vapi.assistants[agent.vapi_assistant_id or ""].update(firstMessage="Old") if method == "GET" else None
    )
    sync(session, client, agent)
    assert agent.sync_state == SyncState.UPDATING
    assert len(jobs(session, "sync_agent_later")) == 1


def test_a_number_that_does_not_show_the_change_is_not_live(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, listed = new_agent(session, vapi, paid=True)
    vapi.fail("PATCH", f"/phone-number/{listed['id']}", status=200, body={})
    sync(session, client, agent)
    assert agent.sync_state == SyncState.UPDATING
    assert agent.vapi_assistant_id in vapi.assistants


def test_a_number_that_vanished_is_told_and_the_pool_looked_through(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    _, agent, _, _ = new_agent(session, vapi)
    vapi.numbers.clear()
    sync(session, client, agent)
    assert agent.sync_state == SyncState.FAILED
    assert "no longer exists" in (agent.sync_error or "")
    assert len(jobs(session, "sync_numbers")) == 1


def test_a_deleted_agent_disappears_at_the_provider(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, number, listed = new_agent(session, vapi, paid=True)
    sync(session, client, agent)
    vapi.assistants["twin"] = {**vapi.assistants[agent.vapi_assistant_id or ""], "id": "twin"}
    agents.delete(session, actor, agent.id)
    sync(session, client, agent)
    assert vapi.assistants == {}
    assert agent_sync.plan(session, agent.id) is None
    plan = number_push.plan_release(session, number.id)
    assert plan is not None
    number_push.release(client, plan)
    assert not {"assistantId", "server"} & vapi.numbers[listed["id"]].keys()


def test_a_call_nobody_told_of_is_found_after_its_agent_was_deleted(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, _, _ = new_agent(session, vapi)
    sync(session, client, agent)
    (answered_by,) = vapi.assistants
    agents.delete(session, actor, agent.id)
    sync(session, client, agent)
    lost = {"id": "lost", "type": "inboundPhoneCall", "status": "ended", "assistantId": answered_by}
    assert reconcile.adopt(session, [lost], until=NOON) == 1


def test_deleting_what_the_provider_no_longer_has_succeeds(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, number, _ = new_agent(session, vapi)
    sync(session, client, agent)
    vapi.assistants.clear(), vapi.numbers.clear()
    agents.delete(session, actor, agent.id)
    assert sync(session, client, agent).error is None
    plan = number_push.plan_release(session, number.id)
    assert plan is not None
    number_push.release(client, plan)


def test_a_deletion_during_the_push_is_carried_out_after_it(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, agent, _, _ = new_agent(session, vapi)
    plan = agent_sync.plan(session, agent.id)
    assert plan is not None
    agents.delete(session, actor, agent.id)
    agent_sync.record(session, plan, agent_sync.carry_out(client, plan))
    assert len(vapi.assistants) == 1
    sync(session, client, agent)
    assert vapi.assistants == {}


def test_a_number_that_changed_hands_during_a_push_is_pushed_for_its_owner(session: Session, vapi: FakeVapi, client: VapiClient) -> None:
    actor, first, number, _ = new_agent(session, vapi, paid=True)
    plan = agent_sync.plan(session, first.id)
    assert plan is not None
    agents.delete(session, actor, first.id)
    second = create_agent(session, actor)
    number.status, number.agent_id, number.organization_id = PhoneStatus.ASSIGNED, second.id, actor.organization_id
    session.flush()
    agent_sync.record(session, plan, agent_sync.carry_out(client, plan))
    assert second.id in [job["agent_id"] for job in jobs(session, "sync_agent")]


def test_a_number_claimed_during_its_release_is_pushed_for_its_owner(session: Session, vapi: FakeVapi) -> None:
    _, agent, number, _ = new_agent(session, vapi)
    number_push.settle_owner(session, number.id, pushed_for=None)
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]
    assert number_push.plan_release(session, number.id) is None


def test_a_change_whose_job_was_lost_is_pushed_all_the_same(session: Session) -> None:
    actor = create_member(session)
    with clock.at(NOON):
        lost = create_agent(session, actor, sync_state=SyncState.UPDATING)
        create_agent(session, actor, sync_state=SyncState.LIVE)
    with clock.at(NOON + timedelta(minutes=50)):
        assert sync_requests.push_forgotten(session) == 0
    with clock.at(NOON + timedelta(minutes=61)):
        sync_requests.push_forgotten(session)
    assert lost.id in [job["agent_id"] for job in jobs(session, "sync_agent")]
    assert len(jobs(session, "sync_agent")) == 1


def test_pauses_between_attempts_are_shorter_than_what_counts_as_lost() -> None:
    assert timedelta(seconds=max(RETRIES)) < sync_requests.STALE

"""Agents in words, switched, retried and deleted through the guard."""

from dataclasses import replace
from typing import Any

import pytest

from kametrix import clock, db
from kametrix.models import Agent, CallStatus, OrgRole, SyncState
from kametrix.services import agents
from kametrix.state.agents import AgentsState, console_address, sync_words
from tests import factories
from tests.api.client import environment
from tests.state.people import member
from tests.state.processor import Server, serve

NOW = clock.now()
VIEW = agents.AgentView(
    id="a", name="Mia", business_name="Brightside Dental", greeting="", first_message="", number=None, number_text="", number_note="",
    voice_name="Clara", is_active=True, sync_state=SyncState.LIVE, sync_error=None, synced_at=NOW, system_prompt="", description="",
    created_at=NOW, calls_this_week=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, "LIVE", "everything you last saved"),
        ({"is_active": False}, "OFF", "Switched off"),
        ({"is_number_on": False}, "OFF", "nobody answers it"),
        ({"is_organization_answering": False}, "OFF", "All calls are stopped"),
        ({"sync_state": SyncState.UPDATING}, "UPDATING", "version before it"),
        ({"sync_state": SyncState.UPDATING, "synced_at": None}, "UPDATING", "Getting ready"),
        ({"sync_state": SyncState.UPDATING, "is_active": False}, "UPDATING", "version before it"),
        ({"sync_state": SyncState.FAILED, "sync_error": "The provider refused."}, "FAILED", "The provider refused."),
        ({"sync_state": SyncState.FAILED}, "FAILED", "did not reach callers"),
    ],
)
def test_what_callers_hear_now_is_told_in_words(changes: dict[str, Any], state: str, words: str) -> None:
    told = sync_words(replace(VIEW, **changes))
    assert told[0] == state
    assert words in told[1]


def test_the_console_is_offered_where_one_is_configured() -> None:
    with environment(KAMETRIX_TEST_CONSOLE_URL="http://localhost:4010/"):
        assert console_address("+14155550101") == "http://localhost:4010/?number=%2B14155550101"
        assert console_address("") == ""
    with environment(KAMETRIX_TEST_CONSOLE_URL=""):
        assert console_address("+14155550101") == ""


def test_an_agent_is_switched_retried_and_deleted_from_its_card(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        failed = factories.create_agent(session, actor, name="Mia", sync_state=SyncState.FAILED)

    def stored() -> Agent:
        with db.transaction() as session:
            return session.get_one(Agent, failed.id)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/agents")
        await tab.send(AgentsState.load)
        assert [card.sync for card in (await tab.state(AgentsState)).cards] == ["FAILED"]
        await tab.send(AgentsState.retry, agent_id=failed.id)
        assert stored().sync_state is SyncState.UPDATING
        await tab.send(AgentsState.set_active, agent_id=failed.id, is_active=False)
        assert not stored().is_active
        assert "Switching off…" in tab.received()
        await tab.send(AgentsState.ask_removal, agent_id=failed.id)
        state = await tab.state(AgentsState)
        assert (state.is_removing, state.removing.name) == (True, "Mia")
        assert "/agents" in await tab.send(AgentsState.remove, _form={})
        state = await tab.state(AgentsState)
        assert (state.cards, state.is_removing, state.is_sending) == ([], False, False)
        assert stored().deleted_at is not None

    serve(scenario)


def test_what_fails_is_told_and_the_card_shows_the_truth_again(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        agent = factories.create_agent(session, actor)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/agents")
        await tab.send(AgentsState.load)
        before = (await tab.state(AgentsState)).cards
        with db.transaction() as session:
            session.get_one(Agent, agent.id).deleted_at = clock.now()
        assert "does not exist" in await tab.send(AgentsState.set_active, agent_id=agent.id, is_active=False)
        assert (await tab.state(AgentsState)).cards == before

    serve(scenario)


def test_another_organizations_agent_is_neither_shown_nor_touched(database: str) -> None:
    (owner, _), (_, cookie) = member(), member()
    with db.transaction() as session:
        agent = factories.create_agent(session, owner, system_prompt="Our secret recipe.")
        factories.create_call(session, agent, status=CallStatus.RINGING)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path=f"/agents/{agent.id}")
        await tab.send(AgentsState.load_one)
        state = await tab.state(AgentsState)
        assert (state.is_missing, state.calls) == (True, [])
        for handler in (AgentsState.retry, AgentsState.ask_removal):
            await tab.send(handler, agent_id=agent.id)
        await tab.send(AgentsState.set_active, agent_id=agent.id, is_active=False)
        state.removing = replace(state.removing, id=agent.id)
        await tab.send(AgentsState.remove, _form={})
        assert "recipe" not in tab.received()
        with db.transaction() as session:
            stored = session.get_one(Agent, agent.id)
            assert (stored.is_active, stored.deleted_at, stored.sync_state) == (True, None, agent.sync_state)

    serve(scenario)


def test_a_viewer_sees_and_changes_nothing(database: str) -> None:
    actor, cookie = member(role=OrgRole.VIEWER)
    with db.transaction() as session:
        agent = factories.create_agent(session, actor)
        call = factories.create_call(session, agent, status=CallStatus.RINGING)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path=f"/agents/{agent.id}")
        await tab.send(AgentsState.load_one)
        state = await tab.state(AgentsState)
        assert (state.agent.name, state.can_write, [row.id for row in state.calls]) == (agent.name, False, [call.id])
        assert "role does not allow" in await tab.send(AgentsState.set_active, agent_id=agent.id, is_active=False)
        with db.transaction() as session:
            assert session.get_one(Agent, agent.id).is_active

    serve(scenario)

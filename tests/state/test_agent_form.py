"""The agent form: errors at the field, nothing typed is lost, sent twice it makes one agent."""

from typing import Any

import pytest
from sqlmodel import col, select

from kametrix import db
from kametrix.errors import Busy
from kametrix.models import Agent
from kametrix.services import agents
from kametrix.services.access import Actor
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.state.agent_form import AgentFormState, preview
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, Tab, serve

FILLED: dict[str, Any] = {
    "name": "Mia", "business_name": "Brightside Dental", "description": "A dental practice.", "services": "Cleaning\n\n Check-up ",
    "hours": "9 to 17", "voice_id": "Clara", "language": "en", "timezone": "Europe/Berlin", "policies": "", "end_call_message": "Bye!",
    "greeting": "Hello, this is {agentName}.", "question-0": "Parking?", "answer-0": "Behind the house.", "discloses_ai": "on",
}  # fmt: skip


def _agents(actor: Actor) -> list[Agent]:
    with db.transaction() as session:
        return list(session.exec(select(Agent).where(col(Agent.organization_id) == actor.organization_id)))


async def _open(server: Server, cookie: str, path: str = "/agents/new") -> Tab:
    tab = server.tab("t", cookie, path=path)
    await tab.send(AgentFormState.load)
    return tab


async def _state(tab: Tab) -> Any:
    return await tab.state(AgentFormState)


def test_a_new_agent_is_made_once_however_often_it_is_sent(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        form = {**FILLED, "submission": (await _state(tab)).submission}
        first, second = [await tab.send(AgentFormState.submit, sent=form) for _ in range(2)]
        made = _agents(actor)
        assert len(made) == 1
        assert f"/agents/{made[0].id}" in first
        assert f"/agents/{made[0].id}" in second
        assert ("is saved" in first, "is saved" in second) == (True, False)
        assert (made[0].name, made[0].timezone, made[0].discloses_ai, made[0].records_calls) == ("Mia", "Europe/Berlin", True, False)
        assert made[0].knowledge is not None
        assert made[0].knowledge["services"] == ["Cleaning", "Check-up"]
        assert made[0].knowledge["faqs"] == [{"question": "Parking?", "answer": "Behind the house."}]
        assert not (await _state(tab)).is_sending

    serve(scenario)


def test_every_error_stands_at_its_field_and_what_was_typed_stays(database: str) -> None:
    actor, cookie = member()
    wrong = {
        **FILLED,
        "name": " ",
        "services": "Cleaning\n" + "x" * 200,
        "question-0": "",
        "answer-0": "",
        "question-7": "Open?",
        "answer-7": "",
    }

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        told = await tab.send(AgentFormState.submit, sent=wrong)
        state = await _state(tab)
        assert "aria-invalid" in told
        assert state.errors["name"] == "Give the agent a name."
        assert state.errors["services"].startswith("Line 2: ")
        assert [(row.key, bool(row.answer_error)) for row in state.faqs] == [("0", False), ("7", True)]
        assert "Nothing is saved yet" in state.problem
        assert _agents(actor) == []
        await tab.send(AgentFormState.load)
        state = await _state(tab)
        assert (state.is_kept, state.start["hours"], state.faqs[0].question) == (True, "9 to 17", "Open?")

    serve(scenario)


def test_a_form_left_half_filled_is_found_again_until_it_is_started_over(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        await tab.send(AgentFormState.keep, name="name", value="Mia")
        await tab.send(AgentFormState.keep, name="question-1", value="Parking?")
        await tab.send(AgentFormState.keep, name="nonsense", value="x")
        assert "this is Mia from Brightside Dental" in (await _state(tab)).preview.first
        await tab.send(AgentFormState.load)
        state = await _state(tab)
        assert (state.is_kept, state.start["name"], [row.question for row in state.faqs]) == (True, "Mia", ["Parking?"])
        assert "nonsense" not in state._typed
        before = state.submission
        await tab.send(AgentFormState.start_over)
        state = await _state(tab)
        assert (state.is_kept, state.start["name"], state._typed) == (False, "Clara", {})
        assert state.submission != before, "the browser keeps what stands in the inputs"

    serve(scenario)


def test_questions_are_added_and_removed_without_touching_the_others(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        assert "question-1" in await tab.send(AgentFormState.add_faq), "the cursor goes there"
        await tab.send(AgentFormState.keep, name="question-1", value="Parking?")
        await tab.send(AgentFormState.add_faq)
        await tab.send(AgentFormState.remove_faq, key="0")
        assert [row.key for row in (await _state(tab)).faqs] == ["1", "2"]
        for _ in range(60):
            await tab.send(AgentFormState.add_faq)
        assert len((await _state(tab)).faqs) == 50

    serve(scenario)


def test_a_name_nobody_changed_follows_the_voice(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        await tab.send(AgentFormState.choose_voice, voice_id="Elliot")
        assert "this is Elliot from" in (await _state(tab)).preview.first
        await tab.send(AgentFormState.choose_voice, voice_id="nobody")
        await tab.send(AgentFormState.choose_voice, voice_id="Emma")
        assert "this is Elliot from" in (await _state(tab)).preview.first
        await tab.send(AgentFormState.keep, name="name", value="Mia")
        await tab.send(AgentFormState.choose_voice, voice_id="Kai")
        state = await _state(tab)
        assert (state._typed["voice_id"], state._typed["name"]) == ("Kai", "Mia")

    serve(scenario)


def test_words_nobody_changed_follow_the_language(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        await tab.send(AgentFormState.keep, name="end_call_message", value="See you!")
        told = await tab.send(AgentFormState.choose_language, language="de")
        state = await _state(tab)
        assert "Guten Tag" in told
        assert state.preview.first.startswith("Sie sprechen mit einem KI-Assistenten.")
        assert state.preview.last == "See you!"

    serve(scenario)


def test_an_agent_is_changed_and_nobody_elses_form_opens(database: str) -> None:
    (actor, cookie), (_, other_cookie) = member(), member()
    with db.transaction() as session:
        agent = factories.create_agent(session, actor, name="Front desk")

    async def scenario(server: Server) -> None:
        path = f"/agents/{agent.id}/edit"
        tab = await _open(server, cookie, path)
        assert ((await _state(tab)).start["name"], (await _state(tab)).title) == ("Front desk", "Front desk")
        assert f"/agents/{agent.id}" in await tab.send(AgentFormState.submit, sent=FILLED)
        stranger = server.tab("stranger", other_cookie, path=path)
        await stranger.send(AgentFormState.load)
        assert (await _state(stranger)).is_missing
        await stranger.send(AgentFormState.submit, sent={**FILLED, "name": "Stolen"})
        assert [row.name for row in _agents(actor)] == ["Mia"]
        assert "Front desk" not in stranger.received()

    serve(scenario)


def test_a_busy_server_keeps_what_was_typed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()

    def busy(*_: object, **__: object) -> None:
        raise Busy("The server is very busy. Please try again in a moment.")

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        monkeypatch.setattr(agents, "create", busy)
        await tab.send(AgentFormState.submit, sent=FILLED)
        state = await _state(tab)
        assert "What you typed is still here" in state.problem
        assert (state.is_sending, state._typed["name"], _agents(actor)) == (False, "Mia", [])

    serve(scenario)


def test_a_form_sent_by_somebody_without_our_page_breaks_nothing(database: str) -> None:
    actor, cookie = member()
    odd: dict[str, Any] = {
        "name": ["x"],
        "question-1": {"a": 1},
        "question-99999": "no",
        "voice_id": None,
        "services": 7,
        "submission": "y" * 5000,
    }

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie)
        await tab.send(AgentFormState.submit, sent=odd)
        await tab.send(AgentFormState.choose_zone, zone="Mars/Olympus")
        state = await _state(tab)
        assert state.problem
        assert state.zone == "UTC"
        assert _agents(actor) == []

    serve(scenario)


def test_the_preview_speaks_the_first_complete_pair() -> None:
    form = AgentForm(
        "Mia", "Brightside", "", (), "", "Clara", "I am {agentName}.", "Bye from {businessName}!",
        (Faq("Half?", ""), Faq("Parking?", "Yes.")), "", "en", "UTC", discloses_ai=False, records_calls=False,
    )  # fmt: skip
    shown = preview(form)
    assert (shown.first, shown.question, shown.answer, shown.last) == ("I am Mia.", "Parking?", "Yes.", "Bye from Brightside!")

"""The form of an agent: errors at the field, nothing typed is lost, two who change it both keep theirs."""

from typing import Any

import pytest
from sqlmodel import col, select

from kametrix import db
from kametrix.errors import Busy
from kametrix.models import Agent, Organization
from kametrix.services import agents, texts
from kametrix.services.access import Actor
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.state.agent_form import AgentFormState, preview
from tests import factories
from tests.forms import agent_form
from tests.state.people import logged_in, member
from tests.state.processor import Server, Tab, serve

FILLED: dict[str, Any] = {
    "name": "Mia", "business_name": "Brightside Dental", "description": "A dental practice.", "services": "Cleaning\n\n Check-up ",
    "hours": "9 to 17", "voice_id": "Clara", "language": "en", "timezone": "Europe/Berlin", "policies": "", "end_call_message": "Bye!",
    "greeting": "Hello, this is {agentName}.", "question-0": "Parking?", "answer-0": "Behind the house.", "discloses_ai": "on",
    "personality": "calm", "instructions": "", "max_minutes": "15",
}  # fmt: skip


def _agents(actor: Actor) -> list[Agent]:
    with db.transaction() as session:
        return list(session.exec(select(Agent).where(col(Agent.organization_id) == actor.organization_id)))


def owner() -> tuple[Actor, str, str]:
    """A person with an agent: the actor, the cookie, the address of the form."""
    actor, cookie = member()
    with db.transaction(actor) as session:
        view = agents.create(session, actor, agent_form(name="Front desk", greeting=texts.ENGLISH.greeting, faqs=()))
    return actor, cookie, f"/agents/{view.id}/edit"


async def _open(server: Server, cookie: str, path: str, token: str = "t") -> Tab:
    tab = server.tab(token, cookie, path=path)
    await tab.send(AgentFormState.load)
    return tab


async def _state(tab: Tab) -> Any:
    return await tab.state(AgentFormState)


def test_a_change_is_saved_with_every_field(database: str) -> None:
    actor, cookie, path = owner()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        told = await tab.send(AgentFormState.submit, sent={**FILLED, "version": (await _state(tab)).version})
        [agent] = _agents(actor)
        assert f"/agents/{agent.id}" in told
        assert "Mia is saved." in told
        assert (agent.name, agent.timezone, agent.discloses_ai, agent.records_calls) == ("Mia", "Europe/Berlin", True, False)
        assert (agent.personality, agent.instructions, agent.max_duration_seconds) == ("calm", None, 900)
        assert agent.knowledge is not None
        assert agent.knowledge["services"] == ["Cleaning", "Check-up"]
        assert agent.knowledge["faqs"] == [{"question": "Parking?", "answer": "Behind the house."}]
        assert not (await _state(tab)).is_sending

    serve(scenario)


def test_two_who_change_one_agent_both_keep_theirs_and_choose(database: str) -> None:
    actor, cookie, path = owner()
    with db.transaction() as session:
        organization = session.get_one(Organization, actor.organization_id)
        other = factories.create_member(session, organization, name="Robin Hale")
        other_cookie = logged_in(session, other)

    async def scenario(server: Server) -> None:
        mine, theirs = await _open(server, cookie, path), await _open(server, other_cookie, path, "other")
        opened = (await _state(mine)).version
        await theirs.send(AgentFormState.submit, sent={**FILLED, "policies": "Robin's rule.", "version": opened})
        told = await mine.send(AgentFormState.submit, sent={**FILLED, "policies": "My rule.", "version": opened})
        state = await _state(mine)
        assert state.conflict.startswith("Robin Hale saved this agent")
        assert "conflict" in told
        assert (state._typed["policies"], state.is_sending, state.problem) == ("My rule.", False, "")
        await mine.send(AgentFormState.see_theirs)
        await mine.send(AgentFormState.load)
        state = await _state(mine)
        assert (state.start["policies"], state.is_theirs, state.conflict) == ("Robin's rule.", True, "")
        await mine.send(AgentFormState.return_to_mine)
        state = await _state(mine)
        assert (state.start["policies"], state.is_theirs, state.faqs[0].question) == ("My rule.", False, "Parking?")
        await mine.send(AgentFormState.submit, sent={**FILLED, "policies": "My rule.", "version": state.version})
        assert [(agent.knowledge or {})["policies"] for agent in _agents(actor)] == ["My rule."]

    serve(scenario)


def test_mine_can_be_saved_in_place_of_what_was_saved_meanwhile(database: str) -> None:
    actor, cookie, path = owner()

    async def scenario(server: Server) -> None:
        first, second = await _open(server, cookie, path), await _open(server, cookie, path, "other")
        opened = (await _state(first)).version
        await second.send(AgentFormState.submit, sent={**FILLED, "policies": "Second window.", "version": opened})
        await first.send(AgentFormState.submit, sent={**FILLED, "policies": "First window.", "version": opened})
        assert "another window" in (await _state(first)).conflict
        assert "is saved" in await first.send(AgentFormState.save_mine)
        assert [(agent.knowledge or {})["policies"] for agent in _agents(actor)] == ["First window."]
        assert (await _state(first)).conflict == ""

    serve(scenario)


@pytest.mark.parametrize("minutes", ["", "0", "61", "ten", "-5"])
def test_the_longest_call_is_a_number_of_minutes(database: str, minutes: str) -> None:
    _, cookie, path = owner()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        await tab.send(AgentFormState.submit, sent={**FILLED, "max_minutes": minutes})
        assert (await _state(tab)).errors == {"max_minutes": "Choose from 1 to 60 minutes."}

    serve(scenario)


def test_every_error_stands_at_its_field_and_what_was_typed_stays(database: str) -> None:
    actor, cookie, path = owner()
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
        tab = await _open(server, cookie, path)
        told = await tab.send(AgentFormState.submit, sent=wrong)
        state = await _state(tab)
        assert "aria-invalid" in told
        assert state.errors["name"] == "Give the agent a name."
        assert state.errors["services"].startswith("Line 2: ")
        assert [(row.key, bool(row.answer_error)) for row in state.faqs] == [("0", False), ("7", True)]
        assert "Nothing is saved yet" in state.problem
        assert [agent.name for agent in _agents(actor)] == ["Front desk"]
        await tab.send(AgentFormState.load)
        state = await _state(tab)
        assert (state.is_kept, state.start["hours"], state.faqs[0].question) == (True, "9 to 17", "Open?")

    serve(scenario)


def test_a_form_left_half_filled_is_found_again_until_it_is_started_over(database: str) -> None:
    _, cookie, path = owner()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        await tab.send(AgentFormState.keep, name="name", value="Mia")
        await tab.send(AgentFormState.keep, name="greeting", value="Hello, this is {agentName} from {businessName}.")
        await tab.send(AgentFormState.add_faq)
        await tab.send(AgentFormState.keep, name="question-1", value="Parking?")
        await tab.send(AgentFormState.keep, name="nonsense", value="x")
        await tab.send(AgentFormState.keep, name="records_calls", value=False)
        state = await _state(tab)  # what a page that is loaded again draws before it has asked for anything
        assert (state.start["name"], state.faqs[1].question, state.switched["records_calls"]) == ("Mia", "Parking?", False)
        drawn = state.drawn
        assert "this is Mia from Brightside Dental" in (await _state(tab)).preview.first
        await tab.send(AgentFormState.load)
        state = await _state(tab)
        assert (state.is_kept, state.start["name"], [row.question for row in state.faqs]) == (True, "Mia", ["Parking?"])
        assert "nonsense" not in state._typed
        assert state.drawn != drawn, "the questions moved up, so they are drawn anew"
        before = state.drawn
        await tab.send(AgentFormState.start_over)
        state = await _state(tab)
        assert (state.is_kept, state.start["name"], state._typed) == (False, "Front desk", {})
        assert state.drawn != before, "the browser keeps what stands in the inputs"

    serve(scenario)


def test_questions_are_added_and_removed_without_touching_the_others(database: str) -> None:
    _, cookie, path = owner()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        assert "question-1" in await tab.send(AgentFormState.add_faq), "the cursor goes there"
        await tab.send(AgentFormState.keep, name="question-1", value="Parking?")
        await tab.send(AgentFormState.add_faq)
        await tab.send(AgentFormState.remove_faq, key="0")
        assert [row.key for row in (await _state(tab)).faqs] == ["1", "2"]
        for _ in range(60):
            await tab.send(AgentFormState.add_faq)
        assert len((await _state(tab)).faqs) == 50

    serve(scenario)


def test_words_nobody_changed_follow_the_language(database: str) -> None:
    _, cookie, path = owner()

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
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
    actor, cookie, path = owner()

    def busy(*_: object, **__: object) -> None:
        raise Busy("The server is very busy. Please try again in a moment.")

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        monkeypatch.setattr(agents, "update", busy)
        await tab.send(AgentFormState.submit, sent=FILLED)
        state = await _state(tab)
        assert "What you typed is still here" in state.problem
        assert (state.is_sending, state._typed["name"], _agents(actor)[0].name) == (False, "Mia", "Front desk")

    serve(scenario)


def test_a_form_sent_by_somebody_without_our_page_breaks_nothing(database: str) -> None:
    actor, cookie, path = owner()
    odd: dict[str, Any] = {
        "name": ["x"],
        "question-1": {"a": 1},
        "question-99999": "no",
        "voice_id": None,
        "services": 7,
        "version": "y" * 5000,
    }

    async def scenario(server: Server) -> None:
        tab = await _open(server, cookie, path)
        await tab.send(AgentFormState.submit, sent=odd)
        await tab.send(AgentFormState.choose_zone, zone="Mars/Olympus")
        state = await _state(tab)
        assert state.problem
        assert state.zone == "America/Los_Angeles"
        assert [agent.name for agent in _agents(actor)] == ["Front desk"]

    serve(scenario)


def test_the_preview_speaks_the_first_complete_pair() -> None:
    form = AgentForm(
        "Mia", "Brightside", "", (), "", "Clara", "I am {agentName}.", "Bye from {businessName}!",
        (Faq("Half?", ""), Faq("Parking?", "Yes.")), "", "en", "UTC", discloses_ai=False, records_calls=False,
    )  # fmt: skip
    shown = preview(form)
    assert (shown.first, shown.question, shown.answer, shown.last) == ("I am Mia.", "Parking?", "Yes.", "Bye from Brightside!")
    assert shown.unfilled == ""


def test_the_preview_tells_blanks_and_does_not_speak_their_answer() -> None:
    shown = preview(agent_form(faqs=(Faq("Price?", "It costs [price]."), Faq("Parking?", "Yes."))))
    assert (shown.question, shown.answer) == ("Parking?", "Yes.")
    assert "[price]" in shown.unfilled

"""The wizard: one question at a time, kept while typing, never overwriting unseen, made into an agent once."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from reflex.event import Event
from reflex_base.utils.format import format_event_handler
from sqlmodel import col, select

from kametrix import db, embedded
from kametrix.errors import Busy, TooMany
from kametrix.models import Agent, DraftStatus, Organization, OrgRole, WizardDraft
from kametrix.services import composer, wizard_drafts
from kametrix.services.access import Actor
from kametrix.services.agent_form import Faq
from kametrix.services.composer import Brief, Written
from kametrix.services.trades import by_key
from kametrix.services.wizard_drafts import Answers
from kametrix.state import wizard_draft, wizard_offers
from kametrix.state.failures import UNEXPECTED
from kametrix.state.wizard import WizardState
from kametrix.state.wizard_draft import DraftState
from kametrix.state.wizard_offers import OffersState
from kametrix.state.wizard_questions import ORDER
from tests import factories
from tests.forms import agent_form
from tests.services.test_wizard_drafts import STORED
from tests.state.people import logged_in, member
from tests.state.processor import Server, Tab, serve


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The rest before saving is counted in hundredths here."""
    monkeypatch.setattr(wizard_draft, "REST_SECONDS", 0.02)
    monkeypatch.setattr(wizard_offers, "TICK_SECONDS", 0.01)
    yield
    wizard_offers._writing.clear()


async def opened(server: Server, cookie: str, name: str = "tab") -> Tab:
    tab = server.tab(name, cookie, path="/agents/new")
    told = await tab.send(WizardState.load)
    assert "toast" not in told, told
    await tab.send(OffersState.forget_offers)
    return tab


async def wizard(tab: Tab) -> Any:
    return await tab.state(WizardState)


async def offers(tab: Tab) -> Any:
    return await tab.state(OffersState)


async def typed(tab: Tab, **values: Any) -> str:
    return " ".join([await tab.send(WizardState.keep, name=name.replace("__", "-"), value=value) for name, value in values.items()])


def drafts(actor: Actor) -> list[WizardDraft]:
    with db.transaction() as session:
        return list(
            session.exec(select(WizardDraft).where(col(WizardDraft.user_id) == actor.user_id).order_by(col(WizardDraft.created_at)))
        )


def made(actor: Actor) -> list[Agent]:
    with db.transaction() as session:
        return list(session.exec(select(Agent).where(col(Agent.organization_id) == actor.organization_id)))


def test_what_is_typed_is_saved_after_a_rest_and_found_by_a_new_tab(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        assert drafts(actor) == [], "looking begins no draft"
        await typed(tab, description="A dentist.", nonsense="x", question__0="Parking?")
        state = await wizard(tab)
        assert (state.saving, state.saved) == ("saved", "Saved just now")
        later = await wizard(await opened(server, cookie, "later"))
        assert later.form.description == "A dentist."
        assert later.form.faqs == (Faq("Parking?", ""),)
        assert (later.notice, later.saved.startswith("Saved today, ")) == ("You go on where you left off.", True)

    serve(scenario)


def test_typing_on_waits_for_the_last_key_and_saves_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()
    monkeypatch.setattr(wizard_draft, "REST_SECONDS", 0.3)

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await asyncio.gather(*[tab.send(WizardState.keep, name="description", value="A dentist."[:end]) for end in range(1, 11)])
        (row,) = drafts(actor)
        assert row.version == 1
        assert row.answers is not None
        assert row.answers["description"] == "A dentist."

    serve(scenario)


def test_forward_back_and_a_jump_to_what_was_reached(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await tab.send(WizardState.go_to_step, step="voice")
        assert (await wizard(tab)).question == "business_name", "what was not reached does not open"
        for wanted in ORDER[1:3]:
            assert "getElementById" in await tab.send(WizardState.go_on, sent={})
            assert (await wizard(tab)).question == wanted
        await tab.send(WizardState.go_on, sent={"description": "Typed and sent at once."})
        await tab.send(WizardState.go_back)
        assert (await wizard(tab)).start["description"] == "Typed and sent at once."
        await tab.send(WizardState.skip_to_review)
        state = await wizard(tab)
        assert (state.question, drafts(actor)[0].step) == ("review", "review")
        await tab.send(WizardState.go_to_step, step="voice")
        assert (await wizard(tab)).question == "voice_id"
        await tab.send(WizardState.edit, question="no such question")
        await tab.send(WizardState.go_to_step, step="nowhere")
        assert (await wizard(tab)).question == "voice_id"

    serve(scenario)


def test_half_a_pair_stops_at_its_field(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.")
        await tab.send(WizardState.skip_to_review)
        await tab.send(WizardState.edit, question="faqs")
        await tab.send(WizardState.add_pair)
        told = await tab.send(WizardState.go_on, sent={"question-0": "Parking?", "answer-0": "", "question-1": "", "answer-1": "Yes."})
        state = await wizard(tab)
        assert "aria-invalid" in told
        assert "aria-invalid" in await _while_typing(server, tab, WizardState.go_on, sent={"question-0": "Parking?", "answer-0": ""})
        assert state.question == "faqs"
        assert [(bool(row.question_error), bool(row.answer_error)) for row in state.pairs] == [(False, True), (True, False)]
        await tab.send(WizardState.remove_pair, key="1")
        await tab.send(WizardState.go_on, sent={"question-0": "Parking?", "answer-0": "Behind the house."})
        assert (await wizard(tab)).question == "review", "an answer edited from the review leads back to it"

    serve(scenario)


def test_a_required_answer_is_asked_for_and_the_review_is_not_offered_before(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        assert not (await wizard(tab)).can_create
        await tab.send(WizardState.skip_to_review)
        await tab.send(WizardState.go_on, sent={"business_name": "  "})
        state = await wizard(tab)
        assert (state.question, state.errors["business_name"]) == ("business_name", "Tell the name of the business.")

    serve(scenario)


def test_the_preview_speaks_what_is_typed_and_answers_what_is_chosen(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await tab.send(WizardState.add_pair)
        await typed(tab, question__0="Parking?", answer__0="Yes.", question__1="Open on Sunday?", business_name="Aurora")
        state = await wizard(tab)
        assert "from Aurora" in state.first_words
        assert (state.asked_text, state.answer_text) == ("Open on Sunday?", "…")
        await tab.send(WizardState.ask_in_preview, key="0")
        assert (await wizard(tab)).answer_text == "Yes."
        await typed(tab, discloses_ai=False, records_calls=False, name=" ", greeting="I am {agentName}.")
        assert (await wizard(tab)).first_words == "I am …."

    serve(scenario)


def test_a_tab_that_is_behind_overwrites_nothing_until_it_is_told_to(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        first = await opened(server, cookie, "first")
        await typed(first, description="One")
        second = await opened(server, cookie, "second")
        await typed(second, description="Two")
        await typed(first, description="Three")
        state = await wizard(first)
        assert state.conflict.startswith("This draft was changed in another tab at ")
        assert state.saving == "conflict"
        await typed(first, description="Four")
        await first.send(WizardState.create)
        assert _description(actor) == "Two"
        await first.send(DraftState.keep_mine)
        assert ((await wizard(first)).conflict, _description(actor)) == ("", "Four")
        await typed(second, description="Five")
        await second.send(DraftState.take_theirs)
        state = await wizard(second)
        assert (state.conflict, state.form.description, _description(actor)) == ("", "Four", "Four")
        assert made(actor) == []

    serve(scenario)


def _description(actor: Actor) -> str:
    (row,) = drafts(actor)
    assert row.answers is not None
    return row.answers["description"]


def test_starting_over_can_be_undone(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.")
        await tab.send(WizardState.ask_start_over, is_open=True)
        await tab.send(WizardState.start_over, _form={})
        state = await wizard(tab)
        assert (state.form.description, state.question, state.is_starting_over) == ("", "business_name", False)
        assert drafts(actor)[0].status is DraftStatus.ABANDONED
        await tab.send(WizardState.bring_back)
        assert (await wizard(tab)).form.description == "A dentist."
        assert [row.status for row in drafts(actor)] == [DraftStatus.DRAFT]

    serve(scenario)


def test_a_save_that_fails_says_so_and_keeps_what_was_typed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()

    def busy(*_: object) -> None:
        raise Busy("The server is very busy. Please try again in a moment.")

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        with monkeypatch.context() as patch:
            patch.setattr(wizard_drafts, "save", busy)
            await typed(tab, description="A dentist.")
            state = await wizard(tab)
            assert (state.saving, state.saved) == ("failed", "Not saved: The server is very busy. Please try again in a moment.")
            assert state.conflict == ""
        await tab.send(DraftState.save_now)
        assert _description(actor) == "A dentist."

    serve(scenario)


def test_an_agent_is_made_once_however_often_it_is_asked_for(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.", name="Mia")
        other = await opened(server, cookie, "other")
        told = [await each.send(WizardState.create) for each in (tab, tab, other)]
        (agent,) = made(actor)
        assert f"/agents/{agent.id}" in told[0]
        assert (agent.name, agent.business_description) == ("Mia", "A dentist.")
        assert [(row.status, row.agent_id) for row in drafts(actor)] == [(DraftStatus.PUBLISHED, agent.id)]
        assert "was made in another tab" in (await wizard(other)).conflict
        await other.send(DraftState.take_theirs)
        assert (await wizard(other)).form.description == ""

    serve(scenario)


def test_what_is_wrong_leads_from_the_review_to_its_question_and_back(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.", hours="x" * 2000)
        await tab.send(WizardState.create)
        state = await wizard(tab)
        assert (state.question, state.returns, made(actor)) == ("hours", True, [])
        assert "at most 1,000" in state.errors["hours"]
        await tab.send(WizardState.go_on, sent={"hours": "9 to 17"})
        assert (await wizard(tab)).question == "review"

    serve(scenario)


def test_a_busy_server_keeps_the_answers_at_the_last_step(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()

    def busy(*_: object) -> None:
        raise Busy("The server is very busy.")

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.")
        with monkeypatch.context() as patch:
            patch.setattr(wizard_drafts, "publish", busy)
            await tab.send(WizardState.create)
        state = await wizard(tab)
        assert (state.making, state.problem) == ("", "The server is very busy. Your answers are still here.")
        await tab.send(WizardState.create)
        assert len(made(actor)) == 1

    serve(scenario)


def test_after_a_fault_of_ours_the_agent_can_be_made_without_loading_the_page_again(database: str, cluster: embedded.Cluster) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.")
        cluster.execute("revoke insert on agent from kametrix_app", database=database)
        assert UNEXPECTED in await tab.send(WizardState.create)
        cluster.execute("grant insert on agent to kametrix_app", database=database)
        await tab.send(WizardState.create)
        assert len(made(actor)) == 1

    serve(scenario)


def test_the_review_tells_every_answer_and_what_is_still_open(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.", question__0="The price?", answer__0="It costs [price].", policies="p" * 500)
        await tab.send(WizardState.skip_to_review)
        rows = {row.question: row for step in (await wizard(tab)).summary.values() for row in step}
        assert set(rows) == set(ORDER) - {"review"}
        assert rows["faqs"].open == "Still to confirm or fill in: [price]. Until then callers do not get this answer."
        assert rows["faqs"].text == "1 question: The price?"
        assert (rows["services"].text, len(rows["policies"].text)) == ("Left empty", 241)

    serve(scenario)


def test_choices_take_only_what_there_is(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await tab.send(WizardState.choose_voice, voice_id="Elliot")
        assert (await wizard(tab)).form.name == "Elliot", "a name nobody changed follows the voice"
        await typed(tab, name="Mia")
        await tab.send(WizardState.choose_voice, voice_id="Kai")
        for handler, argument in (
            (WizardState.choose_voice, "voice_id"),
            (WizardState.choose_zone, "zone"),
            (WizardState.choose_language, "language"),
        ):
            await tab.send(handler, **{argument: "Mars/Olympus"})
        form = (await wizard(tab)).form
        assert (form.name, form.voice_id, form.timezone, form.language) == ("Mia", "Kai", "UTC", "en")
        await tab.send(WizardState.choose_zone, zone="Europe/Berlin")
        assert (await wizard(tab)).form.timezone == "Europe/Berlin"

    serve(scenario)


def test_our_words_follow_the_language_and_theirs_stay(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await tab.send(OffersState.choose_trade, key="dentist")
        await typed(tab, hours="Always")
        await tab.send(WizardState.choose_language, language="de")
        form, german = (await wizard(tab)).form, by_key("dentist", "de")
        assert german is not None
        assert (form.language, form.description, form.faqs, form.hours) == ("de", german.description, german.faqs, "Always")

    serve(scenario)


def test_the_browsers_zone_is_taken_where_the_organization_told_none(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/agents/new")
        assert "resolvedOptions" in await tab.send(WizardState.load)
        await tab.send(WizardState.guess_zone, zone="Mars/Olympus")
        await tab.send(WizardState.guess_zone, zone="Europe/Berlin")
        assert ((await wizard(tab)).form.timezone, drafts(actor)) == ("Europe/Berlin", [])
        await tab.send(WizardState.choose_zone, zone="Asia/Tokyo")
        await tab.send(WizardState.guess_zone, zone="Europe/Berlin")
        assert (await wizard(tab)).form.timezone == "Asia/Tokyo"

    serve(scenario)


def test_a_template_fills_what_is_empty_asks_for_the_rest_and_can_be_undone(database: str) -> None:
    _, cookie = member()
    dentist, hair = by_key("dentist", "en"), by_key("hair", "en")
    assert dentist is not None
    assert hair is not None

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, hours="Always open", question__0="Parking?", answer__0="Yes.")
        await tab.send(OffersState.choose_trade, key="dentist")
        form, asked = (await wizard(tab)).form, await offers(tab)
        assert (form.hours, form.services, form.policies) == ("Always open", dentist.services, dentist.policies)
        assert form.faqs == (Faq("Parking?", "Yes."),)
        assert [(row.field, row.mine) for row in asked.offers] == [("hours", "Always open"), ("faqs", "Parking? Yes.")]
        await tab.send(OffersState.take, field="faqs")
        await tab.send(OffersState.keep_own, field="hours")
        await tab.send(OffersState.take, field="hours")
        form = (await wizard(tab)).form
        assert (form.faqs, form.hours) == ((Faq("Parking?", "Yes."), *dentist.faqs), "Always open")
        await tab.send(OffersState.undo)
        assert (await wizard(tab)).form.faqs == (Faq("Parking?", "Yes."),)
        await tab.send(OffersState.choose_trade, key="hair")
        form = (await wizard(tab)).form
        assert (form.services, form.policies) == (hair.services, hair.policies), "a template nobody changed gives way to the next"
        await typed(tab, policies="Mine")
        await tab.send(OffersState.undo)
        form = (await wizard(tab)).form
        assert (form.services, form.policies) == (dentist.services, "Mine"), "what was changed since stays"
        await tab.send(OffersState.choose_trade, key="other")
        assert ((await wizard(tab)).trade, (await offers(tab)).offers) == ("other", [])

    serve(scenario)


PIECES = [
    Written("model", (Faq("Open?", "Yes."),)),
    Written("model", (Faq("Open?", "Yes."),), "Be kind.", "Hello from {businessName}.", "Bye."),
]


class Writer:
    """A model that waits before each piece until it is let go."""

    def __init__(self) -> None:
        self.started = self.stopped = 0
        self.began, self.go = asyncio.Event(), asyncio.Event()

    async def write(self, brief: Brief) -> AsyncGenerator[Written]:
        self.started += 1
        self.began.set()
        try:
            for piece in PIECES:
                yield piece
                await self.go.wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise


def test_what_is_written_fills_what_is_empty_and_is_offered_beside_the_rest(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        writer = Writer()
        monkeypatch.setattr(composer, "write", writer.write)
        tab = await opened(server, cookie)
        await typed(tab, policies="My own rules.")
        running = asyncio.ensure_future(tab.send(OffersState.write))
        await _eventually(lambda: "(1 so far)" in tab.received())
        writer.go.set()
        await running
        form, state = (await wizard(tab)).form, await offers(tab)
        assert (form.faqs, form.greeting, form.policies) == ((Faq("Open?", "Yes."),), "Hello from {businessName}.", "My own rules.")
        assert [(row.field, row.offered) for row in state.offers] == [("policies", "Be kind.")]
        assert state.source == "Written by gpt-4o-mini"
        assert (state.is_writing, wizard_offers._writing) == (False, {})
        assert "Open? Yes." in tab.received(), "the page is shown what is being written"
        await tab.send(OffersState.undo)
        assert (await wizard(tab)).form.faqs == (Faq("", ""),)

    serve(scenario)


def test_what_came_before_a_failure_is_kept_and_the_failure_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    async def broken(_: Brief) -> AsyncGenerator[Written]:
        yield PIECES[0]
        raise Busy("The model stopped answering.")

    async def nothing(_: Brief) -> AsyncGenerator[Written]:
        raise Busy("The model does not answer.")
        yield PIECES[0]

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        monkeypatch.setattr(composer, "write", nothing)
        await tab.send(OffersState.write)
        assert (await offers(tab)).failure == "The model does not answer. Nothing was changed."
        monkeypatch.setattr(composer, "write", broken)
        await tab.send(OffersState.write)
        assert (await offers(tab)).failure == "The model stopped answering."
        assert (await wizard(tab)).form.faqs == (Faq("Open?", "Yes."),)

    serve(scenario)


def test_two_tabs_write_once_and_cancelling_really_stops(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        writer = Writer()
        monkeypatch.setattr(composer, "write", writer.write)
        tab, other = await opened(server, cookie, "tab"), await opened(server, cookie, "other")
        running = asyncio.ensure_future(tab.send(OffersState.write))
        await writer.began.wait()
        started = asyncio.ensure_future(other.send(OffersState.write))
        await _eventually(lambda: "being written already" in str(server.browsers.events["other"]))
        await _stop(server, other)
        await asyncio.gather(running, started)
        assert (writer.started, writer.stopped) == (1, 1)
        assert "being written already" in str(server.browsers.events["other"])
        state = await offers(tab)
        assert (state.is_writing, state.failure) == (False, "Stopped. Nothing was changed.")
        assert (await wizard(tab)).form.faqs == (Faq("", ""),)

    serve(scenario)


def test_leaving_the_page_stops_the_writing(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        writer = Writer()
        monkeypatch.setattr(composer, "write", writer.write)
        tab = await opened(server, cookie)
        running = asyncio.ensure_future(tab.send(OffersState.write))
        await writer.began.wait()
        await _enqueue(server, tab, OffersState.leave)
        await running
        assert (writer.stopped, wizard_offers._writing) == (1, {})

    serve(scenario)


async def _eventually(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not happen")


async def _while_typing(server: Server, tab: Tab, handler: Any, **payload: Any) -> str:
    """Send while a save is still waiting for the hand to rest."""
    await _enqueue(server, tab, WizardState.keep, name="policies", value="Typing")
    return await tab.send(handler, **payload)


async def _stop(server: Server, tab: Tab) -> None:
    await _enqueue(server, tab, OffersState.stop_writing)


async def _enqueue(server: Server, tab: Tab, handler: Any, **payload: Any) -> None:
    """Send without waiting for what runs in the background."""
    headers = {"cookie": f"kametrix_session={tab.cookie}"}
    router = {"headers": headers, "token": tab.token, "asPath": tab.path, "pathname": tab.path}
    await server.processor.enqueue(tab.token, Event(name=format_event_handler(handler), payload=payload, router_data=router))


def test_a_spent_budget_is_told_and_nothing_changes(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    def spent(*_: object) -> None:
        raise TooMany("Too many attempts. Please try again in 1 minute.", retry_after=60)

    async def scenario(server: Server) -> None:
        monkeypatch.setattr(composer, "count", spent)
        tab = await opened(server, cookie)
        await tab.send(OffersState.write)
        assert (await offers(tab)).failure == "Too many attempts. Please try again in 1 minute. Nothing was changed."
        assert (await offers(tab)).is_writing is False

    serve(scenario)


def test_who_may_only_look_gets_no_wizard(database: str) -> None:
    actor, cookie = member(role=OrgRole.VIEWER)

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/agents/new")
        await tab.send(WizardState.load)
        assert "description" not in tab.received()
        for handler, payload in (
            (WizardState.keep, {"name": "name", "value": "x"}),
            (WizardState.create, {}),
            (OffersState.write, {}),
            (DraftState.save_soon, {}),
        ):
            assert "does not allow" in await tab.send(handler, **payload)
        assert (drafts(actor), made(actor)) == ([], [])

    serve(scenario)


def test_a_tab_whose_state_has_expired_is_asked_to_load_again(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie, path="/agents/new")
        assert "load it again" in await tab.send(WizardState.keep, name="description", value="Typed.")
        assert drafts(actor) == []

    serve(scenario)


def test_a_lost_connection_does_not_take_the_keys_away(database: str) -> None:
    """The page's load runs again; the inputs are drawn anew only where another tab changed the draft meanwhile."""
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        await typed(tab, description="A dentist.")
        drawn = (await wizard(tab)).drawn
        await tab.send(WizardState.load)
        state = await wizard(tab)
        assert (state.drawn, state.start["description"]) == (drawn, "A dentist.")
        await typed(await opened(server, cookie, "other"), description="Changed elsewhere.")
        await tab.send(WizardState.load)
        state = await wizard(tab)
        assert (state.drawn > drawn, state.start["description"]) == (True, "Changed elsewhere.")

    serve(scenario)


def test_a_colleague_begins_their_own(database: str) -> None:
    actor, _ = member()
    with db.transaction() as session:
        colleague = factories.create_member(session, session.get_one(Organization, actor.organization_id))
        other_cookie = logged_in(session, colleague)
        wizard_drafts.save(session, actor, Answers(agent_form(name="Secret")), "name", "", 0)

    async def scenario(server: Server) -> None:
        tab = await opened(server, other_cookie)
        assert not (await wizard(tab)).has_draft
        assert "Secret" not in tab.received()

    serve(scenario)


@given(stored=STORED)
@settings(max_examples=25)
def test_no_stored_draft_whatever_breaks_the_page(database: str, stored: Any) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        factories.create_draft(session, actor, answers=stored, format=7, step="of a later version")
        cookie = logged_in(session, actor)

    async def scenario(server: Server) -> None:
        tab = await opened(server, cookie)
        state = await wizard(tab)
        assert (state.question, state.has_draft) == (ORDER[0], True)
        assert "another version" in state.notice
        await tab.send(WizardState.edit, question="review")
        assert (await wizard(tab)).question == "review"

    serve(scenario)

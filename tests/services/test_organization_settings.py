"""Settings of an organization have effects: prompts, first sentences, who answers, what new agents begin with."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.errors import Invalid
from kametrix.models import Agent, AuditLog, Organization, SyncState
from kametrix.services import agent_sync, agents, gate, number_push, prompts
from kametrix.services import organization_settings as org
from kametrix.services.access import Actor
from kametrix.services.agent_form import Faq
from kametrix.services.organization_settings import AgentDefaults
from sandbox.vapi.prompt import render
from tests.factories import create_agent, create_member, create_organization, create_phone_number
from tests.forms import agent_form
from tests.hours import CLOSED, WEEKDAYS
from tests.services.test_agents import buy, jobs
from tests.services.test_gate import asks

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOSED_STORED = {**CLOSED, "special": []}
AFTER = "We are closed, but {agentName} of {businessName} takes a message."


def organization_of(session: Session, actor: Actor) -> Organization:
    return session.get_one(Organization, actor.organization_id, populate_existing=True)


def row(session: Session, agent_id: str) -> Agent:
    return session.get_one(Agent, agent_id, populate_existing=True)


def trail(session: Session, actor: Actor, action: str) -> list[AuditLog]:
    return list(session.exec(select(AuditLog).where(AuditLog.organization_id == actor.organization_id, col(AuditLog.action) == action)))


def spoken(session: Session, agent_id: str, at: datetime) -> str:
    """What the provider says first to a caller at this moment."""
    plan = agent_sync.plan(session, agent_id)
    assert plan is not None
    assert plan.spec is not None
    said, problem = render(plan.spec.greeting, at, {})
    assert problem == ""
    return said


def errors_of(work: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as told:
        work()
    return told.value.errors


def test_an_agent_without_hours_of_its_own_speaks_the_organization_s(session: Session) -> None:
    actor = create_member(session)
    mine, own = (
        agents.create(session, actor, agent_form(hours=hours, name=name)) for name, hours in (("Mia", ""), ("Jo", "By appointment"))
    )
    revision, before = row(session, own.id).revision, row(session, mine.id).revision
    with clock.at(FRIDAY):
        assert org.save_hours(session, actor, {**WEEKDAYS, "special": [{"from": "2026-12-24", "label": "Christmas"}]}, "") == 1
    prompt = row(session, mine.id).system_prompt
    assert "# Opening hours\nMonday to Friday: 9:00 am to 12:00 pm, 1:00 pm to 5:00 pm" in prompt
    assert "- December 24, 2026 (Christmas): closed" in prompt
    assert "These are times of the zone UTC." in prompt  # the agent's own zone is another
    assert row(session, mine.id).revision == before + 1
    assert row(session, own.id).revision == revision
    assert "By appointment" in row(session, own.id).system_prompt
    assert (org.hours(session, actor).using, org.hours(session, actor).not_using) == (("Mia",), ("Jo",))


def test_the_hours_speak_the_agent_s_language(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours="", language="de", timezone="UTC"))
    org.save_hours(session, actor, WEEKDAYS, "")
    assert "Montag bis Freitag: 9:00 Uhr bis 12:00 Uhr" in row(session, view.id).system_prompt
    assert "Zeitzone" not in row(session, view.id).system_prompt


def test_a_new_and_a_changed_agent_have_the_hours_too(session: Session) -> None:
    actor = create_member(session)
    org.save_hours(session, actor, WEEKDAYS, "")
    view = agents.create(session, actor, agent_form(hours=""))
    assert "Monday to Friday" in row(session, view.id).system_prompt
    agents.update(session, actor, view.id, agent_form(hours="Always"))
    assert "Monday to Friday" not in row(session, view.id).system_prompt
    agents.update(session, actor, view.id, agent_form(hours=""))
    assert "Monday to Friday" in row(session, view.id).system_prompt


def test_outside_the_hours_callers_hear_the_other_greeting_after_what_must_be_said(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours="", greeting="Hello."))
    with clock.at(FRIDAY):
        assert org.save_hours(session, actor, WEEKDAYS, AFTER) == 1
        said = "You are speaking with an AI assistant. This call is recorded."
        assert spoken(session, view.id, FRIDAY.replace(hour=10)) == f"{said} Hello."
        assert spoken(session, view.id, SUNDAY) == f"{said} We are closed, but Mia of Brightside Dental takes a message."
        assert agents.view(session, actor, view.id).after_hours_message == spoken(session, view.id, SUNDAY)
        assert org.save_hours(session, actor, WEEKDAYS, "Closed today.") == 1, "another greeting alone is pushed too"


def test_the_other_greeting_is_for_agents_that_go_by_the_organization_s_hours(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours="Day and night", greeting="Hello."))
    assert org.save_hours(session, actor, CLOSED, AFTER) == 0
    assert spoken(session, view.id, SUNDAY).endswith("Hello.")
    assert agents.view(session, actor, view.id).after_hours_message == ""


def test_what_is_typed_as_greeting_never_acts_as_a_template(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours=""))
    org.save_hours(session, actor, CLOSED, "{% if open %}{{ customer.number }}{% endif %} ｛｛now｝｝")
    assert spoken(session, view.id, SUNDAY).endswith("(% if open %)(( customer.number ))(% endif %) ((now))")


def test_the_number_s_own_greeting_and_voice_come_last(session: Session) -> None:
    actor = create_member(session)
    create_phone_number(session, greeting="{businessName}, second line.", voice_id="Elliot")
    view = agents.create(session, actor, agent_form(hours="", greeting="Hello.", voice_id="Clara"))
    plan = agent_sync.plan(session, view.id)
    assert plan is not None
    assert plan.spec is not None
    assert plan.spec.greeting.endswith("recorded. Brightside Dental, second line.")
    assert plan.spec.voice_id == "Elliot"
    org.save_hours(session, actor, CLOSED, "Closed.")
    assert spoken(session, view.id, SUNDAY).endswith("Closed.")


def test_hours_in_another_shape_change_nothing_and_every_error_is_told(session: Session) -> None:
    actor = create_member(session)
    typed = {"week": {"mon": [["9", ""]]}, "special": [{"from": ""}]}
    assert errors_of(lambda: org.save_hours(session, actor, typed, "x" * 501)).keys() == {"mon.0", "special.0.from", "after_hours_greeting"}
    assert errors_of(lambda: org.save_hours(session, actor, None, "{price}")).keys() == {"after_hours_greeting"}
    assert organization_of(session, actor).business_hours is None
    assert trail(session, actor, "ORGANIZATION_HOURS") == []


def test_hours_can_be_taken_back(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours=""))
    before = row(session, view.id).system_prompt
    org.save_hours(session, actor, WEEKDAYS, AFTER)
    org.save_hours(session, actor, None, AFTER)
    assert row(session, view.id).system_prompt == before
    assert "{%" not in prompts.spoken_first(row(session, view.id))


def test_hours_that_make_a_prompt_too_long_are_refused_by_the_agent_s_name(session: Session) -> None:
    actor = create_member(session)
    for size in range(40_000, 30_000, -100):
        try:
            with session.begin_nested():
                long = tuple(Faq(f"Question {number}?", "a" * (size // 40)) for number in range(40))
                agents.create(session, actor, agent_form(hours="", name="Robin", faqs=long))
            break
        except Invalid:
            continue
    special = [{"from": f"2027-{1 + day // 28:02d}-{1 + day % 28:02d}", "label": "x" * 60} for day in range(60)]
    with pytest.raises(Invalid, match="Robin cannot keep these hours in mind"), clock.at(FRIDAY):
        org.save_hours(session, actor, {"week": {}, "special": special}, "")


def test_a_save_that_changes_nothing_pushes_and_notes_nothing(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form(hours=""))
    org.save_hours(session, actor, WEEKDAYS, AFTER)
    revision = row(session, view.id).revision
    assert org.save_hours(session, actor, WEEKDAYS, AFTER) == 0
    assert row(session, view.id).revision == revision
    assert len(trail(session, actor, "ORGANIZATION_HOURS")) == 1


def test_another_zone_moves_the_agents_that_had_the_old_one(session: Session) -> None:
    actor = create_member(session, create_organization(session, timezone="America/New_York"))
    moved, stays = (agents.create(session, actor, agent_form(timezone=zone, hours="9 to 5")) for zone in ("America/New_York", "Asia/Tokyo"))
    assert org.save_profile(session, actor, " Studio  Nord ", "Europe/Berlin", "de") == 1
    assert row(session, moved.id).timezone == "Europe/Berlin"
    assert '"Europe/Berlin"' in row(session, moved.id).system_prompt
    assert row(session, moved.id).sync_state == SyncState.UPDATING
    assert row(session, stays.id).timezone == "Asia/Tokyo"
    organization = organization_of(session, actor)
    assert (organization.name, organization.timezone, organization.language) == ("Studio Nord", "Europe/Berlin", "de")
    [noted] = trail(session, actor, "ORGANIZATION_UPDATE")
    assert noted.old_values == {"name": "Brightside Dental", "timezone": "America/New_York", "language": "en"}
    assert noted.new_values == {"name": "Studio Nord", "timezone": "Europe/Berlin", "language": "de"}
    assert [one.entity_id for one in trail(session, actor, "AGENT_UPDATE")] == [moved.id]


def test_the_zone_moves_the_opening_hours(session: Session) -> None:
    actor = create_member(session, create_organization(session, timezone="UTC"))
    view = agents.create(session, actor, agent_form(hours="", timezone="Asia/Tokyo", greeting="Hello."))
    org.save_hours(session, actor, WEEKDAYS, "Closed.")
    morning = FRIDAY.replace(hour=9)
    assert spoken(session, view.id, morning).endswith("Hello.")
    assert org.save_profile(session, actor, "Brightside", "America/Los_Angeles", "en") == 1
    assert spoken(session, view.id, morning).endswith("Closed.")


def test_a_name_alone_pushes_nobody(session: Session) -> None:
    actor = create_member(session)
    slug = organization_of(session, actor).slug
    agents.create(session, actor, agent_form())
    assert org.save_profile(session, actor, "Another", "UTC", "en") == 0
    assert organization_of(session, actor).slug == slug


def test_a_wrong_profile_is_told_at_its_fields(session: Session) -> None:
    actor = create_member(session)
    assert errors_of(lambda: org.save_profile(session, actor, " \x00", "Mars/Olympus", "fr")).keys() == {"name", "timezone", "language"}
    assert errors_of(lambda: org.save_profile(session, actor, "x" * 201, "UTC", "en")).keys() == {"name"}


def test_switched_off_no_agent_answers_and_the_gate_says_why(session: Session) -> None:
    actor = create_member(session)
    buy(session, actor)
    agent = row(session, agents.create(session, actor, agent_form(language="de")).id)
    agent.vapi_assistant_id = "asst-1"
    assert not number_push.is_gated(session, agent)
    revision = row(session, agent.id).revision
    assert org.set_answering(session, actor, False) == 1
    assert row(session, agent.id).revision == revision + 1
    assert number_push.is_gated(session, agent)
    assert row(session, agent.id).sync_state == SyncState.UPDATING
    assert {job["agent_id"] for job in jobs(session, "sync_agent")} == {agent.id}
    assert gate.answer(session, agent.id, asks()) == {"error": prompts.texts.of("de").line_off}
    assert org.set_answering(session, actor, False) == 0
    assert org.set_answering(session, actor, True) == 1
    assert not number_push.is_gated(session, agent)
    assert [one.new_values for one in trail(session, actor, "ORGANIZATION_ANSWERING")] == [{"ai_enabled": False}, {"ai_enabled": True}]
    assert "assistantId" in gate.answer(session, agent.id, asks("call-2"))


def test_new_agents_begin_with_the_defaults_and_old_ones_keep_theirs(session: Session) -> None:
    actor = create_member(session)
    old = agents.create(session, actor, agent_form())
    revision = row(session, old.id).revision
    defaults = AgentDefaults("Elliot", "Hi, {agentName} here.", "calm", "Never discuss prices.", 25)
    org.save_agent_defaults(session, actor, defaults)
    assert org.agent_defaults(session, actor) == defaults
    form = agents.blank(session, actor)
    assert (form.voice_id, form.name, form.greeting, form.personality) == ("Elliot", "Elliot", "Hi, {agentName} here.", "calm")
    assert (form.instructions, form.max_minutes) == ("Never discuss prices.", 25)
    assert row(session, old.id).revision == revision
    [noted] = trail(session, actor, "ORGANIZATION_AGENT_DEFAULTS")
    assert noted.old_values == {"voice_id": "", "greeting": "", "personality": "", "instructions": "", "max_minutes": 10}


def test_empty_defaults_are_the_language_s_own(session: Session) -> None:
    actor = create_member(session, create_organization(session, language="de"))
    org.save_agent_defaults(session, actor, AgentDefaults())
    assert agents.blank(session, actor).greeting == prompts.texts.GERMAN.greeting


def test_wrong_defaults_are_told_at_their_fields(session: Session) -> None:
    actor = create_member(session)
    for wrong, field in (
        (AgentDefaults(voice_id="Spencer"), "voice_id"),
        (AgentDefaults(greeting="{price}"), "greeting"),
        (AgentDefaults(greeting="x" * 501), "greeting"),
        (AgentDefaults(personality="rude"), "personality"),
        (AgentDefaults(instructions="x" * 4001), "instructions"),
        (AgentDefaults(max_minutes=0), "max_minutes"),
        (AgentDefaults(max_minutes=61), "max_minutes"),
    ):
        assert errors_of(lambda wrong=wrong: org.save_agent_defaults(session, actor, wrong)).keys() == {field}


def test_another_organization_s_agents_are_left_alone(session: Session) -> None:
    actor, stranger = create_member(session), create_member(session)
    theirs = agents.create(session, stranger, agent_form(hours=""))
    before = (row(session, theirs.id).revision, row(session, theirs.id).system_prompt)
    org.save_hours(session, actor, WEEKDAYS, AFTER)
    org.save_profile(session, actor, "Mine", "Asia/Tokyo", "en")
    org.set_answering(session, actor, False)
    assert (row(session, theirs.id).revision, row(session, theirs.id).system_prompt) == before
    assert organization_of(session, stranger).ai_enabled


def test_how_far_the_pushes_are_is_told_by_name(session: Session) -> None:
    actor = create_member(session)
    for name, state in (("Mia", SyncState.UPDATING), ("Jo", SyncState.FAILED), ("Robin", SyncState.LIVE)):
        create_agent(session, actor, name=name, sync_state=state)
    create_agent(session, actor, name="Gone", sync_state=SyncState.UPDATING, deleted_at=FRIDAY)
    assert org.pushes(session, actor) == org.Pushes(updating=("Mia",), failed=("Jo",))


def test_an_agent_saved_while_hours_are_saved_has_the_hours_in_the_end(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        views = [agents.create(session, actor, agent_form(hours="", name=f"Agent {number}")) for number in range(3)]

    def save_agent(agent_id: str) -> None:
        for number in range(5):
            with db.transaction(actor) as session:
                agents.update(session, actor, agent_id, agent_form(hours="", greeting=f"Hello {number}."))

    def save_hours(typed: dict[str, Any]) -> None:
        with db.transaction(actor) as session:
            org.save_hours(session, actor, typed, "Closed.")

    def add(number: int) -> None:
        with db.transaction(actor) as session:
            agents.create(session, actor, agent_form(hours="", name=f"New {number}"))

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(save_agent, view.id) for view in views]
        done += [pool.submit(save_hours, CLOSED), pool.submit(save_hours, WEEKDAYS), pool.submit(add, 1), pool.submit(add, 2)]
        for each in done:
            each.result()
    with db.transaction() as session:
        found = session.exec(select(Agent).where(Agent.organization_id == actor.organization_id)).all()
        words = (
            "Monday to Friday: 9:00 am" if organization_of(session, actor).business_hours != CLOSED_STORED else "Monday to Sunday: closed"
        )
        assert len(found) == 5
        assert [agent.name for agent in found if words not in agent.system_prompt] == []

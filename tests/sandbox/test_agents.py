"""Agents as people save them, brought to the sandbox by the product's own services and client: what is stored there is what was saved."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix.integrations.vapi.client import VapiClient
from kametrix.models import Agent, PhoneNumber, SyncState
from kametrix.services import agent_sync, agents, organization_settings, phone_numbers, prompts, surroundings
from kametrix.services.access import Actor
from kametrix.services.agent_form import Faq
from tests.factories import create_member
from tests.forms import agent_form
from tests.sandbox.parts import KEY, Box
from tests.services.test_agents import buy

Json = dict[str, Any]


@pytest.fixture
def client(box: Box) -> Iterator[VapiClient]:
    with VapiClient(f"http://127.0.0.1:{box.port}/vapi", KEY) as made:
        yield made


@pytest.fixture
def owner(session: Session, client: VapiClient) -> Actor:
    """Somebody who has bought credits, beside a pool that was read from the sandbox."""
    actor = create_member(session)
    buy(session, actor)
    phone_numbers.merge(session, client.list_phone_numbers())
    return actor


def push(session: Session, client: VapiClient, agent_id: str) -> Agent:
    plan = agent_sync.plan(session, agent_id)
    assert plan is not None
    agent_sync.record(session, plan, agent_sync.carry_out(client, plan))
    session.flush()
    agent = session.exec(select(Agent).where(Agent.id == agent_id)).one()
    assert (agent.sync_state, agent.sync_error) == (SyncState.LIVE, None)
    return agent


def stored(box: Box, agent: Agent) -> Json:
    return box.http.get(f"/vapi/assistant/{agent.vapi_assistant_id}").json()


def prompt_of(assistant: Json) -> str:
    [message] = assistant["model"]["messages"]
    assert message["role"] == "system"
    return message["content"]


def told(part: str) -> Callable[[Json], bool]:
    return lambda assistant: part in prompt_of(assistant)


CHANGES: dict[str, tuple[Any, Callable[[Json], bool]]] = {
    "name": ("Jo", lambda assistant: assistant["name"] == "Jo" and "Jo" in prompt_of(assistant)),
    "business_name": ("Harbor Salon", told("Harbor Salon")),
    "description": ("A hairdresser by the sea.", told("by the sea")),
    "services": (("Balayage",), told("- Balayage")),
    "hours": ("Sunday, noon to 2 pm", told("Sunday, noon to 2 pm")),
    "voice_id": ("Elliot", lambda assistant: assistant["voice"]["voiceId"] == "Elliot"),
    "greeting": ("Ahoy!", lambda assistant: assistant["firstMessage"].endswith("Ahoy!")),
    "end_call_message": ("Fair winds.", lambda assistant: assistant["endCallMessage"] == "Fair winds."),
    "faqs": ((Faq("Do you take dogs?", "Small ones."),), told("Answer: Small ones.")),
    "policies": ("No refunds on Mondays.", told("No refunds on Mondays.")),
    "language": ("de", lambda assistant: assistant["transcriber"]["language"] == "de" and "# Öffnungszeiten" in prompt_of(assistant)),
    "timezone": ("Europe/Berlin", told('"Europe/Berlin"}}')),
    "personality": ("calm", told("calm and patient")),
    "instructions": ("Never discuss prices.", told("# Instructions\nNever discuss prices.")),
    "max_minutes": (25, lambda assistant: assistant["maxDurationSeconds"] == 1500),
    "discloses_ai": (False, lambda assistant: "AI" not in assistant["firstMessage"]),
    "records_calls": (
        False,
        lambda assistant: not assistant["artifactPlan"]["recordingEnabled"] and "recorded" not in assistant["firstMessage"],
    ),
}


@pytest.mark.parametrize("field", CHANGES)
def test_every_change_callers_can_hear_is_stored_at_the_provider(
    session: Session, box: Box, client: VapiClient, owner: Actor, field: str
) -> None:
    value, shows = CHANGES[field]
    view = agents.create(session, owner, agent_form())
    before = stored(box, push(session, client, view.id))
    assert not shows(before)
    agents.update(session, owner, view.id, agent_form(**{field: value}))
    agent = push(session, client, view.id)
    after = stored(box, agent)
    assert after["id"] == before["id"]
    assert shows(after)
    assert prompt_of(after) == agent.system_prompt
    assert after["firstMessage"] == prompts.spoken_first(agent)


def test_every_field_of_the_form_is_among_those_changes() -> None:
    assert set(CHANGES) == set(agent_form().__dataclass_fields__)


def test_switching_off_and_on_changes_who_answers_the_number(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    view = agents.create(session, owner, agent_form())
    agent = push(session, client, view.id)

    def answers() -> str | None:
        [number] = [row for row in box.numbers() if row["number"] == view.number]
        assert number["server"]["url"] == stored(box, agent)["server"]["url"]
        return number.get("assistantId")

    assert answers() == agent.vapi_assistant_id
    agents.set_active(session, owner, view.id, False)
    push(session, client, view.id)
    assert answers() is None
    agents.set_active(session, owner, view.id, True)
    push(session, client, view.id)
    assert answers() == agent.vapi_assistant_id


@pytest.mark.parametrize(
    ("zone", "language", "expected"),
    [
        ("America/Los_Angeles", "en", "Friday, November 20, 2026, 06:30 PM (America/Los_Angeles)"),
        ("Europe/Berlin", "de", "Samstag, 21.11.2026, 03:30 Uhr (Europe/Berlin)"),
    ],
)
def test_the_date_is_that_of_the_call_in_the_zone_of_the_business(
    session: Session, box: Box, client: VapiClient, owner: Actor, zone: str, language: str, expected: str
) -> None:
    view = agents.create(session, owner, agent_form(timezone=zone, language=language))
    assert "2026" not in prompt_of(stored(box, push(session, client, view.id)))
    box.control("/clock", {"freeze": "2026-11-21T02:31:00Z"})
    assert box.call("Hello?", number=view.number, length=30)["prompt"].splitlines()[2].endswith(f": {expected}")


def test_what_a_person_types_is_spoken_and_never_a_template(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    typed = "{{ customer.number }} {% assign x = 1 %} مرحبا 👩‍⚕️"
    view = agents.create(session, owner, agent_form(description=typed, greeting=typed, faqs=(Faq(typed, typed),)))
    assistant = stored(box, push(session, client, view.id))
    scene = box.call("Hello?", number=view.number)
    assert "(( customer.number )) (% assign x = 1 %) مرحبا 👩‍⚕️" in scene["prompt"]
    assert scene["messages"][0]["message"] == assistant["firstMessage"]
    assert "+14155550101" not in scene["prompt"]


def test_the_provider_s_clock_chooses_the_greeting(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    view = agents.create(session, owner, agent_form(hours="", greeting="Good day."))
    organization_settings.save_profile(session, owner, "Brightside Dental", "America/Los_Angeles", "en")
    organization_settings.save_hours(session, owner, {"week": {"fri": [["09:00", "17:00"]]}}, "We are closed.")
    agent = push(session, client, view.id)
    assert stored(box, agent)["firstMessage"] == prompts.spoken_first(agent, surroundings.of(session, owner.organization_id))
    for moment, spoken in (("2026-11-20T18:00:00Z", "Good day."), ("2026-11-21T01:30:00Z", "We are closed.")):
        box.control("/clock", {"freeze": moment})
        assert box.call("Hello?", number=view.number, length=30)["messages"][0]["message"].endswith(spoken)


def test_switched_off_altogether_no_number_leads_to_an_agent(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    view = agents.create(session, owner, agent_form())
    push(session, client, view.id)
    for answering, has_assistant in ((False, False), (True, True)):
        organization_settings.set_answering(session, owner, answering)
        push(session, client, view.id)
        [number] = [row for row in box.numbers() if row["number"] == view.number]
        assert bool(number.get("assistantId")) is has_assistant


def test_what_a_number_says_of_its_own_comes_last(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    view = agents.create(session, owner, agent_form(voice_id="Clara"))
    number = session.exec(select(PhoneNumber).where(PhoneNumber.agent_id == view.id)).one()
    number.greeting, number.voice_id = "Second line of {businessName}.", "Elliot"
    session.flush()
    assistant = stored(box, push(session, client, view.id))
    assert assistant["voice"]["voiceId"] == "Elliot"
    assert assistant["firstMessage"].endswith("Second line of Brightside Dental.")


def test_a_deleted_agent_leaves_nothing_behind(session: Session, box: Box, client: VapiClient, owner: Actor) -> None:
    view = agents.create(session, owner, agent_form())
    push(session, client, view.id)
    agents.delete(session, owner, view.id)
    push(session, client, view.id)
    assert box.http.get("/vapi/assistant").json() == []

"""The product's own client and parsers against the sandbox: what it sends is accepted, what it gets is understood."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from kametrix.integrations.vapi import authentication, events, messages, payloads, reports
from kametrix.integrations.vapi.client import VapiClient
from kametrix.services import prompts
from kametrix.services.agent_form import AgentForm, Faq
from tests.sandbox.parts import KEY, Box, Receiver

SECRET = "webhook-secret-0123456789"


@pytest.fixture
def client(box: Box) -> Iterator[VapiClient]:
    with VapiClient(f"http://127.0.0.1:{box.port}/vapi", KEY) as made:
        yield made


def form(language: str) -> AgentForm:
    return AgentForm(
        name="Mia",
        business_name="Harbor Salon",
        description="A hairdresser by the sea. Step-free entrance.",
        services=("Haircut: $40", "Colouring"),
        hours="Mon to Fri 9:00 to 17:00\nSat: 10:00 to 14:00",
        voice_id="Elliot",
        greeting="Harbor Salon, how can I help?",
        end_call_message="Thank you for calling.",
        faqs=(Faq("Do you take walk-ins?", "Yes, before noon."), Faq("Parking", "Behind the house.")),
        policies="Please cancel a day ahead.",
        language=language,
        timezone="America/New_York",
    )


def put_on_air(client: VapiClient, server: Receiver, language: str = "en") -> str:
    """An agent as the product saves it, on the first number; returns the prompt's first sentence."""
    prompt = prompts.compose(form(language))
    spec = payloads.AssistantSpec(
        name="Mia, Harbor Salon",
        greeting=prompt.greeting,
        system_prompt=prompt.system_prompt,
        end_call_message="Thank you for calling.",
        voice_id="Elliot",
        language=language,
        max_duration_seconds=600,
        records=True,
        webhook_url=server.url,
        metadata={"kametrix_agent_id": "agt_1"},
        keyterms=("Harbor Salon",),
    )
    made = client.create_assistant(payloads.assistant(spec, credential_id="", secret=SECRET))
    number = min(client.list_phone_numbers(), key=lambda one: one["number"])
    client.update_phone_number(number["id"], payloads.phone_number(made["id"], server.url, secret=SECRET))
    found = client.find_assistant("kametrix_agent_id", "agt_1")
    assert found is not None
    assert found["id"] == made["id"]
    assert client.update_assistant(made["id"], payloads.assistant(spec, credential_id="", secret=SECRET))["model"] == made["model"]
    return prompt.greeting


def test_an_agent_as_the_product_saves_it_holds_a_call(box: Box, client: VapiClient, server: Receiver) -> None:
    greeting = put_on_air(client, server)
    scene = box.call("Do you take walk-ins?", "When are you open on Saturday?", "Is the entrance step free?", "And parking?", "Bye!")
    spoken = [message["message"] for message in scene["messages"] if message["role"] == "bot"]
    assert spoken[0] == greeting
    for text, part in zip(spoken[1:5], ("before noon", "Sat: 10:00 to 14:00", "Step-free entrance", "Behind the house"), strict=True):
        assert part in text
    assert scene["ended_reason"] == "assistant-ended-call"
    assert "{{" not in scene["prompt"]


def test_a_german_agent_answers_in_german(box: Box, client: VapiClient, server: Receiver) -> None:
    put_on_air(client, server, "de")
    scene = box.call("Guten Tag, wann haben Sie geöffnet?")
    assert "Unsere Öffnungszeiten: Mon to Fri 9:00 to 17:00. Sat: 10:00 to 14:00." in scene["transcript"]
    assert "{{" not in scene["prompt"]


def test_every_message_proves_itself_and_is_understood(box: Box, client: VapiClient, server: Receiver) -> None:
    put_on_air(client, server)
    scene = box.call(persona="curious", length=272)
    for one in server.got:
        assert authentication.verify(one.raw, one.headers, secrets=[SECRET], hmac_secret="", now=time.time())
    parsed = [messages.parse(one.raw) for one in server.got]
    assert {message.call_id for message in parsed} == {scene["id"]}
    assert len({events.dedupe_key(message) for message in parsed}) == 4


def test_an_hmac_signature_is_verified_by_the_product(box: Box, server: Receiver) -> None:
    box.control("/credentials", {"id": "cred", "type": "hmac", "secretKey": SECRET})
    box.number(server={"url": server.url, "credentialId": "cred"})
    box.call("Hello?")
    one = server.got[0]
    assert authentication.verify(one.raw, one.headers, secrets=[], hmac_secret=SECRET, now=time.time())
    assert not authentication.verify(one.raw + b" ", one.headers, secrets=[], hmac_secret=SECRET, now=time.time())


@pytest.mark.parametrize("generation", ["a_2026", "b_classic", "c_legacy"])
def test_each_generation_tells_the_product_the_same(box: Box, client: VapiClient, server: Receiver, generation: str) -> None:
    put_on_air(client, server)
    scene = box.call(persona="curious", length=272, generation=generation)
    told = reports.report(server.of("end-of-call-report"))
    assert told.duration_seconds == 272
    assert told.user_spoke
    assert told.has_recording
    assert told.summary
    assert told.cost
    assert [turn.text for turn in told.turns] == [message["message"] for message in scene["messages"]]
    assert "You are Mia" not in str(told)
    again = reports.call_report(client.get_call(scene["id"]))
    assert (again.duration_seconds, again.started_at, again.ended_at) == (272, told.started_at, told.ended_at)
    assert client.recording(scene["id"]).startswith("http://localhost:")
    recent = client.list_calls(datetime.now(UTC) - timedelta(minutes=1))
    assert [call["id"] for call in recent] == [scene["id"]]

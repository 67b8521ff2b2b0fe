"""What Vapi is sent, against a committed body and against the fields its schema has."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kametrix.integrations.vapi.payloads import AssistantSpec, assistant, phone_number
from tests.integrations.vapi.samples import raw

SPEC = AssistantSpec(
    name="Mia",
    greeting="Thanks for calling Bright Dental, this is Mia. How can I help?",
    system_prompt='You are Mia, receptionist of Bright Dental.\nNow: {{"now" | date: "%A, %B %d, %Y, %I:%M %p", "America/New_York"}}.',
    end_call_message="Thank you for calling. Goodbye!",
    voice_id="Elliot",
    language="en",
    max_duration_seconds=900,
    records=True,
    webhook_url="https://app.kametrix.example/api/webhooks/vapi/token-of-mia",
    metadata={"kametrix_organization_id": "org_01", "kametrix_agent_id": "agt_01"},
    keyterms=("Bright Dental", "Mia"),
)
CREDENTIAL = "5f0f2b34-aaaa-4c1e-9c11-3a5d1c0c9b77"


def built(spec: AssistantSpec = SPEC, *, credential_id: str = CREDENTIAL, secret: str = "shared") -> dict[str, object]:
    return assistant(spec, credential_id=credential_id, secret=secret)


def test_the_assistant_is_exactly_the_committed_one() -> None:
    assert built() == json.loads((Path(__file__).parent / "assistant.json").read_text())


def test_the_model_is_whole_and_the_prompt_sent_is_the_prompt_given() -> None:
    model = built()["model"]
    assert isinstance(model, dict)
    assert set(model) == {"provider", "model", "temperature", "maxTokens", "messages", "tools"}
    assert model["messages"] == [{"role": "system", "content": SPEC.system_prompt}]


def test_only_fields_of_the_schema_are_sent() -> None:
    sample = json.loads(raw("rest_assistant_create_request"))
    assert set(built()) <= set(sample)
    assert set(built()["transcriber"]) <= set(sample["transcriber"])  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["x" * 41, "x" * 39 + " y", "😀" * 50, " Mia "])
def test_the_name_fits_vapis_forty_characters(name: str) -> None:
    sent = built(replace(SPEC, name=name))["name"]
    assert isinstance(sent, str)
    assert 0 < len(sent) <= 40
    assert sent == sent.strip()


@pytest.mark.parametrize(("asked", "sent"), [(-1, 10), (9, 10), (10, 10), (600, 600), (43_200, 43_200), (90_000, 43_200)])
def test_the_longest_call_stays_within_vapis_bounds(asked: int, sent: int) -> None:
    assert built(replace(SPEC, max_duration_seconds=asked))["maxDurationSeconds"] == sent


def test_optional_parts_are_left_out() -> None:
    sent = built(replace(SPEC, end_call_message="", keyterms=(), records=False))
    assert "endCallMessage" not in sent
    assert sent["transcriber"] == {"provider": "deepgram", "model": "nova-3", "language": "en"}
    assert sent["artifactPlan"] == {"recordingEnabled": False, "pcapEnabled": False}


def test_without_a_credential_the_secret_travels_in_a_header() -> None:
    server = built(credential_id="")["server"]
    assert isinstance(server, dict)
    assert server["headers"] == {"X-Vapi-Secret": "shared"}
    assert "credentialId" not in server
    assert "shared" not in json.dumps(built())


def test_every_server_is_told_to_try_again() -> None:
    plan = {
        "type": "exponential",
        "maxRetries": 10,
        "baseDelaySeconds": 1,
        "excludedStatusCodes": [400, 401, 403, 404, 413, 422],
    }
    number = phone_number(None, "https://app.kametrix.example/x", secret="shared")
    assert (built()["server"], number["server"]["backoffPlan"]) == ({**_server(), "backoffPlan": plan}, plan)


def _server() -> dict[str, object]:
    return {"url": SPEC.webhook_url, "timeoutSeconds": 20, "credentialId": CREDENTIAL}


def test_a_number_is_given_taken_and_made_to_ask_first() -> None:
    nothing = {"provider": "vapi", "assistantId": None, "server": None, "fallbackDestination": None}
    assert phone_number("asst_1", None) == {**nothing, "assistantId": "asst_1"}
    assert phone_number(None, None, provider="twilio") == {**nothing, "provider": "twilio"}
    passing_on = phone_number(None, None, fallback="+14155550199")
    assert passing_on == {**nothing, "fallbackDestination": {"type": "number", "number": "+14155550199", "message": ""}}
    asking = phone_number(None, SPEC.webhook_url, credential_id=CREDENTIAL)
    assert (asking["assistantId"], asking["server"]["url"], asking["server"]["credentialId"]) == (None, SPEC.webhook_url, CREDENTIAL)


def test_bodies_share_nothing_that_could_be_changed() -> None:
    first = built()
    for value in first.values():
        if isinstance(value, list):
            value.clear()
    assert built()["serverMessages"] != []

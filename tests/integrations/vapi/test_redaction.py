"""Secrets, prompts and presigned addresses leave; everything else stays as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.integrations.vapi.redaction import REDACTED, redact
from tests.integrations.vapi.samples import FOLDER, json_values

MARK = "FAKE-REDACT-ME"
SAMPLES = sorted(path.name for path in FOLDER.glob("*.json"))
SECRET_KEYS = st.sampled_from(
    [
        *("twilioAuthToken", "auth_token", "X-Vapi-Secret", "clientSecret", "apiKey", "api_key", "X-API-Key", "password"),
        *("Credential", "credentialId", "Authorization", "privateKey", "token", "accessToken", "presignedMonoUrl", "controlUrl"),
        *("listenUrl", "webCallUrl"),
    ]
)
DROPPED_KEYS = st.sampled_from(("assistant", "newAssistant", "toAssistant", "fromAssistant", "squad", "headers", "systemPrompt"))


@pytest.mark.parametrize("name", SAMPLES)
def test_no_sample_keeps_a_secret_a_prompt_or_a_signature(name: str) -> None:
    kept = json.dumps(redact(json.loads((FOLDER / name).read_text())))
    for unwanted in (MARK, "system prompt", "You are Mia", "X-Amz-Signature", "/control"):
        assert unwanted not in kept


@given(st.lists(st.tuples(SECRET_KEYS | DROPPED_KEYS, json_values), min_size=1, max_size=4), json_values)
def test_a_secret_never_survives_however_deep_it_lies(path: list[tuple[str, Any]], beside: Any) -> None:
    for key, value in path:
        payload: Any = {"beside": [value, {key: {"inner": [MARK, {"text": MARK}]}}], "more": beside}
        for _ in range(3):
            payload = [payload, {"nested": payload}]
        assert MARK not in json.dumps(redact(payload))


@given(json_values)
def test_redacting_twice_changes_nothing_more(payload: Any) -> None:
    assert redact(redact(payload)) == redact(payload)


@given(
    st.recursive(
        st.none() | st.integers() | st.text("abc ", max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner)
    )
)
def test_harmless_payloads_stay_as_they_are(payload: Any) -> None:
    before = json.dumps(payload)
    assert redact(payload) == payload
    assert json.dumps(payload) == before


@pytest.mark.parametrize("role", ["system", "System", "developer"])
def test_prompts_are_dropped_from_lists(role: str) -> None:
    assert redact({"messages": [{"role": role, "content": "p"}, {"role": "user", "content": "Hi"}]}) == {
        "messages": [{"role": "user", "content": "Hi"}]
    }


@pytest.mark.parametrize(
    "query", ["X-Amz-Signature=abc", "a=1&X-Goog-Signature=abc", "Expires=1&Signature=abc", "sv=1&sig=abc", "AWSAccessKeyId=abc"]
)
def test_presigned_addresses_leave_and_plain_ones_stay(query: str) -> None:
    assert redact({"url": f"https://bucket.example/x.wav?{query}"}) == {"url": REDACTED}
    assert redact(f"See https://bucket.example/x.wav?{query} now") == f"See {REDACTED} now"
    assert redact({"url": "https://storage.example/x.wav?part=1"}) == {"url": "https://storage.example/x.wav?part=1"}


def test_counts_of_tokens_are_no_secrets() -> None:
    assert redact({"promptTokens": 5120, "completionTokens": 3}) == {"promptTokens": 5120, "completionTokens": 3}


@pytest.mark.timeout(5)
def test_a_megabyte_of_addresses_is_quick() -> None:
    assert redact("http://" * 150_000) == "http://" * 150_000

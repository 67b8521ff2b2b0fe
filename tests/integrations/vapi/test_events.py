"""The dedupe key: equal for a redelivery, different for different facts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.integrations.vapi.events import dedupe_key, parse
from kametrix.integrations.vapi.redaction import redact
from tests.integrations.vapi.samples import WEBHOOKS, body, json_values, wire

REPORT = "webhook_end_of_call_report_a_2026"
SIGNED = "https://bucket.example/x.wav?X-Amz-Expires=1800&X-Amz-Signature="


def key(message: dict[str, Any]) -> str:
    return dedupe_key(parse(wire(message)))


def test_all_samples_of_one_call_differ_but_for_two_generations_of_one_report() -> None:
    keys = {name: key(body(name)) for name in WEBHOOKS}
    assert keys.pop("webhook_end_of_call_report_b_classic") == keys[REPORT]
    assert len(set(keys.values())) == len(keys)


@given(st.text("0123456789abcdef", min_size=1), st.integers(1_700_000_000_000, 1_900_000_000_000))
def test_a_report_delivered_again_is_the_same(signature: str, sent_at: int) -> None:
    again = body(REPORT)
    again["timestamp"] = sent_at
    again["artifact"] |= {"presignedMonoUrl": SIGNED + signature, "presignedUrlsExpiresAt": str(sent_at), "logUrl": SIGNED + signature}
    again["call"]["updatedAt"] = str(sent_at)
    assert key(again) == key(body(REPORT))


@pytest.mark.parametrize(
    "change",
    [
        {"endedAt": "2026-07-27T10:02:11.719Z"},
        {"startedAt": "2026-07-27T10:00:04.121Z"},
        {"endedReason": "silence-timed-out"},
        {"cost": 0.1532},
        {"analysis": {"summary": "Another."}},
        {"call": {"id": "another"}},
        {"type": "status-update"},
    ],
)
def test_a_report_with_another_fact_differs(change: dict[str, Any]) -> None:
    assert key({**body(REPORT), **change}) != key(body(REPORT))


def test_a_status_is_known_by_what_it_says() -> None:
    ended = body("webhook_status_update_ended")
    assert key({**ended, "timestamp": 1}) == key(ended)
    assert key({**ended, "status": "in-progress"}) != key(ended)
    assert key({**ended, "endedReason": "voicemail"}) != key(ended)


def test_tool_calls_are_known_by_their_ids() -> None:
    asked = body("webhook_tool_calls_object_args")
    assert key({**asked, "timestamp": 1}) == key(asked)
    other = json.loads(json.dumps(asked).replace("call_b7Q2", "call_b7Q3"))
    assert key(other) != key(asked)


def test_tool_calls_without_ids_are_told_apart_by_time() -> None:
    legacy = {"type": "tool-calls", "call": {"id": "c"}, "toolCallList": [{"name": "now"}]}
    assert key({**legacy, "timestamp": 1785146540000}) != key({**legacy, "timestamp": 1785146541000})


def test_messages_without_a_call_are_told_apart_by_time_and_content() -> None:
    first = {"type": "end-of-call-report", "timestamp": 1785146540000, "customer": {"number": "+14155550147"}}
    assert key(first) == key(dict(first))
    assert key({**first, "timestamp": 1785146541000}) != key(first)
    assert key({**first, "customer": {"number": "+14155550148"}}) != key(first)


@given(st.dictionaries(st.sampled_from(("status", "endedReason", "turn", "output", "x")), json_values), st.integers(0, 99))
def test_other_messages_are_equal_exactly_when_they_say_the_same(told: dict[str, Any], second: int) -> None:
    message = {**told, "type": "speech-update", "call": {"id": "c"}, "timestamp": 1785146540000 + second}
    signed = {**message, "presignedUrl": SIGNED + "1"}
    assert key(signed) == key({**message, "presignedUrl": SIGNED + "2"})
    assert key({**message, "timestamp": 1785146640000}) != key(message)
    assert key({**message, "more": 1}) != key(message)


@given(st.text(max_size=64), st.text(min_size=1, max_size=80))
def test_keys_fit_their_column_and_names_cannot_be_shifted(call_id: str, kind: str) -> None:
    first = {"type": kind + ".x", "call": {"id": call_id}}
    if len(kind) <= 78:
        assert len(key(first)) <= 200
    assert key({"type": "b:c", "call": {"id": "a"}}) != key({"type": "c", "call": {"id": "a:b"}})


@pytest.mark.parametrize("name", WEBHOOKS)
def test_the_redacted_message_has_the_same_key(name: str) -> None:
    assert key(redact(body(name))) == key(body(name))

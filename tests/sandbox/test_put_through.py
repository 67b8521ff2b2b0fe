"""Calls no agent takes: put through by an answer to an assistant-request, or because there was none."""

from typing import Any

import pytest

from tests.sandbox.parts import Box, Receiver, assistant, until

TARGET = {"type": "number", "number": "+14155550199", "message": ""}


def ask(box: Box, server: Receiver, answer: Any, status: int = 200, **number: Any) -> dict[str, Any]:
    """A call to a number without assistant, whose server answers so."""
    box.number(assistantId=None, server={"url": server.url}, **number)
    server.answer = lambda message: (status, answer) if message["type"] == "assistant-request" else (200, {})
    return box.call("Do you take walk-ins?", "Bye.")


@pytest.mark.parametrize(("answer", "status"), [({"assistantId": "x"}, 500), ({}, 503), ({}, 404), (["x"], 200)])
def test_a_server_that_fails_sends_the_call_to_the_fallback(box: Box, server: Receiver, answer: Any, status: int) -> None:
    scene = ask(box, server, answer, status, fallbackDestination=TARGET)
    assert (scene["ended_reason"], scene["seconds"]) == ("assistant-request-failed", 0)
    assert "+14155550199" in scene["notes"][0]
    assert server.of("ended")["destination"] == TARGET
    assert server.of("ended")["inboundPhoneCallDebuggingArtifacts"] != {}


def test_an_answer_that_comes_too_late_sends_the_call_to_the_fallback(box: Box, server: Receiver) -> None:
    box.number(server={"url": server.url}, fallbackDestination=TARGET)
    box.control("/clock", {"freeze": True})
    server.answer = lambda message: (200, None if message["type"] == "assistant-request" else {})
    call_id = box.place("Bye.")
    until(lambda: bool(server.got))
    box.control("/clock", {"advance": 7.6})
    assert "+14155550199" in box.wait(call_id)["notes"][0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": "The line is closed."}, "assistant-request-returned-error"),
        ({}, "assistant-request-returned-no-assistant"),
        ({"assistantId": "sbx-none"}, "assistant-request-returned-invalid-assistant"),
    ],
)
def test_a_server_that_answers_is_taken_at_its_word(box: Box, server: Receiver, answer: Any, reason: str) -> None:
    scene = ask(box, server, answer, fallbackDestination=TARGET)
    assert scene["ended_reason"] == reason
    assert "+14155550199" not in str(scene["notes"])


def test_a_number_with_an_assistant_needs_no_fallback(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    box.number(fallbackDestination=TARGET)
    assert box.call("Bye.")["ended_reason"] != "assistant-request-failed"


def test_a_destination_is_put_through_with_the_reason_and_nothing_to_debug(box: Box, server: Receiver) -> None:
    scene = ask(box, server, {"destination": TARGET})
    assert scene["ended_reason"] == "assistant-request-returned-forwarding-phone-number"
    assert (server.of("ended")["destination"], server.of("ended")["inboundPhoneCallDebuggingArtifacts"]) == (TARGET, {})


@pytest.mark.parametrize("number", ["0155 0199", "", None, 14155550199, "+0"])
def test_nobody_is_put_through_to_what_is_no_number(box: Box, server: Receiver, number: Any) -> None:
    scene = ask(box, server, {"destination": {"type": "number", "number": number}})
    assert scene["ended_reason"] == "assistant-request-returned-invalid-assistant"


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ({"number": "+14155550199"}, "fallbackDestination.type must be one of the following values: number, sip"),
        ({"type": "number"}, "fallbackDestination.number should not be empty"),
        ({"type": "number", "number": "555-0199"}, "fallbackDestination.number must match"),
        ({"type": "number", "number": "+14155550199", "phone": "x"}, "fallbackDestination.property phone should not exist"),
        ("+14155550199", "fallbackDestination must be an object"),
    ],
)
def test_a_fallback_that_vapi_would_refuse_is_refused(box: Box, destination: Any, told: str) -> None:
    number = box.numbers()[0]
    refused = box.http.patch(f"/vapi/phone-number/{number['id']}", json={"fallbackDestination": destination})
    assert refused.status_code == 400
    assert told in str(refused.json()["message"])


def test_null_clears_the_fallback(box: Box) -> None:
    assert box.number(fallbackDestination=TARGET)["fallbackDestination"] == TARGET
    assert box.number(fallbackDestination=None).get("fallbackDestination") is None

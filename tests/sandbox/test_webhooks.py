"""Messages arrive as Vapi sends them: order, authentication, retries, who answers, and the faults one asks for."""

import hashlib
import hmac
from typing import Any

import pytest

from tests.sandbox.parts import Box, Receiver, assistant, until

PLAN = {"type": "exponential", "maxRetries": 3, "baseDelaySeconds": 1, "excludedStatusCodes": [401]}


def test_a_call_rings_runs_ends_and_is_reported(box: Box, server: Receiver) -> None:
    made = box.answered_by(assistant(server.url))
    scene = box.call("Bye.")
    assert server.kinds() == ["ringing", "in-progress", "ended", "end-of-call-report"]
    for one in server.got:
        assert one.message["call"]["id"] == scene["id"]
        assert one.message["call"]["status"] == "ringing"
        assert one.message["call"]["assistantId"] == made["id"]
        assert one.message["phoneNumber"]["number"] == "+14155550101"
    assert [delivery["state"] for delivery in box.state(f"/deliveries?call={scene['id']}")] == ["delivered"] * 4


def test_moments_are_one_story(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    scene = box.call("Do you take walk-ins?", "Bye.")
    stamps = [one.message["timestamp"] for one in server.got]
    report, call = server.of("end-of-call-report"), box.http.get(f"/vapi/call/{scene['id']}").json()
    assert stamps == sorted(stamps)
    assert (report["startedAt"], report["endedAt"]) == (call["startedAt"], call["endedAt"])
    spoken = report["artifact"]["messages"]
    assert spoken[0]["role"] == "system"
    assert [message["time"] for message in spoken] == sorted(message["time"] for message in spoken)
    assert call["createdAt"] <= report["startedAt"] < report["endedAt"]


def test_only_wanted_messages_are_sent(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url, serverMessages=["end-of-call-report"]))
    box.call("Bye.")
    assert server.kinds() == ["end-of-call-report"]


def test_the_secret_header_is_empty_without_credential_and_headers(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    box.call("Bye.")
    assert {one.headers["x-vapi-secret"] for one in server.got} == {""}


def test_headers_of_the_server_are_sent(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url, server={"url": server.url, "headers": {"X-Vapi-Secret": "s3cret"}}))
    box.call("Bye.")
    assert {one.headers["x-vapi-secret"] for one in server.got} == {"s3cret"}


def test_a_bearer_credential_signs_and_own_headers_go_first(box: Box, server: Receiver) -> None:
    box.control("/credentials", {"id": "cred", "type": "bearer", "token": "tok"})
    made = box.answered_by(assistant(server.url, server={"url": server.url, "credentialId": "cred"}))
    box.call("Bye.")
    assert {one.headers["authorization"] for one in server.got} == {"Bearer tok"}
    server.got.clear()
    own = {"url": server.url, "credentialId": "cred", "headers": {"Authorization": "mine"}}
    box.http.patch(f"/vapi/assistant/{made['id']}", json={"server": own})
    box.call("Bye.")
    assert {one.headers["authorization"] for one in server.got} == {"mine"}


def test_an_hmac_credential_signs_the_bytes_sent(box: Box, server: Receiver) -> None:
    box.control("/credentials", {"id": "cred", "type": "hmac", "secretKey": "key"})
    box.answered_by(assistant(server.url, server={"url": server.url, "credentialId": "cred"}))
    box.call("Grüß Gott 😀, bye.")
    for one in server.got:
        signed = one.headers["x-timestamp"].encode() + b"." + one.raw
        assert one.headers["x-signature"] == hmac.new(b"key", signed, hashlib.sha256).hexdigest()


def test_nothing_is_retried_without_a_plan(box: Box, server: Receiver) -> None:
    server.answer = lambda message: (500, {})
    box.answered_by(assistant(server.url))
    scene = box.call("Bye.")
    box.control("/clock", {"advance": 3600})
    assert len(server.got) == 4
    assert {delivery["state"] for delivery in box.state(f"/deliveries?call={scene['id']}")} == {"failed"}


def test_a_plan_retries_ever_later_until_its_limit(box: Box, server: Receiver) -> None:
    server.answer = lambda message: (503, {})
    box.answered_by(assistant(server.url, server={"url": server.url, "backoffPlan": PLAN}, serverMessages=["end-of-call-report"]))
    box.control("/clock", {"freeze": True})
    scene = box.call("Bye.")
    for attempts, wait in enumerate((1, 2, 4), start=1):
        assert len(server.got) == attempts
        box.control("/clock", {"advance": wait - 0.1})
        assert len(server.got) == attempts
        box.control("/clock", {"advance": 0.1})
        until(lambda made=attempts: len(server.got) == made + 1)
    until(lambda: box.state(f"/deliveries?call={scene['id']}")[0]["state"] == "failed")
    box.control("/clock", {"advance": 3600})
    assert len(server.got) == 4


def test_an_excluded_status_is_not_retried_and_a_success_ends_it(box: Box, server: Receiver) -> None:
    server.answer = lambda message: (401 if message.get("status") == "ringing" else 500 if len(server.got) <= 2 else 200, {})
    box.answered_by(assistant(server.url, server={"url": server.url, "backoffPlan": PLAN}, serverMessages=["status-update"]))
    box.control("/clock", {"speed": 100})
    scene = box.call("Bye.")
    until(lambda: all(delivery["state"] != "waiting" for delivery in box.state(f"/deliveries?call={scene['id']}")))
    by_kind = {kind: [one.message.get("status") for one in server.got].count(kind) for kind in ("ringing", "in-progress", "ended")}
    assert by_kind == {"ringing": 1, "in-progress": 2, "ended": 1}


def ask(box: Box, server: Receiver, answer: Any, status: int = 200) -> dict[str, Any]:
    """A call to a number without assistant, whose server answers so."""
    box.number(assistantId=None, server={"url": server.url})
    server.answer = lambda message: (status, answer) if message["type"] == "assistant-request" else (200, {})
    return box.call("Do you take walk-ins?", "Bye.")


def test_a_number_without_assistant_asks_its_server(box: Box, server: Receiver) -> None:
    made = box.answered_by(assistant(server.url))
    scene = ask(box, server, {"assistantId": made["id"], "assistantOverrides": {"maxDurationSeconds": 12}})
    assert (scene["ended_reason"], scene["seconds"]) == ("exceeded-max-duration", 12)
    assert server.kinds() == ["assistant-request", "ringing", "in-progress", "ended", "end-of-call-report"]
    assert "assistant" not in server.got[0].message
    assert "assistantId" not in server.got[0].message["call"]


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"error": "The line is closed.", "assistantId": "x"}, 200, "assistant-request-returned-error"),
        ({}, 200, "assistant-request-returned-no-assistant"),
        ({"assistantId": "sbx-none"}, 200, "assistant-request-returned-invalid-assistant"),
        ({"assistant": {"serverUrl": "x"}}, 200, "assistant-request-returned-invalid-assistant"),
        ({"destination": {"type": "number", "number": "+14155550199"}}, 200, "assistant-request-returned-forwarding-phone-number"),
        ({"assistantId": "x"}, 500, "assistant-request-failed"),
        (["x"], 200, "assistant-request-failed"),
    ],
)
def test_other_answers_end_the_call_before_it_began(box: Box, server: Receiver, answer: Any, status: int, reason: str) -> None:
    scene = ask(box, server, answer, status)
    assert (scene["ended_reason"], scene["seconds"], scene["messages"]) == (reason, 0, [])
    assert server.kinds() == ["assistant-request", "ended"]
    call = box.http.get(f"/vapi/call/{scene['id']}").json()
    assert "startedAt" not in call
    assert call["cost"] == 0
    assert scene["notes"][0] == "The line is closed." or reason != "assistant-request-returned-error"


def test_an_answer_after_seven_and_a_half_seconds_is_too_late(box: Box, server: Receiver) -> None:
    box.number(server={"url": server.url})
    box.control("/clock", {"freeze": True})
    server.answer = lambda message: (200, None if message["type"] == "assistant-request" else {})
    call_id = box.place("Bye.")
    until(lambda: bool(server.got))
    box.control("/clock", {"advance": 7.4})
    assert box.state(f"/calls/{call_id}")["status"] == "ringing"
    box.control("/clock", {"advance": 0.2})
    assert box.wait(call_id)["ended_reason"] == "assistant-request-failed"


def test_a_number_without_anything_and_one_with_a_deleted_assistant_fail(box: Box, server: Receiver) -> None:
    assert box.call("Hi.")["ended_reason"] == "call-start-error-neither-assistant-nor-server-set"
    made = box.answered_by(assistant(server.url))
    box.http.delete(f"/vapi/assistant/{made['id']}")
    assert box.call("Hi.")["ended_reason"] == "assistant-not-found"


def test_a_transient_assistant_gets_no_secret(box: Box, server: Receiver) -> None:
    scene = ask(box, server, {"assistant": assistant(server.url)})
    assert scene["ended_reason"] == "customer-ended-call"
    assert server.got[0].headers["x-vapi-secret"] == ""
    assert all("x-vapi-secret" not in one.headers for one in server.got[1:])


@pytest.mark.parametrize(
    ("choices", "arrives"),
    [
        ({"fault": "drop_report"}, ["ringing", "in-progress", "ended"]),
        ({"fault": "drop_everything"}, []),
        ({"fault": "reorder"}, ["ringing", "end-of-call-report", "ended", "in-progress"]),
        (
            {"fault": "duplicate", "copies": 2},
            [k for kind in ("ringing", "in-progress", "ended", "end-of-call-report") for k in (kind, kind)],
        ),
    ],
)
def test_faults_of_delivery(box: Box, server: Receiver, choices: dict, arrives: list[str]) -> None:
    box.answered_by(assistant(server.url))
    scene = box.call("Bye.", **choices)
    assert server.kinds() == arrives
    assert len(box.state(f"/deliveries?call={scene['id']}")) >= 4


def test_duplicates_differ_in_signed_addresses_only(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    box.call("Bye.", fault="duplicate", copies=5)
    assert len(server.got) == 20
    reports = [one.message for one in server.got if one.message["type"] == "end-of-call-report"]
    assert len({report["artifact"].pop("presignedMonoUrl") for report in reports}) == 5
    for report in reports:
        del report["artifact"]["presignedUrlsExpiresAt"]
    assert all(report == reports[0] for report in reports)
    assert len({one.raw for one in server.got if one.message["type"] == "status-update"}) == 3


def test_a_late_report_comes_when_its_time_has_come(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    box.control("/clock", {"freeze": True})
    call_id = box.place("Bye.", fault="delay_report", delay=60)
    until(lambda: "ended" in server.kinds())
    box.control("/clock", {"advance": 59})
    assert "end-of-call-report" not in server.kinds()
    box.control("/clock", {"advance": 1})
    box.wait(call_id)
    assert server.kinds()[-1] == "end-of-call-report"


def test_an_agent_that_fails_costs_nothing(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url))
    scene = box.call("Hello?", fault="fail_answer")
    report = server.of("end-of-call-report")
    assert scene["ended_reason"] == report["endedReason"] == "call.in-progress.error-vapifault-vapi-llm-failed"
    assert (report["cost"], report["costs"], report["analysis"]) == (0, [], {})


def test_an_unreachable_server_is_logged(box: Box) -> None:
    box.answered_by(assistant("http://127.0.0.1:9/hook"))
    scene = box.call("Bye.")
    tries = [delivery["attempts"] for delivery in box.state(f"/deliveries?call={scene['id']}")]
    assert all(attempt[0]["status"] is None and "ConnectError" in attempt[0]["error"] for attempt in tries)

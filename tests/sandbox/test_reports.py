"""Reports and calls have the shape of captured samples, in each generation, and tell the same facts."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.parts import Box, Receiver, assistant

SAMPLES = Path(__file__).parents[1] / "fixtures" / "vapi"
OPTIONAL = {"logUrl", "performanceMetrics", "structuredData"}


def sample(name: str) -> dict[str, Any]:
    loaded = json.loads((SAMPLES / f"{name}.json").read_text())
    return loaded.get("message", loaded)


def report(box: Box, server: Receiver, generation: str, seconds: float = 127.598) -> dict[str, Any]:
    box.answered_by(assistant(server.url))
    box.call(persona="curious", generation=generation, length=seconds)
    return server.of("end-of-call-report")


@pytest.mark.parametrize("generation", ["a_2026", "b_classic"])
def test_a_report_has_the_keys_of_its_sample(box: Box, server: Receiver, generation: str) -> None:
    mine, theirs = report(box, server, generation), sample(f"webhook_end_of_call_report_{generation}")
    assert set(mine) == set(theirs)
    assert set(theirs["artifact"]) - OPTIONAL == set(mine["artifact"])
    assert set(theirs["analysis"]) - OPTIONAL == set(mine["analysis"])
    assert set(mine["call"]) | {"monitor"} == set(theirs["call"])
    assert {part["type"] for part in mine["costs"]} == {part["type"] for part in theirs["costs"]}
    for role in ("system", "bot", "user"):
        shapes = [next(set(item) for item in one["artifact"]["messages"] if item["role"] == role) for one in (mine, theirs)]
        assert shapes[0] == shapes[1], role


def test_the_legacy_report_has_everything_at_the_top(box: Box, server: Receiver) -> None:
    mine = report(box, server, "c_legacy")
    assert not {"artifact", "analysis"} & set(mine)
    assert mine["endedReason"] == "hangup"
    assert mine["transcript"].startswith("assistant: Hello, this is Harbor Salon.")
    assert mine["summary"]
    assert mine["recordingUrl"]
    assert mine["messages"][0]["role"] == "system"


@pytest.mark.parametrize("generation", ["b_classic", "c_legacy"])
def test_durations_agree(box: Box, server: Receiver, generation: str) -> None:
    mine = report(box, server, generation)
    assert (mine["durationSeconds"], mine["durationMs"], mine["durationMinutes"]) == (127.598, 127598, 2.1266)


def test_the_costs_add_up(box: Box, server: Receiver) -> None:
    mine = report(box, server, "b_classic")
    assert mine["cost"] == pytest.approx(sum(part["cost"] for part in mine["costs"]))
    assert mine["costBreakdown"]["total"] == mine["cost"]
    assert set(mine["costBreakdown"]) == set(sample("webhook_end_of_call_report_b_classic")["costBreakdown"])


@pytest.mark.parametrize(("status", "name"), [("ringing", "ringing"), ("in-progress", "in_progress"), ("ended", "ended")])
def test_status_updates_have_the_keys_of_their_samples(box: Box, server: Receiver, status: str, name: str) -> None:
    report(box, server, "a_2026")
    assert set(server.of(status)) == set(sample(f"webhook_status_update_{name}"))


def test_an_assistant_request_has_the_keys_of_its_sample(box: Box, server: Receiver) -> None:
    box.number(server={"url": server.url})
    box.call("Hello?")
    mine, theirs = server.of("assistant-request"), sample("webhook_assistant_request")
    assert set(mine) == set(theirs)
    assert set(mine["call"]) | {"monitor"} == set(theirs["call"])


def test_the_call_can_be_read_again_with_the_same_facts(box: Box, server: Receiver) -> None:
    mine = report(box, server, "a_2026")
    call = box.http.get(f"/vapi/call/{mine['call']['id']}").json()
    assert set(sample("rest_call_get_ended")) - {"monitor"} == set(call)
    for name in ("startedAt", "endedAt", "endedReason", "cost"):
        assert call[name] == mine[name]
    assert call["artifact"]["transcript"] == mine["artifact"]["transcript"] == call["transcript"]
    number = box.numbers()[0]["id"]
    assert [one["id"] for one in box.http.get("/vapi/call", params={"phoneNumberId": number}).json()] == [call["id"]]
    assert box.http.get("/vapi/call", params={"phoneNumberId": "other"}).json() == []


def test_a_recording_lasts_as_long_as_the_call_and_its_address_expires(box: Box, server: Receiver) -> None:
    call_id = report(box, server, "a_2026", seconds=31.5)["call"]["id"]
    moved = box.http.get(f"/vapi/call/{call_id}/mono-recording")
    assert moved.status_code == 302
    address = moved.headers["location"].replace("localhost", "127.0.0.1")
    sound = box.http.get(address, headers={"Authorization": ""})
    with wave.open(io.BytesIO(sound.content)) as read:
        assert read.getnframes() / read.getframerate() == pytest.approx(31.5, abs=0.01)
    assert box.http.get(address, headers={"Range": "bytes=0-99"}).status_code == 206
    assert box.http.get(address.replace("signature=", "signature=0")).status_code == 403
    box.control("/clock", {"advance": 1801})
    assert box.http.get(address).status_code == 403


def test_the_raw_recording_address_is_closed(box: Box, server: Receiver) -> None:
    address = report(box, server, "a_2026")["artifact"]["recordingUrl"].replace("localhost", "127.0.0.1")
    assert box.http.get(address).status_code == 400


def test_without_recording_there_is_none(box: Box, server: Receiver) -> None:
    box.answered_by(assistant(server.url, artifactPlan={"recordingEnabled": False}))
    scene = box.call("Bye.")
    assert "recordingUrl" not in server.of("end-of-call-report")["artifact"]
    assert box.http.get(f"/vapi/call/{scene['id']}/mono-recording").status_code == 404


def test_labels_and_summary_follow_the_plans(box: Box, server: Receiver) -> None:
    plans = {"artifactPlan": {"transcriptPlan": {"assistantName": "Mia", "userName": "Caller"}}}
    box.answered_by(assistant(server.url, **plans, analysisPlan={"summaryPlan": {"enabled": False}}))
    box.call("Bye.")
    mine = server.of("end-of-call-report")
    assert mine["artifact"]["transcript"].startswith("Mia: Hello")
    assert mine["analysis"] == {}

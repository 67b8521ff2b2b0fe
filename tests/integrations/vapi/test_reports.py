"""Reports of every generation give the same facts; durations never come from nonsense."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.integrations.vapi.reports import MAX_DURATION, Report, call_report, report
from tests.integrations.vapi.samples import GENERATIONS, body, json_values, raw

START, END = "2026-07-27T10:00:00Z", "2026-07-27T10:04:32Z"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_all_generations_tell_the_same_story(generation: str) -> None:
    found = report(body(generation))
    assert found.call_id == "019fedaf-549c-7000-8625-582e741edd7f"
    assert found.started_at == datetime(2026, 7, 27, 10, 0, 4, 120000, tzinfo=UTC)
    assert (found.exact_duration, found.duration_seconds, found.duration_doubt) == (Decimal("127.598"), 127, None)
    assert found.summary == "Dana Reed called to book a cleaning. Mia booked Wednesday July 29 at 2:00 PM."
    assert found.transcript
    assert found.transcript.endswith("2 PM please. Dana Reed.")
    assert (found.cost, found.has_recording, found.user_spoke) == (Decimal("0.1531"), True, True)
    assert (found.from_number, found.to_number) == ("+14155550147", "+16285550100")
    assert [turn.role for turn in found.turns] == ["agent", "caller", "tool", "tool", "agent", "caller"]
    assert [turn.at for turn in found.turns] == [0.18, 4.98, 8.9, 10.1, 10.8, 15.9]


def test_an_answer_of_get_call_tells_the_same_as_the_report() -> None:
    answer, sent = call_report(json.loads(raw("rest_call_get_ended"))), report(body(GENERATIONS[0]))
    told = ("call_id", "started_at", "ended_at", "exact_duration", "ended_reason", "summary", "transcript", "turns", "has_recording")
    assert {name: getattr(answer, name) for name in told} == {name: getattr(sent, name) for name in told}


def test_a_call_nobody_answered_has_no_duration() -> None:
    found = report(body("webhook_end_of_call_report_no_answer"))
    assert (found.started_at, found.duration_seconds, found.user_spoke, found.turns, found.transcript) == (None, None, False, [], None)
    assert found.ended_reason == "customer-did-not-answer"


def test_an_empty_report_is_all_unknown() -> None:
    found = report({"type": "end-of-call-report"})
    assert found == Report(*[None] * 8, [], None, False, None, None, False, False, None)


@pytest.mark.parametrize(
    ("told", "seconds", "doubt"),
    [
        ({"durationSeconds": 21.9}, 21, None),
        ({"durationSeconds": "21.9"}, 21, None),
        ({"duration": 1001}, 1001, None),
        ({"durationMs": 65_000}, 65, None),
        ({"call": {"durationMinutes": 1.5}}, 90, None),
        ({"call": {"durationSeconds": 30}, "durationMinutes": 1}, 60, None),
        ({"startedAt": START, "endedAt": END}, 272, None),
        ({"startedAt": START, "endedAt": END, "durationSeconds": 273.9}, 272, None),
        ({"startedAt": START, "endedAt": END, "durationSeconds": 274}, 272, None),
        ({"startedAt": START, "endedAt": END, "durationSeconds": 274.1}, 272, "disagrees"),
        ({"durationSeconds": 0}, 0, None),
        ({"durationSeconds": 0.5}, 0, None),
        ({"startedAt": START, "endedAt": END, "durationSeconds": -300}, 272, "disagrees"),
        ({"startedAt": START}, None, None),
        ({"durationSeconds": -300}, 0, "negative"),
        ({"startedAt": END, "endedAt": START}, 0, "negative"),
        ({"startedAt": END, "endedAt": START, "durationSeconds": 500}, 0, "negative"),
        ({"duration": 65_000}, 65, None),
        ({"duration": 43_200}, 43_200, None),
        ({"duration": 65_000_000}, None, "too_long"),
        ({"durationSeconds": 65_000}, None, "too_long"),
        ({"durationSeconds": 43_200}, 43_200, None),
        ({"durationSeconds": 43_201}, None, "too_long"),
        ({"startedAt": "2026-07-26T10:00:00Z", "endedAt": END, "durationSeconds": 272}, 272, "too_long"),
        ({"startedAt": START, "endedAt": END, "durationSeconds": 1e12}, 272, "too_long"),
        ({"durationSeconds": True}, None, None),
        ({"durationSeconds": "NaN"}, None, None),
        ({"durationSeconds": "1e999999999"}, None, None),
        ({"durationSeconds": "a while"}, None, None),
        ({"startedAt": 1785146400, "endedAt": 1785146672000}, 272, None),
    ],
)
def test_duration_from_whatever_is_told(told: dict[str, Any], seconds: int | None, doubt: str | None) -> None:
    found = report({"type": "end-of-call-report", **told})
    assert (found.duration_seconds, found.duration_doubt) == (seconds, doubt)


def test_metered_minutes_count_only_when_something_was_said() -> None:
    metered = {"costs": [{"type": "vapi", "minutes": 2}, {"type": "transport", "minutes": "2.5"}, {"type": "model", "minutes": 9}]}
    assert report(metered).duration_seconds is None
    told = report({**metered, "transcript": "AI: Hello."})
    assert (told.duration_seconds, told.duration_doubt) == (150, "metered")
    assert report({**metered, "transcript": "AI: Hello.", "durationSeconds": 61}).duration_doubt is None


@given(
    st.dictionaries(st.sampled_from(("durationSeconds", "durationMs", "duration", "durationMinutes", "startedAt", "endedAt")), json_values)
)
def test_a_duration_is_never_negative_or_beyond_twelve_hours(told: dict[str, Any]) -> None:
    found = report(told)
    assert found.exact_duration is None or 0 <= found.exact_duration <= MAX_DURATION
    assert found.duration_seconds is None or found.duration_seconds <= (found.exact_duration or 0)


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ({}, None),
        ({"cost": 0}, Decimal(0)),
        ({"cost": "0.1531"}, Decimal("0.1531")),
        ({"cost": 0, "call": {"cost": 0.2}}, Decimal("0.2")),
        ({"call": {"cost": 0, "costBreakdown": {"total": 0.3}}}, Decimal("0.3")),
        ({"costs": [{"cost": 0.1}, {"cost": 0.2}, {"cost": "x"}]}, Decimal("0.3")),
        ({"call": {"costs": [{"cost": 0.1}]}}, Decimal("0.1")),
        ({"cost": -1}, None),
        ({"cost": 1e15}, None),
        ({"cost": 0.123456789}, Decimal("0.12346")),
    ],
)
def test_cost_is_the_first_amount_that_is_one(told: dict[str, Any], cost: Decimal | None) -> None:
    assert report(told).cost == cost


@pytest.mark.parametrize(
    "artifact",
    [
        {"recordingUrl": "https://storage.example/x.wav"},
        {"presignedMonoUrl": "https://storage.example/x.wav?X-Amz-Signature=s"},
        {"recording": {"mono": {"combinedUrl": "https://storage.example/x.wav"}}},
        {"recording": {"stereoUrl": "https://storage.example/x.wav"}},
    ],
)
def test_a_recording_is_known_by_any_of_its_addresses_and_none_is_kept(artifact: dict[str, Any]) -> None:
    for told in ({"artifact": artifact}, artifact, {"call": {"artifact": artifact}}):
        found = report(told)
        assert found.has_recording
        assert "storage.example" not in repr(found)
    assert not report({"artifact": {"recording": {"mono": {}}, "recordingUrl": ""}}).has_recording


@pytest.mark.parametrize(
    "told",
    [
        {"destination": {"type": "number", "number": "+14155550199"}},
        {"artifact": {"transfers": [{"destination": {"number": "+14155550111"}}, {"destination": {"number": "+14155550199"}}]}},
        {"call": {"destination": {"sipUri": "+14155550199"}}},
    ],
)
def test_a_transfer_is_told_wherever_it_stands(told: dict[str, Any]) -> None:
    assert report(told).transferred_to == "+14155550199"


def test_an_older_summary_is_found_in_the_call() -> None:
    assert report({"call": {"analysis": {"summary": " Asked for a date. "}}}).summary == "Asked for a date."
    assert report({"analysis": {"summary": ""}, "summary": "Later."}).summary == "Later."

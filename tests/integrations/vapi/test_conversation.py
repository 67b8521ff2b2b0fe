"""Turns and transcript: from any list or labels, within limits, never the system prompt."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kametrix.integrations.vapi.conversation import MAX_TURNS, TRANSCRIPT_CHARACTERS, TURN_CHARACTERS, Conversation, conversation
from tests.integrations.vapi.samples import WEBHOOKS, body

PROMPT = "PROMPT-NEVER-SHOWN"


def of(told: dict[str, Any]) -> Conversation:
    return conversation(told, None)


def spoken(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in of(told).turns]


@pytest.mark.parametrize("name", WEBHOOKS)
def test_no_sample_shows_its_system_prompt(name: str) -> None:
    found = of(body(name))
    assert "system prompt" not in repr(found)
    assert "You are Mia" not in repr(found)


@pytest.mark.parametrize("place", ["messages", "messagesOpenAIFormatted", "conversation"])
def test_the_system_prompt_is_dropped_from_every_list_and_from_labels(place: str) -> None:
    lines = [{"role": "system", "message": PROMPT}, {"role": "developer", "content": PROMPT}, {"role": "user", "content": "Hello"}]
    assert spoken({place: lines}) == [("caller", "Hello")]
    assert spoken({"transcript": f"System: {PROMPT}\n{PROMPT}\nUser: Hello"}) == [("caller", "Hello")]


@pytest.mark.parametrize(
    ("role", "meaning"),
    [("bot", "agent"), ("assistant", "agent"), ("AI", "agent"), ("user", "caller"), ("customer", "caller"), ("tool", "tool")],
)
def test_roles_of_all_generations(role: str, meaning: str) -> None:
    assert spoken({"messages": [{"role": role, "message": "Hi"}]}) == [(meaning, "Hi")]


def test_openai_parts_and_tool_requests_are_read() -> None:
    lines = [
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "check", "arguments": {"date": "2026-07-29"}}}]},
        {"role": "tool_calls", "message": "", "toolCalls": [{"function": {"name": "check"}}, {"name": "book"}]},
        {"role": "tool_call_result", "name": "check", "result": "Free at 2."},
    ]
    assert spoken({"messagesOpenAIFormatted": lines}) == [
        ("caller", "One two"),
        ("tool", 'check({"date": "2026-07-29"})'),
        ("tool", "check()\nbook()"),
        ("tool", "check: Free at 2."),
    ]


def test_a_list_with_nothing_said_gives_way_to_the_next() -> None:
    told = {"artifact": {"messages": [{"role": "system", "message": PROMPT}]}, "messages": [{"role": "user", "message": "Hello"}]}
    assert spoken(told) == [("caller", "Hello")]


def test_turns_from_a_labelled_transcript_and_the_other_way_round() -> None:
    written = "AI: Hello.\nHow can I help?\nUser: A date: Monday.\n\nnot labelled: kept\nassistant: Fine."
    expected = [("agent", "Hello.\nHow can I help?"), ("caller", "A date: Monday.\n\nnot labelled: kept"), ("agent", "Fine.")]
    assert spoken({"transcript": written}) == expected
    lines = [{"role": "bot", "message": "Hello."}, {"role": "tool", "message": "x"}, {"role": "user", "message": "Hi."}]
    assert of({"messages": lines}).transcript == "AI: Hello.\nUser: Hi."


def test_whether_the_caller_spoke() -> None:
    assert not of({"transcript": "AI: Hello."}).user_spoke
    assert of({"transcript": "AI: Hello.\nUser: Hi."}).user_spoke
    assert not of({"transcript": "AI: Hello.\nUser:  "}).user_spoke


def test_seconds_from_the_start_are_kept_or_reckoned() -> None:
    start = datetime(2026, 7, 27, 10, tzinfo=UTC)
    lines = [
        {"role": "user", "message": "a", "secondsFromStart": "4.98765"},
        {"role": "user", "message": "b", "time": 1785146405500},
        {"role": "user", "message": "c", "secondsFromStart": -3},
        {"role": "user", "message": "d"},
    ]
    assert [turn.at for turn in conversation({"messages": lines}, start).turns] == [4.988, 5.5, 0.0, None]


def test_a_megabyte_is_fine_and_what_is_cut_says_so() -> None:
    line = "User: " + "word " * 200 + "\n"
    whole = of({"transcript": (line * 1000)[:TRANSCRIPT_CHARACTERS]})
    assert whole.transcript
    assert "cut" not in whole.transcript
    longer = of({"transcript": line * 1200})
    assert longer.transcript
    assert longer.transcript.endswith("[cut after 1,000,000 characters]")
    assert longer.turns[-1].text.endswith("more turns cut]")
    assert sum(len(turn.text) for turn in longer.turns) < TRANSCRIPT_CHARACTERS + 200


def test_a_long_turn_and_too_many_turns_are_cut() -> None:
    long = of({"messages": [{"role": "user", "message": "x" * (TURN_CHARACTERS + 1)}]}).turns[0].text
    assert long == "x" * TURN_CHARACTERS + " [cut after 20,000 characters]"
    many = of({"messages": [{"role": "user", "message": str(place)} for place in range(MAX_TURNS + 3)]}).turns
    assert len(many) == MAX_TURNS
    assert many[-1].text == f"{MAX_TURNS - 1} [3 more turns cut]"


def test_names_in_any_script_survive() -> None:
    assert spoken(json.loads('{"messages": [{"role": "user", "message": "مرحبا 👩‍👩‍👧 Zoë"}]}')) == [("caller", "مرحبا 👩‍👩‍👧 Zoë")]

"""Tool calls in every shape; unreadable arguments are an error, never an empty request."""

import json
from typing import Any

import pytest

from kametrix.integrations.vapi.tool_calls import UNREADABLE, ToolCall, tool_calls
from tests.integrations.vapi.samples import body

DATE = {"date": "2026-07-29"}
WRITTEN = json.dumps(DATE)


def asked(**call: Any) -> list[ToolCall]:
    return tool_calls({"toolCallList": [call]})


@pytest.mark.parametrize("arguments", [DATE, WRITTEN])
@pytest.mark.parametrize("name", ["arguments", "parameters"])
def test_string_and_object_arguments_of_all_documented_shapes_are_equal(name: str, arguments: object) -> None:
    expected = [ToolCall("call_1", "check", DATE)]
    assert asked(id="call_1", type="function", function={"name": "check", name: arguments}) == expected
    assert asked(**{"id": "call_1", "name": "check", name: arguments}) == expected
    wrapped = {"toolWithToolCallList": [{"function": {"name": "check"}, "toolCall": {"id": "call_1", name: arguments}}]}
    assert tool_calls(wrapped) == expected
    assert tool_calls({"toolCalls": [{"id": "call_1", "function": {"name": "check", name: arguments}}]}) == expected


def test_samples() -> None:
    [written], [sent] = tool_calls(body("webhook_tool_calls_string_args")), tool_calls(body("webhook_tool_calls_object_args"))
    assert (written.id, written.name, written.arguments["days"]) == ("call_VaJOd8ZeZgWCEHDYomyCPfwN", "check_availability", 1)
    assert (sent.id, sent.name, sent.arguments["duration_minutes"]) == ("call_b7Q2", "book_appointment", 30)
    assert tool_calls(body("webhook_tool_calls_docs_variant")) == [ToolCall("abc123", "check_availability", DATE)]
    assert tool_calls(body("webhook_function_call_legacy")) == [ToolCall("", "check_availability", DATE)]


@pytest.mark.parametrize("arguments", ["{", "[]", "null", '"text"', "{'date': 1}", '{"a": NaN}', "[" * 5000, 7, True, ["date"]])
def test_arguments_that_are_no_object_are_an_error(arguments: object) -> None:
    assert asked(id="call_1", function={"name": "book", "arguments": arguments}) == [ToolCall("call_1", "book", {}, UNREADABLE)]
    assert "\n" not in UNREADABLE


@pytest.mark.parametrize("arguments", [None, "", "  ", {}, "{}"])
def test_no_arguments_are_no_error(arguments: object) -> None:
    assert asked(id="call_1", function={"name": "now", "arguments": arguments}) == [ToolCall("call_1", "now", {})]


def test_ids_are_kept_exactly_and_each_is_answered_once() -> None:
    ids = [" call 1 ", "call 1", "Ä" * 300, "call 1", ""]
    calls = tool_calls({"toolCallList": [{"id": name, "name": "check"} for name in ids]})
    assert [call.id for call in calls] == [" call 1 ", "call 1", "Ä" * 300, ""]


def test_calls_without_id_are_all_kept() -> None:
    assert len(tool_calls({"toolCallList": [{"name": "a"}, {"name": "b"}, {"name": "a"}]})) == 3


@pytest.mark.parametrize("told", [{}, {"toolCallList": "x"}, {"toolCallList": [1, None, "x"]}, {"functionCall": []}])
def test_nothing_asked_is_nothing(told: dict[str, Any]) -> None:
    assert tool_calls(told) == []

"""Requests to run a tool, in each of the shapes Vapi sends and documents."""

from dataclasses import dataclass
from typing import Any

from kametrix.integrations.reading import first_text, mapping, mappings, read_json

UNREADABLE = "The arguments of this tool call are not a JSON object. Nothing was done; repeat the call with corrected arguments."


@dataclass(frozen=True)
class ToolCall:
    """`id` is kept exactly ("" in the legacy form). With `error` set the arguments could not be read: answer it, run nothing."""

    id: str
    name: str
    arguments: dict[str, Any]
    error: str | None = None


def tool_calls(body: dict[str, Any]) -> list[ToolCall]:
    """Every tool asked for, each id once, in the order sent. Never raises.

    The schema says `arguments` is a JSON string, production often sends an object, the documentation shows two more
    shapes, and the legacy function-call message has neither list nor id.
    """
    found: dict[str | int, ToolCall] = {}
    for position, request in enumerate(_requests(body)):
        call = _tool_call(request)
        found.setdefault(call.id or position, call)
    return list(found.values())


def _requests(body: dict[str, Any]) -> list[dict[str, Any]]:
    wrapped = [
        {"name": tool.get("name") or mapping(tool.get("function")).get("name"), **mapping(tool.get("toolCall"))}
        for tool in mappings(body.get("toolWithToolCallList"))
    ]
    legacy = [{"function": call} for call in (mapping(body.get("functionCall")),) if call]
    return mappings(body.get("toolCallList")) or mappings(body.get("toolCalls")) or wrapped or legacy


def _tool_call(request: dict[str, Any]) -> ToolCall:
    function = mapping(request.get("function"))
    sent = request.get("id", function.get("id"))
    places = (function.get("arguments"), function.get("parameters"), request.get("arguments"), request.get("parameters"))
    arguments = _arguments(next((place for place in places if place is not None), {}))
    return ToolCall(
        id="" if sent is None else str(sent),
        name=first_text((function.get("name"), request.get("name")), 128) or "",
        arguments=arguments or {},
        error=UNREADABLE if arguments is None else None,
    )


def _arguments(sent: Any) -> dict[str, Any] | None:
    """The object, or None when it is none: an unreadable request must never run as one without arguments."""
    if isinstance(sent, str):
        try:
            sent = read_json(sent) if sent.strip() else {}
        except ValueError:
            return None
    return sent if isinstance(sent, dict) else None

"""Server messages as Vapi sends them: the common part, status updates, tool calls. Shapes from captured samples."""

import json
from typing import Any

from sandbox.clock import epoch_ms
from sandbox.store import Json
from sandbox.vapi.line import Line
from sandbox.vapi.receptionist import Call

DEFAULT_SERVER_MESSAGES = (  # what an assistant without serverMessages sends (openapi.json, CreateAssistantDTO)
    *("conversation-update", "end-of-call-report", "function-call", "hang", "speech-update", "status-update", "tool-calls"),
    *("transfer-destination-request", "handoff-destination-request", "user-interrupted", "assistant.started"),
)
KEPT_BACK = ("id", "orgId", "createdAt", "updatedAt")


def common(line: Line, kind: str) -> Json:
    """Timestamp, type, a stale call (as it was when created), number, caller and the assistant's configuration."""
    call = {**line.vapi_call(), "status": "ringing"}
    call["updatedAt"] = call["createdAt"]
    call.pop("startedAt", None)
    message: Json = {"timestamp": epoch_ms(line.moment), "type": kind, "call": call}
    message |= {"phoneNumber": line.number, "customer": {"number": line.choices.caller}}
    if line.assistant:
        message["assistant"] = {name: value for name, value in line.assistant.items() if name not in KEPT_BACK}
    return message


def status_update(line: Line, **extra: Any) -> Json:
    """The line's present status; `ended` carries the reason and what was said."""
    message = {**common(line, "status-update"), "status": line.status, **extra}
    if line.status == "ended":
        message["endedReason"] = line.ended_reason
        message["artifact"] = spoken_artifact(line)
    return message


def forwarding(line: Line, destination: Json) -> Json:
    """The call is being put through."""
    artifact = spoken_artifact(line)
    message = {**common(line, "status-update"), "status": "forwarding", "destination": destination}
    return message | {**artifact, "transcript": transcript(line), "summary": ""}


def tool_calls(line: Line, calls: tuple[Call, ...], tools: list[Json]) -> Json:
    """Arguments are an object, as in most captures; the classic and legacy generations send a JSON string."""
    as_text = line.choices.generation != "a_2026"
    listed = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments) if as_text else call.arguments},
        }
        for call in calls
    ]
    by_name = {tool["function"]["name"]: tool for tool in tools if tool.get("function")}
    paired = [
        {**{name: value for name, value in by_name[call.name].items() if name not in KEPT_BACK}, "toolCall": entry}
        for call, entry in zip(calls, listed, strict=True)
    ]
    message = common(line, "tool-calls")
    return message | {"toolCallList": listed, "toolWithToolCallList": paired, "toolCalls": listed, "artifact": spoken_artifact(line)}


def spoken_artifact(line: Line) -> Json:
    """Messages with the system prompt first, and the same in OpenAI's shape."""
    return {"messages": line.messages, "messagesOpenAIFormatted": openai_messages(line.messages)}


def openai_messages(messages: list[Json]) -> list[Json]:
    """Roles system, assistant and user only."""
    roles = {"system": "system", "bot": "assistant", "user": "user"}
    return [{"role": roles[item["role"]], "content": item["message"]} for item in messages if item["role"] in roles]


def transcript(line: Line, *, agent: str = "", caller: str = "") -> str:
    """Speaker labels follow the assistant's transcriptPlan (AI and User by default)."""
    plan = ((line.assistant or {}).get("artifactPlan") or {}).get("transcriptPlan") or {}
    names = {"bot": agent or plan.get("assistantName") or "AI", "user": caller or plan.get("userName") or "User"}
    return "".join(f"{names[item['role']]}: {item['message']}\n" for item in line.messages if item["role"] in names)

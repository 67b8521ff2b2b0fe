"""What was said: speaker turns and transcript from the places and role names Vapi's generations use. Never the system prompt."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kametrix.integrations.reading import first_text, mapping, mappings, moment, number, seconds_between, text

TRANSCRIPT_CHARACTERS = 1_000_000  # a call of 12 hours at 150 words a minute has about 650,000
TURN_CHARACTERS = 20_000
MAX_TURNS = 5_000

Role = Literal["agent", "caller", "tool"]
_ROLES: dict[str, Role] = {
    "bot": "agent",
    "assistant": "agent",
    "ai": "agent",
    "agent": "agent",
    "user": "caller",
    "customer": "caller",
    "caller": "caller",
    "tool_calls": "tool",
    "tool_call_result": "tool",
    "tool": "tool",
    "function": "tool",
}
_LABEL = re.compile(r"^(ai|assistant|bot|agent|user|customer|caller|system|tool)[ \t]*:[ \t]*(.*)$", re.IGNORECASE)
_LISTS = ("messages", "messagesOpenAIFormatted", "conversation")
_NAMES: dict[Role, str] = {"agent": "AI", "caller": "User", "tool": "Tool"}


@dataclass(frozen=True)
class Turn:
    """One thing said or done. `at`: seconds from the start of the call, None where the generation does not tell."""

    role: Role
    text: str
    at: float | None = None


@dataclass(frozen=True)
class Conversation:
    """`transcript` has at most 1,000,000 characters, a turn 20,000, a call 5,000 turns; whatever was cut says so itself."""

    turns: list[Turn]
    transcript: str | None
    user_spoke: bool


def conversation(body: dict[str, Any], started_at: datetime | None) -> Conversation:
    """The conversation in a message body or an answer of GET /call. Never raises."""
    holders = _holders(body)
    written = written_transcript(body)
    turns = next(filter(None, _candidates(holders, started_at)), None) or _from_transcript(written or "")
    turns = _bounded(turns)
    written = written or "\n".join(f"{_NAMES[turn.role]}: {turn.text}" for turn in turns if turn.role != "tool")
    return Conversation(turns, _cut(written, TRANSCRIPT_CHARACTERS) or None, any(turn.role == "caller" for turn in turns))


def written_transcript(body: dict[str, Any]) -> str | None:
    """The transcript as the provider wrote it, where it did."""
    return first_text(holder.get("transcript") for holder in _holders(body))


def _holders(body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    call = mapping(body.get("call"))
    return mapping(body.get("artifact")), body, mapping(call.get("artifact")), call


def _candidates(holders: tuple[dict[str, Any], ...], started_at: datetime | None) -> Iterator[list[Turn]]:
    for name in _LISTS:
        for holder in holders:
            spoken = (_turn(item, started_at) for item in mappings(holder.get(name)))
            yield [turn for turn in spoken if turn]


def _turn(item: dict[str, Any], started_at: datetime | None) -> Turn | None:
    role = _ROLES.get(str(item.get("role")).lower())
    said = _said(item)
    requests = mappings(item.get("toolCalls")) or mappings(item.get("tool_calls"))
    if role is None:
        return None
    if requests and not said:
        return Turn("tool", "\n".join(_request(request) for request in requests), _offset(item, started_at))
    if role == "tool":
        said = ": ".join(filter(None, (text(item.get("name")), said or text(item.get("result")))))
    return Turn(role, said, _offset(item, started_at)) if said else None


def _said(item: dict[str, Any]) -> str | None:
    parts = item.get("content")
    joined = " ".join(filter(None, (text(part.get("text")) for part in mappings(parts))))
    return first_text((item.get("message"), parts, joined))


def _request(request: dict[str, Any]) -> str:
    function = mapping(request.get("function"))
    arguments = function.get("arguments", request.get("arguments"))
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False) if arguments else ""
    return f"{first_text((function.get('name'), request.get('name'))) or 'tool'}({arguments})"


def _offset(item: dict[str, Any], started_at: datetime | None) -> float | None:
    seconds, spoken_at = number(item.get("secondsFromStart")), moment(item.get("time"))
    if seconds is None and spoken_at and started_at:
        seconds = seconds_between(started_at, spoken_at)
    return None if seconds is None else round(max(0.0, float(seconds)), 3)


def _from_transcript(written: str) -> list[Turn]:
    """Turns by the labels at line starts; lines without one continue the turn before."""
    speeches: list[tuple[Role | None, list[str]]] = []
    for line in written.splitlines():
        if label := _LABEL.match(line):
            speeches.append((_ROLES.get(label[1].lower()), [label[2]]))
        elif speeches:
            speeches[-1][1].append(line)
    turns = [Turn(role, "\n".join(lines).strip()) for role, lines in speeches if role]
    return [turn for turn in turns if turn.text]


def _bounded(turns: list[Turn]) -> list[Turn]:
    """Within the limits a page and a row can bear."""
    kept: list[Turn] = []
    left = TRANSCRIPT_CHARACTERS
    for turn in turns:
        if left <= 0 or len(kept) == MAX_TURNS:
            last = kept[-1]
            kept[-1] = Turn(last.role, f"{last.text} [{len(turns) - len(kept):,} more turns cut]", last.at)
            break
        said = _cut(turn.text, min(TURN_CHARACTERS, left))
        kept.append(Turn(turn.role, said, turn.at))
        left -= len(said)
    return kept


def _cut(said: str, limit: int) -> str:
    return said if len(said) <= limit else f"{said[:limit]} [cut after {limit:,} characters]"

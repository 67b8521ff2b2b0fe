"""A call as a conversation: what was said and what the agent did in between, in the order it happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kametrix.models import ToolCallResult


@dataclass(frozen=True)
class Turn:
    """One turn. `role` is agent, caller or tool; `at` counts seconds from the answer, none when unknown.

    `title` names what a tool did; `failed` says that it could not.
    """

    role: str
    text: str
    at: int | None
    title: str = ""
    failed: bool = False


def conversation(messages: Sequence[dict[str, Any]] | None, answers: Sequence[ToolCallResult], *, began: datetime) -> tuple[Turn, ...]:
    """What was said, with the tools' answers where they happened.

    Our own record of a tool's answer replaces what the transcript says about tools.
    """
    said = [_said(message) for message in messages or () if not (answers and message.get("role") == "tool")]
    done = [_done(answer, began) for answer in answers]
    return tuple(turn for _, turn in sorted([*_placed(said), *_placed(done)], key=lambda placed: placed[0]))


def _said(message: dict[str, Any]) -> Turn:
    role, at = str(message.get("role", "agent")), message.get("at")
    return Turn(role, str(message.get("text", "")), None if at is None else int(at), "The agent used a tool" if role == "tool" else "")


def _done(answer: ToolCallResult, began: datetime) -> Turn:
    seconds = max(0, int((answer.created_at - began).total_seconds()))
    title = answer.name.replace("_", " ").strip().capitalize()
    return Turn("tool", answer.error or answer.result or "", seconds, title, failed=answer.error is not None)


def _placed(turns: list[Turn]) -> list[tuple[int, Turn]]:
    """Each turn with its second; one without a time stays behind its predecessor."""
    placed: list[tuple[int, Turn]] = []
    latest = 0
    for turn in turns:
        latest = latest if turn.at is None else turn.at
        placed.append((latest, turn))
    return placed

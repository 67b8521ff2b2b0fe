"""What an agent's tools answer during a call: once per request, the same answer however often it is asked.

No tool is connected yet: every request gets an answer the agent can say, and nothing is pretended to have happened.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.integrations.vapi.events import Message, ToolCall, tool_calls
from kametrix.integrations.vapi.redaction import redact
from kametrix.models import Agent, ToolCallResult
from kametrix.services import texts
from kametrix.services.access import SYSTEM, open_to

FAILED = "This did not work just now. Apologise, and offer to take a message instead."
"""Told to the agent when no answer could be given in time."""


@dataclass(frozen=True)
class ToolAnswer:
    """One line for one request: `result` or `error`."""

    tool_call_id: str
    name: str
    result: str | None = None
    error: str | None = None

    def as_json(self) -> dict[str, str]:
        """Vapi's form: strings without line breaks."""
        told = {"result": self.result} if self.error is None else {"error": self.error}
        return {"toolCallId": self.tool_call_id, "name": self.name, **{key: single_line(value or "") for key, value in told.items()}}


def single_line(words: str) -> str:
    """The words with every run of white space as one space."""
    return " ".join(words.split())


def failures(message: Message) -> list[ToolAnswer]:
    """An error for every request of the message, for when there is no time or no database."""
    return [ToolAnswer(call.id, call.name, error=call.error or FAILED) for call in tool_calls(message.body)]


@open_to(SYSTEM)
def answer(session: Session, agent_id: str, message: Message) -> list[ToolAnswer]:
    """One answer per request, in order, kept under (call, request) so that a repeated request gets the same one."""
    agent = session.exec(select(Agent).where(Agent.id == agent_id)).one()
    return [_answer(session, agent, message.call_id, asked) for asked in tool_calls(message.body)]


def _answer(session: Session, agent: Agent, vapi_call_id: str | None, asked: ToolCall) -> ToolAnswer:
    given = _perform(agent, asked)
    if not vapi_call_id or not asked.id or len(asked.id) > 128:
        return given  # nothing to know a repetition by
    if _keep(session, agent, vapi_call_id, asked, given):
        return given
    mine = (ToolCallResult.vapi_call_id == vapi_call_id, ToolCallResult.tool_call_id == asked.id, ToolCallResult.agent_id == agent.id)
    earlier = session.exec(select(ToolCallResult).where(*mine)).one_or_none()
    if earlier is None:
        return ToolAnswer(asked.id, asked.name, error=FAILED)  # the request of another agent's call
    return ToolAnswer(asked.id, earlier.name, earlier.result, earlier.error)


def _perform(agent: Agent, asked: ToolCall) -> ToolAnswer:
    if asked.error is not None:
        return ToolAnswer(asked.id, asked.name, error=asked.error)
    return ToolAnswer(asked.id, asked.name, result=texts.of(agent.language).tool_unavailable)


def _keep(session: Session, agent: Agent, vapi_call_id: str, asked: ToolCall, given: ToolAnswer) -> bool:
    """Store the answer; False when one is stored already. Waits for a request in flight for the same tool call."""
    row: dict[str, Any] = {
        "organization_id": agent.organization_id,
        "agent_id": agent.id,
        "vapi_call_id": vapi_call_id,
        "tool_call_id": asked.id,
        "name": asked.name,
        "arguments": redact(asked.arguments),
        "result": given.result,
        "error": given.error,
        "created_at": clock.now(),
    }
    made = insert(ToolCallResult).values(row).on_conflict_do_nothing(constraint="tool_call_result_once").returning(col(ToolCallResult.id))
    return session.connection().execute(made).first() is not None

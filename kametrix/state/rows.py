"""Rows as lists and conversations show them: plain text, prepared by the states, drawn by the components."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CallRow:
    """One call in a list. `status` is a CallStatus value; `title` is who called, `note` the line below; `cost` and `duration` are words.

    `elapsed`: seconds it has been live, from which the browser goes on counting.
    """

    id: str
    status: str
    title: str
    note: str
    summary: str
    agent: str
    at: str
    duration: str
    cost: str
    is_live: bool = False
    elapsed: int = 0


@dataclass(frozen=True)
class TurnRow:
    """One turn of a conversation. `role`: agent, caller, or tool (something the agent did in between; `detail` says with what result).

    `at` is the time as people read it, `seconds` the same as a number from the start of the call, `lasts` how many seconds the turn
    lasts (at least 1).
    """

    role: str
    name: str
    initials: str
    text: str
    at: str
    seconds: int
    lasts: int
    detail: str = ""


@dataclass(frozen=True)
class AgentLink:
    """An agent as the command palette finds it."""

    id: str
    name: str

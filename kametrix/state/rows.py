"""Rows as lists and conversations show them: plain text, prepared by the states, drawn by the components."""

from dataclasses import dataclass, field

from kametrix.services.call_marks import Segment


@dataclass(frozen=True)
class CallRow:
    """One call in a list. `status` is a CallStatus value; `title` is who called, `note` the line below; `cost` and `duration` are words.

    `elapsed`: seconds it has been live, from which the browser goes on counting. `found`: what a search found, shown instead of the
    summary; `query`: what the address of its page carries on, so that it knows the list it came from.
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
    found: list[Segment] = field(default_factory=list[Segment])
    query: str = ""


@dataclass(frozen=True)
class TurnRow:
    """One turn of a conversation. `role`: agent, caller, or tool (something the agent did in between; `detail` says with what result).

    `at` is the time as people read it, `seconds` the same as a number from the start of the call, `lasts` how many seconds the turn
    lasts (at least 1). `found`: the text with what a search found marked, empty when it found nothing here.
    """

    role: str
    name: str
    initials: str
    text: str
    at: str
    seconds: int
    lasts: int
    detail: str = ""
    found: list[Segment] = field(default_factory=list[Segment])


@dataclass(frozen=True)
class Chip:
    """A filter in use: what it says, and the address without it."""

    label: str
    href: str


@dataclass(frozen=True)
class Choice:
    """One thing to choose."""

    id: str
    name: str


@dataclass(frozen=True)
class AgentLink:
    """An agent as the command palette finds it."""

    id: str
    name: str


@dataclass(frozen=True)
class Asked:
    """A deed that waits for its confirmation: `deed` and `subject` say what to do and to whom, the rest is shown."""

    deed: str = ""
    subject: str = ""
    title: str = ""
    effects: list[str] = field(default_factory=list[str])
    action: str = ""
    is_grave: bool = False
    wants_reason: bool = False
    error: str = ""


@dataclass(frozen=True)
class FaqRow:
    """One question with its answer, as the inputs are drawn, and errors. `key` names the inputs: question-<key>, answer-<key>."""

    key: str
    question: str = ""
    answer: str = ""
    question_error: str = ""
    answer_error: str = ""

"""The caller's side of a conversation: a script, or a person who types."""

import asyncio
from typing import Protocol

from sandbox.vapi.choices import SCRIPT, TYPED, Choices
from sandbox.vapi.line import Line
from sandbox.vapi.personas import BY_ID, Persona, asked_for

SILENCE_TIMEOUT = 30.0  # Vapi's default before it closes a silent line
REPLY_SECONDS = 9.0  # a guess at one reply of the agent, for the call's own clock
TYPING_TIMEOUT = 180.0  # a person needs longer to type than to speak


class Caller(Protocol):
    """Says one thing at a time. None: hangs up. An empty text: stays silent."""

    words_per_second: float

    async def next(self, line: Line, reply: str) -> str | None:
        """What the caller does after the agent's `reply`."""
        ...


class Scripted:
    """A persona's lines, spread over the chosen length; questions for name, number or time are answered in between."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._lines = list(persona.lines)
        self._answers = dict(persona.answers)
        self._said = 0
        self.words_per_second = persona.words_per_second

    async def next(self, line: Line, reply: str) -> str | None:
        """The answer to a question, else the next line, else hanging up."""
        asked = asked_for(reply, self._answers)
        if asked:
            return " ".join(self._answers.pop(topic) for topic in asked)
        if not self._lines:
            return None
        await self._hold(line)
        self._said += 1
        return self._lines.pop(0)

    async def _hold(self, line: Line) -> None:
        """Pauses that stretch the talk over a chosen length; they take no real time."""
        if line.choices.length and self._said:
            share = self._said / len(self._persona.lines)
            await line.pass_time(max(0.0, line.choices.length * share - line.elapsed), share=0.0)


class Typed:
    """The person at the console; silence for three minutes closes the line."""

    words_per_second = 1000.0

    async def next(self, line: Line, reply: str) -> str | None:
        """Whatever is typed next; "" when nothing came for too long or the limit was reached meanwhile."""
        try:
            return await asyncio.wait_for(line.typed.get(), min(TYPING_TIMEOUT, line.left()))
        except TimeoutError:
            line.check()
            return ""


def expected_seconds(choices: Choices, greeting: str, limit: float) -> float:
    """How far the call's own clock will run ahead of the real one: the chosen length, or a good guess."""
    if choices.length or choices.persona == TYPED:
        return min(choices.length or 0.0, limit)
    persona = persona_of(choices)
    spoken = sum(len(text.split()) / persona.words_per_second for text in persona.lines)
    guess = spoken + len(greeting.split()) / 2.6 + REPLY_SECONDS * len(persona.lines) + SILENCE_TIMEOUT * ("" in persona.lines)
    return min(guess * (1 - choices.wall_share), limit)


def persona_of(choices: Choices) -> Persona:
    """The chosen persona; a script of one's own is one too."""
    if choices.persona == SCRIPT:
        return Persona(SCRIPT, "Script", "", choices.lines)
    return BY_ID[choices.persona]


def caller_of(choices: Choices) -> Caller:
    """Who is on the line."""
    return Typed() if choices.persona == TYPED else Scripted(persona_of(choices))

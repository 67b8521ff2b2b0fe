"""The receptionist that answers when no language model is configured: same words in, same words out, facts from the prompt only."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.store import Json
from sandbox.vapi import phrases
from sandbox.vapi.bookings import MOMENT, Bookings
from sandbox.vapi.knowledge import Knowledge
from sandbox.vapi.words import looks_german, meaning, says, words_of

SURE, LIKELY = 0.5, 0.24
MACHINE_TIME = re.compile(rf"\s*\({MOMENT.pattern}\)")
PRICE = re.compile(r"[$€£]\s?\d|\d\s?[$€£]|\d (?:dollars|euros?)", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """A tool the assistant wants to use."""

    id: str
    name: str
    arguments: Json


@dataclass(frozen=True)
class Reply:
    """What the assistant does next: speak, use tools, put the caller through, end the call."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    ends: bool = False
    transfers: bool = False


@dataclass
class Receptionist:
    """Deterministic. `language` is the assistant's; a caller who speaks German is answered in German."""

    known: Knowledge
    tools: list[Json]
    caller: str
    now: datetime
    language: str = "en"
    waiting_for: str = ""
    has_message: bool = False
    left: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.bookings = Bookings(self.tools, self.caller, self.now)
        self.said = phrases.GERMAN if self.language.startswith("de") else phrases.ENGLISH

    async def answer(self, heard: str) -> Reply:
        """The next reply to what the caller said; silence is asked after."""
        if not heard.strip():
            return Reply(self.said["still"])
        if looks_german(heard):
            self.said = phrases.GERMAN
        if "?" not in heard and says(heard, phrases.FAREWELLS):
            return Reply(self.said["goodbye"], ends=True)
        if self.waiting_for:
            taken = self._take(heard)
            if taken:
                return taken
        return self._inform(_question(heard))

    async def results(self, results: list[Json]) -> Reply:
        """Speak what the tools found; a failure becomes an offer to take a message."""
        failed = next((str(result["error"]) for result in results if result.get("error")), "")
        if failed:
            self.waiting_for = "message"
            return Reply(self._say("failed", _sentence(failed)))
        told = _sentence(" ".join(str(result.get("result", "")) for result in results))
        spoken = MACHINE_TIME.sub("", told)
        if self.bookings.offered(told):
            self.waiting_for = "time"
            return Reply(self._say("times", spoken))
        self.waiting_for = ""
        return Reply(self._say("booked", spoken))

    def _inform(self, heard: str) -> Reply:
        fact, score = self.known.best(heard)
        if fact and score >= SURE:
            return Reply(fact.answer + self.said["more"])
        intended = self._intent(heard)
        if intended:
            return intended
        if fact and score >= LIKELY:
            return Reply(fact.answer + self.said["more"])
        return self._from_sections(heard) or self._unknown(heard)

    def _intent(self, heard: str) -> Reply | None:
        if says(heard, phrases.ASKS_ROBOT):
            return Reply(self._say("robot", self._business()) + self.said["more"])
        if says(heard, phrases.WANTS_PERSON) and any(tool.get("type") == "transferCall" for tool in self.tools):
            return Reply(self.said["transfer"], transfers=True)
        if says(heard, (*phrases.WANTS_MESSAGE, *phrases.WANTS_PERSON)):
            return Reply(self.said["noted_too"]) if self.has_message else self._take_message("message", self._business())
        if says(heard, phrases.WANTS_VISIT):
            call = self.bookings.look()
            return Reply(calls=(Call(*call),)) if call else self._take_message("no_calendar")
        for name, signs in (("hours", phrases.ASKS_HOURS), ("services", phrases.ASKS_SERVICES)):
            told = self.known.told(name)
            if told and says(heard, signs):
                return Reply(self._say(name, told) + self.said["more"])
        return None

    def _take(self, heard: str) -> Reply | None:
        """Continue what was asked for; None when the caller changed the subject."""
        if "?" in heard and not re.search(r"\d{3}", heard):
            self.waiting_for = ""
            return None
        self.left.append(heard)
        if self.waiting_for == "time":
            call = self.bookings.book(heard)
            self.waiting_for = ""
            return Reply(calls=(Call(*call),)) if call else self._take_message("no_calendar")
        if self.waiting_for == "message" and sum(map(str.isdigit, " ".join(self.left))) < 5:
            self.waiting_for = "number"
            return Reply(self.said["need_number"])
        self.waiting_for, self.has_message = "", True
        return Reply(self.said["noted"])

    def _take_message(self, phrase: str, *values: str) -> Reply:
        self.waiting_for = "message"
        return Reply(self._say(phrase, *values))

    def _from_sections(self, heard: str) -> Reply | None:
        """A line of the prompt's other sections that shares words with the question."""
        asked = meaning(heard)
        lines = [line for name in ("policies", "about", "services") for line in self.known.sections.get(name, [])]
        sentences = [part for line in lines for part in re.split(r"(?<=[.!])\s+", line)]
        fits = [
            (len(asked & meaning(part)) + ("price" in asked and bool(PRICE.search(part))), -place) for place, part in enumerate(sentences)
        ]
        best, place = max(fits, default=(0, 0))
        return Reply(_sentence(sentences[-place]) + self.said["more"]) if best else None

    def _unknown(self, heard: str) -> Reply:
        if says(heard, phrases.GREETS) and len(words_of(heard)) <= 4:
            return Reply(self.said["here"])
        if says(heard, ("wrong number", "verwählt", "pizza")):
            return Reply(self._say("wrong", self._business()))
        if self.has_message:
            return Reply(self.said["unknown_too" if "?" in heard else "noted_too"])
        return self._take_message("unknown")

    def _business(self) -> str:
        return self.known.business or self.said["us"]

    def _say(self, phrase: str, *values: Any) -> str:
        return self.said[phrase].format(*values)


def _question(heard: str) -> str:
    """Of a long story, the sentences that ask."""
    parts = re.split(r"(?<=[.!?:])\s+", heard)
    return " ".join(part for part in parts if part.endswith("?")) or heard


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."

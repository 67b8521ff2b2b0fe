"""What a system prompt tells about a business: read by layout (headings, labels, questions), whoever wrote it."""

import re
from dataclasses import dataclass, field

from sandbox.vapi.words import meaning, shared

SECTIONS = {
    "hours": r"hours|öffnungszeit|geöffnet|opening",
    "services": r"services|offer|leistung|angebot",
    "policies": r"polic|richtlinie|bedingung|good to know|gut zu wissen",
    "about": r"about|business|description|was .* (macht|tut)|what .* does|über|company|unternehmen|betrieb",
    "questions": r"question|faq|fragen",
}
HEADING = re.compile(r"^(?:#{1,6}\s*(?P<hash>.+?)|\*\*(?P<bold>[^*]+)\*\*|<(?P<tag>\w[\w -]*)>)\s*:?$")
LABEL = re.compile(r"^(?P<label>[^\W\d_][\w ’'&/()-]{1,58}):(?:\s+(?P<rest>.+))?$")
ASKED = re.compile(r"^(?:q|question|frage|f)\s*\d*\s*[:.)]\s*(?P<text>.+)$", re.IGNORECASE)
TOLD = re.compile(r"^(?:a|answer|antwort)\s*\d*\s*[:.)]\s*(?P<text>.*)$", re.IGNORECASE)
INLINE = re.compile(r"^(?P<question>[^?]{3,200}\?)[\"”“']?\s*(?:[-–—:→]+\s*)?(?P<answer>\S.*)$")
BULLET = re.compile(r"^(?:[-*•]|\d+[.)])\s+")
COMPANY = (
    r"receptionist (?:of|for|at) (?P<name>[^.,;\n(]+)",
    r"(?:phone|telephone|calls?) (?:of|for|at) (?P<name>[^.,;\n(]+)",
    r"(?:Empfang|Telefon|Anrufe|Assistent(?:in)?) (?:von|für|bei) (?P<name>[^.,;\n(]+)",
    r"^(?:business|company|name|betrieb|firma)[^:\n]{0,20}:\s*(?P<name>[^.\n]+)",
)


@dataclass(frozen=True)
class Fact:
    """A question callers ask and its answer."""

    question: str
    answer: str


@dataclass
class Knowledge:
    """Everything the receptionist may tell; `sections` are lines by kind (hours, services, policies, about)."""

    business: str = ""
    facts: list[Fact] = field(default_factory=list[Fact])
    sections: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def best(self, heard: str) -> tuple[Fact | None, float]:
        """The fact that fits what was heard, and how well, from 0 to 1: shared words against all words."""
        asked = meaning(heard)
        scored = [(self._score(asked, fact), -place) for place, fact in enumerate(self.facts)]
        if not scored or not asked:
            return None, 0.0
        score, place = max(scored)
        return self.facts[-place], score

    def told(self, section: str) -> str:
        """A section as one spoken text; "" when the prompt has none."""
        lines = [line.rstrip(".;,") for line in self.sections.get(section, [])]
        return (", " if section == "services" else ". ").join(lines)

    @staticmethod
    def _score(asked: set[str], fact: Fact) -> float:
        question = meaning(fact.question)
        both = shared(asked, question)
        if not both:
            return 0.0 if shared(asked, meaning(fact.answer)) < 2 else 0.3
        return 2 * both / (len(asked) + len(question))


def read(prompt: str) -> Knowledge:
    """Knowledge out of a rendered system prompt."""
    reader = _Reader(Knowledge(business=_business(prompt)))
    for line in prompt.splitlines():
        reader.take(line.strip())
    reader.finish()
    return reader.known


@dataclass
class _Reader:
    """Goes through a prompt line by line: the section it is in, and the question that waits for its answer."""

    known: Knowledge
    section: str = ""
    has_headings: bool = False
    question: str = ""
    answer: list[str] = field(default_factory=list[str])

    def take(self, line: str) -> None:
        """The next line."""
        text = BULLET.sub("", line).strip("*# ")
        if not text:
            if self.answer:
                self.finish()
        elif asked := ASKED.match(text):
            self._ask(asked["text"])
        elif self.question and (told := TOLD.match(text)):
            self.answer = [told["text"]] if told["text"] else []
        elif not self._open_section(line):
            self._content(text)

    def finish(self) -> None:
        """Keep the question that has an answer by now."""
        if self.question and self.answer:
            self.known.facts.append(Fact(self.question, " ".join(self.answer)))
        self.question, self.answer = "", []

    def _ask(self, question: str) -> None:
        self.finish()
        self.question = question

    def _open_section(self, line: str) -> bool:
        heading, rest, is_label = _heading(line)
        if not heading or (is_label and self.has_headings):
            return False
        self.finish()
        self.section, self.has_headings = heading, self.has_headings or not is_label
        if rest:
            self._keep(rest)
        return True

    def _content(self, text: str) -> None:
        if inline := INLINE.match(text):
            self.finish()
            self.known.facts.append(Fact(inline["question"], inline["answer"]))
        elif text.endswith("?"):
            self._ask(text)
        elif self.question:
            self.answer.append(text)
        elif self.section != "questions":
            self._keep(text)

    def _keep(self, text: str) -> None:
        if self.section in SECTIONS:
            self.known.sections.setdefault(self.section, []).append(text)


def _heading(line: str) -> tuple[str, str, bool]:
    """The kind of section a heading or a label opens ("other" for one we do not know), the text behind a label, and whether
    it is a label: in a prompt with headings, "Saturday: 9 to 12" is content."""
    found = HEADING.match(line)
    if found and not line.rstrip("*# ").endswith("?"):
        return _kind(found["hash"] or found["bold"] or found["tag"]), "", False
    label = LABEL.match(line)
    if label and not BULLET.match(line) and len(label["label"].split()) <= 8:
        return _kind(label["label"]), label["rest"] or "", True
    return "", "", False


def _kind(title: str) -> str:
    return next((kind for kind, pattern in SECTIONS.items() if re.search(pattern, title.lower())), "other")


def _business(prompt: str) -> str:
    for pattern in COMPANY:
        found = re.search(pattern, prompt, re.IGNORECASE | re.MULTILINE)
        if found:
            return found["name"].strip(" \"'“”")
    return ""

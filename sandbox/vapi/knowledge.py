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
    known = Knowledge(business=_business(prompt))
    section, question, answer, has_headings = "", "", list[str](), False

    def finish() -> None:
        nonlocal question, answer
        if question and answer:
            known.facts.append(Fact(question, " ".join(answer)))
        question, answer = "", []

    for raw in prompt.splitlines():
        line = raw.strip()
        text = BULLET.sub("", line).strip("*# ")
        heading, rest, is_label = _heading(line)
        heading = "" if is_label and has_headings else heading
        has_headings = has_headings or bool(heading and not is_label)
        if not text:
            if answer:
                finish()
        elif asked := ASKED.match(text):
            finish()
            question = asked["text"]
        elif question and (told := TOLD.match(text)):
            answer = [told["text"]] if told["text"] else []
        elif heading:
            finish()
            section = heading
            if rest and section in SECTIONS:
                known.sections.setdefault(section, []).append(rest)
        elif inline := INLINE.match(text):
            finish()
            known.facts.append(Fact(inline["question"], inline["answer"]))
        elif text.endswith("?"):
            finish()
            question = text
        elif question:
            answer.append(text)
        elif section in SECTIONS and section != "questions":
            known.sections.setdefault(section, []).append(text)
    finish()
    return known


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

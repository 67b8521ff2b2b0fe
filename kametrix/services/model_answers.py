"""What a model answered, made acceptable: read by shape, cleaned like a stranger's text, cut to the form's limits.

Amounts of money, addresses on the internet and telephone numbers that stand nowhere in the brief become blanks the owner
has to fill. Every pattern here reads a text in one pass, however it is made up: this runs while pages wait.
"""

import re
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, Field

from kametrix.services import texts
from kametrix.services.agent_form import LIMITS, MAX_ANSWER, MAX_QUESTION, PLACEHOLDER, Faq, line, named, readable
from kametrix.services.briefs import Brief, Written
from kametrix.services.prompts import plain

MOST_FAQS, FEWEST_FAQS = 10, 4
MAX_SPOKEN: Final = 300
"""Characters of greeting and goodbye before the names are filled in."""
PLACEHOLDERS: Final = {"businessname": "{businessName}", "agentname": "{agentName}"}
MARKUP: Final = re.compile(r"^[ \t]*(?:[-*•#>]{1,6}|\d{1,3}[.)])[ \t]+|[*_`#]{1,3}(?=\w)|(?<=\w)[*_`#]{1,3}|```\w*", re.MULTILINE)
NUMBER: Final = r"\d{1,12}(?:[.,]\d{1,12}){0,3}"
CURRENCY: Final = r"(?:euros?|dollars?|pounds?|francs?|franken|usd|eur|chf)\b"
MONEY: Final = re.compile(rf"[$€£]\s?{NUMBER}|(?<!\d){NUMBER}\s?(?:[$€£]|{CURRENCY})", re.IGNORECASE)
CONTACT: Final = re.compile(r"https?://\S+|www\.\S+|[^\s@]{1,64}@[^\s@]{1,255}|\+?\d(?:[\s()/.-]?\d){6,}")


class Pair(BaseModel):
    """A question of a caller and the answer the receptionist speaks."""

    question: str = ""
    answer: str = ""


class Texts(BaseModel):
    """The texts of a receptionist."""

    faqs: list[Pair] = Field(default_factory=list[Pair])
    policies: str = ""
    greeting: str = ""
    end_call_message: str = ""


@dataclass(frozen=True)
class Known:
    """What the owner said, ready to be looked up."""

    brief: Brief
    words: texts.Texts
    told: str
    digits: str
    amounts: frozenset[str]


def known(brief: Brief) -> Known:
    """Prepared once for all pieces of an answer."""
    told = " ".join((brief.business_name, brief.description, brief.hours, *brief.services)).casefold()
    return Known(brief, texts.of(brief.language), told, _digits(told), frozenset(map(_digits, MONEY.findall(told))))


def missing(answer: Texts) -> str:
    """What a complete answer lacks, told to the model."""
    whole = [pair for pair in answer.faqs if pair.question.strip() and pair.answer.strip()]
    if len(whole) < FEWEST_FAQS:
        return f"At least {FEWEST_FAQS} questions with answers are needed."
    empty = [name for name in ("policies", "greeting", "end_call_message") if not getattr(answer, name).strip()]
    return f"Missing: {', '.join(empty)}." if empty else ""


def tidy(answer: Texts, owner: Known) -> Written:
    """What the form accepts of an answer, and nothing the owner's brief does not know."""
    asked: dict[str, Faq] = {}
    for pair in answer.faqs[: 2 * MOST_FAQS]:
        question = line(_spoken(pair.question, owner, MAX_QUESTION))
        told = line(_spoken(pair.answer, owner, MAX_ANSWER))
        if question and told:
            asked.setdefault(question.casefold(), Faq(question, told))
    return Written(
        source="model",
        faqs=tuple(asked.values())[:MOST_FAQS],
        policies=readable(_spoken(answer.policies, owner, LIMITS["policies"])),
        greeting=_first(answer.greeting, owner, owner.words.greeting),
        end_call_message=_first(answer.end_call_message, owner, owner.words.end_call),
    )


def _spoken(text: str, owner: Known, limit: int) -> str:
    """Part of an answer: names filled in, no other braces."""
    said = named(_honest(text, owner, limit), agent=owner.brief.agent_name, business=owner.brief.business_name)
    return _cut(plain(said), limit)


def _first(text: str, owner: Known, instead: str) -> str:
    """Spoken first or last: the form's placeholders stay, other braces do not. `instead` where names make it too long."""
    parts = PLACEHOLDER.split(line(_honest(text, owner, MAX_SPOKEN)))
    kept = (PLACEHOLDERS.get(part.strip().lower(), f"({part})") if odd % 2 else plain(part) for odd, part in enumerate(parts))
    spoken = _cut("".join(kept), MAX_SPOKEN)
    filled = named(spoken, agent=owner.brief.agent_name, business=owner.brief.business_name)
    return instead if len(filled) > LIMITS["greeting"] or spoken.count("{") != spoken.count("}") else spoken


def _honest(text: str, owner: Known, limit: int) -> str:
    """Without markup, and with blanks where it names what the owner never did. Cut first: what is dropped need not be read."""
    text = MARKUP.sub("", text[: 2 * limit])
    text = MONEY.sub(lambda found: found[0] if _digits(found[0]) in owner.amounts else owner.words.blank_price, text)
    return CONTACT.sub(lambda found: found[0] if _is_stated(found[0], owner) else owner.words.blank_contact, text)


def _is_stated(contact: str, owner: Known) -> bool:
    """A telephone number is the same however it is grouped."""
    return contact.strip(".,;").casefold() in owner.told or (contact[-1:].isdigit() and _digits(contact) in owner.digits)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _cut(text: str, limit: int) -> str:
    """At most `limit` characters, up to the end of a sentence or at least of a word."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = max(head.rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    return head[: ends + 1].strip() if ends > limit // 2 else head.rpartition(" ")[0].strip() or head

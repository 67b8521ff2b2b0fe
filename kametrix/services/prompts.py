"""What an agent is told and what it says first: pure functions of its form. What is sent to the provider is what is stored.

The provider renders both as Liquid templates when a call starts. The date header is ours and meant for that; nothing a
person typed may act as one, so braces in their words become parentheses: without a brace there is no Liquid, however
fields are joined and whatever invisible characters are dropped later.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from kametrix.errors import Invalid
from kametrix.models import Agent
from kametrix.services import opening_words, texts
from kametrix.services.agent_form import AgentForm, blanks, named
from kametrix.services.opening_hours import OpeningHours
from kametrix.services.texts import Texts

MAX_PROMPT: Final = 40_000
"""Characters, about 10,000 tokens: more would slow each answer on the telephone and crowd out the rules."""
HARMLESS: Final = str.maketrans({**dict.fromkeys("{｛﹛︷", "("), **dict.fromkeys("}｝﹜︸", ")")})
"""Braces, and the characters that compatibility normalisation turns into braces."""


@dataclass(frozen=True)
class Prompt:
    """`greeting` is spoken first; `system_prompt` is what the model is told. Both exactly as the provider gets them."""

    greeting: str
    system_prompt: str


@dataclass(frozen=True)
class Surroundings:
    """What an agent takes from its organization: opening hours by the clock of `zone`, and what callers hear outside them.

    Both are for agents without hours of their own. `today`: special days before it are over.
    """

    hours: OpeningHours | None = None
    zone: str = "UTC"
    after_hours_greeting: str = ""
    today: date = date.min


ALONE: Final = Surroundings()


def compose(form: AgentForm, around: Surroundings = ALONE) -> Prompt:
    """The prompt of a checked form. Raises Invalid when everything together is longer than MAX_PROMPT characters."""
    words = texts.of(form.language)
    identity = words.identity.format(name=plain(form.name), business=plain(form.business_name))
    sections = (
        " ".join(filter(None, (identity, words.personalities.get(form.personality)))),
        words.date_header(form.timezone),
        _section(words.business, plain(form.description)),
        _section(words.hours, plain(form.hours) or shared_hours(form, around)),
        _section(words.services, _bullets(form.services)),
        _section(words.faqs, _faqs(form, words)),
        _section(words.policies, plain(form.policies)),
        _section(words.instructions, plain(form.instructions)),
        _section(words.rules_heading, _bullets(words.rules)),
    )
    prompt = "\n\n".join(filter(None, sections))
    if len(prompt) > MAX_PROMPT:
        raise Invalid.fields(
            {"faqs": f"All texts together have {len(prompt):,} characters; the agent can keep {MAX_PROMPT:,} in mind. Please shorten some."}
        )
    return Prompt(first_message(form.greeting, form.language, discloses_ai=form.discloses_ai, records_calls=form.records_calls), prompt)


def first_message(greeting: str, language: str, *, discloses_ai: bool, records_calls: bool) -> str:
    """What callers hear first: that an AI answers and that the call is recorded, where so set, then the greeting."""
    words = texts.of(language)
    parts = (words.discloses_ai if discloses_ai else "", words.discloses_recording if records_calls else "", plain(greeting))
    return " ".join(filter(None, parts))


def spoken_first(agent: Agent, around: Surroundings = ALONE, *, greeting: str | None = None) -> str:
    """What the provider is told to say first for a stored agent: words, or a template of two where opening hours decide.

    `greeting` takes the place of the agent's own. What is disclosed comes first in either case.
    """
    usual = disclosed(agent, greeting or agent.greeting)
    after = after_hours(agent, around)
    if not after or around.hours is None:
        return usual
    return opening_words.template(around.hours, around.zone, today=around.today, when_open=usual, when_closed=after)


def after_hours(agent: Agent, around: Surroundings) -> str:
    """What callers of a stored agent hear first outside the organization's opening hours; empty when that is no other than always."""
    own_hours = (agent.knowledge or {}).get("hours")
    if own_hours or around.hours is None or not around.after_hours_greeting:
        return ""
    return disclosed(agent, named(around.after_hours_greeting, agent=agent.name, business=agent.business_name))


def disclosed(agent: Agent, greeting: str) -> str:
    """`greeting` as a stored agent speaks it first, inert."""
    return first_message(greeting, agent.language, discloses_ai=agent.discloses_ai, records_calls=agent.records_calls)


def shared_hours(form: AgentForm, around: Surroundings) -> str:
    """The organization's opening hours in the agent's language; empty when it told none."""
    if around.hours is None:
        return ""
    lines = [plain(opening_words.told(around.hours, form.language, today=around.today))]
    if form.timezone != around.zone:
        lines.append(texts.of(form.language).opening.in_zone.replace("ZONE", around.zone))
    return "\n".join(lines)


def plain(typed: str) -> str:
    """A person's words, unable to act as a template."""
    return typed.translate(HARMLESS)


def _section(heading: str, body: str) -> str:
    return f"# {heading}\n{body}" if body else ""


def _bullets(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {plain(item)}" for item in items)


def _faqs(form: AgentForm, words: Texts) -> str:
    """An answer that still has blanks is left out: the agent takes a message instead of saying `[price]` or making one up."""
    answered = (pair for pair in form.faqs if not blanks(pair.answer))
    return "\n\n".join(f"{words.question}: {plain(pair.question)}\n{words.answer}: {plain(pair.answer)}" for pair in answered)

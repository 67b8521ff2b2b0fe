"""What an agent is told and what it says first: pure functions of its form. What is sent to the provider is what is stored.

The provider renders both as Liquid templates when a call starts. The date header is ours and meant for that; nothing a
person typed may act as one, so braces in their words become parentheses: without a brace there is no Liquid, however
fields are joined and whatever invisible characters are dropped later.
"""

from dataclasses import dataclass
from typing import Final

from kametrix.errors import Invalid
from kametrix.models import Agent
from kametrix.services import texts
from kametrix.services.agent_form import AgentForm
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


def compose(form: AgentForm) -> Prompt:
    """The prompt of a checked form. Raises Invalid when everything together is longer than MAX_PROMPT characters."""
    words = texts.of(form.language)
    sections = (
        words.identity.format(name=plain(form.name), business=plain(form.business_name)),
        words.date_header(form.timezone),
        _section(words.business, plain(form.description)),
        _section(words.hours, plain(form.hours)),
        _section(words.services, _bullets(form.services)),
        _section(words.faqs, _faqs(form, words)),
        _section(words.policies, plain(form.policies)),
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


def spoken_first(agent: Agent) -> str:
    """What callers of a stored agent hear first."""
    return first_message(agent.greeting, agent.language, discloses_ai=agent.discloses_ai, records_calls=agent.records_calls)


def plain(typed: str) -> str:
    """A person's words, unable to act as a template."""
    return typed.translate(HARMLESS)


def _section(heading: str, body: str) -> str:
    return f"# {heading}\n{body}" if body else ""


def _bullets(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {plain(item)}" for item in items)


def _faqs(form: AgentForm, words: Texts) -> str:
    return "\n\n".join(f"{words.question}: {plain(pair.question)}\n{words.answer}: {plain(pair.answer)}" for pair in form.faqs)

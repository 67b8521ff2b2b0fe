"""What a person fills in about an agent, cleaned and checked: every wrong field is told at once, at the field."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from kametrix.errors import Invalid
from kametrix.services import texts, voices

LIMITS: Final = {
    "name": 100,
    "business_name": 200,
    "description": 4000,
    "hours": 1000,
    "greeting": 500,
    "end_call_message": 500,
    "policies": 4000,
    "instructions": 4000,
}
"""Characters (Unicode code points) a field may hold."""
REQUIRED: Final = {
    "name": "Give the agent a name.",
    "business_name": "Tell the name of the business.",
    "description": "Describe what the business does.",
    "greeting": "Write what the agent says first.",
}
MAX_SERVICES, MAX_SERVICE = 30, 120
MAX_FAQS, MAX_QUESTION, MAX_ANSWER = 50, 300, 1500
MAX_MINUTES: Final = 60
"""The longest a call may last."""
PLACEHOLDER: Final = re.compile(r"\{([\w\s]+)\}")
"""Read in one pass however much is typed: what may surround the name is no part of the pattern, but taken off by `name_in`."""
BLANK: Final = re.compile(r"\[[^\[\]\n]{1,60}\]")
"""What a template leaves for the owner to fill in."""
NAMED_BLANKS: Final = 3
"""Blanks named one by one in a sentence."""
UNREADABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs: no database keeps them, no voice speaks them. Tab and newline stay."""


@dataclass(frozen=True)
class Faq:
    """One question callers ask and what the agent answers."""

    question: str
    answer: str


@dataclass(frozen=True)
class AgentForm:
    """The agent form. Errors are keyed by field name; by `services.<n>`, `faqs.<n>.question` and `faqs.<n>.answer` within lists.

    `greeting` and `end_call_message` may hold `{businessName}` and `{agentName}`, which saving resolves; an empty
    `end_call_message` becomes the language's own.
    """

    name: str
    business_name: str
    description: str
    services: tuple[str, ...]
    hours: str
    voice_id: str
    greeting: str
    end_call_message: str
    faqs: tuple[Faq, ...]
    policies: str
    language: str
    timezone: str
    discloses_ai: bool = True
    records_calls: bool = True
    personality: str = ""
    instructions: str = ""
    max_minutes: int = 10


def checked(form: AgentForm) -> AgentForm:
    """The form as it will be stored. Raises Invalid with every wrong field; indexes in lists count what was sent."""
    form = _cleaned(form)
    errors = {**_text_errors(form), **_choice_errors(form), **_service_errors(form), **_faq_errors(form)}
    spoken = replace(form, greeting=filled(form, form.greeting), end_call_message=filled(form, form.end_call_message))
    for name in ("greeting", "end_call_message"):
        if name not in errors and len(getattr(spoken, name)) > LIMITS[name]:
            errors[name] = f"With the names filled in this is longer than {LIMITS[name]} characters. Please shorten it."
    if errors:
        raise Invalid.fields(errors)
    return replace(
        spoken,
        services=tuple(filter(None, spoken.services)),
        faqs=tuple(pair for pair in spoken.faqs if pair.question),
        end_call_message=spoken.end_call_message or texts.of(form.language).end_call,
    )


@cache
def zones() -> tuple[str, ...]:
    """The IANA time zones a business can be in, sorted."""
    return tuple(sorted(available_timezones() - {"Factory", "localtime"}))


def _cleaned(form: AgentForm) -> AgentForm:
    return replace(
        form,
        name=line(form.name),
        business_name=line(form.business_name),
        description=readable(form.description),
        services=tuple(line(service) for service in form.services),
        hours=readable(form.hours),
        greeting=readable(form.greeting),
        end_call_message=readable(form.end_call_message),
        faqs=tuple(Faq(line(pair.question), readable(pair.answer)) for pair in form.faqs),
        policies=readable(form.policies),
        instructions=readable(form.instructions),
    )


def readable(typed: str) -> str:
    """A text as it is stored: readable characters, plain line ends, nothing around it."""
    return UNREADABLE.sub("", typed.replace("\r\n", "\n").replace("\r", "\n")).strip()


def line(typed: str) -> str:
    """The same on one line."""
    return " ".join(readable(typed).split())


def blanks(text: str) -> tuple[str, ...]:
    """What a text still leaves open, as written (`[price]`), each once."""
    return tuple(dict.fromkeys(BLANK.findall(text)))


def unfilled(form: AgentForm) -> dict[str, str]:
    """The fields whose text still has blanks, keyed like errors. It stops nobody from saving."""
    fields: dict[str, str] = {name: getattr(form, name) for name in LIMITS}
    services = {f"services.{index}": service for index, service in enumerate(form.services)}
    answers = {f"faqs.{index}.answer": pair.answer for index, pair in enumerate(form.faqs)}
    found = {name: blanks(text) for name, text in (fields | services | answers).items()}
    return {name: f"Still to confirm or fill in: {', '.join(each)}. {_meanwhile(name)}" for name, each in found.items() if each}


def unfilled_in_short(form: AgentForm) -> str:
    """The same in a sentence; empty when nothing is open."""
    texts_of_form = (*(str(getattr(form, name)) for name in LIMITS), *form.services, *(pair.answer for pair in form.faqs))
    found = blanks("\n".join(texts_of_form))
    more = f" and {len(found) - NAMED_BLANKS} more" if len(found) > NAMED_BLANKS else ""
    told = f"Still to confirm or fill in: {', '.join(found[:NAMED_BLANKS])}{more}. Callers do not get an answer that has a blank."
    return told if found else ""


def _meanwhile(field: str) -> str:
    return "Until then callers do not get this answer." if field.startswith("faqs.") else "Until then the agent may say it as it stands."


def filled(form: AgentForm, text: str) -> str:
    """`text` with its placeholders replaced by the names of the form; unknown ones stay."""
    return named(text, agent=form.name, business=form.business_name)


def named(text: str, *, agent: str, business: str) -> str:
    """`text` with `{agentName}` and `{businessName}` replaced; unknown placeholders stay.

    Of a name counts what may be saved: a pasted book as a name, named a thousand times, would not fit a preview.
    """
    known = {"businessname": business[: LIMITS["business_name"]], "agentname": agent[: LIMITS["name"]]}
    return PLACEHOLDER.sub(lambda found: known.get(name_in(found), found[0]), text)


def name_in(placeholder: re.Match[str]) -> str:
    """What a placeholder names, however it is spaced and spelt: `businessname`."""
    return placeholder[1].strip().lower()


def _text_errors(form: AgentForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, limit in LIMITS.items():
        value: str = getattr(form, name)
        if not value and name in REQUIRED:
            errors[name] = REQUIRED[name]
        elif len(value) > limit:
            errors[name] = f"This has {len(value):,} characters; at most {limit:,} fit. Please shorten it."
    for name in ("greeting", "end_call_message"):
        if name not in errors and (wrong := placeholder_error(getattr(form, name))):
            errors[name] = wrong
    return errors


def placeholder_error(text: str) -> str:
    """What is wrong with the placeholders in `text`; empty when nothing is."""
    unknown = [found[0] for found in PLACEHOLDER.finditer(text) if name_in(found) not in ("businessname", "agentname")]
    return f"{unknown[0]} is not known here. You can use {{businessName}} and {{agentName}}, or plain words." if unknown else ""


def _choice_errors(form: AgentForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    if form.voice_id not in voices.BY_ID:
        errors["voice_id"] = "Choose one of the voices."
    if form.language not in texts.LANGUAGES:
        errors["language"] = "Choose one of the languages."
    if form.timezone not in zones():
        errors["timezone"] = "Choose the time zone the business is in."
    if form.personality and form.personality not in texts.ENGLISH.personalities:
        errors["personality"] = "Choose one of these, or none."
    if not 1 <= form.max_minutes <= MAX_MINUTES:
        errors["max_minutes"] = f"Choose from 1 to {MAX_MINUTES} minutes."
    return errors


def _service_errors(form: AgentForm) -> dict[str, str]:
    errors = {
        f"services.{index}": f"At most {MAX_SERVICE} characters per service."
        for index, service in enumerate(form.services)
        if len(service) > MAX_SERVICE
    }
    if len([service for service in form.services if service]) > MAX_SERVICES:
        errors["services"] = f"At most {MAX_SERVICES} services."
    return errors


def _faq_errors(form: AgentForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    for index, pair in enumerate(form.faqs):
        if pair.answer and not pair.question:
            errors[f"faqs.{index}.question"] = "This answer has no question. Write it, or clear the answer."
        elif pair.question and not pair.answer:
            errors[f"faqs.{index}.answer"] = "This question has no answer. Write it, or clear the question."
        if len(pair.question) > MAX_QUESTION:
            errors[f"faqs.{index}.question"] = f"At most {MAX_QUESTION} characters per question."
        if len(pair.answer) > MAX_ANSWER:
            errors[f"faqs.{index}.answer"] = f"At most {MAX_ANSWER:,} characters per answer."
    if len([pair for pair in form.faqs if pair.question]) > MAX_FAQS:
        errors["faqs"] = f"At most {MAX_FAQS} questions and answers."
    return errors

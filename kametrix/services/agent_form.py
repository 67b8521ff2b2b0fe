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
PLACEHOLDER: Final = re.compile(r"\{\s*([\w ]+?)\s*\}")
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
        name=_line(form.name),
        business_name=_line(form.business_name),
        description=_text(form.description),
        services=tuple(_line(service) for service in form.services),
        hours=_text(form.hours),
        greeting=_text(form.greeting),
        end_call_message=_text(form.end_call_message),
        faqs=tuple(Faq(_line(pair.question), _text(pair.answer)) for pair in form.faqs),
        policies=_text(form.policies),
    )


def _text(typed: str) -> str:
    return UNREADABLE.sub("", typed.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _line(typed: str) -> str:
    return " ".join(_text(typed).split())


def filled(form: AgentForm, text: str) -> str:
    """`text` with its placeholders replaced by the names of the form; unknown ones stay."""
    known = {"businessname": form.business_name, "agentname": form.name}
    return PLACEHOLDER.sub(lambda found: known.get(found[1].lower(), found[0]), text)


def _text_errors(form: AgentForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    for name, limit in LIMITS.items():
        value: str = getattr(form, name)
        if not value and name in REQUIRED:
            errors[name] = REQUIRED[name]
        elif len(value) > limit:
            errors[name] = f"This has {len(value):,} characters; at most {limit:,} fit. Please shorten it."
    for name in ("greeting", "end_call_message"):
        unknown = [found[0] for found in PLACEHOLDER.finditer(getattr(form, name)) if found[1].lower() not in ("businessname", "agentname")]
        if unknown and name not in errors:
            errors[name] = f"{unknown[0]} is not known here. You can use {{businessName}} and {{agentName}}, or plain words."
    return errors


def _choice_errors(form: AgentForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    if form.voice_id not in voices.BY_ID:
        errors["voice_id"] = "Choose one of the voices."
    if form.language not in texts.LANGUAGES:
        errors["language"] = "Choose one of the languages."
    if form.timezone not in zones():
        errors["timezone"] = "Choose the time zone the business is in."
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

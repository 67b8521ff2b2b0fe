"""The review of the wizard: every answer in words, with what is wrong or still open there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kametrix.services import agent_form, texts, trades, voices
from kametrix.services.agent_form import AgentForm
from kametrix.services.wording import counted
from kametrix.state.wizard_questions import QUESTIONS, REVIEW, wrong_at

SHORT: Final = 240
"""Characters of an answer shown in the review."""
NOTHING: Final = "Left empty"


@dataclass(frozen=True)
class SummaryRow:
    """One answer. `question` is where it is changed; `wrong` must be put right, `open` should be."""

    question: str = ""
    label: str = ""
    text: str = ""
    wrong: str = ""
    open: str = ""


def summary(form: AgentForm, trade: str, errors: Mapping[str, str], house_hours: str) -> dict[str, list[SummaryRow]]:
    """The answers of each step."""
    unfilled = agent_form.unfilled(form)
    rows: dict[str, list[SummaryRow]] = {}
    for question in QUESTIONS:
        if question.key != REVIEW:
            wrong, left = (next(iter(wrong_at(question.key, found).values()), "") for found in (errors, unfilled))
            text = _told(question.key, form, trade) or (house_hours if question.key == "hours" else "") or NOTHING
            shown = text if len(text) <= SHORT else f"{text[:SHORT].rstrip()}…"
            rows.setdefault(question.step, []).append(SummaryRow(question.key, question.label, shown, wrong, left))
    return rows


def _told(question: str, form: AgentForm, trade: str) -> str:
    match question:
        case "trade":
            found = trades.by_key(trade, "en")
            return found.title if found else "None of ours"
        case "services":
            return ", ".join(filter(str.strip, form.services))
        case "place":
            return f"{texts.of(form.language).name}, {form.timezone.replace('_', ' ')}"
        case "faqs":
            return _asked(form)
        case "voice_id":
            voice = voices.BY_ID.get(form.voice_id)
            return f"{voice.name}. {voice.description}" if voice else form.voice_id
        case "end_call_message":
            return agent_form.filled(form, form.end_call_message or texts.of(form.language).end_call)
        case "greeting":
            return agent_form.filled(form, form.greeting)
        case "disclosures":
            words = {"That an AI answers": form.discloses_ai, "That the call is recorded": form.records_calls}
            return ". ".join(name for name, is_said in words.items() if is_said) or "Nothing; calls are not recorded"
        case _:
            return str(getattr(form, question))


def _asked(form: AgentForm) -> str:
    asked = [pair.question.strip() for pair in form.faqs if pair.question.strip()]
    return f"{counted(len(asked), 'question')}: {' · '.join(asked)}" if asked else ""

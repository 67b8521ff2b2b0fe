"""The wizard's five steps and the one question each of its screens asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kametrix.errors import Invalid
from kametrix.services import agent_form, prompts
from kametrix.services.agent_form import AgentForm


@dataclass(frozen=True)
class Step:
    """A step of the rail."""

    key: str
    title: str
    icon: str


@dataclass(frozen=True)
class Question:
    """One screen. `fields` are the fields of AgentForm it fills; `label` calls it in the review. `has_cards`: one of many is chosen."""

    key: str
    step: str
    label: str
    title: str
    help: str
    fields: tuple[str, ...] = ()
    has_cards: bool = False


STEPS: Final = (
    Step("business", "Your business", "store"),
    Step("knowledge", "What callers ask", "message-circle-question-mark"),
    Step("voice", "Voice", "audio-lines"),
    Step("greeting", "Greeting", "message-circle"),
    Step("review", "Check and create", "list-checks"),
)
REVIEW: Final = "review"
QUESTIONS: Final = (
    Question(
        "business_name", "business", "Name", "What is your business called?",
        "As callers know it. Your agent says this name when it answers.", ("business_name",),
    ),
    Question(
        "trade", "business", "Kind", "What kind of business is it?",
        "We put in what such a business is usually asked, for you to correct. Nothing you typed is replaced without asking.",
        has_cards=True,
    ),
    Question(
        "description", "business", "What it does", "What do you do?",
        "Two or three sentences, as you would tell a new colleague.", ("description",),
    ),
    Question(
        "services", "business", "Services", "What do you offer?",
        "One per line, with prices if callers ask for them. You can leave this empty.", ("services",),
    ),
    Question(
        "hours", "business", "Opening hours", "When are you open?",
        "As you would say it on the telephone. You can leave this empty.", ("hours",),
    ),
    Question(
        "place", "business", "Language and zone", "Where are your callers?",
        "The language your agent speaks, and the zone in which “today” and “tomorrow” are right.", ("language", "timezone"),
    ),
    Question(
        "faqs", "knowledge", "Questions", "What do your callers ask?",
        "Start with the three you hear most. Two or three short sentences are easiest to listen to.", ("faqs",),
    ),
    Question(
        "policies", "knowledge", "Rules", "What must it always or never do?",
        "What to promise, what to refuse, when to take a message. You can leave this empty.", ("policies",),
    ),
    Question(
        "voice_id", "voice", "Voice", "How should it sound?", "Each voice speaks every language we offer.", ("voice_id",), has_cards=True,
    ),
    Question("name", "greeting", "Agent’s name", "What is your agent called?", "It introduces itself with this name.", ("name",)),
    Question(
        "greeting", "greeting", "First words", "What does it say first?",
        "{agentName} and {businessName} are filled in for you.", ("greeting",),
    ),
    Question(
        "end_call_message", "greeting", "Last words", "How does it say goodbye?",
        "Left empty, it says thank you and goodbye in its language.", ("end_call_message",),
    ),
    Question(
        "disclosures", "greeting", "Said to callers", "What are callers told before they speak?",
        "Callers who ask whether they speak with a machine are always told the truth.", ("discloses_ai", "records_calls"),
    ),
    Question(
        REVIEW, "review", "Review", "Is everything right?",
        "Callers hear what stands here. You can change it at any time.",
    ),
)  # fmt: skip
ORDER: Final = tuple(question.key for question in QUESTIONS)
BY_KEY: Final = {question.key: question for question in QUESTIONS}
FIRST_OF: Final = {step.key: next(ask.key for ask in QUESTIONS if ask.step == step.key) for step in STEPS}
QUESTION_OF: Final = {field: ask.key for ask in QUESTIONS for field in ask.fields}


def place_of(key: str) -> int:
    """Where a question stands; the beginning for one that is not known."""
    return ORDER.index(key) if key in BY_KEY else 0


def wrong_with(form: AgentForm) -> dict[str, str]:
    """Every error of the form as it stands, keyed as `agent_form.checked` keys them."""
    try:
        prompts.compose(agent_form.checked(form))
    except Invalid as error:
        return error.errors
    return {}


def wrong_at(question: str, errors: Mapping[str, str]) -> dict[str, str]:
    """Those errors that are told at this question; at the review, all."""
    if question == REVIEW:
        return dict(errors)
    return {place: message for place, message in errors.items() if place.partition(".")[0] in BY_KEY[question].fields}


def first_wrong(errors: Mapping[str, str]) -> str:
    """The first question with an error; the review when no question has one."""
    wrong = {QUESTION_OF.get(place.partition(".")[0], REVIEW) for place in errors}
    return min(wrong, key=place_of, default=REVIEW)

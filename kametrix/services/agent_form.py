"""What a person fills in about an agent, cleaned and checked: every wrong field is told at once, at the field."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Faq:
    """One question callers ask and what the agent answers."""

    question: str
    answer: str


@dataclass(frozen=True)
class AgentForm:
    """The agent form. Errors are keyed by field name; by `services.<n>`, `faqs.<n>.question` and `faqs.<n>.answer` within lists."""

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

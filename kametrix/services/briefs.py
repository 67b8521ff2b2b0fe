"""What is told about a business before texts are written for it, and what is written."""

from dataclasses import dataclass
from typing import Literal

from kametrix.services.agent_form import Faq


@dataclass(frozen=True)
class Brief:
    """What the person has said so far; `trade` is the key of a chosen trade or empty. Only language and business name are needed."""

    language: str
    business_name: str
    description: str
    agent_name: str
    services: tuple[str, ...]
    hours: str
    trade: str


@dataclass(frozen=True)
class Written:
    """What has been written so far; what has not come yet is empty. `source` tells who wrote it: show it to the person.

    `greeting` and `end_call_message` may hold `{businessName}` and `{agentName}`; the rest holds no braces.
    """

    source: Literal["model", "template"]
    faqs: tuple[Faq, ...] = ()
    policies: str = ""
    greeting: str = ""
    end_call_message: str = ""

"""An agent's form as the columns of its row, and back: what goes in comes out again."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from kametrix.models import Agent
from kametrix.services import prompts
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.prompts import Surroundings

AUDITED = (
    "name", "business_name", "greeting", "voice_id", "language", "timezone", "discloses_ai", "records_calls", "personality",
    "max_duration_seconds", "is_active", "revision",
)  # fmt: skip


def columns_of(form: AgentForm, around: Surroundings) -> dict[str, Any]:
    """The columns a checked form fills. Raises Invalid when all texts together are too long for a prompt."""
    return {
        "name": form.name,
        "business_name": form.business_name,
        "business_description": form.description,
        "greeting": form.greeting,
        "end_call_message": form.end_call_message,
        "system_prompt": prompts.compose(form, around).system_prompt,
        "voice_id": form.voice_id,
        "language": form.language,
        "timezone": form.timezone,
        "knowledge": {
            "services": list(form.services),
            "hours": form.hours,
            "faqs": [{"question": pair.question, "answer": pair.answer} for pair in form.faqs],
            "policies": form.policies,
        },
        "discloses_ai": form.discloses_ai,
        "records_calls": form.records_calls,
        "personality": form.personality or None,
        "instructions": form.instructions or None,
        "max_duration_seconds": form.max_minutes * 60,
    }


def form_from(agent: Agent) -> AgentForm:
    """The form as it was saved."""
    known: dict[str, Any] = agent.knowledge or {}
    return AgentForm(
        name=agent.name,
        business_name=agent.business_name,
        description=agent.business_description or "",
        services=tuple(known.get("services", ())),
        hours=known.get("hours", ""),
        voice_id=agent.voice_id,
        greeting=agent.greeting,
        end_call_message=agent.end_call_message,
        faqs=tuple(Faq(pair["question"], pair["answer"]) for pair in known.get("faqs", ())),
        policies=known.get("policies", ""),
        language=agent.language,
        timezone=agent.timezone,
        discloses_ai=agent.discloses_ai,
        records_calls=agent.records_calls,
        personality=agent.personality or "",
        instructions=agent.instructions or "",
        max_minutes=-(-agent.max_duration_seconds // 60),
    )


def version_of(form: AgentForm) -> str:
    """Names a form's content: two forms with the same version are the same, whatever else happened to the agent."""
    return hashlib.sha256(json.dumps(asdict(form), sort_keys=True).encode()).hexdigest()[:24]


def audited(agent: Agent) -> dict[str, Any]:
    """What the audit trail keeps of an agent."""
    return {name: getattr(agent, name) for name in AUDITED}

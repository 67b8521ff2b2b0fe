"""Agents: made, changed, switched, deleted; each change callers can hear is sent to the voice provider by a job."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from kametrix.models import SyncState
from kametrix.services.access import Actor, allows
from kametrix.services.agent_form import AgentForm, Faq

__all__ = ["AgentForm", "AgentView", "Faq", "all_of", "create", "delete", "form_of", "retry", "set_active", "update", "view"]


@dataclass(frozen=True)
class AgentView:
    """An agent as its page shows it. `number` is E.164, `number_text` readable; without one `number_note` says why, else it is empty."""

    id: str
    name: str
    business_name: str
    greeting: str
    number: str | None
    number_text: str
    number_note: str
    voice_name: str
    is_active: bool
    sync_state: SyncState
    sync_error: str | None
    synced_at: datetime | None
    system_prompt: str
    description: str
    created_at: datetime
    calls_this_week: int


@allows("agents:write")
def create(session: Session, actor: Actor, form: AgentForm, *, submission: str = "") -> AgentView:
    """A new agent with the number that has been free longest. The same `submission` (a token the form carries) makes one agent only."""
    raise NotImplementedError


@allows("agents:write")
def update(session: Session, actor: Actor, agent_id: str, form: AgentForm) -> AgentView:
    """Save a changed form and send it to the provider."""
    raise NotImplementedError


@allows("agents:write")
def set_active(session: Session, actor: Actor, agent_id: str, active: bool) -> AgentView:
    """Switch the agent on or off; an agent that is off refuses calls."""
    raise NotImplementedError


@allows("agents:write")
def delete(session: Session, actor: Actor, agent_id: str) -> None:
    """Hide the agent, free its number, remove it at the provider. Its calls stay."""
    raise NotImplementedError


@allows("agents:write")
def retry(session: Session, actor: Actor, agent_id: str) -> AgentView:
    """Send the agent to the provider again."""
    raise NotImplementedError


@allows("agents:read")
def all_of(session: Session, actor: Actor) -> list[AgentView]:
    """The organization's agents, newest first."""
    raise NotImplementedError


@allows("agents:read")
def view(session: Session, actor: Actor, agent_id: str) -> AgentView:
    """One agent. Raises NotFound."""
    raise NotImplementedError


@allows("agents:read")
def form_of(session: Session, actor: Actor, agent_id: str) -> AgentForm:
    """The agent's form as it was saved. Raises NotFound."""
    raise NotImplementedError

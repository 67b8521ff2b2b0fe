"""Asking for an agent to be pushed to the voice provider: by a change, or because an earlier request was lost."""

from datetime import timedelta
from typing import Final

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.models import Agent, SyncState
from kametrix.services import queue
from kametrix.services.access import SYSTEM, open_to

STALE: Final = timedelta(hours=1)
"""An agent still UPDATING this long after the last sign of life is pushed again: longer than any pause between attempts."""


@open_to(SYSTEM)
def request(session: Session, agent: Agent) -> None:
    """Note a change callers can hear, and have it pushed."""
    agent.revision += 1
    agent.sync_state, agent.sync_error, agent.updated_at = SyncState.UPDATING, None, clock.now()
    session.add(agent)
    session.flush()
    push_soon(session, agent.id)


@open_to(SYSTEM)
def push_soon(session: Session, agent_id: str, *, attempt: int = 0) -> None:
    """Enqueue a push: one waits at most, and pushes of one agent never overlap."""
    queue.enqueue(session, "sync_agent", once=f"sync_agent:{agent_id}", serial=f"agent:{agent_id}", agent_id=agent_id, attempt=attempt)


@open_to(SYSTEM)
def push_organization(session: Session, organization_id: str) -> None:
    """Push every agent of an organization: whether its calls are asked about first has changed."""
    living = select(Agent.id).where(Agent.organization_id == organization_id, col(Agent.deleted_at).is_(None))
    for agent_id in session.exec(living.order_by(Agent.id)):
        push_soon(session, agent_id)


@open_to(SYSTEM)
def push_forgotten(session: Session) -> int:
    """Push agents whose change has been on its way for longer than STALE, whatever became of its job; returns how many."""
    forgotten = session.exec(
        select(Agent.id).where(Agent.sync_state == SyncState.UPDATING, Agent.updated_at < clock.now() - STALE).limit(500)
    ).all()
    for agent_id in forgotten:
        push_soon(session, agent_id)
    return len(forgotten)

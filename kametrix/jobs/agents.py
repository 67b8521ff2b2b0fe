"""Jobs that bring agents to the voice provider: the network stands between two transactions."""

from kametrix.jobs.app import jobs, perform, vapi
from kametrix.services import agent_sync, live, sync_requests


@jobs.task(name="sync_agent")
def sync_agent(agent_id: str, attempt: int = 0) -> None:
    """Push an agent. It repeats itself through `sync_agent_later`: a retry of this job would keep newer changes waiting behind it."""
    plan = perform(agent_sync.plan, agent_id)
    if plan is None:
        return
    with vapi() as client:
        outcome = agent_sync.carry_out(client, plan)
    perform(agent_sync.record, plan, outcome, attempt=attempt)
    live.announce(plan.organization_id)


@jobs.task(name="sync_agent_later")
def sync_agent_later(agent_id: str, attempt: int) -> None:
    """Push an agent again after a pause; waiting, it holds no lock."""
    perform(sync_requests.push_soon, agent_id, attempt=attempt)

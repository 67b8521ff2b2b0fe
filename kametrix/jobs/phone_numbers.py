"""Jobs for the pool of telephone numbers: kept equal to the provider's list, freed numbers taken off the air, agents served."""

from typing import Any

from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiNotFound
from kametrix.jobs.agents import vapi
from kametrix.jobs.app import RETRY, jobs, perform
from kametrix.services import live, number_claims, number_push, phone_numbers, sync_requests


@jobs.task(name="release_number", retry=RETRY)
def release_number(number_id: str) -> None:
    """Take a number nobody has off the air."""
    plan = perform(number_push.plan_release, number_id)
    if plan is None:
        return
    with vapi() as client:
        number_push.release(client, plan)
    perform(number_push.settle_owner, plan.id, pushed_for=None)


@jobs.task(name="serve_waiting", retry=RETRY)
def serve_waiting() -> None:
    """Give free numbers to the agents that have waited longest."""
    for organization_id in perform(number_claims.serve_waiting):
        live.announce(organization_id)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(name="sync_numbers", queueing_lock="sync_numbers", lock="sync_numbers")
def sync_numbers(timestamp: int) -> None:
    """Merge the provider's list into the pool, and push agents whose job was lost."""
    with vapi() as client:
        listed = client.list_phone_numbers()
        listed += [found for vapi_phone_id in perform(phone_numbers.missing, listed) if (found := _still_there(client, vapi_phone_id))]
    for organization_id in perform(phone_numbers.merge, listed).organizations:
        live.announce(organization_id)
    perform(sync_requests.push_forgotten)


def _still_there(client: VapiClient, vapi_phone_id: str) -> dict[str, Any] | None:
    try:
        return client.get_phone_number(vapi_phone_id)
    except VapiNotFound:
        return None

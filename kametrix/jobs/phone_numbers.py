"""Jobs for the pool of telephone numbers: kept equal to the provider's list, freed numbers taken off the air, agents served."""

from typing import Any

import structlog

from kametrix.integrations.vapi.errors import VapiError
from kametrix.jobs.app import RETRY, jobs, perform, vapi
from kametrix.services import live, number_claims, number_list, number_push, phone_numbers, sync_requests

log = structlog.get_logger()


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


@jobs.task(name="sync_numbers", queueing_lock="sync_numbers", lock="sync_numbers")
def sync_numbers(timestamp: int) -> None:
    """Merge the provider's list into the pool, and push agents whose job was lost. While the provider is away the next run does it."""
    try:
        listed = _listed()
    except VapiError as error:
        if not error.retryable:
            raise
        log.warning("numbers.not_synced", reason=error.message, scheduled=timestamp)
        return
    count = perform(phone_numbers.merge, listed)
    log.info("numbers.synced", added=count.added, updated=count.updated, released=count.released, total=count.total)
    for organization_id in count.organizations:
        live.announce(organization_id)
    perform(sync_requests.push_forgotten)


def _listed() -> list[dict[str, Any]]:
    """The provider's numbers; those we know and the list leaves out are asked for one by one."""
    with vapi() as client:
        listed = number_list.listed(client)
        return listed + number_list.still_there(client, perform(phone_numbers.missing, listed))

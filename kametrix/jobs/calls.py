"""Jobs about calls: ask the provider how one ended, and find those whose messages were lost."""

import structlog

from kametrix import clock
from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiError, VapiNotFound
from kametrix.jobs.app import RETRY, jobs, perform, vapi
from kametrix.services import inbox, reconcile
from kametrix.services.live import announce

log = structlog.get_logger()


@jobs.task(name="settle_call", retry=RETRY)
def settle_call(call_id: str) -> None:
    """Two minutes after a call ended: when no report came, ask the provider; while it is away this is repeated."""
    asked = perform(reconcile.waiting_for_report, call_id)
    if asked is not None:
        with vapi() as client:
            _ask(client, asked)


@jobs.task(name="reconcile_calls", queueing_lock="reconcile_calls")
def reconcile_calls(timestamp: int) -> None:
    """Every two minutes: calls that should have ended, reports that should have come, calls no message told of."""
    try:
        with vapi() as client:
            _ask_about_overdue(client)
            _look_for_unseen(client)
    except VapiError as error:
        log.warning("reconcile.provider_away", scheduled=timestamp, error=error.message)


def _ask_about_overdue(client: VapiClient) -> None:
    for asked in perform(reconcile.overdue):
        try:
            _ask(client, asked)
        except VapiError as error:
            if error.retryable:
                raise  # the provider is away: the next run asks again
            log.warning("reconcile.refused", call_id=asked.call_id, error=error.message)


def _look_for_unseen(client: VapiClient) -> None:
    until = clock.now()
    listed = client.list_calls(perform(reconcile.cursor))
    if perform(reconcile.adopt, listed, until=until):
        inbox.wake()


def _ask(client: VapiClient, asked: reconcile.Overdue) -> None:
    try:
        answer = client.get_call(asked.vapi_call_id)
    except VapiNotFound:
        answer = None
    perform(reconcile.conclude, asked.call_id, answer)
    announce(asked.organization_id)

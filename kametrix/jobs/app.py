"""The job queue: one procrastinate app, on which the modules of this folder register their handlers by name.

Jobs are enqueued by name with `services/queue.py`, in the transaction of their cause. A handler is one line: payload to
service, in a transaction of its own (`perform`); handlers that call a provider do it between two transactions.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import procrastinate
from sqlmodel import Session

from kametrix import db
from kametrix.integrations.vapi.client import VapiClient
from kametrix.settings import settings

P = ParamSpec("P")
R = TypeVar("R")

RETRY = procrastinate.RetryStrategy(max_attempts=9, exponential_wait=2)
"""After 2, 4, 8 ... 512 seconds: a provider may be away for a quarter of an hour. Then the job stays, failed and visible."""


def conninfo() -> str:
    """The platform login, for the queue's worker and the inbox's listener."""
    return db.conninfo(settings().database_platform_url)


jobs = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=6),
    import_paths=["kametrix.jobs.schedule", "kametrix.jobs.agents", "kametrix.jobs.recharge", "kametrix.jobs.mail"],
)


def perform(service: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `service(session, ...)` in one transaction of the platform login."""
    with db.transaction() as session:
        return service(session, *args, **kwargs)


def vapi() -> VapiClient:
    """The voice provider's client for one job, to be used in a `with` block."""
    return VapiClient(settings().vapi_base_url, settings().vapi_api_key.get_secret_value())

"""Jobs are enqueued in the transaction of their cause, by name: a rollback leaves no job, a commit exactly one."""

from datetime import datetime
from functools import cache
from typing import Any

import procrastinate
from procrastinate.contrib.sqlalchemy import SQLAlchemyPsycopg2Connector
from procrastinate.exceptions import AlreadyEnqueued
from sqlmodel import Session

from kametrix.services.access import SYSTEM, open_to


@cache
def _queue() -> procrastinate.App:
    return procrastinate.App(connector=SQLAlchemyPsycopg2Connector())


@open_to(SYSTEM)
def enqueue(
    session: Session, name: str, *, once: str | None = None, serial: str | None = None, at: datetime | None = None, **args: Any
) -> None:
    """Add job `name` (a function of kametrix/jobs).

    `once`: at most one such job waits; `serial`: jobs sharing it run one after the other.
    """
    try:
        with session.begin_nested():
            savepoint = session.connection()  # the savepoint is set when the connection is asked for within the block
            _queue().configure_task(name, connection=savepoint, queueing_lock=once, lock=serial, schedule_at=at, allow_unknown=True).defer(
                **args
            )
    except AlreadyEnqueued:
        return

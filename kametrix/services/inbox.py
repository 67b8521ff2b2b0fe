"""The inbox of provider messages: durable before it is acknowledged, worked off in order per call, one transaction each.

The table is its own queue. A worker claims one event with SKIP LOCKED; work and mark commit together, so a crash in the
middle means nothing happened. An event waits while an earlier one of the same call waits; a failing one is repeated with
growing pauses and given up visibly, and never holds up another call.
"""

import hashlib
import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import KametrixError, NotFound
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.live import INBOX_CHANNEL, Notifier

PROVIDER: Final = "vapi"
"""The name of the voice provider on its events."""
ATTEMPTS: Final = 8
"""After this many failures an event is given up: about four minutes, then it waits for `replay`."""
KEPT_DAYS: Final = 30
"""Processed events, their payloads included, are removed after this many days; failed ones stay until they are replayed."""

log = structlog.get_logger()
_wake = Notifier(INBOX_CHANNEL, seconds=0.25)


@dataclass(frozen=True)
class Received:
    """A verified, redacted message. `dedupe_key` is unique per provider; `subject` is what events are ordered by: the call id."""

    provider: str
    dedupe_key: str
    type: str
    subject: str
    organization_id: str | None
    agent_id: str | None
    payload: dict[str, Any]


@dataclass(frozen=True)
class InboxEvent:
    """A claimed event. `attempts` counts earlier failures."""

    id: int
    provider: str
    type: str
    subject: str
    organization_id: str | None
    agent_id: str | None
    payload: dict[str, Any]
    received_at: datetime
    attempts: int


@dataclass(frozen=True)
class FailedEvent:
    """An event that was given up. It holds no payload: only what an operator needs to decide."""

    id: int
    provider: str
    type: str
    subject: str
    organization_id: str | None
    received_at: datetime
    failed_at: datetime
    error: str


class Refused(KametrixError):
    """An event that will never be accepted: it is kept as failed at once."""

    status = 409


def own_key(agent_id: str, key: str) -> str:
    """A dedupe key within one agent, at most 200 characters: nobody can take the place of another tenant's message."""
    scoped = f"{agent_id}:{key}"
    return scoped if len(scoped) <= 200 else f"{agent_id}:{hashlib.sha256(key.encode()).hexdigest()}"


_INSERT = text("""
    insert into webhook_event (provider, dedupe_key, type, subject, organization_id, agent_id, payload, received_at, next_attempt_at)
    select provider, dedupe_key, type, subject, organization_id, agent_id, payload, :now, :now
    from jsonb_to_recordset(cast(:rows as jsonb)) as row(
      provider text, dedupe_key text, type text, subject text, organization_id text, agent_id text, payload jsonb)
    on conflict (provider, dedupe_key) do nothing""")


@open_to(SYSTEM)
def receive(session: Session, events: Sequence[Received]) -> int:
    """Store a batch in one statement; returns how many were new. The caller acknowledges after its commit, and then calls `wake`.

    Rows are ordered by subject, so that two processes storing the same messages wait for each other instead of deadlocking.
    """
    rows = json.dumps([vars(event) for event in sorted(events, key=lambda event: event.subject)], allow_nan=False)
    return session.connection().execute(_INSERT, {"rows": rows, "now": clock.now()}).rowcount


def wake() -> None:
    """Tell the workers that something arrived. Call it after the commit; at most one hint per 250 ms leaves."""
    _wake.send()


_CLAIM = text("""
    update webhook_event set processed_at = :now, error = null where id = (
      select id from webhook_event event
      where processed_at is null and failed_at is null and isfinite(next_attempt_at) and next_attempt_at <= :now
        and (subject = '' or id = (
          select first.id from webhook_event first
          where first.subject = event.subject and first.agent_id is not distinct from event.agent_id
            and first.processed_at is null and first.failed_at is null
          order by first.id limit 1))
      order by next_attempt_at, id limit 1 for update skip locked)
    returning id, provider, type, subject, organization_id, agent_id, payload, received_at, attempts""")
# Each of the two looks has an index that alone fits it, so that the plan does not depend on statistics: an anti-join over one
# index read the whole backlog for each claim (126 ms at 60,000 events) until the table was analysed.
_FAILED = text("""
    update webhook_event set attempts = attempts + 1, error = :error, next_attempt_at = :again,
      failed_at = case when attempts + 1 >= :limit then cast(:now as timestamptz) end
    where id = :id and processed_at is null returning attempts, failed_at""")
_REPLAY = text("""
    update webhook_event set failed_at = null, attempts = 0, next_attempt_at = :now where id = :id and failed_at is not null""")


@open_to(SYSTEM)
def claim(session: Session) -> InboxEvent | None:
    """Take the next due event and mark it done, in the transaction of its work; none when nothing is due.

    Others pass over it until this transaction ends. A rollback, or a crash, leaves it as it was.
    """
    row: RowMapping | None = session.connection().execute(_CLAIM, {"now": clock.now()}).mappings().one_or_none()
    return InboxEvent(**row) if row else None


@open_to(SYSTEM)
def record_failure(session: Session, event: InboxEvent, error: Exception) -> None:
    """Count a failure after its work was rolled back; give up after the last attempt, at once when the event was Refused."""
    again = clock.now() + timedelta(seconds=2 ** (event.attempts + 1))
    limit = 1 if isinstance(error, Refused) else ATTEMPTS
    values = {"id": event.id, "now": clock.now(), "again": again, "limit": limit, "error": describe(error)}
    row = session.connection().execute(_FAILED, values).one_or_none()
    if row is not None:
        told = log.error if row.failed_at else log.warning
        told("inbox.failed", event_id=event.id, type=event.type, attempts=row.attempts, gave_up=bool(row.failed_at), error=describe(error))


def describe(error: Exception) -> str:
    """What went wrong and where, without the values that were handled: a database error's own text quotes rows."""
    if isinstance(error, KametrixError):
        return f"{type(error).__name__}: {error.message}"
    code = getattr(error.orig, "pgcode", None) if isinstance(error, DBAPIError) else None
    frames = traceback.extract_tb(error.__traceback__)
    place = next(
        (f"{frame.filename.rpartition('kametrix/')[2]}:{frame.lineno}" for frame in reversed(frames) if "kametrix/" in frame.filename), ""
    )
    return " ".join(filter(None, (type(error).__name__, code, f"at {place}" if place else "")))


@open_to(SYSTEM)
def failed(session: Session, *, size: int = 100) -> list[FailedEvent]:
    """The events that were given up, newest first."""
    rows = session.connection().execute(
        text("""select id, provider, type, subject, organization_id, received_at, failed_at, error from webhook_event
                where failed_at is not null order by failed_at desc limit :size"""),
        {"size": size},
    )
    return [FailedEvent(**row) for row in rows.mappings()]


@open_to(SYSTEM)
def replay(session: Session, event_id: int) -> None:
    """Let a failed event be tried again from the start. Raises NotFound when there is no such failed event."""
    if not session.connection().execute(_REPLAY, {"id": event_id, "now": clock.now()}).rowcount:
        raise NotFound("There is no failed event with this id.")


@open_to(SYSTEM)
def forget_old(session: Session, *, size: int = 1000) -> int:
    """Remove up to `size` processed events older than KEPT_DAYS; returns how many went."""
    query = text("""
        delete from webhook_event where id in (
          select id from webhook_event where processed_at < :before order by id limit :size for update skip locked)""")
    return session.connection().execute(query, {"before": clock.now() - timedelta(days=KEPT_DAYS), "size": size}).rowcount

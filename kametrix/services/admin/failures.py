"""Work that waits or was given up: provider messages and background jobs, with why, and the way to have them tried again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Conflict, NotFound
from kametrix.models import Organization
from kametrix.services import audit, inbox
from kametrix.services.access import PLATFORM, Actor, allows

SHOWN: Final = 100

_JOBS: Final = text("""
    select job.id, job.task_name, job.args, job.attempts,
      (select max(event.at) from procrastinate_events event where event.job_id = job.id) as at
    from procrastinate_jobs job where job.status = 'failed' order by job.id desc limit :size""")
_RETRY: Final = text("select procrastinate_retry_job_v2(:id, :now, null, null, null)")
_IS_FAILED: Final = text("select task_name from procrastinate_jobs where id = :id and status = 'failed' for update")
_DISMISS: Final = text("update procrastinate_jobs set status = 'cancelled' where id = :id")


@dataclass(frozen=True)
class FailedMessage:
    """A provider message that was given up, without what it said."""

    id: int
    type: str
    organization: str
    received_at: datetime
    failed_at: datetime
    error: str


@dataclass(frozen=True)
class FailedJob:
    """A background job that was given up; `about` names what it was to work on."""

    id: int
    name: str
    about: str
    attempts: int
    at: datetime | None


@dataclass(frozen=True)
class Failures:
    """The newest first, at most 100 of each."""

    messages: tuple[FailedMessage, ...]
    jobs: tuple[FailedJob, ...]


@allows(PLATFORM)
def failures(session: Session, actor: Actor) -> Failures:
    """Everything that was given up."""
    events = inbox.failed(session, size=SHOWN)
    ids = {event.organization_id for event in events if event.organization_id}
    names = dict(session.exec(select(Organization.id, Organization.name).where(col(Organization.id).in_(ids))).all())
    jobs = session.connection().execute(_JOBS, {"size": SHOWN}).all()
    return Failures(
        tuple(
            FailedMessage(event.id, event.type, names.get(event.organization_id or "", ""), event.received_at, event.failed_at, event.error)
            for event in events
        ),
        tuple(
            FailedJob(job.id, job.task_name, ", ".join(f"{key}: {value}" for key, value in job.args.items()), job.attempts, job.at)
            for job in jobs
        ),
    )


@allows(PLATFORM)
def replay(session: Session, actor: Actor, event_id: int) -> None:
    """Have a provider message worked again. Raises NotFound when it is no failed one."""
    inbox.replay(session, event_id)
    audit.record(session, actor, "MESSAGE_REPLAY", entity="webhook_event", entity_id=str(event_id), by_operator=True)


@allows(PLATFORM)
def replay_all(session: Session, actor: Actor) -> int:
    """Have the latest 10,000 messages that were given up worked again; returns how many."""
    events = inbox.failed(session, size=10_000)
    for event in events:
        inbox.replay(session, event.id)
    if events:
        new = {"messages": len(events)}
        audit.record(session, actor, "MESSAGE_REPLAY", entity="webhook_event", entity_id=None, new=new, by_operator=True)
    return len(events)


@allows(PLATFORM)
def retry_job(session: Session, actor: Actor, job_id: int) -> None:
    """Start a failed job again. Raises Conflict when a newer one does the same, NotFound."""
    name = _failed_job(session, job_id)
    try:
        with session.begin_nested():
            session.connection().execute(_RETRY, {"id": job_id, "now": clock.now()})
    except IntegrityError as error:
        raise Conflict("A newer job that does the same is waiting already. Dismiss this one.") from error
    audit.record(session, actor, "JOB_RETRY", entity="job", entity_id=str(job_id), new={"name": name}, by_operator=True)


@allows(PLATFORM)
def dismiss_job(session: Session, actor: Actor, job_id: int) -> None:
    """Stop showing a failed job: it will not be tried again. Raises NotFound."""
    name = _failed_job(session, job_id)
    session.connection().execute(_DISMISS, {"id": job_id})
    audit.record(session, actor, "JOB_DISMISS", entity="job", entity_id=str(job_id), new={"name": name}, by_operator=True)


def _failed_job(session: Session, job_id: int) -> str:
    name = session.connection().execute(_IS_FAILED, {"id": job_id}).scalar()
    if name is None:
        raise NotFound("This job is no longer among the failed ones.")
    return str(name)

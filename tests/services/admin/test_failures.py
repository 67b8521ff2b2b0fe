"""What was given up is shown, the newest first, and tried again or put aside: once, and only what failed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kametrix.errors import Conflict, NotFound
from kametrix.models import WebhookEvent
from kametrix.services.admin import failures
from tests import factories

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_JOB = text("""
    insert into procrastinate_jobs (queue_name, task_name, args, status, queueing_lock)
    values ('default', 'sync_agent', '{"agent_id": "mia"}', cast(:status as procrastinate_job_status), :lock) returning id""")


def job(session: Session, status: str, lock: str | None = None) -> int:
    found: int = session.connection().execute(_JOB, {"status": status, "lock": lock}).scalar_one()
    return found


def status_of(session: Session, job_id: int) -> str:
    query = text("select cast(status as text) from procrastinate_jobs where id = :id")
    return str(session.connection().execute(query, {"id": job_id}).scalar_one())


def test_failed_jobs_are_shown_the_newest_first_with_what_they_were_about(session: Session) -> None:
    operator = factories.create_operator(session)
    first, _, second, _ = (job(session, status) for status in ("failed", "todo", "failed", "succeeded"))
    shown = failures.failures(session, operator).jobs
    assert [(one.id, one.name, one.about) for one in shown] == [
        (second, "sync_agent", "agent_id: mia"),
        (first, "sync_agent", "agent_id: mia"),
    ]


@pytest.mark.parametrize(("deed", "status"), [(failures.retry_job, "todo"), (failures.dismiss_job, "cancelled")])
def test_a_failed_job_is_tried_again_or_put_aside_once(session: Session, deed: Callable[..., Any], status: str) -> None:
    operator, failed = factories.create_operator(session), job(session, "failed")
    deed(session, operator, failed)
    assert status_of(session, failed) == status
    assert failures.failures(session, operator).jobs == ()
    with pytest.raises(NotFound):
        deed(session, operator, failed)


@pytest.mark.parametrize("deed", [failures.retry_job, failures.dismiss_job])
@pytest.mark.parametrize("status", ["todo", "doing", "succeeded"])
def test_a_job_that_did_not_fail_is_left_alone(session: Session, deed: Callable[..., Any], status: str) -> None:
    going = job(session, status)
    with pytest.raises(NotFound, match="no longer"):
        deed(session, factories.create_operator(session), going)
    assert status_of(session, going) == status


def test_a_job_is_not_tried_again_while_a_newer_one_does_the_same(session: Session) -> None:
    failed, _ = job(session, "failed", "sync-mia"), job(session, "todo", "sync-mia")
    with pytest.raises(Conflict, match="newer job"):
        failures.retry_job(session, factories.create_operator(session), failed)
    assert status_of(session, failed) == "failed"


def test_messages_given_up_are_shown_with_their_organization_and_worked_again_together(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    for key, organization_id in (("a", None), ("b", owner.organization_id)):
        failed_at = NOON + timedelta(minutes=organization_id is not None)
        session.add(
            WebhookEvent(
                provider="vapi", type="status-update", dedupe_key=key, organization_id=organization_id, failed_at=failed_at, error="no"
            )
        )
    session.flush()
    assert [message.organization for message in failures.failures(session, operator).messages] == ["Brightside Dental", ""]
    assert failures.replay_all(session, operator) == 2
    assert failures.failures(session, operator).messages == ()
    assert failures.replay_all(session, operator) == 0

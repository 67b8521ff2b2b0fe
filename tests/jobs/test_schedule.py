import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.jobs.app import jobs
from kametrix.models import RateLimit, User
from kametrix.models import Session as Login
from kametrix.services import queue
from kametrix.services.clean_up import LIMITS_KEPT, clean_up
from tests.factories import create_user


def run_queue() -> None:
    """Work off what is due, as the worker would."""

    async def run() -> None:
        async with jobs.open_async():
            await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful")

    asyncio.run(run())


def settling(session: Session) -> list[str]:
    """The states of the `settle_call` jobs."""
    return list(session.connection().execute(text("select status::text from procrastinate_jobs where task_name = 'settle_call'")).scalars())


def test_what_runs_by_the_clock() -> None:
    jobs.perform_import_paths()
    crons = {task.task.name: task.cron for task in jobs.periodic_registry.periodic_tasks.values()}
    assert crons.items() >= {"reconcile_calls": "*/2 * * * *", "rescue_stalled": "* * * * *", "clean_up": "7 * * * *"}.items()
    assert "sync_numbers" in crons
    assert (crons["take_checkpoints"], crons["mail_statements"]) == ("5 0 * * *", "20 0 1-5 * *")  # the mail needs the night's signature
    assert {"settle_call", "sync_agent", "release_number"} <= set(jobs.tasks)


def test_jobs_of_a_worker_that_died_start_again(database: str) -> None:
    with db.transaction() as session:
        queue.enqueue(session, "settle_call", call_id="no-such-call")
        session.connection().execute(text("update procrastinate_jobs set status = 'doing', attempts = 1"))
        queue.enqueue(session, "rescue_stalled", timestamp=0)
    run_queue()
    with db.transaction() as session:
        assert settling(session) == []  # rescued, run and gone: an unknown call has nothing to settle


def test_a_dead_job_whose_successor_waits_makes_room(database: str) -> None:
    with db.transaction() as session:
        for _ in range(2):
            queue.enqueue(session, "settle_call", once="settle_call:1", call_id="no-such-call")
            session.connection().execute(text("update procrastinate_jobs set status = 'doing', attempts = 1 where status = 'todo'"))
        queue.enqueue(session, "settle_call", once="settle_call:1", call_id="no-such-call")
        queue.enqueue(session, "rescue_stalled", timestamp=0)
    run_queue()
    with db.transaction() as session:
        assert settling(session) == []


def test_a_job_that_waits_already_is_not_added_and_spoils_nothing(session: Session) -> None:
    for _ in range(3):
        queue.enqueue(session, "settle_call", once="settle_call:1", call_id="1")
    queue.enqueue(session, "settle_call", call_id="2")
    assert session.connection().execute(text("select count(*) from procrastinate_jobs")).scalar_one() == 2


def test_a_job_of_a_transaction_that_fails_was_never_there(database: str) -> None:
    def fail() -> None:
        with db.transaction() as session:
            queue.enqueue(session, "settle_call", call_id="1")
            raise RuntimeError("undo")

    with pytest.raises(RuntimeError, match="undo"):
        fail()
    with db.transaction() as session:
        assert settling(session) == []


def test_expired_logins_and_old_limits_are_forgotten_in_batches(session: Session) -> None:
    user, now = create_user(session), clock.now()
    for number, expires in enumerate((now - timedelta(seconds=1), now - timedelta(days=9), now + timedelta(hours=1))):
        session.add(Login(user_id=user.id, token_hash=f"{number}", expires_at=expires, created_at=now, last_seen_at=now))
    old = now - LIMITS_KEPT - timedelta(seconds=1)
    session.add(RateLimit(key="old", window_started_at=old))
    session.add(RateLimit(key="old-and-blocked", window_started_at=old, blocked_until=now + timedelta(minutes=5)))
    session.add(RateLimit(key="fresh", window_started_at=now))
    session.flush()
    with clock.at(now):
        assert [clean_up(session, size=1) for _ in range(3)] == [2, 1, 0]
    assert session.exec(select(Login.token_hash)).all() == ["2"]
    assert sorted(session.exec(select(RateLimit.key))) == ["fresh", "old-and-blocked"]
    assert session.exec(select(User)).one().id == user.id


def test_cleaning_up_runs_as_a_job(database: str) -> None:
    now = clock.now()
    with db.transaction() as session:
        user = create_user(session)
        session.add(Login(user_id=user.id, token_hash="x", expires_at=now - timedelta(days=1), created_at=now, last_seen_at=now))
        queue.enqueue(session, "clean_up", timestamp=0)
    run_queue()
    with db.transaction() as session:
        assert session.exec(select(Login)).all() == []

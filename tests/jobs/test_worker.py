"""The real worker process, killed, stopped and left without its database's attention."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlmodel import Session, select

from kametrix import db
from kametrix.jobs.app import conninfo
from kametrix.jobs.inbox import InboxLoop, work_one
from kametrix.models import Agent, Call, CreditTransaction, WebhookEvent
from kametrix.services import inbox, ledger_audit, live
from tests.factories import create_agent, create_member
from tests.processes import WORKER, worker_process
from tests.vapi_messages import ended, received, report, status

PAUSED = """
import os, pathlib, time
from kametrix.services import ledger
charge = ledger.charge_call
def slowly(*args, **given):
    posted = charge(*args, **given)
    pathlib.Path(os.environ["MARK"]).write_text("charged")
    time.sleep(float(os.environ["PAUSE"]))
    return posted
ledger.charge_call = slowly
"""


@pytest.fixture
def agent(database: str) -> Agent:
    with db.transaction() as session:
        return create_agent(session, create_member(session))


def store(agent: Agent, *call_ids: str) -> None:
    with db.transaction() as session:
        for call_id in call_ids:
            inbox.receive(session, [received(agent, body) for body in (status("in-progress", call_id), ended(call_id), report(call_id))])


def until(true: Callable[[Session], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with db.transaction() as session:
            if true(session):
                return
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def everything_is_done(session: Session) -> bool:
    return session.exec(select(WebhookEvent.id).where(WebhookEvent.processed_at == None)).first() is None  # noqa: E711  (SQL)


def test_a_worker_killed_in_the_middle_of_a_charge_bills_once(agent: Agent, tmp_path: Path) -> None:
    store(agent, "call-1", "call-2")
    mark, log = tmp_path / "mark", tmp_path / "worker.log"
    with worker_process(log, PAUSED + WORKER, MARK=str(mark), PAUSE="600") as worker:
        until(lambda _session: mark.exists())
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
    with db.transaction() as session:
        assert session.exec(select(CreditTransaction)).all() == []
    with worker_process(log):
        until(everything_is_done)
    with db.transaction() as session:
        assert [row.amount for row in session.exec(select(CreditTransaction))] == [-30, -30]
        assert ledger_audit.verify(session).faults == []
        assert all(event.attempts == 0 for event in session.exec(select(WebhookEvent)))


def test_a_worker_told_to_stop_finishes_what_it_holds(agent: Agent, tmp_path: Path) -> None:
    with db.transaction() as session:
        inbox.receive(session, [received(agent, report())])
    mark = tmp_path / "mark"
    with worker_process(tmp_path / "worker.log", PAUSED + WORKER, MARK=str(mark), PAUSE="1") as worker:
        until(lambda _session: mark.exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    with db.transaction() as session:
        assert session.exec(select(Call)).one().credits_used == 30


def test_two_workers_share_a_heap_and_bill_each_call_once(agent: Agent, tmp_path: Path) -> None:
    store(agent, *(f"call-{number}" for number in range(40)))
    with worker_process(tmp_path / "one.log"), worker_process(tmp_path / "two.log"):
        until(everything_is_done)
    with db.transaction() as session:
        assert [row.amount for row in session.exec(select(CreditTransaction))] == [-30] * 40


def test_the_loop_is_woken_by_a_message_and_announces_its_organization(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kametrix.jobs.inbox.POLL_SECONDS", 600)  # only being woken helps
    loop = InboxLoop(threads=2)
    with psycopg.connect(conninfo(), autocommit=True) as listener:
        listener.execute(f"listen {live.LIVE_CHANNEL}")
        loop.start()
        try:
            for call_id in ("call-1", "call-2"):  # the first may be found by looking, the second finds every thread waiting
                store(agent, call_id)
                inbox.wake()
                until(everything_is_done, seconds=30)
            told = next(listener.notifies(timeout=30, stop_after=1))
        finally:
            loop.stop()
            live.flush()
    assert told.payload == agent.organization_id


def test_the_loop_survives_a_database_that_does_not_answer(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kametrix.jobs.inbox.POLL_SECONDS", 0.05)
    claim, refusals = inbox.claim, [ConnectionError("away")] * 3

    def unreliable(session: Session) -> inbox.InboxEvent | None:
        if refusals:
            raise refusals.pop()
        return claim(session)

    monkeypatch.setattr(inbox, "claim", unreliable)
    store(agent, "call-1")
    loop = InboxLoop(threads=1)
    loop.start()
    try:
        until(everything_is_done, seconds=30)
    finally:
        loop.stop()
        live.flush()
    assert refusals == []


def test_nothing_due_is_no_work(database: str) -> None:
    assert work_one() is False


def test_a_message_of_a_provider_nobody_knows_is_kept_as_failed(database: str) -> None:
    with db.transaction() as session:
        inbox.receive(session, [inbox.Received("carrier-pigeon", "a", "coo", "", None, None, {})])
    assert work_one() is True
    with db.transaction() as session:
        [kept] = inbox.failed(session)
    assert "Nobody here knows" in kept.error

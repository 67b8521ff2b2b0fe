from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import Invalid, NotFound
from kametrix.jobs.inbox import work_one
from kametrix.models import Agent, Call, WebhookEvent
from kametrix.services import inbox
from kametrix.services.inbox import ATTEMPTS, KEPT_DAYS, InboxEvent, Received, Refused, own_key
from tests.factories import create_agent, create_member
from tests.vapi_messages import START, ended, message, received, report, status

Apply = Callable[[Session, InboxEvent], None]


@pytest.fixture
def agent(database: str) -> Agent:
    with db.transaction() as session:
        return create_agent(session, create_member(session))


def store(*events: Received) -> int:
    with db.transaction() as session:
        return inbox.receive(session, events)


def rows() -> list[WebhookEvent]:
    with db.transaction() as session:
        return sorted(session.exec(select(WebhookEvent)), key=lambda row: row.id or 0)


def recording(seen: list[str]) -> Apply:
    return lambda _session, event: seen.append(f"{event.subject}:{event.payload.get('status', event.type)}")


def explode(_session: Session, _event: InboxEvent) -> None:
    raise RuntimeError("FAKE-TRANSCRIPT of a caller")


def test_a_message_is_stored_once_however_often_it_comes(agent: Agent) -> None:
    event = received(agent, report())
    assert store(event, event, received(agent, ended())) == 2
    assert store(event) == 0
    assert len(rows()) == 2


def test_the_same_key_of_another_agent_is_another_message(agent: Agent) -> None:
    with db.transaction() as session:
        other = create_agent(session, create_member(session))
    assert store(received(agent, report()), received(other, report())) == 2
    assert len(own_key(agent.id, "k" * 300)) <= 200
    assert own_key(agent.id, "k" * 300) != own_key(agent.id, "k" * 301)


def test_batches_with_the_same_messages_in_different_order_never_deadlock(agent: Agent) -> None:
    events = [received(agent, report(f"call-{number}")) for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda turn: store(*(events if turn % 2 else reversed(events))), range(40)))
    assert sum(counts) == 100


def test_events_of_one_call_are_worked_off_in_order_and_others_beside(agent: Agent) -> None:
    store(*(received(agent, status(word, call)) for word in ("ringing", "in-progress") for call in ("call-1", "call-2")))
    seen: list[str] = []
    while work_one(recording(seen)):
        pass
    assert [entry for entry in seen if entry.startswith("call-1")] == ["call-1:ringing", "call-1:in-progress"]
    assert [entry for entry in seen if entry.startswith("call-2")] == ["call-2:ringing", "call-2:in-progress"]
    assert all(row.processed_at for row in rows())


def test_an_event_waits_while_an_earlier_one_of_its_call_is_being_worked_on(agent: Agent) -> None:
    store(received(agent, status("ringing")))
    store(received(agent, status("in-progress")))
    holding, go = Event(), Event()

    def hold(_session: Session, _event: InboxEvent) -> None:
        holding.set()
        assert go.wait(10)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work_one, hold)
        assert holding.wait(10)
        assert work_one(recording([])) is False
        go.set()
        assert first.result() is True
    assert work_one(recording([])) is True


def test_many_workers_share_the_work_and_nothing_is_done_twice(agent: Agent) -> None:
    store(*(received(agent, report(f"call-{number}")) for number in range(60)))
    seen: list[str] = []

    def work() -> None:
        while work_one(recording(seen)):
            pass

    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            pool.submit(work)
    assert len(seen) == len(set(seen)) == 60


def test_a_failure_undoes_the_work_and_tries_again_later_each_time_after_a_longer_pause(agent: Agent) -> None:
    store(received(agent, report()))

    def half(session: Session, event: InboxEvent) -> None:
        inbox.receive(session, [replace(received(agent, report()), dedupe_key="half-done")])
        explode(session, event)

    pauses: list[float] = []
    moment = clock.now()
    for _ in range(ATTEMPTS - 1):
        with clock.at(moment):
            assert work_one(half) is True
            assert work_one(half) is False
        [row] = rows()
        pauses.append((row.next_attempt_at - moment).total_seconds())
        moment = row.next_attempt_at
    assert pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]
    assert (row.attempts, row.failed_at, row.processed_at) == (ATTEMPTS - 1, None, None)
    with clock.at(moment):
        work_one(half)
    [row] = rows()
    assert (row.attempts, row.failed_at) == (ATTEMPTS, moment)


def test_an_event_given_up_is_visible_and_can_be_replayed(agent: Agent) -> None:
    store(received(agent, report()))
    _give_up()
    with db.transaction() as session:
        [shown] = inbox.failed(session)
        assert shown.error.startswith("RuntimeError at ")
        inbox.replay(session, shown.id)
    assert work_one() is True
    with db.transaction() as session:
        assert inbox.failed(session) == []
        assert session.exec(select(Call)).one().credits_used == 30
        with pytest.raises(NotFound):
            inbox.replay(session, shown.id)


def test_what_a_caller_said_is_not_in_the_error(agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    store(received(agent, report()))
    work_one(explode)
    told = capsys.readouterr()
    assert "FAKE-TRANSCRIPT" not in (rows()[0].error or "") + told.out + told.err
    assert "inbox.failed" in told.out + told.err


def test_a_database_error_tells_its_code_and_not_the_row(agent: Agent) -> None:
    store(received(agent, report()))
    work_one(lambda session, _event: session.connection().exec_driver_sql("insert into rate_limit (key) values ('FAKE-SECRET')"))
    assert rows()[0].error is not None
    assert "23502" in (rows()[0].error or "")
    assert "FAKE-SECRET" not in (rows()[0].error or "")


def test_a_poisoned_event_holds_up_its_own_call_only(agent: Agent) -> None:
    store(received(agent, report("poison")), received(agent, report("sound")))

    def picky(_session: Session, event: InboxEvent) -> None:
        if event.subject == "poison":
            raise Invalid("This cannot be read.")

    while work_one(picky):
        pass
    states = {row.subject: row.processed_at is not None for row in rows()}
    assert states == {"poison": False, "sound": True}


def test_after_giving_up_the_later_events_of_the_call_go_on(agent: Agent) -> None:
    store(received(agent, status("ringing")))
    store(received(agent, report()))
    _give_up()
    assert work_one() is True
    with db.transaction() as session:
        assert session.exec(select(Call)).one().settled_at is not None


def test_a_refused_event_is_given_up_at_once(agent: Agent) -> None:
    store(received(agent, report()))

    def refuse(_session: Session, _event: InboxEvent) -> None:
        raise Refused("This call belongs to another agent; nothing was changed.")

    work_one(refuse)
    [row] = rows()
    assert row.failed_at is not None
    assert row.error == "Refused: This call belongs to another agent; nothing was changed."


def test_finding_the_next_event_does_not_read_the_backlog_even_before_the_table_was_analysed(agent: Agent) -> None:
    store(*(replace(received(agent, report()), dedupe_key=f"key-{number}", subject=f"call-{number // 3}") for number in range(3000)))
    with db.transaction() as session:
        plan = session.connection().execute(text(f"explain {inbox._CLAIM}"), {"now": clock.now()}).scalars().all()
    used = {line.split(" using ")[1].split("  ")[0] for line in plan if " using " in line}
    assert {"webhook_event_due on webhook_event event", "webhook_event_waiting on webhook_event first"} <= used
    assert not [line for line in plan if "Seq Scan" in line]


def test_a_stranger_can_neither_touch_nor_hold_up_anothers_call(agent: Agent) -> None:
    with db.transaction() as session:
        stranger = create_agent(session, create_member(session))
    store(received(agent, status("in-progress")))
    work_one()
    store(received(stranger, report(reason="voicemail")))
    store(received(agent, report()))
    seen: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        gate, go = Barrier(2), Event()

        def hold(_session: Session, event: InboxEvent) -> None:
            seen.append(event.agent_id or "")
            gate.wait(10)
            assert go.wait(10)

        waiting = pool.submit(work_one, hold)
        gate.wait(10)
        assert seen == [stranger.id]
        assert work_one() is True  # the owner's report does not wait for the stranger's
        go.set()
        waiting.result()
    with db.transaction() as session:
        call = session.exec(select(Call)).one()
        assert (call.agent_id, call.ended_reason, call.credits_used) == (agent.id, "customer-ended-call", 30)


def test_trouble_while_claiming_is_the_loops_to_handle(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_session: Session) -> InboxEvent:
        raise ConnectionError("no database")

    monkeypatch.setattr(inbox, "claim", away)
    with pytest.raises(ConnectionError):
        work_one()


def test_events_about_no_call_do_not_wait_for_each_other(agent: Agent) -> None:
    store(received(agent, message("chat.created", None, at=START)))
    store(received(agent, message("chat.deleted", None, at=START)))
    work_one(explode)
    assert work_one() is True
    assert sum(row.processed_at is not None for row in rows()) == 1


def test_processed_messages_are_forgotten_after_their_days_and_failed_ones_are_not(agent: Agent) -> None:
    store(received(agent, report("failed")))
    _give_up()
    store(*(received(agent, report(f"call-{number}")) for number in range(5)), received(agent, report("fresh")))
    while work_one(recording([])):
        pass
    with clock.at(clock.now() + timedelta(days=KEPT_DAYS, seconds=5)), db.transaction() as session:
        assert [inbox.forget_old(session, size=4) for _ in range(3)] == [4, 2, 0]
    assert [row.subject for row in rows()] == ["failed"]


def _give_up() -> None:
    moment = clock.now()
    for _ in range(ATTEMPTS):
        with clock.at(moment):
            assert work_one(explode) is True
        moment += timedelta(hours=1)

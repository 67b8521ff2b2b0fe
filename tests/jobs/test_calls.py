import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.errors import ProviderError
from kametrix.jobs.app import jobs
from kametrix.jobs.calls import reconcile_calls, settle_call
from kametrix.jobs.inbox import work_one
from kametrix.models import Agent, Call, CallStatus
from kametrix.services import inbox, live
from kametrix.settings import settings
from tests.factories import create_agent, create_call, create_member
from tests.services.test_reconcile import call
from tests.vapi_fake import FakeVapi, running
from tests.vapi_messages import START, ended, received, report, status


@pytest.fixture
def calls(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the provider knows, by call id."""
    known: dict[str, Any] = {}

    def handle(_self: FakeVapi, _method: str, path: str, _query: dict[str, list[str]], _body: Any) -> tuple[int, Any]:
        call_id = path.removeprefix("/call").strip("/")
        if not call_id:
            return 200, list(known.values())
        return (200, known[call_id]) if call_id in known else (404, {"message": "Not found", "statusCode": 404})

    monkeypatch.setattr(FakeVapi, "handle", handle)
    monkeypatch.setattr("kametrix.integrations.vapi.client.time.sleep", lambda _seconds: None)
    with running() as fake:
        os.environ["VAPI_BASE_URL"] = fake.url
        settings.cache_clear()
        yield known
        live.flush()


@pytest.fixture
def agent(database: str) -> Agent:
    with db.transaction() as session:
        return create_agent(session, create_member(session))


def work(agent: Agent, *bodies: dict[str, Any]) -> None:
    with db.transaction() as session:
        for body in bodies:
            inbox.receive(session, [received(agent, body)])
    while work_one():
        pass


def read() -> dict[str | None, Call]:
    with db.transaction() as session:
        return {row.vapi_call_id: row for row in session.exec(select(Call))}


def test_an_ended_call_without_a_report_is_settled_from_the_provider(calls: dict[str, Any], agent: Agent) -> None:
    work(agent, ended())
    calls["call-1"] = call(seconds=127, transcript="AI: Hello.")
    settle_call(read()["call-1"].id)
    found = read()["call-1"]
    assert (found.duration_seconds, found.credits_used, found.transcript) == (127, 45, "AI: Hello.")


def test_a_settled_call_is_not_asked_for(calls: dict[str, Any], agent: Agent) -> None:
    work(agent, ended(), report())
    settle_call(read()["call-1"].id)
    assert read()["call-1"].credits_used == 30


def test_a_provider_that_is_away_is_asked_again_later(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kametrix.integrations.vapi.client.time.sleep", lambda _seconds: None)
    work(agent, status("in-progress"), ended())
    call_id = read()["call-1"].id
    with pytest.raises(ProviderError) as told:  # nobody listens at the address of the test settings
        settle_call(call_id)
    assert told.value.retryable
    assert jobs.tasks["settle_call"].retry_strategy is not None
    with clock.at(clock.now() + timedelta(hours=1)):
        reconcile_calls(0)
    assert read()["call-1"].settled_at is None


def test_reconciling_ends_what_never_ended_reports_what_was_not_reported_and_finds_what_was_never_seen(
    calls: dict[str, Any], agent: Agent
) -> None:
    with db.transaction() as session:
        create_call(session, agent, vapi_call_id="never-ended", started_at=START, status=CallStatus.IN_PROGRESS)
        create_call(session, agent, vapi_call_id="unreported", started_at=START, ended_at=START, status=CallStatus.COMPLETED)
        create_call(session, agent, vapi_call_id="gone", started_at=START, status=CallStatus.RINGING)
    for call_id in ("never-ended", "unreported", "never-seen"):
        calls[call_id] = call(call_id, assistantId=agent.vapi_assistant_id)
    with clock.at(START + timedelta(hours=1)):
        reconcile_calls(0)
        while work_one():
            pass
    costs = {vapi_id: (found.credits_used, found.settled_at is not None) for vapi_id, found in read().items()}
    assert costs == {"never-ended": (30, True), "unreported": (30, True), "gone": (0, True), "never-seen": (30, True)}


def test_one_call_the_provider_refuses_to_tell_about_does_not_stop_the_others(
    calls: dict[str, Any], agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        for call_id, minutes in (("refused", 0), ("sound", 1)):
            touched = START + timedelta(minutes=minutes)
            create_call(session, agent, vapi_call_id=call_id, started_at=START, updated_at=touched, status=CallStatus.RINGING)
    calls["sound"] = call("sound")
    known = FakeVapi.handle

    def handle(self: FakeVapi, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        return (400, {"message": ["no"], "statusCode": 400}) if path == "/call/refused" else known(self, method, path, query, body)

    monkeypatch.setattr(FakeVapi, "handle", handle)
    with clock.at(START + timedelta(hours=1)):
        reconcile_calls(0)
    assert (read()["refused"].settled_at is None, read()["sound"].credits_used) == (True, 30)


def test_a_call_that_settles_while_the_provider_is_asked_is_charged_once(
    calls: dict[str, Any], agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(agent, status("in-progress"), ended())
    known = FakeVapi.handle

    def handle(self: FakeVapi, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        work(agent, report())
        return known(self, method, path, query, body)

    monkeypatch.setattr(FakeVapi, "handle", handle)
    calls["call-1"] = call(seconds=300)
    settle_call(read()["call-1"].id)
    assert read()["call-1"].credits_used == 30

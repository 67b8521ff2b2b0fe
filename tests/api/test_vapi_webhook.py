import asyncio
import hashlib
import hmac
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session, select

from kametrix import clock, db, embedded
from kametrix.api.app import app
from kametrix.api.webhooks import batches, vapi
from kametrix.crypto import new_token, token_hash
from kametrix.jobs.app import conninfo
from kametrix.jobs.inbox import work_one
from kametrix.models import Agent, Call, CallStatus, CreditTransaction, ToolCallResult, WebhookEvent
from kametrix.services import gate, inbox, ledger_audit, live, texts, tool_calls
from kametrix.services.inbox import Received
from kametrix.services.live import INBOX_CHANNEL
from kametrix.settings import settings
from tests.factories import create_agent, create_member
from tests.sandbox.parts import until
from tests.vapi_messages import ended, message, report, status

FIXTURES = Path(__file__).parent.parent / "fixtures" / "vapi"
SECRET = "test-webhook-secret-0123456789"
BEARER = {"Authorization": f"Bearer {SECRET}"}
KEPT = ("webhook_event", "call", "transcript", "tool_call_result", "procrastinate_jobs", "procrastinate_events", "audit_log")
SAMPLES = sorted(FIXTURES.glob("webhook_*.json"))


@pytest.fixture
def token(database: str) -> Iterator[str]:
    vapi._recipients.clear()
    made = new_token()
    with db.transaction() as session:
        create_agent(session, create_member(session), token=made)
    yield made
    live.flush()
    inbox._wake.flush()


def agent_of(token: str) -> Agent:
    with db.transaction() as session:
        return session.exec(select(Agent)).first() or pytest.fail("no agent")


def together(work: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """Run `work` with a client of the whole application."""

    async def run() -> Any:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
            return await work(client)

    return asyncio.run(run())


def post(token: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps({"message": body}).encode()
    return together(
        lambda client: client.post(f"/api/webhooks/vapi/{token}", content=content, headers=BEARER if headers is None else headers)
    )


def work_off() -> None:
    while work_one():
        pass


def read(model: type[Any]) -> list[Any]:
    with db.transaction() as session:
        return list(session.exec(select(model)))


# --- who may write


def test_a_verified_message_is_stored_for_the_agent_of_the_token(token: str) -> None:
    answer = post(token, report())
    assert (answer.status_code, answer.json()) == (200, {})
    [event] = read(WebhookEvent)
    agent = agent_of(token)
    assert (event.agent_id, event.organization_id, event.type, event.subject) == (
        agent.id,
        agent.organization_id,
        "end-of-call-report",
        "call-1",
    )


def test_without_proof_nothing_is_stored_or_even_looked_up(token: str) -> None:
    wrong = [{"Authorization": value} for value in ("Bearer wrong", "Bearer ", SECRET)]
    for headers in ({}, *wrong, {"X-Vapi-Secret": ""}, {"X-Vapi-Secret": SECRET[:-1]}):
        assert post(token, report(), headers).status_code == 401
        assert post("unknown", report(), headers).status_code == 401
    assert read(WebhookEvent) == []


def test_an_unset_secret_lets_nobody_in(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "VAPI_WEBHOOK_SECRET", "")
    settings.cache_clear()
    assert [post(token, report(), headers).status_code for headers in ({"X-Vapi-Secret": ""}, {"Authorization": "Bearer "}, {})] == [
        401
    ] * 3


def test_both_secrets_are_accepted_while_one_replaces_the_other(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "VAPI_WEBHOOK_SECRET_PREVIOUS", "the-secret-before")
    settings.cache_clear()
    for secret in (SECRET, "the-secret-before"):
        assert post(token, report(), {"X-Vapi-Secret": secret}).status_code == 200


def test_a_signature_is_valid_for_five_minutes(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "VAPI_WEBHOOK_HMAC_SECRET", "signing-secret")
    settings.cache_clear()
    raw = json.dumps({"message": report()}).encode()
    for off_seconds, expected in ((0, 200), (290, 200), (-290, 200), (600, 401), (-600, 401)):
        stamp = str(int(clock.now().timestamp()) + off_seconds)
        signature = hmac.new(b"signing-secret", stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        assert post(token, raw, {"x-timestamp": stamp, "x-signature": signature}).status_code == expected
        assert post(token, raw + b" ", {"x-timestamp": stamp, "x-signature": signature}).status_code == 401


def test_an_unknown_token_is_not_found(token: str) -> None:
    assert post("unknown", report()).status_code == 404
    assert read(WebhookEvent) == []


def test_late_reports_of_a_deleted_agent_are_stored_and_billed(token: str) -> None:
    with db.transaction() as session:
        agent = session.exec(select(Agent)).one()
        agent.deleted_at, agent.is_active, agent.vapi_assistant_id = clock.now(), False, None
    assert post(token, report()).status_code == 200
    work_off()
    assert read(Call)[0].credits_used == 30


def test_a_call_id_of_another_tenant_changes_nothing_of_his(token: str) -> None:
    other = new_token()
    with db.transaction() as session:
        create_agent(session, create_member(session), token=other)
    post(token, status("in-progress"))
    work_off()
    for body in (ended(), report(seconds=600), message("tool-calls", toolCallList=[{"id": "t", "function": {"name": "x"}}])):
        assert post(other, body).status_code == 200
    work_off()
    [call] = read(Call)
    assert (call.status, call.credits_used) == (CallStatus.IN_PROGRESS, 0)
    assert sum(event.failed_at is not None for event in read(WebhookEvent)) == 3
    post(token, report())
    work_off()
    assert read(Call)[0].credits_used == 30


# --- bad input


MALFORMED = (
    *(b"", b"{", b"[]", b'"x"', b"{}", b'{"message": 5}', b'{"message": {}}', b'{"message": {"type": ""}}', b"\xff\xfe"),
    b'{"message": {"type": "x", "n": NaN}}',
    b'{"message": {"type": "x", "n": 1e999}}',
    b'{"message":{"type":"' + b"x" * 200 + b'"}}',
    b'{"message":{"type":"x","call":{"id":"' + b"c" * 90 + b'"}}}',
    b'{"message":{"type":"x","a":' + b"[" * 5000 + b"]" * 5000 + b"}}",
)


def test_malformed_messages_are_told_so_and_not_stored(token: str) -> None:
    for raw in MALFORMED:
        answer = post(token, raw)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True), raw[:60]
    assert read(WebhookEvent) == []


def test_a_body_of_ten_megabytes_is_too_large(token: str) -> None:
    assert post(token, b'{"message": "' + b"x" * 10_000_000 + b'"}').status_code == 413


def test_a_transcript_of_a_megabyte_passes(token: str) -> None:
    said = "User: I would like to know everything.\n" * 27_000
    assert post(token, report(artifact={"transcript": said}, transcript=said)).status_code == 200
    work_off()
    assert len(read(Call)[0].transcript) > 1_000_000


def test_any_character_is_stored_or_dropped_and_never_in_the_way(token: str) -> None:
    for number, words in enumerate(("\x00 nothing", "\ud800 half", "👩‍⚕️🦷", "‏שלום", "\u202eevil", "a" * 5000)):
        caller = {"number": "+14155550147", "name": words}
        assert post(token, report(f"call-{number}", customer=caller, analysis={"summary": f"said {words}"})).status_code == 200
    work_off()
    summaries = [call.summary for call in read(Call)]
    assert len(summaries) == 6
    assert all(summary.startswith("said") for summary in summaries)


def test_unknown_types_are_stored(token: str) -> None:
    assert post(token, message("something-of-next-year", news=[1, {"a": None}])).status_code == 200
    work_off()
    [event] = read(WebhookEvent)
    assert event.processed_at is not None


def test_every_sample_message_passes_and_leaves_no_secret(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    for sample in SAMPLES:
        assert post(token, sample.read_bytes()).status_code == 200, sample.name
        work_off()
    with db.transaction() as session:
        run = session.connection().execute
        stored = " ".join(str(run(text(f"select coalesce(string_agg(t::text, chr(10)), '') from \"{name}\" t")).scalar()) for name in KEPT)
    told = "".join(capsys.readouterr())
    assert "Dana Reed" in stored
    for planted in ("FAKE-REDACT-ME", SECRET, token, "X-Amz-Signature", "You are Mia, receptionist"):
        assert planted not in stored
        assert planted not in told
    assert all(event.failed_at is None and event.processed_at is not None for event in read(WebhookEvent))


# --- one charge, whatever comes


def test_one_report_twenty_times_at_once_is_one_row(token: str) -> None:
    async def twenty(client: httpx.AsyncClient) -> list[int]:
        body = json.dumps({"message": report()}).encode()
        posts = (client.post(f"/api/webhooks/vapi/{token}", content=body, headers=BEARER) for _ in range(20))
        return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert together(twenty) == [200] * 20
    work_off()
    assert len(read(WebhookEvent)) == 1
    assert [row.amount for row in read(CreditTransaction)] == [-30]


def test_many_requests_share_a_commit_and_each_is_answered_after_it(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    original = inbox.receive

    def receive_when_all_wait(session: Session, events: Sequence[Received]) -> int:
        sizes.append(len(events))
        until(lambda: sum(sizes) + len(batches._batches._waiting) == 100, seconds=batches.PATIENCE_SECONDS / 2)
        return original(session, events)

    monkeypatch.setattr(inbox, "receive", receive_when_all_wait)

    async def hundred(client: httpx.AsyncClient) -> list[int]:
        async def one(number: int) -> int:
            answer = await client.post(f"/api/webhooks/vapi/{token}", json={"message": report(f"call-{number}")}, headers=BEARER)
            with db.transaction() as session:
                query = text("select count(*) from webhook_event where subject = :id")
                assert session.connection().execute(query, {"id": f"call-{number}"}).scalar() == 1
            return answer.status_code

        return list(await asyncio.gather(*(one(number) for number in range(100))))

    assert together(hundred) == [200] * 100
    assert sum(sizes) == 100
    assert len(sizes) <= 2


def test_what_was_stored_wakes_the_workers(token: str) -> None:
    with psycopg.connect(conninfo(), autocommit=True) as listener:
        listener.execute(f"listen {INBOX_CHANNEL}")
        assert post(token, report()).status_code == 200
        assert next(listener.notifies(timeout=10, stop_after=1), None)


def test_remembered_addresses_do_not_pile_up(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vapi, "CACHE_SIZE", 1)
    other = new_token()
    with db.transaction() as session:
        create_agent(session, create_member(session), token=other)
    for address in (token, other, token):
        assert post(address, status("ringing")).status_code == 200
        assert list(vapi._recipients) == [token_hash(address)]


def test_one_message_that_cannot_be_stored_does_not_stop_the_others(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = vapi.redact
    monkeypatch.setattr(vapi, "redact", lambda body: {**original(body), **({"bad": "\x00"} if body["call"]["id"] == "call-3" else {})})

    async def ten(client: httpx.AsyncClient) -> list[int]:
        path = f"/api/webhooks/vapi/{token}"
        await client.post(path, json={"message": report("call-x")}, headers=BEARER)
        posts = (client.post(path, json={"message": report(f"call-{number}")}, headers=BEARER) for number in range(10))
        return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert together(ten) == [200, 200, 200, 400, 200, 200, 200, 200, 200, 200]
    assert len(read(WebhookEvent)) == 10


def test_two_hundred_calls_of_one_organization_at_once_are_exact(token: str) -> None:
    bodies = [report(f"call-{number}", seconds=30 + number) for number in range(200)]

    async def all_at_once(client: httpx.AsyncClient) -> set[int]:
        posts = (client.post(f"/api/webhooks/vapi/{token}", json={"message": body}, headers=BEARER) for body in bodies)
        return {answer.status_code for answer in await asyncio.gather(*posts)}

    assert together(all_at_once) == {200}
    threads = [asyncio.to_thread(work_off) for _ in range(6)]

    async def settle() -> None:
        await asyncio.gather(*threads)

    asyncio.run(settle())
    expected = sum(-(-(30 + number) // 60) * 15 for number in range(200))
    assert sum(-row.amount for row in read(CreditTransaction)) == expected
    assert len(read(CreditTransaction)) == 200
    with db.transaction() as session:
        assert ledger_audit.verify(session).faults == []


# --- no room, no database


def test_a_full_queue_refuses_and_keeps_everything_it_acknowledged(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CAPACITY", 20)
    original = inbox.receive
    answers: list[httpx.Response] = []

    def receive_after_a_refusal(session: Session, events: Sequence[Received]) -> int:
        until(lambda: any(answer.status_code == 503 for answer in answers), seconds=batches.PATIENCE_SECONDS / 2)
        return original(session, events)

    monkeypatch.setattr(inbox, "receive", receive_after_a_refusal)

    async def flood(client: httpx.AsyncClient) -> None:
        async def one(number: int) -> None:
            body = {"message": report(f"call-{number}")}
            answers.append(await client.post(f"/api/webhooks/vapi/{token}", json=body, headers=BEARER))

        await asyncio.gather(*(one(number) for number in range(150)))

    together(flood)
    acknowledged = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(acknowledged) + len(refused) == 150
    assert acknowledged
    assert refused
    assert all(answer.headers["retry-after"] for answer in refused)
    assert len(read(WebhookEvent)) == len(acknowledged)


def test_a_queue_full_of_bytes_refuses_too(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CAPACITY_BYTES", 100)
    assert post(token, report()).status_code == 503


def test_without_a_database_nothing_is_acknowledged(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    post(token, report())
    before = db.platform_engine()
    monkeypatch.setitem(os.environ, "DATABASE_PLATFORM_URL", "postgresql+psycopg2://nobody@/none?host=/nowhere")
    settings.cache_clear()
    db.platform_engine.cache_clear()
    try:
        for body in (report("call-2"), message("assistant-request", "call-3")):
            answer = post(token, body)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        spoken = post(token, message("tool-calls", toolCallList=[{"id": "t", "function": {"name": "book"}}]))
        assert (spoken.status_code, spoken.json()["results"]) == (200, [{"toolCallId": "t", "name": "book", "error": tool_calls.FAILED}])
        assert post("unknown-and-not-cached", report()).status_code == 503
    finally:
        db.platform_engine.cache_clear()
        before.dispose()


@pytest.mark.parametrize(
    "trouble",
    [
        "alter table webhook_event rename to being_migrated",
        "alter database {database} set default_transaction_read_only = on",
    ],
)
def test_what_only_the_database_is_to_blame_for_is_asked_for_again(
    token: str, database: str, cluster: embedded.Cluster, trouble: str
) -> None:
    """400 would be the end of it: Vapi never repeats that."""
    agent_of(token)
    post(token, report("call-1"))
    owner = create_engine(cluster.url(database, "kametrix_owner"))
    with owner.begin() as connection:
        connection.exec_driver_sql(trouble.format(database=database))
    owner.dispose()
    db.platform_engine().dispose()
    assert post(token, report("call-2")).status_code == 503


# --- live answers


def test_a_ringing_call_is_admitted_or_refused_in_the_answer(token: str) -> None:
    agent = agent_of(token)
    answer = post(token, message("assistant-request"))
    assert answer.json() == {"assistantId": agent.vapi_assistant_id, "assistantOverrides": {"maxDurationSeconds": 600}}
    assert post(token, message("assistant-request", "call-2")).json() == {"error": texts.of("en").line_busy}
    assert post(token, message("assistant-request", None)).status_code == 400


def test_tools_are_answered_once_and_the_message_opens_the_call(token: str) -> None:
    body = message(
        "tool-calls",
        toolCallList=[{"id": "t1", "function": {"name": "book", "arguments": "{"}}, {"id": "t2", "function": {"name": "book"}}],
    )
    answers = [post(token, body).json()["results"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert [sorted(given) for given in answers[0]] == [["error", "name", "toolCallId"], ["name", "result", "toolCallId"]]
    work_off()
    assert (len(read(ToolCallResult)), read(Call)[0].status) == (2, CallStatus.IN_PROGRESS)


def test_a_tool_that_takes_too_long_is_answered_in_time_with_an_error(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vapi, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(tool_calls, "answer", lambda *_: time.sleep(0.6))
    answer = post(token, message("tool-calls", toolCallList=[{"id": "t1", "function": {"name": "book"}}]))
    assert (answer.status_code, answer.json()["results"][0]["error"]) == (200, tool_calls.FAILED)


def test_a_decision_that_takes_too_long_is_no_answer(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vapi, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(gate, "answer", lambda *_: time.sleep(0.6))
    assert post(token, message("assistant-request")).status_code == 503


def test_a_bug_in_a_tool_is_still_an_answer(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_calls, "answer", lambda *_: 1 / 0)
    answer = post(token, message("tool-calls", toolCallList=[{"id": "t1", "function": {"name": "book"}}]))
    assert (answer.status_code, answer.json()["results"][0]["error"]) == (200, tool_calls.FAILED)
    assert len(read(WebhookEvent)) == 1

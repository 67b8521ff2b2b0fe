"""The export of calls over HTTP: who may take it, what stands in it, and that it never grows, breaks or repeats itself."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import col, select

from kametrix import clock, db
from kametrix.api import calls as route
from kametrix.models import AuditLog, Call, CallStatus, OrgRole
from kametrix.services import call_export
from kametrix.services.access import Actor
from kametrix.services.call_filters import EVERY
from kametrix.services.sessions import COOKIE
from tests import factories
from tests.api.client import browse
from tests.state.people import member

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def with_calls(actor: Actor, count: int, **columns: Any) -> list[str]:
    """Completed calls a minute apart, the newest first."""
    with db.transaction() as session:
        agent = factories.create_agent(session, actor)
        given = {"status": CallStatus.COMPLETED, **columns}
        return [factories.create_call(session, agent, started_at=NOON - timedelta(minutes=n), **given).id for n in range(count)]


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text[1:])))


def exported(cookie: str, query: str = "") -> httpx.Response:
    """The answer to somebody with this session."""
    answers: list[httpx.Response] = []

    async def scenario(client: httpx.AsyncClient) -> None:
        answers.append(await client.get(f"/api/calls.csv{query}", headers={"Cookie": f"{COOKIE}={cookie}"}))

    with clock.at(NOON):
        browse(scenario)
    return answers[0]


def noted() -> list[dict[str, Any] | None]:
    with db.transaction() as session:
        return list(session.exec(select(AuditLog.new_values).where(col(AuditLog.action) == "CALLS_EXPORT")))


def test_a_call_stands_in_a_line_with_its_zone_and_its_cost(database: str) -> None:
    actor, cookie = member(timezone="America/Los_Angeles")
    answered = {"answered_at": NOON, "duration_seconds": 272, "billed_minutes": 5, "credits_used": 75, "summary": "=1+1, said she"}
    (call_id,) = with_calls(actor, 1, **answered)
    answer = exported(cookie)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="calls-2026-11-20.csv"'
    (row,) = table(answer)
    assert row["Started"] == "2026-11-20T04:00:00-08:00"
    assert (row["Cost (USD)"], row["Cost (cents)"], row["Seconds"], row["Billed minutes"]) == ("0.75", "75", "272", "5")
    assert (row["From"], row["Status"], row["Direction"], row["Agent"]) == ("+14155550147", "COMPLETED", "INBOUND", "Front desk")
    assert row["Summary"] == "'=1+1, said she"
    assert row["Call"] == call_id


def test_it_holds_what_the_filters_show_and_the_trail_says_so(database: str) -> None:
    actor, cookie = member()
    with_calls(actor, 3)
    missed = with_calls(actor, 2, status=CallStatus.NO_ANSWER, transcript="User: Zahnreinigung")
    assert [row["Call"] for row in table(exported(cookie, "?status=missed&q=zahn"))] == missed
    assert noted() == [{"filters": {"status": "missed", "q": "zahn"}, "calls": 2}]


@pytest.mark.parametrize("query", ["?status=nonsense", "?agent=x", "?from=2026-02-31", "?q=%00", "?assigned=somebody", "?q=%22%22"])
def test_a_filter_that_cannot_be_meant_exports_nothing(database: str, query: str) -> None:
    actor, cookie = member()
    with_calls(actor, 1)
    answer = exported(cookie, query)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert noted() == []


@pytest.mark.parametrize("role", list(OrgRole))
def test_only_who_may_export_gets_it(database: str, role: OrgRole) -> None:
    actor, cookie = member(role=role)
    with_calls(actor, 1)
    answer = exported(cookie)
    assert answer.status_code == (200 if actor.may("data:export") else 403)
    assert exported("nobody").status_code == 401


def test_another_organizations_calls_are_not_in_it(database: str) -> None:
    (owner, _), (_, cookie) = member(), member()
    with_calls(owner, 2)
    assert table(exported(cookie)) == []


def test_pages_join_without_a_gap_while_calls_arrive(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()
    ids = with_calls(actor, 25)
    plain, asked = call_export.lines, []

    def lines(session: Any, person: Actor, wanted: Any, after: Any) -> call_export.Lines:
        asked.append(after)
        factories.create_call(arriving, agent, status=CallStatus.COMPLETED, started_at=NOON + timedelta(minutes=len(asked)))
        arriving.commit()
        return plain(session, person, wanted, after, 10)

    with db.transaction() as session:
        agent = factories.create_agent(session, actor)
    arriving = db.Session(db.platform_engine(), expire_on_commit=False)
    monkeypatch.setattr(call_export, "lines", lines)
    rows = [row["Call"] for row in table(exported(cookie))]
    arriving.close()
    assert len(asked) == 3
    assert rows[1:] == ids
    assert len(set(rows)) == len(rows)


def test_a_page_reads_its_own_calls_and_no_others(database: str) -> None:
    actor, _ = member()
    ids = with_calls(actor, 9)
    read: list[str] = []

    def noted_as_read(call: Call, _: object) -> None:
        read.append(call.id)

    event.listen(Call, "load", noted_as_read)
    with db.transaction(actor) as session:
        call_export.lines(session, actor, EVERY, None, 3)
    event.remove(Call, "load", noted_as_read)
    assert sorted(read) == sorted(ids[:3])


def test_nothing_is_read_after_the_reader_has_left(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, _ = member()
    with_calls(actor, 12)
    plain, asked = call_export.lines, []

    def lines(session: Any, person: Actor, wanted: Any, after: Any) -> call_export.Lines:
        asked.append(after)
        return plain(session, person, wanted, after, 5)

    monkeypatch.setattr(call_export, "lines", lines)

    async def scenario() -> None:
        stream = route._lines(actor, EVERY)
        await anext(stream)
        await anext(stream)
        await stream.aclose()

    asyncio.run(scenario())
    assert len(asked) == 1


def test_an_organization_without_calls_gets_the_titles(database: str) -> None:
    _, cookie = member()
    answer = exported(cookie)
    assert table(answer) == []
    assert answer.text.count("\n") == 1

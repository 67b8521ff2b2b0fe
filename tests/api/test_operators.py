"""What operators fetch over HTTP, and the reset of a password: who may, what is told, what is written."""

import csv
import io
import json
from datetime import UTC, datetime

import httpx
from sqlmodel import select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.models import AuditLog, User
from kametrix.services import accounts, audit, password_resets, passwords, sessions
from kametrix.services.access import Actor
from kametrix.services.sessions import COOKIE
from tests import factories
from tests.api.client import OWN, browse
from tests.state.admin.people import operator
from tests.state.people import member

GOOD = "kupfer-Wolke-73-tanzt"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def acts(actor: Actor, count: int) -> None:
    with db.transaction() as session, clock.at(NOON):
        for place in range(count):
            audit.record(session, actor, "AGENT_UPDATE", entity="agent", entity_id=f"{place}", new={"greeting": "=cmd|' /C calc'!A0"})


def noted(action: str) -> list[AuditLog]:
    with db.transaction() as session:
        return list(session.exec(select(AuditLog).where(AuditLog.action == action)))


def test_the_log_is_exported_as_filtered_in_batches_and_that_is_noted(database: str) -> None:
    person, cookie = operator()
    acts(person, 1203)

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        answer = await client.get("/api/admin/audit?format=csv&action=AGENT_UPDATE")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert (answer.status_code, len(rows), len({row["id"] for row in rows})) == (200, 1203, 1203)
        assert "attachment" in answer.headers["content-disposition"]
        assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@"))]
        found = json.loads((await client.get("/api/admin/audit?format=json&from=2026-03-03")).text)
        assert {row["action"] for row in found} == {"AUDIT_EXPORT"}
        assert json.loads((await client.get("/api/admin/audit?format=json&actor=nobody")).text) == []
        assert (await client.get("/api/admin/audit?format=json&actor=no%00body")).text == "[]\n"
        assert (await client.get("/api/admin/audit?format=xml")).status_code == 422
        assert (await client.get("/api/admin/audit?from=soon")).status_code == 422

    browse(scenario)
    first, *_ = noted("AUDIT_EXPORT")
    assert (first.actor_id, first.organization_id, first.new_values) == (
        person.user_id, None, {"format": "csv", "filters": {"action": "AGENT_UPDATE"}},
    )  # fmt: skip


def test_an_export_ends_after_ten_thousand_rows(database: str) -> None:
    person, cookie = operator()
    acts(person, 10_010)

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        assert len((await client.get("/api/admin/audit?format=csv")).text.splitlines()) == 10_001

    browse(scenario)


def test_whoever_is_no_operator_gets_nothing_and_that_is_noted(database: str) -> None:
    person, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/admin/audit")).status_code == 401
        client.cookies.set(COOKIE, cookie)
        for _ in range(8):
            assert (await client.get("/api/admin/audit")).status_code == 403

    browse(scenario)
    rows = noted("ACCESS_DENIED")
    assert (len(rows), rows[0].actor_id, rows[0].entity_id) == (5, person.user_id, "/api/admin/audit")
    assert noted("AUDIT_EXPORT") == []


def test_a_reset_link_sets_the_password_over_http(database: str) -> None:
    person, cookie = member()
    with db.transaction() as session:
        token = password_resets.issue(session, session.get_one(User, person.user_id))

    async def scenario(client: httpx.AsyncClient) -> None:
        foreign = await client.post("/auth/reset", data={"token": token, "password": GOOD})
        assert foreign.status_code == 403
        weak = await client.post("/auth/reset", data={"token": token, "password": "short"}, headers=OWN)
        assert (weak.status_code, weak.headers["location"].startswith(f"/reset?token={token}&try=")) == (303, True)
        done = await client.post("/auth/reset", data={"token": token, "password": GOOD}, headers=OWN)
        assert done.headers["location"] == "/reset?done=1"
        again = await client.post("/auth/reset", data={"token": token, "password": GOOD}, headers=OWN)
        assert "/reset?token=" in again.headers["location"]

    browse(scenario)
    with db.transaction() as session:
        assert accounts.log_in(session, person.email, GOOD).id == person.user_id
        assert sessions.principal(session, token_hash(cookie)) is None


def test_operators_who_log_in_and_out_are_noted_others_are_not(database: str) -> None:
    with db.transaction() as session:
        for actor in (factories.create_operator(session), factories.create_member(session)):
            session.get_one(User, actor.user_id).password_hash = passwords.hashed(GOOD)
        emails = session.exec(select(User.email)).all()

    async def scenario(client: httpx.AsyncClient) -> None:
        for email in emails:
            assert (await client.post("/auth/login", data={"email": email, "password": GOOD}, headers=OWN)).status_code == 303
            await client.post("/auth/logout", headers=OWN)

    browse(scenario)
    [came], [left] = noted("ADMIN_LOGIN"), noted("ADMIN_LOGOUT")
    assert (came.ip_address, left.ip_address, came.organization_id) == ("203.0.113.7", "203.0.113.7", None)

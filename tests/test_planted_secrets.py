"""Secrets planted along the whole journey are found nowhere: no table of the database, no line of the logs."""

import asyncio
import json
import os
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import select

from kametrix import db, logs
from kametrix.api.app import create
from kametrix.api.edge import EdgeMiddleware
from kametrix.crypto import token_hash
from kametrix.jobs.agents import sync_agent
from kametrix.jobs.inbox import work_one
from kametrix.jobs.phone_numbers import sync_numbers
from kametrix.models import Agent
from kametrix.services import agents, inbox, live, number_push, sessions
from kametrix.settings import settings
from tests.api.client import ORIGIN, OWN
from tests.forms import agent_form
from tests.vapi_fake import KEY, FakeVapi, running
from tests.vapi_messages import report

PASSWORD, WRONG_PASSWORD = "planted-Kupfer-73-wolke", "planted-Wrong-99-sonne"
TWILIO = "planted-twilio-token"
SIGNED = "https://storage.example/a.wav?X-Amz-Signature=planted-signature"
SIGN_UP = {"name": "Dana", "business": "Brightside", "email": "dana@example.com", "password": PASSWORD, "timezone": "UTC"}


@pytest.fixture
def vapi(database: str) -> Iterator[FakeVapi]:
    with running() as fake:
        os.environ["VAPI_BASE_URL"] = fake.url
        settings.cache_clear()
        yield fake
        live.flush()
        inbox._wake.flush()


async def enter(client: httpx.AsyncClient) -> str:
    """Sign up, log out, fail once and log in; returns the session's token."""
    await client.post("/auth/signup", data=SIGN_UP, headers=OWN)
    await client.post("/auth/logout", headers=OWN)
    await client.post("/auth/login", data={"email": "dana@example.com", "password": WRONG_PASSWORD}, headers=OWN)
    answer = await client.post("/auth/login", data={"email": "dana@example.com", "password": PASSWORD}, headers=OWN)
    assert answer.headers["location"] == "/dashboard"
    return client.cookies[sessions.COOKIE]


async def report_a_call(client: httpx.AsyncClient, address: str) -> None:
    secret = settings().vapi_webhook_secret.get_secret_value()
    body = report(
        phoneNumber={"number": "+14155550123", "twilioAuthToken": TWILIO},
        assistant={"server": {"headers": {"X-Vapi-Secret": secret}, "url": address}},
        artifact={"presignedMonoUrl": SIGNED, "recordingUrl": SIGNED, "transcript": f"User: listen to {SIGNED}"},
    )
    for headers in ({"X-Vapi-Secret": secret}, {"Authorization": f"Bearer {TWILIO}"}):
        await client.post(address.removeprefix(ORIGIN), content=json.dumps({"message": body}), headers=headers)


def everything_stored(database: str) -> str:
    with db.transaction() as session:
        run = session.connection().execute
        tables = run(text("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")).scalars().all()
        assert {"session", "agent", "webhook_event", "procrastinate_jobs", "rate_limit", "audit_log"} <= set(tables)
        rows = (run(text(f"select coalesce(string_agg(t::text, chr(10)), '') from \"{name}\" t")).scalar() for name in tables)
        return "\n".join(str(row) for row in rows)


def test_planted_secrets_are_found_nowhere(vapi: FakeVapi, database: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    vapi.add_number("+14155550123", twilioAuthToken=TWILIO)
    planted = {PASSWORD, WRONG_PASSWORD, KEY, TWILIO, "planted-signature", settings().vapi_webhook_secret.get_secret_value()}

    async def journey() -> None:
        transport = httpx.ASGITransport(EdgeMiddleware(create()), client=("203.0.113.7", 1234))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            token = await enter(client)
            address = await asyncio.to_thread(serve, token)
            planted.update((token, address.rpartition("/")[2]))
            await report_a_call(client, address)

    def serve(token: str) -> str:
        """The person's agent, refused by the provider once and then live; returns its webhook address."""
        with db.transaction() as session:
            principal = sessions.principal(session, token_hash(token))
        assert principal
        sync_numbers(0)
        with db.transaction(principal.actor) as session:
            view = agents.create(session, principal.actor, agent_form())
        vapi.fail("POST", "/assistant", status=400, body={"message": [f"server.headers {KEY} is wrong"]})
        sync_agent(view.id)
        sync_agent(view.id)
        with db.transaction() as session:
            return number_push.webhook_url(session.exec(select(Agent)).one())

    asyncio.run(journey())
    while work_one():
        pass
    stored, told = everything_stored(database), "".join(capfd.readouterr())
    assert "dana@example.com" in stored
    assert "listen to [redacted]" in stored
    assert "webhook.refused" in told
    assert "vapi.answer" in told
    assert {secret for secret in planted if secret in stored} == set()
    assert {secret for secret in planted if secret in told} == set()

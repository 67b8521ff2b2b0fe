"""Health: alive without a database, ready with one at the newest migration."""

import httpx
from sqlalchemy import create_engine, text

from kametrix.settings import settings
from tests.api.client import browse, unreachable


def test_alive_and_ready(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get("/livez")).json() == {"status": "alive"}
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})

    browse(scenario)


def test_without_a_database_alive_but_not_ready(database: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        with unreachable():
            assert (await client.get("/livez")).status_code == 200
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()) == (503, {"status": "database unreachable"})

    browse(scenario)


def test_with_migrations_pending_not_ready(database: str) -> None:
    engine = create_engine(settings().database_url.get_secret_value())
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'earlier'"))
    engine.dispose()

    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "migrations pending"})

    browse(scenario)

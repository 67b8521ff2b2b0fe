"""Requests to the HTTP application over ASGI, as a browser on our own pages sends them."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

from kametrix import db
from kametrix.api.app import create
from kametrix.api.edge import EdgeMiddleware
from kametrix.settings import settings

ORIGIN = "http://localhost:3000"
OWN = {"Origin": ORIGIN}


def browse(scenario: Callable[[httpx.AsyncClient], Awaitable[None]], *, app: ASGIApp | None = None, **options: Any) -> None:
    """Run `scenario` with a browser that keeps cookies and follows no redirects."""

    async def run() -> None:
        transport = httpx.ASGITransport(app or EdgeMiddleware(create()), client=("203.0.113.7", 1234))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, **options) as client:
            await scenario(client)

    asyncio.run(run())


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Within the block the settings read these variables."""
    before = dict(os.environ)
    os.environ.update(changes)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


@contextmanager
def unreachable() -> Iterator[None]:
    """The database answers nobody."""
    kept = db.platform_engine()
    db.platform_engine.cache_clear()
    try:
        with environment(DATABASE_PLATFORM_URL="postgresql+psycopg2://nobody@127.0.0.1:9/none"):
            yield
            db.platform_engine().dispose()
    finally:
        db.platform_engine.cache_clear()
        kept.dispose()

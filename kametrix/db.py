"""Engines, transactions and lanes: one transaction per unit of work, committed at the edge.

Two logins (design: three with the owner, who only migrates): `app` sees one organization through row level security;
`platform` serves jobs, the webhook inbox and log-in. Engines and threads are made lazily: the app module is imported, then forked.
"""

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from time import monotonic
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import structlog
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from sqlalchemy import Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from kametrix.errors import Busy
from kametrix.settings import settings

log = structlog.get_logger()
PING_AFTER_SECONDS = 5.0
"""How long a pooled connection may rest before it is asked whether it still lives."""

P = ParamSpec("P")
R = TypeVar("R")


class Scope(Protocol):
    """Whose rows a transaction may see."""

    @property
    def organization_id(self) -> str:
        """The tenant whose rows are visible."""
        ...

    @property
    def user_id(self) -> str:
        """The person whose own rows (login sessions) are visible."""
        ...


S = TypeVar("S", bound=Scope)


@cache
def app_engine() -> Engine:
    """Pages and the public API: login `kametrix_app`, row level security applies."""
    return _engine(settings().database_app_url.get_secret_value(), size=16)


@cache
def platform_engine() -> Engine:
    """Jobs, webhooks, log-in and administration: login `kametrix_platform`."""
    return _engine(settings().database_platform_url.get_secret_value(), size=20)


def _engine(url: str, *, size: int) -> Engine:
    engine = create_engine(url, pool_size=size, max_overflow=4, pool_timeout=5, pool_recycle=1800, hide_parameters=True)
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ping_after_rest, engine.dialect))
    return engine


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = monotonic()


def _ping_after_rest(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """A connection that rested may have been closed on the other side; asking one used a moment ago would only cost a round trip."""
    rested = monotonic() - record.info.get("used_at", monotonic())
    if rested >= PING_AFTER_SECONDS and not _answers(dialect, connection):
        raise InvalidatePoolError


def _answers(dialect: Dialect, connection: Any) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


def conninfo(address: SecretStr) -> str:
    """The same login as psycopg 3 reads it, for a connection that is not pooled: LISTEN, and the job queue."""
    url = make_url(address.get_secret_value())
    _, arguments = url.get_dialect()().create_connect_args(url)
    return make_conninfo("", **arguments)


@event.listens_for(Session, "after_begin")
def _scope_transaction(session: Session, _transaction: SessionTransaction, connection: Any) -> None:
    scope: Scope | None = session.info.get("scope")
    if scope is not None:
        connection.execute(
            text("select set_config('app.org_id', :org, true), set_config('app.user_id', :person, true)"),
            {"org": scope.organization_id, "person": scope.user_id},
        )


@contextmanager
def transaction(scope: Scope | None = None) -> Generator[Session]:
    """One transaction: with a scope as `app` for that organization, without as `platform`. Commits at the end, or nothing happened."""
    engine = platform_engine() if scope is None else app_engine()
    with Session(engine, expire_on_commit=False, info={"scope": scope}) as session, session.begin():
        yield session


class Lane:
    """A bounded pool of threads: work beyond `waiting` more than `threads` is refused with Busy, so that lanes cannot starve each other."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self.name, self.threads, self.waiting = name, threads, waiting
        self._pool: ThreadPoolExecutor | None = None
        self._taken = 0

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking `work` in this lane. Raises Busy when the lane is full or the database cannot be reached in time."""
        if self._taken >= self.threads + self.waiting:
            raise Busy("The server is very busy. Please try again in a moment.")
        self._pool = self._pool or ThreadPoolExecutor(self.threads, thread_name_prefix=self.name)
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **kwargs))
        except (PoolTimeout, OperationalError, InterfaceError) as error:
            log.warning("database.unavailable", lane=self.name, error=type(error).__name__, cause=type(error.__cause__).__name__)
            raise Busy("The server is very busy. Please try again in a moment.") from error
        finally:
            self._taken -= 1


PAGES = Lane("pages", threads=12, waiting=500)
SIGN_IN = Lane("sign-in", threads=2, waiting=100)
WEBHOOKS = Lane("webhooks", threads=2, waiting=200)
LIVE_CALLS = Lane("live-calls", threads=8, waiting=64)


async def run(service: Callable[Concatenate[Session, S, P], R], actor: S, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `service(session, actor, ...)` for a page: one transaction under the actor's row security."""

    def work() -> R:
        with transaction(actor) as session:
            return service(session, actor, *args, **kwargs)

    return await PAGES.run(work)


async def run_platform(lane: Lane, service: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `service(session, ...)` in `lane`: one transaction with the platform login."""

    def work() -> R:
        with transaction() as session:
            return service(session, *args, **kwargs)

    return await lane.run(work)

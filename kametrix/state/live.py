"""Live pages: one LISTEN connection per web process wakes the open tabs of an organization that changed.

A tab follows what its page shows; a notification sends each tab its own refresh event through the guard, so a revoked
session gets nothing. Whoever refreshes takes the data from `shared`: one query per (organization, permissions, page)
and round, however many tabs are open.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import psycopg
import reflex as rx
import structlog
from reflex.event import Event
from reflex_base.utils.format import format_event_handler
from sqlmodel import Session

from kametrix import db
from kametrix.services.access import Actor
from kametrix.services.live import LIVE_CHANNEL
from kametrix.settings import settings
from kametrix.state.guard import AuthState

P = ParamSpec("P")
R = TypeVar("R")
Run = Any
"""`db.run` when a page loads, `shared` when it refreshes: both `(service, actor, ...)`."""

DEBOUNCE_SECONDS: Final = 0.1
NET_SECONDS: Final = 30.0
"""A hint may be lost; so every open tab refreshes at least this often."""
RETRY_SECONDS: Final = 1.0
SLICE: Final = 50
"""Tabs woken before other events of the loop get their turn."""
KEPT_SECONDS: Final = 3600.0
"""A disconnected tab keeps its place as long as Reflex keeps its state: it may come back without loading its page."""
SHARED_SECONDS: Final = 2.0

log = structlog.get_logger()


@dataclass
class _Tab:
    organization_id: str
    events: tuple[str, ...]
    seen: float


_tabs: dict[str, _Tab] = {}
_snapshots: dict[tuple[Any, ...], tuple[float, asyncio.Task[Any]]] = {}


def follow(state: AuthState, refresh: Any, *, restart: bool = False) -> None:
    """Send the tab of `state` the event `refresh` (a handler without arguments) whenever its organization changes.

    `restart` forgets what the tab followed before: the frame does so on every page.
    """
    token, name = state.router.session.client_token, format_event_handler(refresh)
    before = _tabs.get(token)
    events = () if restart or before is None else tuple(event for event in before.events if event != name)
    _tabs[token] = _Tab(state.actor.organization_id, (*events, name), time.monotonic())


async def shared(service: Callable[Concatenate[Session, Actor, P], R], actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
    """`db.run` for refresh events: tabs that may see the same ask the database once per round.

    Only for services whose answer depends on organization, permissions and `actor.sees`, not on which person asks.
    """
    key = (actor.organization_id, actor.permissions, actor.sees, service, args, tuple(sorted(kwargs.items())))
    known = _snapshots.get(key)
    if known and known[0] > time.monotonic() and not _failed(known[1]):
        return await asyncio.shield(known[1])
    task = asyncio.ensure_future(db.run(service, actor, *args, **kwargs))
    _snapshots[key] = (time.monotonic() + SHARED_SECONDS, task)
    return await asyncio.shield(task)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def wake(app: rx.App, changed: set[str] | None) -> int:
    """Refresh the tabs of the organizations in `changed` (none: of all). Returns how many tabs were woken."""
    connected = app.event_namespace.token_to_sid if app.event_namespace else {}
    _forget(changed, connected)
    found = [(token, tab) for token, tab in _tabs.items() if token in connected and (changed is None or tab.organization_id in changed)]
    for start in range(0, len(found), SLICE):
        for token, tab in found[start : start + SLICE]:
            for name in tab.events:
                await app.event_processor.enqueue(token, Event(name=name))
        await asyncio.sleep(0)
    return len(found)


def _forget(changed: set[str] | None, connected: Any) -> None:
    now = time.monotonic()
    for key, (until, _) in list(_snapshots.items()):
        if until <= now or changed is None or key[0] in changed:
            del _snapshots[key]
    for token, tab in list(_tabs.items()):
        if token in connected:
            tab.seen = now
        elif tab.seen + KEPT_SECONDS < now:
            del _tabs[token]


async def listen(app: rx.App) -> None:
    """The lifespan task of a web process: wake tabs until cancelled; reconnect when PostgreSQL goes away."""
    while True:
        try:
            await _listen(app)
        except psycopg.OperationalError as error:
            log.warning("live.reconnecting", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _listen(app: rx.App) -> None:
    login = db.conninfo(settings().database_app_url)
    async with await psycopg.AsyncConnection.connect(
        login, autocommit=True, keepalives_idle=30, application_name="kametrix live"
    ) as connection:
        await connection.execute(f"listen {LIVE_CHANNEL}".encode())
        await wake(app, None)
        while True:
            changed = {hint.payload async for hint in connection.notifies(timeout=NET_SECONDS, stop_after=1)}
            changed |= {hint.payload async for hint in connection.notifies(timeout=DEBOUNCE_SECONDS)}
            await wake(app, changed or None)

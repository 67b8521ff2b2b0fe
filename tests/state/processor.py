"""Runs events through Reflex's own processor, our guard and our exception handler, without a socket or a browser."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import reflex as rx
from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import StateUpdate
from reflex_base.event.processor.base_state_processor import BaseStateEventProcessor
from reflex_base.utils.format import format_event_handler

from kametrix.kametrix import app
from kametrix.services.sessions import COOKIE
from kametrix.state import failures


@dataclass
class Browsers:
    """Where the server's answers arrive, per tab."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    deltas: dict[str, list[Any]] = field(default_factory=dict)

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        """What Reflex calls to send to a tab."""
        self.events.setdefault(token, []).extend(update.events)
        if update.delta:
            self.deltas.setdefault(token, []).append(update.delta)


@dataclass
class Tab:
    """One browser tab: `cookie` is the session token its websocket carries."""

    processor: BaseStateEventProcessor
    manager: StateManagerMemory
    browsers: Browsers
    token: str
    cookie: str = ""
    path: str = "/dashboard"
    other_cookies: str = ""

    async def send(self, handler: Any, **payload: Any) -> str:
        """Send one event, wait for all it started, and return what the browser was told to do, as text."""
        self.browsers.events[self.token] = []
        name = handler if isinstance(handler, str) else format_event_handler(handler)
        own = f"{COOKIE}={self.cookie}; " if self.cookie else ""
        router = {"headers": {"cookie": own + self.other_cookies}, "token": self.token, "asPath": self.path, "pathname": self.path}
        future = await self.processor.enqueue(self.token, Event(name=name, payload=payload, router_data=router))
        with contextlib.suppress(Exception):  # the exception handler of the app tells the browser, and that is looked at
            await future.wait_all()
        await asyncio.wait_for(self._idle(), 20)
        return " ".join(f"{event.name} {event.payload}" for event in self.browsers.events[self.token])

    async def _idle(self) -> None:
        while tasks := [*self.processor._tasks.values()]:
            await asyncio.wait(tasks)

    async def state(self, cls: type[Any]) -> Any:
        """The tab's state of this class."""
        return await (await self.manager.get_state(rx.BaseStateToken(ident=self.token, cls=cls))).get_state(cls)

    def received(self) -> str:
        """Every change of state the browser ever got, as text."""
        return str(self.browsers.deltas.get(self.token, []))


@dataclass
class Server:
    """The app's event processor; `tab` opens a tab on it."""

    processor: BaseStateEventProcessor
    manager: StateManagerMemory
    browsers: Browsers

    def tab(self, token: str = "tab", cookie: str = "", **more: Any) -> Tab:
        """A tab with this client token."""
        return Tab(self.processor, self.manager, self.browsers, token, cookie, **more)


def serve(scenario: Callable[[Server], Awaitable[None]]) -> None:
    """Run `scenario` against a server of its own."""

    async def run() -> None:
        processor = BaseStateEventProcessor(middleware=app, backend_exception_handler=failures.show)
        manager, browsers = StateManagerMemory(), Browsers()
        processor.configure(state_manager=manager, event_namespace=browsers)  # type: ignore[arg-type]  # it has the one method that is used
        async with processor:
            await scenario(Server(processor, manager, browsers))

    asyncio.run(run())

"""The messages of one call, in order, with the chosen fault applied."""

import asyncio
from collections.abc import Callable

from sandbox.clock import Clock
from sandbox.store import Json
from sandbox.vapi.delivery import Courier
from sandbox.vapi.line import Line
from sandbox.vapi.messages import DEFAULT_SERVER_MESSAGES

OVERTAKES_AFTER = 1.0
Make = Callable[[], Json]


class Outbox:
    """First attempts go out one after the other without holding the conversation up; retries do not block what follows."""

    def __init__(self, line: Line, courier: Courier, clock: Clock) -> None:
        self._line, self._courier, self._clock = line, courier, clock
        self._queue: asyncio.Queue[tuple[Json, Make] | None] = asyncio.Queue()
        self._held: list[tuple[Json, Make]] = []
        self._worker = asyncio.ensure_future(self._work())

    def post(self, message: Json, again: Make | None = None) -> None:
        """Send when the assistant wants this type of message and a server is configured. `again` makes the copies a fault asks
        for: signed addresses differ in each delivery (openapi.json, Artifact)."""
        make = again or (lambda: message)
        server = server_of(self._line)
        wanted = (self._line.assistant or {}).get("serverMessages") or DEFAULT_SERVER_MESSAGES
        if not server.get("url") or message["type"] not in wanted:
            return
        fault = self._line.choices.fault
        if fault == "drop_everything" or (fault == "drop_report" and message["type"] == "end-of-call-report"):
            self._courier.log_dropped(self._line.id, server, message)
        elif fault == "reorder" and message.get("status") in ("in-progress", "ended"):
            self._held.append((server, make))
        else:
            self._queue.put_nowait((server, make))

    async def settle(self) -> None:
        """Give what was posted so far a moment to go out before a tool call overtakes it."""
        await asyncio.wait({asyncio.ensure_future(self._queue.join())}, timeout=OVERTAKES_AFTER)

    async def close(self) -> None:
        """Send what a fault held back, last first, and wait for all first attempts."""
        for held in reversed(self._held):
            self._queue.put_nowait(held)
        self._queue.put_nowait(None)
        await self._worker

    def stop(self) -> None:
        """Send nothing more."""
        self._worker.cancel()

    async def _work(self) -> None:
        while parcel := await self._queue.get():
            server, make = parcel
            copies = self._line.choices.copies if self._line.choices.fault == "duplicate" else 1
            messages = [make() for _ in range(copies)]
            if self._line.choices.fault == "delay_report" and messages[0]["type"] == "end-of-call-report":
                await self._clock.sleep(self._line.choices.delay)
            sends = (self._courier.send(self._line.id, server, message, withheld=self._line.is_transient) for message in messages)
            await asyncio.gather(*sends)
            self._queue.task_done()


def server_of(line: Line) -> Json:
    """The first configured of assistant and number: not a fallback chain (Vapi docs, "server url priority")."""
    own = (line.assistant or {}).get("server") or {}
    return own if own.get("url") else line.number.get("server") or {}

"""Many requests, one commit: concurrent requests of an event loop are stored together, each answered only after the commit."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from kametrix import db
from kametrix.errors import Busy, Invalid
from kametrix.services import inbox
from kametrix.services.inbox import Received

BATCH: Final = 200
CAPACITY: Final = 2_000
CAPACITY_BYTES: Final = 64_000_000
"""What may wait at most: requests beyond it are refused, and the provider sends them again."""
PATIENCE_SECONDS: Final = 10.0
"""How long a batch may take; what waits behind it is refused with it."""

log = structlog.get_logger()
_Waiting = tuple[Received, int, asyncio.Future[None]]


class Batches:
    """The queue between requests and the inbox, for one event loop at a time: all runs in it, only the insert in a thread."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._drain: asyncio.Task[None] | None = None

    async def store(self, event: Received, *, size: int) -> None:
        """Return once `event` (of `size` bytes) is committed. Raises Busy when the queue is full or the database does not answer,
        Invalid when PostgreSQL cannot hold the event."""
        if len(self._waiting) >= CAPACITY or self._bytes + size > CAPACITY_BYTES:
            raise Busy("Too much is waiting to be stored. Please send this again in a moment.")
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, size, stored))
        self._bytes += size
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._store_all())
        await stored

    async def _store_all(self) -> None:
        while self._waiting:
            batch = self._take(BATCH)
            try:
                outcomes = await asyncio.wait_for(_commit([event for event, _, _ in batch]), PATIENCE_SECONDS)
            except TimeoutError:
                batch += self._take(len(self._waiting))
                outcomes = [Busy("The message could not be stored in time. Please send it again.")] * len(batch)
            for (_, _, stored), outcome in zip(batch, outcomes, strict=True):
                if not stored.done():  # its request may have gone away
                    stored.set_exception(outcome) if outcome else stored.set_result(None)

    def _take(self, count: int) -> list[_Waiting]:
        taken = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
        self._bytes -= sum(size for _, size, _ in taken)
        return taken


_batches = Batches()


async def store(event: Received, *, size: int) -> None:
    """Store an event in the inbox, together with what arrives beside it from whichever provider: see Batches.store."""
    await _batches.store(event, size=size)


async def _commit(events: Sequence[Received]) -> list[Exception | None]:
    """Store the events in one transaction; when one of them cannot be stored, each in its own. None for what is committed."""
    try:
        await db.run_platform(db.WEBHOOKS, inbox.receive, events)
        inbox.wake()
        return [None] * len(events)
    except (Busy, OperationalError, InterfaceError) as error:
        log.warning("webhook.not_stored", count=len(events), error=type(error).__name__)
        return [Busy("The message could not be stored. Please send it again.")] * len(events)
    except Exception as error:  # one message must not stop the others: find it by storing each alone
        if len(events) > 1:
            return [outcome for event in events for outcome in await _commit([event])]
        log.error("webhook.unstorable", type=events[0].type, error=inbox.describe(error))
        if isinstance(error, DataError | IntegrityError | ValueError):
            return [Invalid("The message holds something that cannot be stored. Nothing was stored.")]
        return [Busy("The message could not be stored. Please send it again.")]  # our fault, perhaps a passing one: a 400 is never repeated

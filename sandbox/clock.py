"""The sandbox's own clock: real by default; tests freeze it, move it and make delays shorter."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """`speed` shortens delays only: the time of day never runs ahead of the product's."""

    def __init__(self) -> None:
        self.speed = 1.0
        self._frozen: datetime | None = None
        self._offset = timedelta()
        self._skipped = 0.0
        self._changed = asyncio.Event()

    @property
    def is_frozen(self) -> bool:
        """Whether time moves by `advance` only."""
        return self._frozen is not None

    def now(self) -> datetime:
        """The current moment in UTC, to the millisecond, as Vapi writes it."""
        moment = self._frozen or datetime.now(UTC) + self._offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def freeze(self, moment: datetime | None = None) -> None:
        """Stand still, at `moment` or now."""
        self._frozen = (moment or self.now()).astimezone(UTC)
        self._wake()

    def thaw(self) -> None:
        """Run again, on the machine's time."""
        self._frozen, self._offset = None, timedelta()
        self._wake()

    def advance(self, seconds: float) -> None:
        """Move forward; whoever sleeps through these seconds wakes up."""
        if self._frozen:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)
        self._skipped += seconds
        self._wake()

    def set_speed(self, speed: float) -> None:
        """Delays take 1/speed of their time from now on."""
        self.speed = speed
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock."""
        left = seconds
        while left > 1e-3:
            skipped, began, speed = self._skipped, time.monotonic(), 0.0 if self.is_frozen else self.speed
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left / speed if speed else None)
            left -= (time.monotonic() - began) * speed + self._skipped - skipped

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def iso(moment: datetime) -> str:
    """As Vapi writes moments: milliseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """A moment from its ISO text; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as messages carry them."""
    return int(moment.timestamp() * 1000)

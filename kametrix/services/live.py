"""Hints to other processes that something changed: sent after the commit of the work, on a connection of their own.

A NOTIFY serialises the commits of the whole database, so it never rides in the work's transaction, and many of them in
a short time become one. A lost hint costs freshness only: whoever listens also polls.
"""

import threading
import time
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kametrix import db

LIVE_CHANNEL: Final = "kametrix_live"
"""Payload: the id of an organization whose open pages should refresh."""
INBOX_CHANNEL: Final = "kametrix_inbox"
"""Payload empty: the inbox holds something new."""

log = structlog.get_logger()


class Notifier:
    """Sends payloads on one channel at most once per `seconds`: the first at once, what follows together at the end of the window."""

    def __init__(self, channel: str, *, seconds: float) -> None:
        self.channel, self.seconds = channel, seconds
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._timer: threading.Timer | None = None
        self._last = 0.0

    def send(self, payload: str = "") -> None:
        """Send soon, from a thread of its own; equal payloads of one window become one. Call it after the commit."""
        with self._lock:
            self._waiting.add(payload)
            if self._timer is None:
                self._timer = threading.Timer(max(0.0, self._last + self.seconds - time.monotonic()), self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Send what waits now. A database that does not answer loses the hint, never the caller."""
        with self._lock:
            payloads, self._waiting = sorted(self._waiting), set()
            self._timer, self._last = None, time.monotonic()
        if not payloads:
            return
        try:
            with db.platform_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(
                    text("select pg_notify(:channel, payload) from unnest(cast(:payloads as text[])) as payload"),
                    {"channel": self.channel, "payloads": payloads},
                )
        except SQLAlchemyError as error:
            log.warning("notify.lost", channel=self.channel, error=type(error).__name__)


_live = Notifier(LIVE_CHANNEL, seconds=0.1)


def announce(organization_id: str) -> None:
    """Refresh the open pages of an organization. Call it after the commit of what changed."""
    _live.send(organization_id)


def flush() -> None:
    """Send waiting announcements now: before a worker ends."""
    _live.flush()

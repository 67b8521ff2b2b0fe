"""Working off the inbox: threads that claim one event each, woken by LISTEN and, as a net, every two seconds."""

import threading
from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from sqlmodel import Session

from kametrix import db
from kametrix.jobs.app import conninfo
from kametrix.services import call_events, inbox, payment_events
from kametrix.services.live import INBOX_CHANNEL, announce

THREADS: Final = 4
POLL_SECONDS: Final = 2.0

log = structlog.get_logger()


def apply(session: Session, event: inbox.InboxEvent) -> str | None:
    """Hand an event to those who know its provider; returns the organization whose pages should look again."""
    match event.provider:
        case inbox.PROVIDER:
            call_events.apply(session, event)
            return event.organization_id
        case payment_events.PROVIDER:
            return payment_events.apply(session, event)
        case _:
            raise inbox.Refused("Nobody here knows this provider.")


def work_one(apply: Callable[[Session, inbox.InboxEvent], str | None] = apply) -> bool:
    """Claim the next due event and apply it in one transaction. False when nothing is due.

    A failure of `apply` rolls everything back and is then recorded on the event; trouble while claiming is raised.
    """
    event: inbox.InboxEvent | None = None
    changed: str | None = None
    try:
        with db.transaction() as session:
            event = inbox.claim(session)
            if event is None:
                return False
            changed = apply(session, event)
    except Exception as error:  # whatever one event does, the others go on
        if event is None:
            raise
        with db.transaction() as session:
            inbox.record_failure(session, event, error)
    if changed:
        announce(changed)
    return True


class Bell:
    """Wakes every thread that waits; a ring between looking and waiting is not lost."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.rings = 0

    def ring(self) -> None:
        """Something may be due."""
        with self._changed:
            self.rings += 1
            self._changed.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Return when there was a ring after the `heard`-th, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self.rings != heard, seconds)


class InboxLoop:
    """`threads` workers and one listener, until `stop`: each finishes the event it holds."""

    def __init__(self, *, threads: int = THREADS) -> None:
        self._bell = Bell()
        self._stopping = threading.Event()
        workers = [threading.Thread(target=self._work, name=f"inbox-{number}") for number in range(threads)]
        self._threads = [*workers, threading.Thread(target=self._listen, name="inbox-listener")]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the events in hand, and wait for that."""
        self._stopping.set()
        self._bell.ring()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            heard = self._bell.rings
            try:
                if work_one():
                    continue
            except Exception as error:  # the database is away: wait for it
                log.warning("inbox.waiting", error=inbox.describe(error))
            self._bell.wait(heard, POLL_SECONDS)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(conninfo(), autocommit=True) as connection:
                    connection.execute(f"listen {INBOX_CHANNEL}")
                    self._bell.ring()
                    self._hear(connection)
            except psycopg.OperationalError as error:
                log.warning("inbox.listener_lost", error=type(error).__name__)
                self._stopping.wait(POLL_SECONDS)

    def _hear(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            for _ in connection.notifies(timeout=0.5, stop_after=1):
                self._bell.ring()

"""A burst of end-of-call reports over HTTP: API and worker as real processes on a cluster of its own that syncs to disk."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from kametrix import db, embedded
from kametrix.cli.environment import migrate_database
from kametrix.crypto import new_token
from kametrix.services import ledger_audit
from kametrix.settings import settings
from tests.factories import create_agent, create_member
from tests.processes import api_process, worker_process

ROOT = Path(__file__).parent.parent
SECRET = "benchmark-webhook-secret-0123456789"
SIZE = 4_900
CONNECTIONS = 32
ORGANIZATIONS = 50


@dataclass(frozen=True)
class Burst:
    """Rates per second, ages in seconds. `lost`: acknowledged but not settled; `doubled`: charged more than once or wrongly."""

    seconds: float
    acknowledged: int
    refused: int
    durable_rate: float
    settled_meanwhile_rate: float
    settled_after_rate: float
    oldest_seconds: float
    mean_milliseconds: float
    lost: int
    doubled: int
    faults: int


def run(seconds: float = 60.0) -> Burst:
    """Send as fast as 32 connections are answered for `seconds`, then wait until everything is settled."""
    home = Path(tempfile.mkdtemp(prefix="kx-burst-"))
    try:
        with _database(home):
            return _measure(home, seconds)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _database(home: Path) -> Iterator[None]:
    cluster = embedded.start(home / "postgres")
    cluster.ensure_database("kametrix")
    before = dict(os.environ)
    os.environ.update(cluster.environment("kametrix"))
    os.environ.update({"KAMETRIX_DATA": str(home), "VAPI_WEBHOOK_SECRET": SECRET, "VAPI_API_KEY": "none", "VAPI_BASE_URL": "http://127.0.0.1:9"})
    try:
        _forget()
        migrate_database()
        yield
    finally:
        db.platform_engine().dispose()
        os.environ.clear()
        os.environ.update(before)
        _forget()


def _forget() -> None:
    settings.cache_clear()
    db.platform_engine.cache_clear()
    db.app_engine.cache_clear()


def _measure(home: Path, seconds: float) -> Burst:
    tokens = [new_token() for _ in range(ORGANIZATIONS)]
    with db.transaction() as session:
        for token in tokens:
            create_agent(session, create_member(session), token=token)
    with api_process(home / "api.log") as address, worker_process(home / "worker.log"), _watched() as watch:
        told = _send(address, tokens, seconds)
        meanwhile = watch.settled
        drained = _drain(len(told["acknowledged"]))
        oldest = watch.oldest
    acknowledged, taken = told["acknowledged"], told["taken"]
    lost, doubled, faults = _check(acknowledged)
    refused = sum(count for status, count in taken.items() if status.startswith("status") and status != "status 200")
    return Burst(
        seconds=told["seconds"],
        acknowledged=len(acknowledged),
        refused=refused,
        durable_rate=len(acknowledged) / told["seconds"],
        settled_meanwhile_rate=meanwhile / told["seconds"],
        settled_after_rate=(len(acknowledged) - meanwhile) / drained if drained else 0.0,
        oldest_seconds=oldest,
        mean_milliseconds=taken["milliseconds"] / max(1, len(acknowledged) + refused),
        lost=lost,
        doubled=doubled,
        faults=faults,
    )


def _send(address: str, tokens: list[str], seconds: float) -> dict[str, object]:
    parts = urlsplit(address)
    given = {
        "host": parts.hostname, "port": parts.port, "tokens": tokens, "secret": SECRET, "size": SIZE, "seconds": seconds, "connections": CONNECTIONS
    }  # fmt: skip
    command = [sys.executable, str(ROOT / "benchmarks" / "load.py")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class _Watch:
    """Samples every half second: how many are settled, how old the oldest unsettled is."""

    def __init__(self) -> None:
        self.settled, self.oldest = 0, 0.0

    def look(self) -> None:
        with db.transaction() as session:
            query = "select count(*) filter (where processed_at is not null), coalesce(extract(epoch from clock_timestamp() - min(received_at) filter (where processed_at is null)), 0) from webhook_event"
            settled, oldest = session.connection().execute(text(query)).one()
        self.settled, self.oldest = settled, max(self.oldest, float(oldest))


@contextmanager
def _watched() -> Iterator[_Watch]:
    watch, stop = _Watch(), threading.Event()

    def sample() -> None:
        while not stop.wait(1.0):
            watch.look()

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def _drain(total: int) -> float:
    """Seconds until nothing waits."""
    began = time.monotonic()
    while time.monotonic() - began < 900:
        with db.transaction() as session:
            if not session.connection().execute(text("select exists (select from webhook_event where processed_at is null)")).scalar_one():
                return time.monotonic() - began
        time.sleep(0.5)
    raise RuntimeError(f"{total} events were not worked off in 15 minutes")


def _check(acknowledged: list[str]) -> tuple[int, int, int]:
    with db.transaction() as session:
        run = session.connection().execute
        settled = set(run(text("select vapi_call_id from call where settled_at is not null and transcript is not null")).scalars())
        doubled = run(
            text("""select count(*) from call c left join (select call_id, count(*) rows, sum(amount) total from credit_transaction group by 1) t
                    on t.call_id = c.id where coalesce(t.rows, 0) <> 1 or t.total <> -15 * ceil(c.duration_seconds / 60.0)""")
        ).scalar_one()
        return len(set(acknowledged) - settled), doubled, ledger_audit.verify(session).fault_count


if __name__ == "__main__":
    sys.stdout.write(f"{run(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)}\n")

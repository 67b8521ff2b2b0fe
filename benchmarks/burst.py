"""A burst of end-of-call reports over HTTP: API and worker as real processes, every commit synced to disk.

`python -m benchmarks burst` sends for 60 seconds; `BENCH_SECONDS=5` is a smoke run.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text

from benchmarks import cluster
from benchmarks.report import Figure
from kametrix import db
from kametrix.crypto import new_token
from kametrix.services import ledger_audit
from tests.factories import create_agent, create_member
from tests.processes import api_process, worker_process

ROOT = Path(__file__).parent.parent
SECRET = "benchmark-webhook-secret-0123456789"
SIZE = 4_900
CONNECTIONS = 32
ORGANIZATIONS = 50
PATIENCE_SECONDS = 900

_PROGRESS = text("""
    select count(*) filter (where processed_at is not null),
      coalesce(extract(epoch from clock_timestamp() - min(received_at) filter (where processed_at is null)), 0) from webhook_event""")
_DOUBLED = text("""
    select count(*) from call left join (select call_id, count(*) as rows, sum(amount) as total from credit_transaction group by 1) charged
      on charged.call_id = call.id
    where charged.rows is distinct from 1 or charged.total <> -15 * ceil(call.duration_seconds / 60.0)""")
_SETTLED = text("select vapi_call_id from call join transcript on transcript.call_id = call.id where settled_at is not null")


@dataclass(frozen=True)
class Burst:
    """Rates per second. `lost`: acknowledged but not settled; `doubled`: not charged exactly once and exactly right."""

    seconds: float
    acknowledged: int
    refused: int
    settled_meanwhile: int
    drained_seconds: float
    oldest_seconds: float
    mean_milliseconds: float
    lost: int
    doubled: int
    faults: int

    @property
    def durable_rate(self) -> float:
        return self.acknowledged / self.seconds

    @property
    def settled_meanwhile_rate(self) -> float:
        return self.settled_meanwhile / self.seconds

    @property
    def settled_after_rate(self) -> float:
        return (self.acknowledged - self.settled_meanwhile) / max(self.drained_seconds, 0.001)


def figures() -> list[Figure]:
    """The burst as rows of the report."""
    burst = run(float(os.environ.get("BENCH_SECONDS", "60")))
    wrong = burst.lost + burst.doubled + burst.faults
    return [
        Figure(
            f"end-of-call reports of 4.9 kB made durable, {CONNECTIONS} connections, {burst.seconds:.0f} s",
            f"{burst.durable_rate:,.0f}/s, {burst.mean_milliseconds:.0f} ms on average, {burst.refused:,} refused",
            "≥ 1,500/s",
            "577/s acknowledged before any work, 9.7 % of them billed",
            burst.durable_rate >= 1500,
        ),
        Figure(
            "settled meanwhile",
            f"{burst.settled_meanwhile_rate:,.0f}/s; {burst.settled_after_rate:,.0f}/s after the burst",
            "≥ 300/s",
            "200 to 300/s loss-free",
            burst.settled_meanwhile_rate >= 300,
        ),
        Figure("age of the oldest unsettled report", f"{burst.oldest_seconds:.0f} s"),
        Figure("lost or charged twice", f"{burst.lost} lost, {burst.doubled} double, {burst.faults} faults", "0", "90 % lost", wrong == 0),
    ]


def run(seconds: float) -> Burst:
    """Send as fast as the connections are answered for `seconds`, then wait until everything is settled."""
    nowhere = {"VAPI_API_KEY": "none", "VAPI_BASE_URL": "http://127.0.0.1:9"}
    with cluster.database(VAPI_WEBHOOK_SECRET=SECRET, **nowhere), tempfile.TemporaryDirectory() as logs:
        tokens = [new_token() for _ in range(ORGANIZATIONS)]
        with db.transaction() as session:
            for token in tokens:
                create_agent(session, create_member(session), token=token)
        return _measure(Path(logs), tokens, seconds)


def _measure(logs: Path, tokens: list[str], seconds: float) -> Burst:
    with api_process(logs / "api.log") as address, worker_process(logs / "worker.log"), _watched() as watch:
        _wait_for(logs / "worker.log", "worker.started")
        told = _send(address, tokens, seconds)
        meanwhile, drained = _progress()[0], _drain()
    acknowledged, taken = told["acknowledged"], told["taken"]
    refused = sum(count for status, count in taken.items() if status.startswith("status") and status != "status 200")
    mean = taken["milliseconds"] / max(1, len(acknowledged) + refused)
    return Burst(told["seconds"], len(acknowledged), refused, meanwhile, drained, watch.oldest, mean, *_check(acknowledged))


def _wait_for(log: Path, words: str) -> None:
    deadline = time.monotonic() + 60
    while words not in log.read_text():
        if time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        time.sleep(0.1)


def _send(address: str, tokens: list[str], seconds: float) -> dict[str, Any]:
    parts = urlsplit(address)
    given = {"host": parts.hostname, "port": parts.port, "tokens": tokens, "secret": SECRET, "size": SIZE}
    asked = json.dumps({**given, "seconds": seconds, "connections": CONNECTIONS})
    command = [sys.executable, str(ROOT / "benchmarks" / "load.py")]
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _progress() -> tuple[int, float]:
    with db.transaction() as session:
        settled, oldest = session.connection().execute(_PROGRESS).one()
    return settled, float(oldest)


class _Watch:
    oldest = 0.0


@contextmanager
def _watched() -> Iterator[_Watch]:
    """Looks every two seconds how old the oldest unsettled report is."""
    watch, stop = _Watch(), threading.Event()

    def look() -> None:
        while not stop.wait(2.0):
            watch.oldest = max(watch.oldest, _progress()[1])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def _drain() -> float:
    """Seconds until nothing waits."""
    began = time.monotonic()
    while _progress()[1] > 0:
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise RuntimeError("The events were not worked off in time.")
        time.sleep(0.5)
    return time.monotonic() - began


def _check(acknowledged: list[str]) -> tuple[int, int, int]:
    with db.transaction() as session:
        settled = set(session.connection().execute(_SETTLED).scalars())
        doubled = session.connection().execute(_DOUBLED).scalar_one()
        return len(set(acknowledged) - settled), doubled, ledger_audit.verify(session).fault_count

"""How long a caller waits for our answer while 200 tabs refresh and reports arrive at 200 a second: real API and worker, over HTTP.

`python -m benchmarks gate` runs for 30 seconds; `BENCH_SECONDS=5` is a smoke run. Every number is of an organization that wants no
call beyond its credit, so that each answer decides under its lock and holds minutes.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from benchmarks import cluster
from benchmarks.report import Figure
from kametrix import db
from kametrix.crypto import new_token
from kametrix.models import Organization, TransactionType, WhenEmpty
from kametrix.services import ledger, ledger_audit
from tests.factories import create_agent, create_member
from tests.processes import api_process, worker_process

ROOT = Path(__file__).parent.parent
SECRET = "benchmark-webhook-secret-0123456789"
TABS, REPORTS, CALLERS = 200, 200, 20
ORGANIZATIONS, BALANCE = 50, 3_000
TAB_PAUSE_SECONDS = 1.0
TARGET_MS = 50.0


@dataclass(frozen=True)
class Measured:
    """Milliseconds from the moment a request was due to its answer; `refreshed` tabs and `reports` per second."""

    median: float
    p99: float
    longest: float
    answered: int
    admitted: int
    wrong: int
    reports: float
    refreshed: float
    faults: int


def figures() -> list[Figure]:
    """The wait of callers as rows of the report: alone, and under load."""
    seconds = float(os.environ.get("BENCH_SECONDS", "30"))
    return [_figure("alone", run(seconds / 3, tabs=0, reports=1)), _figure("under load", run(seconds, tabs=TABS, reports=REPORTS))]


def _figure(when: str, told: Measured) -> Figure:
    load = f"{told.refreshed:.0f} refreshes/s of {TABS} tabs, {told.reports:.0f} reports/s" if when != "alone" else "nothing else"
    return Figure(
        f"assistant-request, {when} ({load})",
        f"p50 {told.median:.1f} ms, p99 {told.p99:.1f} ms, longest {told.longest:.0f} ms; {told.answered} answers,"
        f" {told.admitted} admitted, {told.wrong} refused by us, {told.faults} faults",
        f"p99 < {TARGET_MS:.0f} ms",
        "7.5 s until the provider gives up",
        told.p99 < TARGET_MS and not told.wrong and not told.faults,
    )


def run(seconds: float, *, tabs: int, reports: int) -> Measured:
    """A fresh database, the processes, the load; then what was answered and whether the books are right."""
    nowhere = {"VAPI_API_KEY": "none", "VAPI_BASE_URL": "http://127.0.0.1:9"}
    with cluster.database(VAPI_WEBHOOK_SECRET=SECRET, **nowhere), tempfile.TemporaryDirectory() as logs:
        tokens, opened = _fill(tabs)
        with _running(Path(logs), opened) as address:
            told = _send(address, tokens, seconds, reports)
            with urllib.request.urlopen(f"{address}/bench/refreshed", timeout=30) as answer:
                refreshed = int(answer.read())
        with db.transaction() as session:
            faults = ledger_audit.verify(session).fault_count
        return _measured(told, seconds, refreshed, faults)


@contextmanager
def _running(logs: Path, opened: list[tuple[str, str, str]]) -> Iterator[str]:
    environment = {"BENCH_TABS": json.dumps(opened), "BENCH_TAB_PAUSE": str(TAB_PAUSE_SECONDS)}
    with api_process(logs / "api.log", app="benchmarks.tabs:app", **environment) as address, worker_process(logs / "worker.log"):
        yield address


def _fill(tabs: int) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Tokens of agents, and who has a tab open."""
    tokens, people = [new_token() for _ in range(ORGANIZATIONS)], list[tuple[str, str, str]]()
    with db.transaction() as session:
        for number, token in enumerate(tokens):
            owner = create_member(session)
            session.get_one(Organization, owner.organization_id).when_empty = WhenEmpty.STOP
            create_agent(session, owner, token=token)
            ledger.post(
                session, organization_id=owner.organization_id, type=TransactionType.PURCHASE, amount=BALANCE, key=f"pi:{number}",
                description="Starter", stripe_payment_id=f"pi_{number}",
            )  # fmt: skip
            people.append((owner.user_id, owner.email, owner.organization_id))
    return tokens, [people[number % len(people)] for number in range(tabs)]


def _send(address: str, tokens: list[str], seconds: float, reports: int) -> dict[str, Any]:
    parts = urlsplit(address)
    given = {"host": parts.hostname, "port": parts.port, "tokens": tokens, "secret": SECRET}
    asked = json.dumps({**given, "seconds": seconds, "reports": reports, "callers": CALLERS})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gate_load"], input=asked, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    )
    return json.loads(done.stdout)


def _measured(told: dict[str, Any], seconds: float, refreshed: int, faults: int) -> Measured:
    waits = sorted(wait * 1000 for wait, status, _ in told["callers"] if status == 200)
    cut = quantiles(waits, n=100)
    return Measured(
        median=cut[49],
        p99=cut[98],
        longest=waits[-1],
        answered=len(waits),
        admitted=sum(admitted for _, _, admitted in told["callers"]),
        wrong=sum(status != 200 for kind in told.values() for _, status, _ in kind),
        reports=sum(status == 200 for _, status, _ in told["reports"]) / seconds,
        refreshed=refreshed / seconds,
        faults=faults,
    )

"""A month of 100,000 rows: its figures, the proof, the table, the page to print, and the program that checks the proof.

The files are written as the routes send them; memory is what Python held at most meanwhile. `BENCH_SECONDS=5` is a smoke run on a tenth.
"""

import asyncio
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlalchemy import text

from benchmarks.cluster import database
from benchmarks.report import Figure
from kametrix import clock, db
from kametrix.api import statements as route
from kametrix.jobs.checkpoints import take_checkpoints
from kametrix.services import statement_pdf, statement_print, statement_proof, statements
from kametrix.services.access import Actor
from kametrix.services.statement_proof import Proof
from tests.factories import create_member

T = TypeVar("T")
ROWS = 100_000
MONTH = "2026-11"
NOW = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
_FILL = text("""
    select post_credit(:org, case when n % 1000 = 1 then 'PURCHASE' else 'REFUND' end, case when n % 1000 = 1 then 20000 else -15 end,
      'bench:' || n, 'Call: 1 min', cast('2026-11-01Z' as timestamptz) + n * interval '25 seconds', p_payment => 'pi_' || n)
    from generate_series(:first, :first + 499) n""")


def figures() -> list[Figure]:
    """Seconds and memory of each."""
    rows = ROWS if float(os.environ.get("BENCH_SECONDS", "60")) >= 30 else ROWS // 10
    with TemporaryDirectory() as folder, database(KAMETRIX_CHECKPOINTS=f"{folder}/checkpoints"), clock.at(NOW):
        with db.transaction() as session:
            actor = create_member(session)
        for first in range(1, rows, 500):
            with db.transaction() as session:
                session.connection().execute(_FILL, {"org": actor.organization_id, "first": first})
        began = time.perf_counter()
        take_checkpoints(0)
        signing = time.perf_counter() - began
        with db.transaction(actor) as session:
            begun = statement_proof.begin(session, actor, MONTH)
        name = f"statement of {rows:,} rows:"
        return [
            Figure(f"{name} 30 nights signed at once", f"{signing:.2f} s"),
            Figure(f"{name} list of months", _timed(lambda: _service(actor, statements.months))),
            Figure(f"{name} figures and days", _timed(lambda: _service(actor, statement_print.sheet, MONTH))),
            _file(f"{name} proof (JSON)", lambda: route._proof(actor, begun), Path(folder, "statement.json")),
            _file(f"{name} table (CSV)", lambda: route._table(actor, begun), Path(folder, "statement.csv")),
            Figure(f"{name} page to print (PDF)", _timed(lambda: statement_pdf.drawn(_service(actor, statement_print.sheet, MONTH)))),
            _verified(f"{name} verify_statement.py", Path(folder, "statement.json"), begun),
        ]


def _service(actor: Actor, service: Callable[..., T], *given: str) -> T:
    with db.transaction(actor) as session:
        return service(session, actor, *given)


def _timed(work: Callable[[], object]) -> str:
    began = time.perf_counter()
    work()
    return f"{time.perf_counter() - began:.2f} s"


def _file(name: str, pieces: Callable[[], AsyncIterator[str]], path: Path) -> Figure:
    """Written twice: once for the time, once for the memory, whose counting costs time."""

    async def write() -> None:
        with path.open("w", encoding="utf-8") as file:
            async for piece in pieces():
                file.write(piece)

    began = time.perf_counter()
    asyncio.run(write())
    taken = time.perf_counter() - began
    tracemalloc.start()
    asyncio.run(write())
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return Figure(name, f"{taken:.1f} s, {path.stat().st_size / 1e6:.0f} MB, at most {peak:.0f} MB held", "≤ 20 MB held", met=peak <= 20)


def _verified(name: str, path: Path, begun: Proof) -> Figure:
    command = [sys.executable, "-I", str(route.VERIFIER), str(path)]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - began
    told = f"{taken:.1f} s with {len(begun.checkpoints)} signatures"
    return Figure(name, told, "right", met=done.returncode == 0 and "All of it is signed" in done.stdout)

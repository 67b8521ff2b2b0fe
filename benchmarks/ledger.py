"""Posts from 16 threads through `services/ledger.post`, next to pgbench with 16 clients on the same SQL and the same server."""

import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

from benchmarks.cluster import Database, database
from benchmarks.report import Figure
from kametrix import db, embedded
from kametrix.models import Organization, TransactionType
from kametrix.services import ledger, ledger_audit

THREADS = 16
ORGANIZATIONS = 500
ROUNDS = 5
SECONDS = 4
SCRIPT = """
\\set number :number + 1
\\set organization random(0, {organizations} - 1)
begin;
select * from post_credit('bench-' || :organization, 'PURCHASE', 1000, 'pgbench:{round}:' || :client_id || ':' || :number, 'Starter', now(),
  p_user => null, p_call => null, p_payment => 'pi', p_note => null);
commit;
"""
"""What one `ledger.post` sends: the service runs in a transaction of its caller's, so its begin and commit belong to it."""


def figures() -> list[Figure]:
    """Both rates, their ratio (target 0.9), and the audit of everything that was posted."""
    with database() as bench:
        with db.transaction() as session:
            session.add_all([Organization(id=f"bench-{number}", name="Bench", slug=f"bench-{number}") for number in range(ORGANIZATIONS)])
        rounds = [(_pgbench(bench, number), _threads(number)) for number in range(ROUNDS)]
        with db.transaction() as session:
            began = time.perf_counter()
            report = ledger_audit.verify(session)
            audited = report.rows / (time.perf_counter() - began)
    theirs, ours, ratio = (median(values) for values in zip(*((their, our, our / their) for their, our in rounds), strict=True))
    return [
        Figure("ledger posts per second, pgbench, 16 clients", f"{theirs:,.0f}", beat="6,000 measured once"),
        Figure("ledger posts per second, 16 Python threads", f"{ours:,.0f}", beat="5,500 measured once"),
        Figure("... as a part of pgbench on the same SQL", f"{ratio:.2f}", "≥ 0.90", met=ratio >= 0.9),
        Figure("faults the audit finds afterwards", f"{report.fault_count} in {report.rows:,} rows", "0", met=report.is_clean),
        Figure("rows audited per second", f"{audited:,.0f}"),
    ]


def _pgbench(bench: Database, number: int) -> float:
    """Transactions per second."""
    with NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT.format(organizations=ORGANIZATIONS, round=number))
        script.flush()
        load = ("-n", "-c", THREADS, "-j", 2, "-T", SECONDS, "-D", "number=0", "-f", script.name)
        command = (_binary(), *load, "-h", bench.cluster.sockets, "-U", "kametrix_platform", bench.name)
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return float(re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE).group(1))


def _binary() -> Path:
    """The wheel's pgbench, else the newest one installed on this machine."""
    own = embedded.binaries() / "pgbench"
    if own.exists():
        return own
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    found = installed[-1] if installed else shutil.which("pgbench")
    if not found:
        raise SystemExit("pgbench is missing: install PostgreSQL's client tools.")
    return Path(found)


def _threads(number: int) -> float:
    """Posts per second from THREADS threads, each a transaction of its own."""
    stop = time.perf_counter() + SECONDS

    def work(thread: int) -> int:
        for done in count():
            if time.perf_counter() > stop:
                return done
            with db.transaction() as session:
                ledger.post(
                    session,
                    organization_id=f"bench-{hash((thread, done)) % ORGANIZATIONS}",
                    type=TransactionType.PURCHASE,
                    amount=1000,
                    key=f"threads:{number}:{thread}:{done}",
                    description="Starter",
                    stripe_payment_id="pi",
                )
        raise AssertionError("count never ends")

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, range(THREADS))) / SECONDS

"""The real processes, for tests of what only processes can show: kills, concurrency across them, saturation."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORKER = "from kametrix.jobs.worker import run_worker; run_worker()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def api_process(log: Path, *, app: str = "kametrix.api.app:app", **environment: str) -> Iterator[str]:
    """The API on a free port; yields its address. `app`: another application that contains it."""
    port = free_port()
    command = [sys.executable, "-m", "granian", app, "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    with process(command, log, **environment):
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield address


@contextmanager
def worker_process(log: Path, code: str = WORKER, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The worker; stopped gently at the end."""
    with process([sys.executable, "-c", code], log, **environment) as started:
        yield started


@contextmanager
def process(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        started = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield started
        finally:
            with suppress(ProcessLookupError):
                started.send_signal(signal.SIGTERM)
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False

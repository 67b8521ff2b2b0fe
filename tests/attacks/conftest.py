"""The real server in a process of its own, and a raw socket to it."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import pytest
import socketio

from kametrix import embedded
from kametrix.services.sessions import COOKIE
from tests.conftest import ROOT, _clone, _settings_at

SECONDS = 40.0


@dataclass
class Server:
    """Where it listens."""

    port: int

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"


@pytest.fixture(scope="module")
def server(cluster: embedded.Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A web server on a database of its own; the settings of the tests point at the same database."""
    home = tmp_path_factory.mktemp("server")
    for name in ("rxconfig.py", "assets"):
        (home / name).symlink_to(ROOT / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with _settings_at(cluster) as use:
        for name in _clone(cluster, template):
            os.environ["KAMETRIX_PUBLIC_URL"] = f"http://localhost:{port}"
            use(name)
            process = _start(port, home)
            try:
                _wait(process, port, home)
                yield Server(port)
            finally:
                process.terminate()
                process.wait(20)


def _start(port: int, home: Path) -> subprocess.Popen[bytes]:
    command = (sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port", str(port))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "__REFLEX_SKIP_COMPILE": "true", "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9"}
    with (home / "log").open("wb") as log:
        return subprocess.Popen((*command, "tests.attacks.target:app"), cwd=home, env=environment, stdout=log, stderr=log)


def _wait(process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    for _ in range(int(SECONDS * 10)):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError((home / "log").read_text())


@dataclass
class Attacker:
    """A raw socket.io client: sends whatever it likes and keeps whatever comes back."""

    server: Server
    token: str
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[Any] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Attacker":
        self.http = aiohttp.ClientSession()
        self.client = socketio.AsyncClient(reconnection=False, http_session=self.http)
        self.client.on("event", self._hear, namespace="/_event")
        cookie = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        try:
            await self.client.connect(
                f"{self.server.origin}?token={self.token}", headers=cookie | self.headers, transports=["websocket"],
                namespaces=["/_event"], socketio_path="_event", wait_timeout=10,
            )  # fmt: skip
        except socketio.exceptions.ConnectionError:
            await self.http.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.client.disconnect()
        await self.http.close()

    async def _hear(self, data: Any) -> None:
        self.answers.append(data)
        self.arrived.set()

    async def send(self, name: str, payload: dict[str, Any] | None = None, path: str = "/dashboard") -> str:
        """Send one event and a harmless one after it; events of a tab are served in order, so both answers are in when the second is."""
        start = len(self.answers)
        await self._emit(name, payload or {}, path)
        await self._emit(PING, {}, path)
        await asyncio.wait_for(self._pinged(start), SECONDS)
        return str(self.answers[start:])

    async def _emit(self, name: str, payload: dict[str, Any], path: str) -> None:
        await self.client.emit(
            "event", {"name": name, "payload": payload, "router_data": {"pathname": path, "asPath": path}}, namespace="/_event"
        )

    async def _pinged(self, start: int) -> None:
        while "pings" not in str(self.answers[start:]):
            self.arrived.clear()
            await self.arrived.wait()

    async def quiet(self) -> None:
        """Until nothing has come back for a second."""
        with contextlib.suppress(TimeoutError):
            while True:
                self.arrived.clear()
                await asyncio.wait_for(self.arrived.wait(), 1)

    def heard(self) -> str:
        """Everything that ever came back."""
        return str(self.answers)


CARELESS = "reflex___state____state.kametrix___state___guard____auth_state.tests___attacks___target____careless_state"
PING = f"{CARELESS}.ping"

"""Vapi's REST API on a loopback port, as far as agents and numbers need it: stateful, strict, and failing on demand."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "test-vapi-key"
ASSISTANT_FIELDS = {
    "name", "metadata", "firstMessage", "firstMessageMode", "model", "voice", "transcriber", "server", "serverMessages",
    "clientMessages", "maxDurationSeconds", "backgroundSound", "endCallMessage", "analysisPlan", "artifactPlan", "monitorPlan",
}  # fmt: skip
NUMBER_FIELDS = {"provider", "assistantId", "server", "name", "fallbackDestination"}


@dataclass
class Fault:
    """What happens to the next `times` requests of `method` whose path starts with `path`."""

    method: str
    path: str
    status: int = 0
    body: Any = None
    times: int = 1
    applies: bool = False  # the request takes effect although the answer is lost
    seconds: float = 0.0


@dataclass
class FakeVapi:
    url: str = ""
    assistants: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    on_request: Any = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    _moment: datetime = datetime(2026, 8, 1, tzinfo=UTC)

    def add_number(self, number: str | None = "+14155550123", **columns: Any) -> dict[str, Any]:
        row = {"id": str(uuid.uuid4()), "provider": "vapi", "status": "active", "number": number, "name": "Pool", **columns}
        self.numbers[row["id"]] = self._stamped(row)
        return row

    def fail(self, method: str, path: str, **fault: Any) -> None:
        self.faults.append(Fault(method, path, **fault))

    def count(self, method: str, path: str) -> int:
        return sum(1 for did, where in self.requests if did == method and where.startswith(path))

    def handle(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        with self.lock:
            kind, _, key = path.strip("/").partition("/")
            rows, fields = {"assistant": (self.assistants, ASSISTANT_FIELDS), "phone-number": (self.numbers, NUMBER_FIELDS)}[kind]
            if method == "GET" and not key:
                return 200, self._listed(rows, query)
            if method == "POST":
                return self._write(rows, fields, {"id": str(uuid.uuid4())}, body, 201)
            if key not in rows:
                return 404, {"message": f"Couldn't find {kind} {key}", "error": "Not Found", "statusCode": 404}
            if method == "DELETE":
                return 200, rows.pop(key)
            return self._write(rows, fields, rows[key], body, 200) if method == "PATCH" else (200, rows[key])

    def _write(self, rows: dict[str, Any], fields: set[str], row: dict[str, Any], body: Any, status: int) -> tuple[int, Any]:
        if unknown := sorted(set(body) - fields):
            problems = [f"property {name} should not exist" for name in unknown]
            return 400, {"message": problems, "error": "Bad Request", "statusCode": 400}
        changed = {name: value for name, value in {**row, **body}.items() if value is not None}
        rows[row["id"]] = changed if row["id"] in rows else self._stamped(changed)
        return status, rows[row["id"]]

    def _stamped(self, row: dict[str, Any]) -> dict[str, Any]:
        self._moment += timedelta(seconds=1)
        row["createdAt"] = self._moment.isoformat().replace("+00:00", "Z")
        return row

    @staticmethod
    def _listed(rows: dict[str, Any], query: dict[str, list[str]]) -> list[Any]:
        until = query.get("createdAtLe", ["9999"])[0]
        found = sorted((row for row in rows.values() if row["createdAt"] <= until), key=lambda row: row["createdAt"], reverse=True)
        return found[: int(query.get("limit", ["100"])[0])]


class _Handler(BaseHTTPRequestHandler):
    fake: FakeVapi

    def _serve(self) -> None:
        where = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(raw) if raw else None
        self.fake.requests.append((self.command, where.path))
        if self.headers.get("authorization") != f"Bearer {KEY}":
            return self._answer(401, {"message": "Invalid Key", "statusCode": 401})
        if self.fake.on_request:
            self.fake.on_request(self.command, where.path)
        fault = self._fault(where.path)
        if fault is None:
            return self._answer(*self.fake.handle(self.command, where.path, parse_qs(where.query), body))
        if fault.applies:
            self.fake.handle(self.command, where.path, parse_qs(where.query), body)
        time.sleep(fault.seconds)
        if fault.status:
            return self._answer(fault.status, fault.body)
        self.close_connection = True
        return None

    def _fault(self, path: str) -> Fault | None:
        with self.fake.lock:
            for fault in self.fake.faults:
                if fault.times and fault.method == self.command and path.startswith(fault.path):
                    fault.times -= 1
                    return fault
        return None

    def _answer(self, status: int, body: Any) -> None:
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[FakeVapi]:
    """A fake of its own, on a free port, until the block ends."""
    fake = FakeVapi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The sandbox as a process of its own, and a server that receives what it sends."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
KEY = "sbx_test_key"
Json = dict[str, Any]
PROMPT = """You are Mia, the receptionist of Harbor Salon. You answer its telephone.
Current date and time: {{"now" | date: "%A, %B %d, %Y, %I:%M %p", "America/New_York"}} (America/New_York)

# Opening hours
Mon to Fri 9:00 to 17:00
Sat: 10:00 to 14:00

# Services
- Haircut: $40
- Colouring

# Questions and answers
Question: Do you take walk-ins?
Answer: Yes, before noon.

Question: Where can I park?
Answer: Behind the house, free for two hours.

# Rules
- Never invent prices.
"""


def assistant(url: str, **fields: Any) -> Json:
    """A create body; `fields` replace or add."""
    model = {"provider": "openai", "model": "gpt-4.1", "messages": [{"role": "system", "content": PROMPT}]}
    greeting = "Hello, this is Harbor Salon. How can I help?"
    return {"name": "salon", "firstMessage": greeting, "model": model, "server": {"url": url}, **fields}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Delivered:
    """One request the sandbox made."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def message(self) -> Json:
        return json.loads(self.raw)["message"]


@dataclass
class Receiver:
    """A real HTTP server; `answer` maps a message (or a body without one) to (status, body); `None` as body
    hangs until the receiver is released."""

    answer: Callable[[Json], tuple[int, Any]] = lambda message: (200, {})
    got: list[Delivered] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Delivered(self.path, {name.lower(): value for name, value in self.headers.items()}, raw))
                sent = json.loads(raw)
                status, body = receiver.answer(sent.get("message", sent))
                if body is None:
                    receiver.released.wait(20)
                reply = json.dumps(body or {}).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def kinds(self) -> list[str]:
        return [one.message.get("status") or one.message["type"] for one in self.got]

    def of(self, kind: str) -> Json:
        return next(one.message for one in self.got if kind in (one.message["type"], one.message.get("status")))

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


class Box:
    """A running sandbox and a client for it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.port, self.data = free_port(), data
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port), "--data", str(data)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SANDBOX_", "LLM_", "KAMETRIX_"))}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**clean, "SANDBOX_VAPI_API_KEY": KEY, **environment}, stdout=subprocess.DEVNULL
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
        until(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the sandbox did not start"
        try:
            return self.http.get("/_control/clock").is_success
        except httpx.TransportError:
            return False

    def control(self, path: str, body: Json | None = None, method: str = "POST") -> Any:
        reply = self.http.request(method, f"/_control{path}", json=body if method == "POST" else None, timeout=30)
        assert reply.is_success, reply.text
        return reply.json()

    def state(self, path: str) -> Any:
        return self.control(path, method="GET")

    def numbers(self) -> list[Json]:
        return sorted(self.http.get("/vapi/phone-number").json(), key=lambda number: number["number"])

    def answered_by(self, body: Json) -> Json:
        """A stored assistant on the first number."""
        made = self.http.post("/vapi/assistant", json=body)
        assert made.status_code == 201, made.text
        self.number(assistantId=made.json()["id"])
        return made.json()

    def number(self, **fields: Any) -> Json:
        """The first number, changed."""
        changed = self.http.patch(f"/vapi/phone-number/{self.numbers()[0]['id']}", json=fields)
        assert changed.is_success, changed.text
        return changed.json()

    def place(self, *lines: str, **choices: Any) -> str:
        """A call to the first number, by script unless `persona` says otherwise."""
        script = {"lines": list(lines)} if lines else {}
        return self.control("/calls", {"number": "+14155550101", "pace": "instant", **script, **choices})["id"]

    def wait(self, call_id: str) -> Json:
        return self.state(f"/calls/{call_id}/wait?seconds=20")

    def call(self, *lines: str, **choices: Any) -> Json:
        """Place a call and wait for its end: the scene."""
        return self.wait(self.place(*lines, **choices))

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(10)


def until(is_true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Poll briefly; fail when it does not come true."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)

"""A real HTTP server on loopback that answers as told, one answer per request, and remembers what it was asked."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer. `body`: anything but bytes is sent as JSON.

    `hang_up`: the connection breaks off instead. `stalls`: nothing comes until the test is over. `announced`: the length
    told, when it is not the length sent.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    stalls: bool = False
    hang_up: bool = False
    announced: int | None = None


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Server:
    """What `answer` was given is used up in order and the last one stays; `respond` may decide by the path instead."""

    def __init__(self) -> None:
        self._replies: list[Reply] = []
        self.respond: Callable[[str], Reply] = self._next
        self.asked: list[Asked] = []
        self.url = ""
        self.over = threading.Event()

    def answer(self, *replies: Reply) -> None:
        self._replies = list(replies)

    def _next(self, _: str) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def methods(self) -> list[str]:
        return [asked.method for asked in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    plan: Server

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.plan.asked.append(Asked(self.command, self.path, dict(self.headers), json.loads(sent) if sent else None))
        reply = self.plan.respond(self.path)
        if reply.stalls:
            self.plan.over.wait()
        if reply.hang_up:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {"content-length": str(reply.announced or len(content)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        if reply.announced:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is part of the test."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server for the length of the block."""
    server = Server()
    handler = type("Handler", (_Handler,), {"plan": server})
    with _Quiet(("127.0.0.1", 0), handler) as httpd:
        server.url = f"http://127.0.0.1:{httpd.server_port}/vapi"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        httpd.shutdown()
        thread.join()

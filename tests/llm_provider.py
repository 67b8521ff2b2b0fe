"""An OpenAI-compatible provider on a loopback port: strict about path, key and fields, streaming, and failing on demand."""

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-planted-Kupfer-73-wolke"
MODEL = "test-model"
FIELDS = {"model", "messages", "stream", "stream_options", "max_tokens"}
ANSWER: dict[str, Any] = {
    "faqs": [{"question": f"Question {number}?", "answer": f"Answer {number}."} for number in range(1, 6)],
    "policies": "Take a message.\nNever promise a price.",
    "greeting": "Hello, this is {agentName} from {businessName}.",
    "end_call_message": "Goodbye from {businessName}!",
}


@dataclass
class Provider:
    """`answers` are given in turn, the last one for ever; a str is sent as it is. The rest breaks what it names.

    `hangs_up_late`: it closes after each answer without having said so, when the client may already be sending again.
    """

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [ANSWER])
    status: int = 0
    error: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    cut_after: int = -1
    stall_after: int = -1
    size: int = 24
    hangs_up_late: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def prompt(self, role: str) -> str:
        return "\n".join(message["content"] for message in self.requests[-1]["messages"] if message["role"] == role)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.provider.requests.append(body)
        if self.path != "/v1/chat/completions":
            return self._refuse(404, {"message": f"Unknown request URL: POST {self.path}"})
        if self.headers.get("authorization") != f"Bearer {KEY}":
            return self._refuse(401, {"message": f"Incorrect API key provided: {self.headers.get('authorization')}"})
        if unknown := sorted(set(body) - FIELDS):
            return self._refuse(400, {"message": f"Unrecognized request arguments: {', '.join(unknown)}"})
        if body["model"] != MODEL:
            return self._refuse(404, {"message": f"The model {body['model']} does not exist", "code": "model_not_found"})
        if self.provider.status:
            return self._refuse(self.provider.status, self.provider.error or {"message": "as told"})
        return self._stream(body)

    def _refuse(self, status: int, error: dict[str, Any]) -> None:
        told = json.dumps({"error": {"type": "invalid_request_error", "param": None, "code": None, **error}}).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(told)), **self.provider.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    def _stream(self, body: dict[str, Any]) -> None:
        assert body["stream"] is True
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        if not self.provider.hangs_up_late:
            self.send_header("connection", "close")
        self.end_headers()
        try:
            self._say(body)
        except (BrokenPipeError, ConnectionResetError):
            self.provider.left.set()

    def _say(self, body: dict[str, Any]) -> None:
        answer = self.provider.answers[min(len(self.provider.requests), len(self.provider.answers)) - 1]
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        if self.provider.raw:
            return self._chunk(self.provider.raw)
        for number, start in enumerate(range(0, len(text), self.provider.size)):
            if number == self.provider.cut_after:
                return None
            if number == self.provider.stall_after:
                self._stall()
            self._event(choices=[{"index": 0, "delta": {"content": text[start : start + self.provider.size]}, "finish_reason": None}])
        self._event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if (body.get("stream_options") or {}).get("include_usage"):
            self._event(choices=[], usage={"prompt_tokens": 400, "completion_tokens": 200, "total_tokens": 600})
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")
        return time.sleep(0.05) if self.provider.hangs_up_late else None

    def _event(self, **fields: Any) -> None:
        event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, **fields}
        self._chunk(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _stall(self) -> None:
        """Say nothing until the other side hangs up."""
        self.provider.stalled.set()
        select.select([self.connection], [], [], 30)
        if self.connection.recv(1, socket.MSG_PEEK) == b"":
            self.provider.left.set()
        raise ConnectionResetError

    def log_message(self, *_: object) -> None: ...


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

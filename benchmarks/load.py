"""The load generator, a process of its own: end-of-call reports over keep-alive connections as fast as they are answered."""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from functools import partial
from typing import Any

SAID = (
    "Hello, this is Mia from Brightside Dental. How can I help you today?",
    "Hi, I would like to come in for a cleaning some time next week, ideally on Wednesday afternoon.",
    "I can note that. May I have your name and a number we can reach you at, please?",
    "Sure, it is Dana Reed, four one five, five five five, zero one four seven.",
)


def body_of(number: int, size: int) -> dict[str, object]:
    """A report of `size` bytes; lasts 65 to 305 seconds, so 2 to 6 minutes."""
    minutes = 1 + number % 5
    turns = [
        {
            "role": "bot" if turn % 2 == 0 else "user",
            "message": SAID[turn % 4],
            "time": 1785146404300 + turn * 5000,
            "secondsFromStart": turn * 5.1,
        }
        for turn in range(12)
    ]
    message: dict[str, Any] = {
        "type": "end-of-call-report",
        "timestamp": 1785146540000,
        "call": {"id": "@" * 36, "type": "inboundPhoneCall", "status": "ringing", "customer": {"number": "+14155550147"}},
        "customer": {"number": "+14155550147"},
        "phoneNumber": {"number": "+16285550100", "name": "Pool 01"},
        "endedReason": "customer-ended-call",
        "startedAt": "2026-07-27T10:00:00.000Z",
        "endedAt": f"2026-07-27T10:0{minutes}:05.000Z",
        "cost": 0.1531,
        "analysis": {"summary": "Dana Reed asked for a cleaning on Wednesday afternoon and left a number.", "successEvaluation": "true"},
        "artifact": {"messages": turns, "transcript": "\n".join(f"{'AI' if n % 2 == 0 else 'User'}: {SAID[n % 4]}" for n in range(12))},
    }
    message["artifact"]["logUrl"] = "x" * max(0, size - len(json.dumps({"message": message})) - 12)
    return {"message": message}


class Connection(asyncio.Protocol):
    """Sends the next report as soon as the one before is answered; after a refusal it pauses for 50 ms. `done` when time is up."""

    def __init__(self, requests: list[tuple[bytes, bytes]], prefix: str, stop: float, taken: Counter[str], out: set[str]) -> None:
        self.requests, self.prefix, self.stop, self.taken, self.out = requests, prefix, stop, taken, out
        self.loop = asyncio.get_running_loop()
        self.done = self.loop.create_future()
        self.count, self.received, self.expected, self.status, self.began = 0, b"", 0, 0, 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        if time.monotonic() >= self.stop:
            self.transport.close()
            return
        head, rest = self.requests[self.count % len(self.requests)]
        self.call_id = f"{self.prefix}{self.count:08d}"
        self.count += 1
        self.began = time.monotonic()
        self.transport.write(head + self.call_id.encode() + rest)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.expected:
            head, end, _ = self.received.partition(b"\r\n\r\n")
            if not end:
                return
            length = re.search(rb"content-length: *([0-9]+)", head.lower())
            self.status, self.expected = int(head[9:12]), len(head) + 4 + (int(length[1]) if length else 0)
        if len(self.received) >= self.expected:
            self.answered()

    def answered(self) -> None:
        self.received, self.expected = b"", 0
        self.taken[f"status {self.status}"] += 1
        self.taken["milliseconds"] += round((time.monotonic() - self.began) * 1000)
        if self.status == 200:
            self.out.add(self.call_id)
            self.next()
        else:
            self.loop.call_later(0.05, self.next)

    def connection_lost(self, error: Exception | None) -> None:
        if error:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


def requests_for(host: str, tokens: list[str], secret: str, size: int) -> list[tuple[bytes, bytes]]:
    """Whole requests but for the 36 characters of the call id: head and rest."""
    made: list[tuple[bytes, bytes]] = []
    for number in range(len(tokens) * 5):
        payload = json.dumps(body_of(number, size)).encode()
        before, after = payload.split(b"@" * 36)
        head = (
            f"POST /api/webhooks/vapi/{tokens[number % len(tokens)]} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        made.append((head.encode() + before, after))
    return made


async def main() -> None:
    given = json.load(sys.stdin)
    requests = requests_for(given["host"], given["tokens"], given["secret"], given["size"])
    taken, acknowledged, began = Counter[str](), set[str](), time.monotonic()
    loop, stop = asyncio.get_running_loop(), time.monotonic() + given["seconds"]
    opened: list[Connection] = []
    for place in range(given["connections"]):
        own = requests[place:] + requests[:place]
        made = partial(Connection, own, f"019fedaf-549c-7000-8625-{place:04d}", stop, taken, acknowledged)
        opened.append((await loop.create_connection(made, given["host"], given["port"]))[1])
    await asyncio.gather(*(connection.done for connection in opened))
    json.dump({"seconds": time.monotonic() - began, "taken": taken, "acknowledged": sorted(acknowledged)}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())

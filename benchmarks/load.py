"""The load generator, a process of its own: end-of-call reports over keep-alive connections as fast as they are answered."""

import asyncio
import json
import sys
import time
from collections import Counter
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


async def send(given: dict[str, Any], requests: list[tuple[bytes, bytes]], prefix: str, taken: Counter[str], out: set[str]) -> None:
    """One connection: the next report as soon as the one before is answered; a refused one is followed by a short pause."""
    reader, writer = await asyncio.open_connection(given["host"], given["port"])
    count, stop = 0, time.monotonic() + given["seconds"]
    while time.monotonic() < stop:
        call_id = f"{prefix}{count:08d}"
        head, rest = requests[count % len(requests)]
        writer.write(head + call_id.encode() + rest)
        count += 1
        began = time.monotonic()
        status = await answer_of(reader)
        taken[f"status {status}"] += 1
        taken["milliseconds"] += round((time.monotonic() - began) * 1000)
        if status == 200:
            out.add(call_id)
        else:
            await asyncio.sleep(0.05)
    writer.close()


async def answer_of(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    if length:
        await reader.readexactly(length)
    return int(head[9:12])


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
    connections = (
        send(given, requests[place:] + requests[:place], f"019fedaf-549c-7000-8625-{place:04d}", taken, acknowledged)
        for place in range(given["connections"])
    )
    await asyncio.gather(*connections)
    json.dump({"seconds": time.monotonic() - began, "taken": taken, "acknowledged": sorted(acknowledged)}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())

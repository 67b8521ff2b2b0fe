"""The load of benchmarks/gate.py, a process of its own: reports at a steady rate, and callers whose wait is measured."""

import http.client
import json
import sys
import threading
import time
from typing import Any

from benchmarks.load import body_of


class Sender(threading.Thread):
    """Sends `make(n)` every `pause` seconds over one connection until `stop`; keeps (seconds, status, answer) of each."""

    def __init__(self, given: dict[str, Any], place: int, *, connections: int, rate: float, kind: str) -> None:
        super().__init__()
        self.given, self.place, self.pause, self.kind = given, place, connections / rate, kind
        self.offset = place / rate
        self.taken: list[tuple[float, int, bool]] = []

    def run(self) -> None:
        """At fixed moments, so that a slow answer is not followed by fewer requests."""
        connection = http.client.HTTPConnection(self.given["host"], self.given["port"], timeout=30)
        due, number = time.monotonic() + self.offset, 0
        stop = time.monotonic() + self.given["seconds"]
        while due < stop:
            time.sleep(max(0.0, due - time.monotonic()))
            self.taken.append(self.send(connection, number, due))
            due, number = due + self.pause, number + 1
        connection.close()

    def send(self, connection: http.client.HTTPConnection, number: int, due: float) -> tuple[float, int, bool]:
        """One request; its time counts from the moment it was due."""
        tokens = self.given["tokens"]
        token = tokens[(self.place + number * 7) % len(tokens)]
        call_id = f"019fedaf-{self.kind}-{self.place:04d}-{number:08d}".ljust(36, "0")[:36]
        body = json.dumps(report(number, call_id) if self.kind == "r" else request(call_id)).encode()
        head = {"Authorization": f"Bearer {self.given['secret']}", "Content-Type": "application/json"}
        connection.request("POST", f"/api/webhooks/vapi/{token}", body, head)
        answer = connection.getresponse()
        said = answer.read()
        return time.monotonic() - due, answer.status, b"assistantId" in said


def report(number: int, call_id: str) -> dict[str, Any]:
    """An end-of-call report of usual size."""
    return json.loads(json.dumps(body_of(number, 4_900)).replace("@" * 36, call_id))


def request(call_id: str) -> dict[str, Any]:
    """What Vapi asks when a number without an assistant rings."""
    number = {"number": "+16285550100", "name": "Pool 01"}
    call = {"id": call_id, "type": "inboundPhoneCall", "status": "ringing", "customer": {"number": "+14155550147"}}
    return {
        "message": {
            "type": "assistant-request",
            "timestamp": 1785146540000,
            "call": call,
            "phoneNumber": number,
            "customer": call["customer"],
        }
    }


def main() -> None:
    """Reads what to do as JSON from standard input, writes what was measured to standard output."""
    given = json.load(sys.stdin)
    reports = [Sender(given, place, connections=16, rate=given["reports"], kind="r") for place in range(16)]
    callers = [Sender(given, place, connections=8, rate=given["callers"], kind="a") for place in range(8)]
    for sender in (*reports, *callers):
        sender.start()
    for sender in (*reports, *callers):
        sender.join()
    json.dump(
        {name: [one for sender in senders for one in sender.taken] for name, senders in (("reports", reports), ("callers", callers))},
        sys.stdout,
    )


if __name__ == "__main__":
    main()

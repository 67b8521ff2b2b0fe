"""Deliveries to webhook endpoints: signed anew at each attempt, retried for three days, each attempt logged.

Source: docs.stripe.com/webhooks, read 2026-11-20: any answer but 2xx is a failure, redirects too; order is not promised. The pauses
are not published; these grow from seconds to half a day.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from typing import Any

import httpx

from sandbox.clock import Clock, iso
from sandbox.store import Json, Store
from sandbox.stripe.trouble import Trouble, Troubles, disguised

PAUSES = (5, 30, 120, 600, 1800, 7200, 18000, 36000, 43200, 43200, 43200, 43200)
TIMEOUT = 20.0
LONGEST_LOGGED = 4000
HELD_FOR = 3.0  # what a reorder holds back goes out after this, also when nothing follows


class Courier:
    """Posts events to endpoints. A delivery's `server` in the store is {"provider": "stripe", "url", "endpoint", "fault"}."""

    def __init__(self, store: Store, clock: Clock, troubles: Troubles) -> None:
        self._store, self._clock, self._troubles = store, clock, troubles
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=50), follow_redirects=False)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: list[int] = []

    def post(self, event: Json, endpoint: Json) -> None:
        """Send soon, without waiting; events overtake each other."""
        trouble = self._troubles.take(event["type"])
        kind = trouble.kind if trouble else ""
        copies = trouble.copies if trouble and kind == "duplicate" else 1
        keys = [self._log(event, endpoint, trouble) for _ in range(copies)]
        if kind == "drop":
            self._store.set_delivery(keys[0], "dropped")
        elif trouble and kind == "reorder":
            self._hold(keys[0], is_last=trouble.times <= 0)
        else:
            for key in keys:
                self._spawn(self._deliver(key, trouble.seconds if trouble and kind == "delay" else 0.0))

    def resume(self) -> None:
        """After a restart: go on with what was waiting, when its time comes."""
        for delivery in self._store.deliveries(state="waiting", limit=100_000):
            if delivery["server"].get("provider") == "stripe":
                made = len(delivery["attempts"])
                self._spawn(self._deliver(delivery["id"], max(0.0, delivery["due_after"] - self._now()) if made else 0.0))

    async def close(self) -> None:
        """Stop, and close connections."""
        await self.stop()
        await self._client.aclose()

    async def stop(self) -> None:
        """Stop waiting retries; those still stored resume after a restart."""
        self._held.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _log(self, event: Json, endpoint: Json, trouble: Trouble | None) -> int:
        body = json.dumps(disguised(event, trouble), indent=2, ensure_ascii=False)
        server = {"provider": "stripe", "url": endpoint["url"], "endpoint": endpoint["id"], "fault": trouble.kind if trouble else ""}
        return self._store.add_delivery(iso(self._clock.now()), event["id"], event["type"], server, {}, body)

    def _hold(self, key: int, *, is_last: bool) -> None:
        self._held.append(key)
        if is_last:
            self._spawn(self._release(0.0))
        elif len(self._held) == 1:
            self._spawn(self._release(HELD_FOR))

    async def _release(self, wait: float) -> None:
        await self._clock.sleep(wait)
        held, self._held = self._held[::-1], []
        for key in held:
            pause = await self._attempt(key)
            if pause is not None:
                self._spawn(self._deliver(key, pause))

    async def _deliver(self, key: int, wait: float) -> None:
        """Wait, then attempt until it is over."""
        pause: float | None = wait
        while pause is not None:
            await self._clock.sleep(pause)
            pause = await self._attempt(key)

    async def _attempt(self, key: int) -> float | None:
        """One POST; the seconds until the next, or None when the delivery is over."""
        delivery = self._store.delivery(key)
        endpoint = self._store.get("stripe.webhook_endpoint", delivery["server"]["endpoint"]) if delivery else None
        if delivery is None or endpoint is None or endpoint["object"]["status"] != "enabled":
            self._store.set_delivery(key, "failed")
            return None
        began, at = time.monotonic(), iso(self._clock.now())
        status, error, text = await self._send(delivery, endpoint["hidden"]["secret"])
        self._store.add_attempt(key, at, status, round((time.monotonic() - began) * 1000), error, text)
        if status is not None and 200 <= status < 300:
            self._store.set_delivery(key, "delivered")
            self._count_down(delivery["call_id"], endpoint["id"])
            return None
        made = len(delivery["attempts"])
        if made >= len(PAUSES):
            self._store.set_delivery(key, "failed")
            return None
        self._store.set_delivery(key, "waiting", self._now() + PAUSES[made])
        return float(PAUSES[made])

    async def _send(self, delivery: Json, secret: str) -> tuple[int | None, str, str]:
        body = delivery["body"].encode()
        secret = "whsec_wrong" if delivery["server"]["fault"] == "wrong_signature" else secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks; sandbox)",
            "Stripe-Signature": signature(body, secret, int(self._now())),
        }
        self._store.set_headers(delivery["id"], headers)
        try:
            response = await self._client.post(delivery["url"], content=body, headers=headers, timeout=TIMEOUT)
        except (httpx.HTTPError, httpx.InvalidURL) as wrong:
            return None, f"{type(wrong).__name__}: {wrong}", ""
        return response.status_code, "", response.text[:LONGEST_LOGGED]

    def _count_down(self, event_id: str, endpoint_id: str) -> None:
        """One endpoint fewer has to be told; being told twice counts once."""
        document = self._store.get("stripe.event", event_id)
        told = document["hidden"].get("told", []) if document else []
        if document and endpoint_id not in told:
            document["hidden"]["told"] = [*told, endpoint_id]
            document["object"]["pending_webhooks"] = max(0, document["object"]["pending_webhooks"] - 1)
            document["hidden"]["owed"] = "yes" if document["object"]["pending_webhooks"] else "no"
            self._store.put("stripe.event", document)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 of "timestamp.body" (docs.stripe.com/webhooks/signature, read 2026-11-20)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"

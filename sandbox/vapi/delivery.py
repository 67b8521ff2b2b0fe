"""Webhook deliveries: credentials, Vapi's retry rule, faults, and a log of every attempt."""

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

DEFAULT_TIMEOUT = 20.0  # Server.timeoutSeconds
LONGEST_LOGGED = 4000


class Courier:
    """Posts messages to servers as configured by assistants and numbers. A server is Vapi's Server object."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=200))
        self._tasks: set[asyncio.Task[Any]] = set()

    async def send(self, call_id: str, server: Json, message: Json, *, withheld: bool = False) -> httpx.Response | None:
        """One delivery: a first attempt now, the server's retries in the background. Returns the first answer, if any."""
        key, body, headers = self._prepare(call_id, server, message, withheld)
        response = await self._attempt(key, server, headers, body)
        self._settle(key, server, response, made=1)
        return response

    async def ask(self, call_id: str, server: Json, message: Json, *, withheld: bool = False, within: float | None = None) -> Any:
        """A delivery whose answer is needed: its JSON, or None when there is none in time. `within` (seconds of the sandbox's
        clock) replaces timeoutSeconds and the retries."""
        key, body, headers = self._prepare(call_id, server, message, withheld)
        asking = self._attempt(key, server, headers, body)
        response = await (self._in_time(asking, within) if within is not None else self._retrying(key, server, headers, body, asking))
        self._store.set_delivery(key, "delivered" if response is not None and response.is_success else "failed")
        try:
            return response.json() if response is not None and response.is_success else None
        except ValueError:
            return None

    def log_dropped(self, call_id: str, server: Json, message: Json) -> None:
        """A message a fault swallowed; it stays visible."""
        key = self._store.add_delivery(iso(self._clock.now()), call_id, message["type"], server, {}, json.dumps({"message": message}))
        self._store.set_delivery(key, "dropped")

    def resume(self) -> None:
        """After a restart: go on with retries that were waiting."""
        for delivery in self._store.deliveries(state="waiting", limit=100_000):
            if delivery["server"].get("provider"):
                continue  # another provider's
            self._later(delivery["id"], delivery["server"], delivery["headers"], delivery["body"].encode(), len(delivery["attempts"]))

    async def close(self) -> None:
        """Stop, and close connections."""
        await self.stop()
        await self._client.aclose()

    async def stop(self) -> None:
        """Stop waiting retries; those still stored resume after a restart."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _prepare(self, call_id: str, server: Json, message: Json, withheld: bool) -> tuple[int, bytes, dict[str, str]]:
        body = json.dumps({"message": message}, ensure_ascii=False)
        headers = {"Content-Type": "application/json", **self._authentication(server, body, withheld)}
        key = self._store.add_delivery(iso(self._clock.now()), call_id, message["type"], server, headers, body)
        return key, body.encode(), headers

    async def _attempt(self, key: int, server: Json, headers: dict[str, str], body: bytes) -> httpx.Response | None:
        began, at = time.monotonic(), iso(self._clock.now())
        response, error, text = None, "", ""
        try:
            response = await self._client.post(
                server["url"], content=body, headers=headers, timeout=server.get("timeoutSeconds") or DEFAULT_TIMEOUT
            )
            text = response.text[:LONGEST_LOGGED]
        except (httpx.HTTPError, httpx.InvalidURL) as wrong:
            error = f"{type(wrong).__name__}: {wrong}"
        except asyncio.CancelledError:
            error = "no answer in time"
            raise
        finally:
            ms = round((time.monotonic() - began) * 1000)
            self._store.add_attempt(key, at, response.status_code if response is not None else None, ms, error, text)
        return response

    def _settle(self, key: int, server: Json, response: httpx.Response | None, made: int) -> bool:
        """Note how an attempt went; when a retry is due it is scheduled. Returns whether the delivery is over."""
        if response is not None and response.is_success:
            self._store.set_delivery(key, "delivered")
            return True
        wait = retry_after(server.get("backoffPlan"), made, response.status_code if response is not None else None)
        if wait is None:
            self._store.set_delivery(key, "failed")
            return True
        self._store.set_delivery(key, "waiting", wait)
        delivery = self._store.delivery(key) or {}
        self._later(key, server, delivery["headers"], delivery["body"].encode(), made)
        return False

    def _later(self, key: int, server: Json, headers: dict[str, str], body: bytes, made: int) -> None:
        async def again() -> None:
            wait = retry_after(server.get("backoffPlan"), max(made, 1), None) or 0.0
            await self._clock.sleep(wait if made else 0.0)
            self._settle(key, server, await self._attempt(key, server, headers, body), made + 1)

        self._spawn(again())

    async def _retrying(
        self, key: int, server: Json, headers: dict[str, str], body: bytes, first: Coroutine[Any, Any, httpx.Response | None]
    ) -> httpx.Response | None:
        response, made = await first, 1
        while response is None or not response.is_success:
            wait = retry_after(server.get("backoffPlan"), made, response.status_code if response is not None else None)
            if wait is None or wait > DEFAULT_TIMEOUT:
                break
            await self._clock.sleep(wait)
            response, made = await self._attempt(key, server, headers, body), made + 1
        return response

    async def _in_time(self, asking: Coroutine[Any, Any, httpx.Response | None], seconds: float) -> httpx.Response | None:
        asked, late = asyncio.ensure_future(asking), asyncio.ensure_future(self._clock.sleep(seconds))
        await asyncio.wait({asked, late}, return_when=asyncio.FIRST_COMPLETED)
        late.cancel()
        if not asked.done():
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            return None
        return asked.result()

    def _authentication(self, server: Json, body: str, withheld: bool) -> dict[str, str]:
        """Headers of the server, over its credential's; with neither, X-Vapi-Secret arrives empty. Servers that came inside a
        request (a transient assistant) get their own headers only (Vapi's withholding rule, docs PR 1221)."""
        own = {str(name): str(value) for name, value in (server.get("headers") or {}).items()}
        if withheld:
            return own
        credential = self._store.get("credential", server.get("credentialId") or "")
        if credential:
            return {**_credential_headers(credential, body, str(int(self._clock.now().timestamp()))), **own}
        return own or {"X-Vapi-Secret": ""}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def retry_after(plan: Json | None, made: int, status: int | None) -> float | None:
    """Seconds until the next attempt; None when there is none: no plan, all retries made, or the status excluded."""
    if not plan or made > plan["maxRetries"] or (status is not None and status in (plan.get("excludedStatusCodes") or [])):
        return None
    base = float(plan["baseDelaySeconds"])
    return base if plan["type"] == "fixed" else base * 2 ** (made - 1)


def _credential_headers(credential: Json, body: str, timestamp: str) -> dict[str, str]:
    """Bearer or HMAC, as a Custom Credential says (openapi.json, BearerAuthenticationPlan, HMACAuthenticationPlan). Signed once:
    whether a retry is signed anew is undocumented, so it is not."""
    if credential["type"] == "bearer":
        prefix = "Bearer " if credential.get("bearerPrefixEnabled", True) else ""
        return {credential.get("headerName", "Authorization"): prefix + credential["token"]}
    payload = credential.get("payloadFormat", "{timestamp}.{body}").replace("{timestamp}", timestamp).replace("{body}", body)
    digest = hmac.new(credential["secretKey"].encode(), payload.encode(), getattr(hashlib, credential.get("algorithm", "sha256")))
    signed = credential.get("signaturePrefix", "") + digest.hexdigest()
    return {credential.get("signatureHeader", "x-signature"): signed, credential.get("timestampHeader", "x-timestamp"): timestamp}

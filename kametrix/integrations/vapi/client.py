"""Vapi's REST API, as far as we use it: one thin synchronous client for jobs."""

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
import structlog

from kametrix import clock
from kametrix.integrations.reading import at, moment, number, read_json, text
from kametrix.integrations.vapi import errors
from kametrix.integrations.vapi.errors import VapiError, VapiNotFound
from kametrix.integrations.vapi.redaction import redact

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
ANSWER_SECONDS = 60.0  # for an answer that trickles in, each part just in time
MAX_ANSWER = 32 * 1024 * 1024
ATTEMPTS = 3
MAX_WAIT = 10.0
PAGE_SIZE = 100
MAX_PAGES = 100

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    url: httpx.URL
    content: bytes

    def json(self) -> Any:
        """The body, None when it is no JSON."""
        try:
            return read_json(self.content)
        except ValueError:
            return None


class VapiClient:
    """Safe for threads; close it or use it in a `with` block. Every method raises errors.VapiError subclasses.

    Reading, changing and deleting are tried three times on 429, 5xx and network failures; when Vapi asks to wait longer
    than 10 s the error carries `retry_after` instead. Creating is sent once: Vapi has no idempotency key.
    """

    def __init__(
        self, base_url: str, api_key: str, *, read_seconds: float = READ_SECONDS, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key}", "Accept": "application/json"},
            timeout=httpx.Timeout(read_seconds, connect=CONNECT_SECONDS),
        )
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def create_assistant(self, body: dict[str, Any]) -> dict[str, Any]:
        """The new assistant. On `may_have_happened` look with find_assistant before creating again."""
        return self._object("POST", "assistant", body=body)

    def get_assistant(self, assistant_id: str) -> dict[str, Any]:
        """The assistant as stored. Raises VapiNotFound."""
        return self._object("GET", _path("assistant", assistant_id))

    def update_assistant(self, assistant_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change the fields sent; `model` is replaced as a whole. Raises VapiNotFound."""
        return self._object("PATCH", _path("assistant", assistant_id), body=body)

    def delete_assistant(self, assistant_id: str) -> None:
        """Delete it; one that is gone already is fine. Raises VapiPinned."""
        with contextlib.suppress(VapiNotFound):
            self._send("DELETE", _path("assistant", assistant_id))

    def find_assistant(self, key: str, value: str) -> dict[str, Any] | None:
        """The newest assistant whose metadata has this value: how one is found again after a crash in the middle."""
        return next((found for found in self._list("assistant") if at(found, "metadata", key) == value), None)

    def list_phone_numbers(self) -> list[dict[str, Any]]:
        """Every number of the account, without secrets. `number` may be missing while one is being activated."""
        return [redact(found) for found in self._list("phone-number")]

    def get_phone_number(self, number_id: str) -> dict[str, Any]:
        """The number as stored, without secrets. Raises VapiNotFound."""
        return redact(self._object("GET", _path("phone-number", number_id)))

    def update_phone_number(self, number_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change the fields sent; null clears one. Read it again before telling anybody. Raises VapiNotFound."""
        return redact(self._object("PATCH", _path("phone-number", number_id), body=body))

    def get_call(self, call_id: str) -> dict[str, Any]:
        """The call, for events.call_report and events.status; without secrets. Raises VapiNotFound."""
        return redact(self._object("GET", _path("call", call_id)))

    def list_calls(self, updated_after: datetime) -> list[dict[str, Any]]:
        """Calls changed after the moment, newest created first; without secrets."""
        since = updated_after.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [redact(found) for found in self._list("call", updatedAtGt=since)]

    def recording(self, call_id: str) -> str:
        """A short-lived address of the recording; fetch it without our key. Raises VapiNotFound when there is none."""
        path = _path("call", call_id, "mono-recording")
        answer = self._send("GET", path)
        address = _target(answer) if 300 <= answer.status < 400 else None
        if address is None or address.scheme not in {"https", self._http.base_url.scheme}:
            raise errors.unreadable(answer.status, creating=False)
        return str(address)

    def _list(self, path: str, **filters: str) -> Iterator[dict[str, Any]]:
        """All items of a bare array without cursor, newest first, each once.

        The next page starts at the last item's creation time, inclusive: items created in the same millisecond are not
        lost. A list that does not end raises, because half a list would look as if the rest had been deleted.
        """
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            page = self._array(path, {**filters, "limit": str(PAGE_SIZE)})
            fresh = [item for item in page if str(item.get("id")) not in seen]
            seen.update(str(item.get("id")) for item in fresh)
            yield from fresh
            created = text(page[-1].get("createdAt")) if page else None
            if len(page) < PAGE_SIZE or not fresh or created is None:
                return
            filters["createdAtLe"] = created
        raise errors.unreadable(200, creating=False)

    def _array(self, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        answer = self._send("GET", path, params=params)
        found = answer.json()
        if answer.status >= 300 or not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise errors.unreadable(answer.status, creating=False)
        return found

    def _object(self, method: str, path: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._send(method, path, body=body)
        found = answer.json()
        if answer.status >= 300 or not isinstance(found, dict):
            raise errors.unreadable(answer.status, creating=method == "POST")
        return found

    def _send(self, method: str, path: str, *, body: dict[str, Any] | None = None, params: dict[str, str] | None = None) -> _Answer:
        attempts = 1 if method == "POST" else ATTEMPTS
        for attempt in range(1, attempts):
            try:
                return self._attempt(method, path, body, params, attempt)
            except VapiError as error:
                wait = _wait(attempt) if error.retry_after is None else error.retry_after
                if not error.retryable or wait > MAX_WAIT:
                    raise
                self._sleep(wait)
        return self._attempt(method, path, body, params, attempts)

    def _attempt(self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, str] | None, attempt: int) -> _Answer:
        creating = method == "POST"
        began = time.monotonic()
        log = _log.bind(method=method, path=path, attempt=attempt)
        try:
            with self._http.stream(method, path, json=body, params=params) as response:
                answer = _Answer(response.status_code, response.headers, response.url, _content(response, began, creating))
        except httpx.HTTPError as error:
            log.warning("vapi.no_answer", error=type(error).__name__)
            raise errors.unreachable(may_have_happened=creating and not isinstance(error, _NEVER_SENT)) from error
        log.info("vapi.answer", status=answer.status, milliseconds=round((time.monotonic() - began) * 1000))
        if answer.status >= 400:
            waits = _retry_after(answer.headers.get("retry-after"))
            raise errors.refusal(answer.status, answer.json(), creating=creating, retry_after=waits)
        return answer


def _content(response: httpx.Response, began: float, creating: bool) -> bytes:
    """The body, as long as it stays within bounds of size and time."""
    parts = bytearray()
    for part in response.iter_bytes():
        parts += part
        if len(parts) > MAX_ANSWER or time.monotonic() - began > ANSWER_SECONDS:
            raise errors.unreadable(response.status_code, creating=creating)
    return bytes(parts)


def _target(answer: _Answer) -> httpx.URL | None:
    """Where a redirect leads."""
    try:
        return answer.url.join(answer.headers["location"])
    except (KeyError, httpx.InvalidURL):
        return None


def _path(*parts: str) -> str:
    """The path of one thing. Anything that is no id is refused: `.` or an empty id would reach the whole collection."""
    if not _ID.fullmatch(parts[1]):
        raise errors.no_such_id()
    return "/".join(parts)


def _wait(attempt: int) -> float:
    """Seconds before the next attempt: 0.5, 1 ... with half of it left to chance, so that jobs do not knock together."""
    full = 0.5 * 2 ** (attempt - 1)
    return full * (1 + secrets.SystemRandom().random()) / 2


def _retry_after(header: str | None) -> float | None:
    """Seconds from now, from a number or an HTTP date."""
    seconds = number(header)
    if seconds is not None:
        return max(0.0, float(seconds))
    try:
        due = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    due = moment(due.isoformat()) if due else None
    return max(0.0, (due - clock.now()).total_seconds()) if due else None

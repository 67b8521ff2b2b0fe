"""Idempotency keys: the first answer is kept for a day and given again; the same key with other parameters is refused.

Source: docs.stripe.com/api/idempotent_requests, read 2026-11-20: results are kept from the moment the work begins, so an answer to
wrong parameters is not, and a declined card's is. A key whose first request still runs is a 409.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sandbox.store import Json, Store
from sandbox.stripe.errors import IDEMPOTENCY, StripeError

KEPT = 24 * 3600
LONGEST = 255
KIND = "stripe.idempotency"


class Keys:
    """Kept in the store: they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[str] = set()

    @contextmanager
    def held(self, key: str) -> Generator[None]:
        """While one request with this key runs, others are refused."""
        if not key:
            yield
            return
        if len(key) > LONGEST:
            raise StripeError(400, f"Idempotency keys are at most {LONGEST} characters long.", type_=IDEMPOTENCY)
        if key in self._running:
            told = f"There is currently another in-progress request using this Idempotency Key: {key}. Please try again later."
            raise StripeError(409, told, "idempotency_key_in_use", type_=IDEMPOTENCY)
        self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    def answered(self, key: str, path: str, params: Any, now: int) -> Json | None:
        """The kept answer ({"status", "body"}), or None. Raises StripeError when the key was used for something else."""
        kept = self._store.get(KIND, key) if key else None
        if kept is None or kept["at"] + KEPT <= now:
            return None
        if kept["path"] != path:
            told = f"Keys for idempotent requests can only be used for the same endpoint they were first used for ('{kept['path']}')."
        elif kept["params"] != params:
            told = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        else:
            return kept
        told += f" Try using a key other than '{key}' if you meant to execute a different request."
        raise StripeError(400, told, type_=IDEMPOTENCY)

    def keep(self, key: str, path: str, params: Any, now: int, status: int, body: Json) -> None:
        """Remember the first answer."""
        if key:
            self._store.put(KIND, {"id": key, "path": path, "params": params, "at": now, "status": status, "body": body})

"""Stripe's objects in the sandbox's store, each with what Stripe knows of it but does not show."""

import secrets
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.store import Json, Store
from sandbox.stripe.errors import missing

PREFIXES = {
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "dispute": "du",
    "event": "evt",
    "item": "li",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "refund": "re",
    "setup_intent": "seti",
    "webhook_endpoint": "we",
}
NOUNS = {name: name.rsplit(".", 1)[-1] if name == "checkout.session" else name for name in PREFIXES}


def new_id(prefix: str) -> str:
    """Stripe's prefix, then a sign of where it is from."""
    return f"{prefix}_sbx{secrets.token_hex(10)}"


class Records:
    """Objects are kept under their `object`; `created` is in seconds since 1970."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self._clock = store, clock

    def now(self) -> int:
        """Seconds since 1970, on the sandbox's clock."""
        return int(self._clock.now().timestamp())

    def add(self, kind: str, body: Json, **hidden: Any) -> Json:
        """A new object; an `id` in the body wins over a made one."""
        made = {"id": new_id(PREFIXES[kind]), "object": kind, "created": self.now(), "livemode": False, **body}
        self._put(made, iso(self._clock.now()), hidden)
        return made

    def save(self, body: Json, **hidden: Any) -> Json:
        """An object that changed; `hidden` is added to what is hidden already."""
        old = self.store.get(f"stripe.{body['object']}", body["id"]) or {}
        self._put(body, old.get("createdAt", ""), {**old.get("hidden", {}), **hidden})
        return body

    def _put(self, body: Json, created_at: str, hidden: Json) -> None:
        document = {"id": body["id"], "createdAt": created_at, "updatedAt": iso(self._clock.now()), "object": body, "hidden": hidden}
        self.store.put(f"stripe.{body['object']}", document)

    def find(self, kind: str, key: str) -> Json | None:
        """An object, or None."""
        found = self.store.get(f"stripe.{kind}", key)
        return found["object"] if found else None

    def hidden(self, kind: str, key: str) -> Json:
        """What is not shown of an object."""
        return (self.store.get(f"stripe.{kind}", key) or {}).get("hidden", {})

    def need(self, kind: str, key: str, param: str = "", status: int = 0) -> Json:
        """An object. Raises StripeError: 404 by default, 400 when a parameter names it."""
        found = self.find(kind, key)
        if found is None:
            raise missing(NOUNS[kind], key, param or "id", status or (400 if param else 404))
        return found

    def delete(self, kind: str, key: str) -> None:
        """Forget an object."""
        self.store.delete(f"stripe.{kind}", key)

    def all(self, kind: str, **equal: str) -> list[Json]:
        """Newest first; `equal` compares fields of the object."""
        where = {f"object.{name}": to for name, to in equal.items()}
        return [found["object"] for found in self.store.page(f"stripe.{kind}", 100_000, "", "", {}, where)]

    def page(self, kind: str, url: str, query: Json, **equal: Any) -> Json:
        """A list as Stripe answers it: newest first, `limit` of 1 to 100 (10), `starting_after`, `ending_before`, `created`."""
        for name in ("starting_after", "ending_before"):
            if name in query:
                self.need(kind, query[name], name)
        asked = query.get("limit", 10)
        where = {name if name.startswith("hidden.") else f"object.{name}": to for name, to in equal.items()}
        after, before = query.get("starting_after", ""), query.get("ending_before", "")
        found = self.store.page(f"stripe.{kind}", asked + 1, after, before, query.get("created") or {}, where)
        rows = [one["object"] for one in found[:asked]]
        data = rows[::-1] if before else rows
        return {"object": "list", "url": url, "has_more": len(found) > asked, "data": data}

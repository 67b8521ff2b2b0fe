"""Events: made with every change, sent to the endpoints that want them, listed."""

from fnmatch import fnmatchcase

from sandbox.store import Json
from sandbox.stripe.courier import Courier
from sandbox.stripe.errors import wrong
from sandbox.stripe.records import Records

API_VERSION = "2026-10-28.endive"


class Events:
    """`emit` writes an event and posts it to each endpoint; nobody waits for an answer."""

    def __init__(self, records: Records, courier: Courier) -> None:
        self._records, self._courier = records, courier
        self.request: Json = {"id": None, "idempotency_key": None}

    def emit(self, kind: str, subject: Json, before: Json | None = None) -> Json:
        """An event of type `kind` about the object as it is now; `before` holds what an update changed."""
        wanted = [endpoint for endpoint in self._records.all("webhook_endpoint") if wants(endpoint, kind)]
        data = {"object": subject} | ({"previous_attributes": before} if before else {})
        body = {"api_version": API_VERSION, "data": data, "pending_webhooks": len(wanted), "request": dict(self.request), "type": kind}
        event = self._records.add("event", body)
        for endpoint in wanted:
            self._courier.post(event, endpoint)
        return event

    def replay(self, event_id: str, times: int) -> None:
        """Deliver a stored event again, to every endpoint that wants it."""
        event = self._records.need("event", event_id)
        for endpoint in self._records.all("webhook_endpoint"):
            if wants(endpoint, event["type"]):
                for _ in range(times):
                    self._courier.post(event, endpoint)

    def listed(self, query: Json) -> Json:
        """Newest first, filtered by `type` or `types` and `delivery_success` (all endpoints told, or not)."""
        if "type" in query and "types" in query:
            raise wrong("You may only specify one of these parameters: type, types.", "type")
        types = query.get("types") or ([query["type"]] if "type" in query else [])
        success = query.get("delivery_success")
        if not types and success is None:
            return self._records.page("event", "/v1/events", query)
        asked = query.get("limit", 10)
        found: list[Json] = []
        step = {**query, "limit": 100}
        while True:
            page = self._records.page("event", "/v1/events", step)
            found += [event for event in page["data"] if _fits(event, types, success)]
            if not page["has_more"] or len(found) > asked:
                return {**page, "has_more": len(found) > asked, "data": found[:asked]}
            step["starting_after"] = page["data"][-1]["id"]


def _fits(event: Json, types: list[str], success: bool | None) -> bool:
    if types and not any(fnmatchcase(event["type"], pattern) for pattern in types):
        return False
    return success is None or success == (event["pending_webhooks"] == 0)


def wants(endpoint: Json, kind: str) -> bool:
    """Whether an endpoint is told of events of this type."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or kind in enabled)

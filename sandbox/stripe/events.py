"""Events: made with every change, sent to the endpoints that want them, listed."""

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
        event = self._records.add("event", body, owed="yes" if wanted else "no")
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
        filters = dict(query)
        types: list[str] = filters.pop("types", None) or ([filters.pop("type")] if "type" in filters else [])
        where: Json = {"type": types} if types else {}
        if "delivery_success" in filters:
            where["hidden.owed"] = "no" if filters.pop("delivery_success") else "yes"
        return self._records.page("event", "/v1/events", filters, **where)


def wants(endpoint: Json, kind: str) -> bool:
    """Whether an endpoint is told of events of this type."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or kind in enabled)

"""Assistants, tools and telephone numbers: stored as sent, PATCH replaces whole top-level fields."""

from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock, iso
from sandbox.store import Json, Store, new_id
from sandbox.vapi.errors import ApiError
from sandbox.vapi.fields_assistant import ASSISTANT, NUMBER_CREATE, NUMBER_UPDATE, TOOL_CREATE, TOOL_UPDATE
from sandbox.vapi.validation import Shape, check

ORG_ID = "sbx-0rg00000-0000-4000-8000-000000000001"
FREE_NUMBERS = 5  # Vapi docs, "free numbers per account"; one more is refused


@dataclass(frozen=True)
class Resource:
    """One REST collection: its kind in the store, the noun of its errors, and what bodies may hold."""

    kind: str
    noun: str
    create: Shape
    update: Shape


ASSISTANTS = Resource("assistant", "Assistant", ASSISTANT, ASSISTANT)
TOOLS = Resource("tool", "Tool", TOOL_CREATE, TOOL_UPDATE)
NUMBERS = Resource("phone-number", "Phone Number", NUMBER_CREATE, NUMBER_UPDATE)
RESOURCES = (ASSISTANTS, TOOLS, NUMBERS)


class Resources:
    """Create, read, change and delete. Raises ApiError for whatever Vapi would refuse."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def create(self, of: Resource, body: Any) -> Json:
        """A new document from a checked body."""
        self._check(of, of.create, body)
        if of is NUMBERS and len(self._store.find(NUMBERS.kind)) >= FREE_NUMBERS:
            raise ApiError(400, f"You can only have {FREE_NUMBERS} free phone numbers. Please contact support to get more.")
        moment = iso(self._clock.now())
        made = {"id": new_id(), "orgId": ORG_ID, **_present(body), "createdAt": moment, "updatedAt": moment}
        if of is NUMBERS:
            made |= {"status": "active", "number": self._free_number(str(body.get("numberDesiredAreaCode") or "415"))}
        return self._store.put(of.kind, made)

    def get(self, of: Resource, key: str) -> Json:
        """One document; 404 when there is none."""
        found = self._store.get(of.kind, key)
        if found is None:
            raise ApiError(404, f"{of.noun} Not Found")
        return found

    def update(self, of: Resource, key: str, body: Any) -> Json:
        """Replace the fields that were sent (`model` as a whole); null removes one. What PATCH does to `model` is
        undocumented: replacing is the harsher reading."""
        old = self.get(of, key)
        self._check(of, of.update, body)
        for name in ("provider", "type"):
            if name in body and body[name] != old.get(name, body[name]):
                raise ApiError(400, [f"{name} can not be changed"])
        merged = _present({**old, **body})
        return self._store.put(of.kind, {**merged, "updatedAt": iso(self._clock.now())})

    def delete(self, of: Resource, key: str) -> Json:
        """Forget the document and answer with it; numbers that point at an assistant keep pointing at nothing."""
        found = self.get(of, key)
        self._store.delete(of.kind, key)
        return found

    def add_number(self, number: str, name: str) -> Json:
        """A number put into the account by hand."""
        moment = iso(self._clock.now())
        facts = {"provider": "vapi", "number": number, "status": "active", "name": name}
        return self._store.put(NUMBERS.kind, {"id": new_id(), "orgId": ORG_ID, **facts, "createdAt": moment, "updatedAt": moment})

    def _free_number(self, area: str) -> str:
        taken = {str(number.get("number")) for number in self._store.find(NUMBERS.kind)}
        return next(text for text in (f"+1{area}55501{digits:02d}" for digits in range(100)) if text not in taken)

    def _check(self, of: Resource, shape: Shape, body: Any) -> None:
        problems = check(shape, body)
        if problems:
            raise ApiError(400, problems)
        self._check_references(of, body)

    def _check_references(self, of: Resource, body: Json) -> None:
        if of is NUMBERS and body.get("assistantId") and not self._store.get(ASSISTANTS.kind, body["assistantId"]):
            raise ApiError(400, "Couldn't Get Assistant. Provided assistantId does not exist.")
        for tool_id in (body.get("model") or {}).get("toolIds") or []:
            if not self._store.get(TOOLS.kind, tool_id):
                raise ApiError(400, f"Couldn't Get Tool. Provided toolId {tool_id} does not exist.")
        credential = (body.get("server") or {}).get("credentialId")
        if credential and not self._store.get("credential", credential):
            raise ApiError(400, f"Couldn't Get Credential. Provided credentialId {credential} does not exist.")


def _present(body: Json) -> Json:
    return {key: value for key, value in body.items() if value is not None}


def seed(store: Store, resources: Resources) -> None:
    """Five numbers of the 555 range, once per data folder."""
    if not store.get("setting", "seeded"):
        for place in range(FREE_NUMBERS):
            resources.add_number(f"+1415555010{place + 1}", f"Sandbox number {place + 1}")
        store.put("setting", {"id": "seeded"})

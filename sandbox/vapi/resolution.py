"""Who answers a dialled number: its assistant, or whatever its server answers to an assistant-request.

Without a valid answer in time the call goes to the number's fallbackDestination (Vapi docs). Which endedReason it has then is not
documented: it is that of the failure, so that nobody can take it for a call that was answered.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.store import Json, Store
from sandbox.vapi.delivery import Courier
from sandbox.vapi.fields_assistant import ANSWER
from sandbox.vapi.line import Line
from sandbox.vapi.messages import common
from sandbox.vapi.validation import check

ANSWER_WITHIN = 7.5  # Vapi docs: fixed, end to end; server.timeoutSeconds does not apply
FAILED, INVALID = "assistant-request-failed", "assistant-request-returned-invalid-assistant"
FORWARDED = "assistant-request-returned-forwarding-phone-number"
SORRY = "(An automated voice says that the call can not be completed, then the line closes.)"


@dataclass
class Resolution:
    """An assistant to talk to, or the reason why the call ends before it began and what the caller hears."""

    assistant: Json | None = None
    is_transient: bool = False
    reason: str = ""
    heard: str = ""
    destination: Json | None = None
    variables: Json = field(default_factory=dict[str, Any])
    debugging: Json = field(default_factory=dict[str, Any])


async def resolve(line: Line, store: Store, courier: Courier) -> Resolution:
    """As Vapi does: assistantId on the number, else ask the number's server."""
    number = line.number
    if number.get("assistantId"):
        assistant = store.get("assistant", number["assistantId"])
        return Resolution(assistant) if assistant else Resolution(reason="assistant-not-found", heard=SORRY)
    server = number.get("server") or {}
    if not server.get("url"):
        return Resolution(reason="call-start-error-neither-assistant-nor-server-set", heard=SORRY)
    answer = await courier.ask(line.id, server, common(line, "assistant-request"), within=ANSWER_WITHIN)
    found = _read(answer, store)
    if found.reason == FAILED and number.get("fallbackDestination"):
        fallback: Json = number["fallbackDestination"]
        found.destination, found.heard = fallback, f"(Nobody answered in time. {_put_through(fallback)})"
    if found.reason and not _is_answered_so(found):
        found.debugging = (
            {"assistantRequestResponse": answer} if answer is not None else {"assistantRequestError": "no valid answer in time"}
        )
    return found


def _read(answer: Any, store: Store) -> Resolution:
    """First match wins: error, destination, assistantId, assistant."""
    if not isinstance(answer, dict):
        return Resolution(reason=FAILED, heard=SORRY)
    if answer.get("error"):
        return Resolution(reason="assistant-request-returned-error", heard=str(answer["error"]))
    known = {name: answer[name] for name in ANSWER.fields if answer.get(name) is not None}
    if known.get("destination"):
        return Resolution(reason=INVALID, heard=SORRY) if check(ANSWER, known) else _forwarded(known["destination"])
    if not known.get("assistantId") and not known.get("assistant"):
        return Resolution(reason="assistant-request-returned-no-assistant", heard=SORRY)
    base = store.get("assistant", str(known["assistantId"])) if known.get("assistantId") else known["assistant"]
    if base is None or check(ANSWER, known):
        return Resolution(reason=INVALID, heard=SORRY)
    overrides: Json = known.get("assistantOverrides") or {}
    merged = {**base, **{name: value for name, value in overrides.items() if name != "variableValues"}}
    return Resolution(merged, is_transient="assistantId" not in known, variables=overrides.get("variableValues") or {})


def _forwarded(destination: Json) -> Resolution:
    return Resolution(reason=FORWARDED, heard=f"({_put_through(destination)})", destination=destination)


def _put_through(destination: Json) -> str:
    return f"The call is put through to {destination.get('number') or destination.get('sipUri')}."


def _is_answered_so(found: Resolution) -> bool:
    """Whether the server asked for it: then there is nothing to debug."""
    return found.reason == FORWARDED

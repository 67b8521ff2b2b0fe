"""Server messages of any type: what kind, of which call, between whom, and where the call stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kametrix.errors import Invalid
from kametrix.integrations.reading import at, first_text, mapping, mappings, moment, read_json, text
from kametrix.integrations.vapi.conversation import conversation

MAX_BYTES = 8 * 1024 * 1024
MAX_CALL_ID = 64
MAX_TYPE = 80
MAX_NUMBER = 32
MAX_REASON = 160

Stage = Literal["QUEUED", "RINGING", "IN_PROGRESS", "ENDED"]
_STAGES: dict[str, Stage] = {
    "scheduled": "QUEUED",
    "queued": "QUEUED",
    "ringing": "RINGING",
    "in-progress": "IN_PROGRESS",
    "forwarding": "IN_PROGRESS",
    "ended": "ENDED",
}


@dataclass(frozen=True)
class Message:
    """One server message. `body` is the `message` object, storable but not redacted yet: redact before storing or logging."""

    type: str
    call_id: str | None
    timestamp: datetime | None
    body: dict[str, Any]


@dataclass(frozen=True)
class Parties:
    """Who called whom, as far as a message of any type says so. Numbers are E.164 or SIP addresses, as sent."""

    from_number: str | None
    to_number: str | None
    is_outbound: bool
    assistant_id: str | None
    phone_number_id: str | None
    call_sid: str | None


@dataclass(frozen=True)
class StatusUpdate:
    """Where a call stands. `stage` is None for a status that says nothing of it (not-found, deletion-failed, unknown).

    `at`: when the message was sent. `transferred_to`: number or address the call was handed to.
    """

    call_id: str | None
    status: str
    stage: Stage | None
    at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    ended_reason: str | None
    user_spoke: bool
    transferred_to: str | None


def parse(raw: bytes) -> Message:
    """The message in a request body; unknown types and extra fields are fine, everything besides `type` is optional.

    Raises Invalid when the body is larger than 8 MiB, no JSON object, without a usable `message.type`, or when the call
    id is no id.
    """
    if len(raw) > MAX_BYTES:
        raise Invalid(f"The message is larger than {MAX_BYTES // 1024 // 1024} MiB; nothing was stored.")
    try:
        body = at(read_json(raw), "message")
    except ValueError as error:
        raise Invalid(f"The body cannot be read: {error}. Nothing was stored.") from error
    kind = text(at(body, "type"))
    if not kind or len(kind) > MAX_TYPE:
        raise Invalid("The body needs a `message` object with a `type` of at most 80 characters. Nothing was stored.")
    call_id = text(at(body, "call", "id"))
    if call_id and len(call_id) > MAX_CALL_ID:
        raise Invalid(f"The call id is longer than {MAX_CALL_ID} characters. Nothing was stored.")
    return Message(kind, call_id, moment(at(body, "timestamp")), mapping(body))


def call_of(body: dict[str, Any]) -> dict[str, Any]:
    """The call object: inside a message, or the answer of GET /call itself."""
    return mapping(body["call"]) if "call" in body else body


def call_id_of(body: dict[str, Any]) -> str | None:
    """The provider's id of the call."""
    return text(call_of(body).get("id"), MAX_CALL_ID)


def parties(body: dict[str, Any]) -> Parties:
    """Who called whom, from a message body or an answer of GET /call. Never raises."""
    call = call_of(body)
    customer = _address(body.get("customer")) or _address(call.get("customer"))
    ours = _address(body.get("phoneNumber")) or _address(call.get("phoneNumber"))
    is_outbound = str(call.get("type")).startswith("outbound")
    return Parties(
        from_number=ours if is_outbound else customer,
        to_number=customer if is_outbound else ours,
        is_outbound=is_outbound,
        assistant_id=text(call.get("assistantId"), MAX_CALL_ID),
        phone_number_id=first_text((call.get("phoneNumberId"), at(body, "phoneNumber", "id")), MAX_CALL_ID),
        call_sid=text(call.get("phoneCallProviderId"), MAX_CALL_ID),
    )


def _address(party: Any) -> str | None:
    return first_text((at(party, "number"), at(party, "sipUri")), MAX_NUMBER)


def transferred_to(body: dict[str, Any]) -> str | None:
    """The number, SIP address or assistant the call was handed to, if it was."""
    transfers = mappings(at(body, "artifact", "transfers")) or mappings(at(call_of(body), "artifact", "transfers"))
    for target in (
        body.get("destination"),
        *(at(transfer, "destination") for transfer in reversed(transfers)),
        call_of(body).get("destination"),
    ):
        if found := _address(target) or text(at(target, "assistantName"), MAX_NUMBER):
            return found
    return None


def ended_reason(body: dict[str, Any]) -> str | None:
    """Vapi's word for why the call ended; an open set, see ended_reasons.py."""
    return first_text((body.get("endedReason"), call_of(body).get("endedReason")), MAX_REASON)


def started_and_ended(body: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """When the call was answered and when it ended. The inner call is often a stale snapshot, so it comes second."""
    call = call_of(body)
    return (
        moment(body.get("startedAt")) or moment(call.get("startedAt")),
        moment(body.get("endedAt")) or moment(call.get("endedAt")),
    )


def status(body: dict[str, Any]) -> StatusUpdate:
    """The status in a status-update, or in an answer of GET /call. Never raises."""
    word = (first_text((body.get("status"), call_of(body).get("status")), MAX_TYPE) or "").lower()
    started_at, ended_at = started_and_ended(body)
    return StatusUpdate(
        call_id=call_id_of(body),
        status=word,
        stage=_STAGES.get(word),
        at=moment(body.get("timestamp")),
        started_at=started_at,
        ended_at=ended_at,
        ended_reason=ended_reason(body),
        user_spoke=conversation(body, started_at).user_spoke,
        transferred_to=transferred_to(body),
    )

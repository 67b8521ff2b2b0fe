"""What Stripe tells us, in our words: events, payments, refunds, disputes. Reads answers of the API and webhooks alike."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kametrix.errors import Invalid
from kametrix.integrations.reading import at, mapping, read_json, text

LONGEST_TYPE: Final = 80
LONGEST_ID: Final = 180


class PaymentState(StrEnum):
    """PENDING: the money is on its way. FAILED: this attempt came to nothing."""

    OPEN = "OPEN"
    PENDING = "PENDING"
    PAID = "PAID"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class Event:
    """One event; `subject` is the object it is about, as it was then."""

    id: str
    type: str
    api_version: str
    body: dict[str, Any]

    @property
    def subject(self) -> dict[str, Any]:
        """`data.object`."""
        return mapping(at(self.body, "data", "object"))


@dataclass(frozen=True)
class Payment:
    """What a Checkout session or a PaymentIntent says of a purchase. `amount` is in cents; none where nothing says so."""

    state: PaymentState
    purchase_id: str | None
    organization_id: str | None
    pack_id: str | None
    session_id: str | None
    payment_id: str | None
    customer_id: str | None
    amount: int | None
    currency: str | None
    failure_code: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Refund:
    """Money given back, in cents. `state` is Stripe's word; `own_id` ours, when we asked for it."""

    id: str
    payment_id: str | None
    amount: int
    currency: str
    state: str
    own_id: str | None
    failure: str | None


@dataclass(frozen=True)
class Dispute:
    """Money a payer's bank takes back, in cents. `state` is Stripe's word."""

    id: str
    payment_id: str | None
    amount: int
    currency: str
    state: str
    reason: str | None


def parse(raw: bytes) -> Event:
    """The event of a verified webhook. Raises Invalid when it is none (a thin event is none)."""
    try:
        body = mapping(read_json(raw))
    except ValueError as error:
        raise Invalid(f"This is no event of Stripe: {error}. Nothing was stored.") from error
    return event(body)


def event(body: dict[str, Any]) -> Event:
    """An event of the API's list or of a webhook. Raises Invalid when it is none."""
    found = Event(text(body.get("id")) or "", text(body.get("type")) or "", text(body.get("api_version")) or "", body)
    is_one = body.get("object") == "event" and found.id and found.type and found.subject
    if not is_one or len(found.type) > LONGEST_TYPE or len(found.id) > LONGEST_ID:
        raise Invalid("This is no event of Stripe. Nothing was stored.")
    return found


def session_payment(session: dict[str, Any]) -> Payment:
    """What a Checkout session says of its purchase."""
    metadata = mapping(session.get("metadata"))
    paid = session.get("payment_status") in ("paid", "no_payment_required")
    by_status = {"expired": PaymentState.EXPIRED, "complete": PaymentState.PENDING}
    return Payment(
        state=PaymentState.PAID if paid else by_status.get(text(session.get("status")) or "", PaymentState.OPEN),
        purchase_id=text(metadata.get("purchase")),
        organization_id=text(session.get("client_reference_id")) or text(metadata.get("organization")),
        pack_id=text(metadata.get("pack")),
        session_id=text(session.get("id")),
        payment_id=reference(session.get("payment_intent")),
        customer_id=reference(session.get("customer")),
        amount=_cents(session.get("amount_total")),
        currency=_currency(session.get("currency")),
    )


def intent_payment(intent: dict[str, Any]) -> Payment:
    """What a PaymentIntent says of its purchase. An attempt that failed is FAILED, though Stripe would take another."""
    metadata, error = mapping(intent.get("metadata")), mapping(intent.get("last_payment_error"))
    state = _INTENT.get(text(intent.get("status")) or "", PaymentState.OPEN)
    return Payment(
        state=state,
        purchase_id=text(metadata.get("purchase")),
        organization_id=text(metadata.get("organization")),
        pack_id=text(metadata.get("pack")),
        session_id=None,
        payment_id=text(intent.get("id")),
        customer_id=reference(intent.get("customer")),
        amount=_cents(intent.get("amount_received") if state == PaymentState.PAID else intent.get("amount")),
        currency=_currency(intent.get("currency")),
        failure_code=text(error.get("decline_code"), 80) or text(error.get("code"), 80),
        failure=text(error.get("message"), 300),
    )


def refund(found: dict[str, Any]) -> Refund | None:
    """A refund; none when it lacks what every refund has."""
    refund_id, amount, currency = text(found.get("id")), _cents(found.get("amount")), _currency(found.get("currency"))
    if not refund_id or not amount or not currency:
        return None
    return Refund(
        id=refund_id,
        payment_id=reference(found.get("payment_intent")),
        amount=amount,
        currency=currency,
        state=text(found.get("status")) or "",
        own_id=text(at(found, "metadata", "refund")),
        failure=text(found.get("failure_reason"), 300),
    )


def dispute(found: dict[str, Any]) -> Dispute | None:
    """A dispute; none when it lacks what every dispute has."""
    dispute_id, amount, currency = text(found.get("id")), _cents(found.get("amount")), _currency(found.get("currency"))
    if not dispute_id or not amount or not currency:
        return None
    return Dispute(
        id=dispute_id,
        payment_id=reference(found.get("payment_intent")),
        amount=amount,
        currency=currency,
        state=text(found.get("status")) or "",
        reason=text(found.get("reason"), 80),
    )


def reference(value: Any) -> str | None:
    """The id of something Stripe gives as an id or, expanded, as an object."""
    return text(value) or text(mapping(value).get("id"))


_INTENT: Final = {
    "succeeded": PaymentState.PAID,
    "processing": PaymentState.PENDING,
    "requires_payment_method": PaymentState.FAILED,
    "canceled": PaymentState.FAILED,
}


def _cents(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _currency(value: Any) -> str | None:
    return (text(value) or "").upper() or None

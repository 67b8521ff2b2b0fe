"""Takes what identifies the payer, and what opens something, out of Stripe's payloads before they are stored."""

from typing import Any, Final, cast

REDACTED: Final = "[redacted]"
_PERSONAL: Final = frozenset(
    {
        "address", "billing_details", "customer_address", "customer_details", "customer_email", "customer_name", "customer_phone",
        "customer_shipping", "email", "evidence", "name", "payment_method_details", "phone", "receipt_email", "receipt_number", "shipping",
        "shipping_details",
    }
)  # fmt: skip
_OPENING: Final = frozenset({"client_secret", "hosted_invoice_url", "invoice_pdf", "receipt_url", "url"})


def redact(payload: Any) -> Any:
    """A copy without names, addresses, telephone numbers, cards, client secrets and links to pages of a payer.

    Everything the readers of this package look at stays: a redacted event reads the same.
    """
    if isinstance(payload, list):
        return [redact(item) for item in cast("list[Any]", payload)]
    if not isinstance(payload, dict):
        return payload
    hidden = _PERSONAL | _OPENING
    return {key: _hidden(value) if key in hidden else redact(value) for key, value in cast("dict[str, Any]", payload).items()}


def _hidden(value: Any) -> Any:
    return value if value is None else REDACTED

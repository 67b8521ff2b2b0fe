"""Whether a webhook comes from Stripe, now: the signature over the bytes as received, and its time by our own clock."""

from typing import Final

import stripe

TOLERANCE_SECONDS: Final = 300


def verify(raw: bytes, header: str, *, secrets: list[str], now: float) -> bool:
    """True when one of `secrets` (the present one and, while it is replaced, the one before) signed these bytes within 5 minutes of `now`.

    Either way: Stripe's library takes a time in the future. Fails closed: with nothing configured nothing is accepted.
    """
    stamp = _time(header)
    if stamp is None or abs(now - stamp) > TOLERANCE_SECONDS:
        return False
    return any(_signed(raw, header, secret) for secret in secrets)


def _time(header: str) -> int | None:
    """The first `t`, as the library reads it."""
    stamps = [part[2:] for part in header.split(",") if part.startswith("t=")]
    return int(stamps[0]) if stamps and stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) < 16 else None


def _signed(raw: bytes, header: str, secret: str) -> bool:
    try:
        return bool(secret) and stripe.WebhookSignature.verify_header(raw, header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False

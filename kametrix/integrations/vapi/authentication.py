"""Whether a webhook comes from Vapi: a shared secret as bearer or X-Vapi-Secret, or an HMAC over the bytes as received."""

import hashlib
import hmac
import re
from collections.abc import Mapping

TOLERANCE_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,16}")
_MILLISECONDS_FROM = 1e11  # Vapi does not document the unit


def verify(raw: bytes, headers: Mapping[str, str], *, secrets: list[str], hmac_secret: str, now: float) -> bool:
    """True when one of `secrets` (the present one and, while it is replaced, the one before) or the signature matches.

    Fails closed: with nothing configured nothing is accepted, and an empty header never matches (Vapi sends X-Vapi-Secret
    empty when no credential is attached). The signature covers `{timestamp}.{body}`; the timestamp may be 5 minutes off
    `now` (seconds since 1970) in either direction. Compared in constant time.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    scheme, _, bearer = sent.get("authorization", "").partition(" ")
    offered = [sent.get("x-vapi-secret", ""), bearer.strip() if scheme.lower() == "bearer" else ""]
    known = [_same(offer, secret) for offer in offered for secret in secrets]
    return any([*known, _is_signed(raw, sent, hmac_secret, now)])


def _same(offered: str, secret: str) -> bool:
    return bool(offered and secret) and hmac.compare_digest(offered.encode("utf-8", "replace"), secret.encode())


def _is_signed(raw: bytes, sent: Mapping[str, str], secret: str, now: float) -> bool:
    signature, timestamp = sent.get("x-signature", ""), sent.get("x-timestamp", "")
    if not secret or not _TIMESTAMP.fullmatch(timestamp):
        return False
    seconds = int(timestamp) / 1000 if int(timestamp) > _MILLISECONDS_FROM else int(timestamp)
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return _same(signature.lower().removeprefix("sha256="), expected) and abs(now - seconds) <= TOLERANCE_SECONDS

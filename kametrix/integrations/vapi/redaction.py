"""Takes secrets, prompts and short-lived addresses out of provider payloads before they are stored or logged."""

import re
from typing import Any

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"auth[_-]?token|secret|api[_-]?key|password|credential|authorization|private[_-]?key|token$|^presigned", re.IGNORECASE
)
_CAPABILITIES = frozenset({"controlUrl", "listenUrl", "webCallUrl"})  # whoever has the address can speak into the call
_DROPPED = frozenset({"assistant", "newAssistant", "toAssistant", "fromAssistant", "squad", "headers", "systemPrompt"})
_PROMPT_ROLES = frozenset({"system", "developer"})
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_SIGNED = re.compile(r"[?&](x-amz-|x-goog-|signature=|sig=|awsaccesskeyid=)", re.IGNORECASE)


def redact(payload: Any) -> Any:
    """A copy without values under secret-sounding keys, assistant configurations, system prompts, request headers and presigned addresses.

    Everything the readers of this package look at stays: a redacted report reads the same.
    """
    if isinstance(payload, str):
        return _without_signed_addresses(payload)
    if isinstance(payload, list):
        return [redact(item) for item in payload if not _is_prompt(item)]
    if isinstance(payload, dict):
        return {key: REDACTED if _is_secret(key) else redact(value) for key, value in payload.items() if key not in _DROPPED}
    return payload


def _is_secret(key: str) -> bool:
    return key in _CAPABILITIES or bool(_SECRET.search(key))


def _is_prompt(item: Any) -> bool:
    return isinstance(item, dict) and str(item.get("role")).lower() in _PROMPT_ROLES


def _without_signed_addresses(words: str) -> str:
    if "://" not in words:
        return words
    return _ADDRESS.sub(lambda found: REDACTED if _SIGNED.search(found[0]) else found[0], words)

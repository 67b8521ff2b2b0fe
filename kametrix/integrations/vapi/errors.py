"""What can go wrong when we talk to Vapi: typed, in words a person may read, each saying whether a retry helps."""

from typing import Any

from kametrix.errors import ProviderError
from kametrix.integrations.reading import first_text, mapping, text
from kametrix.integrations.vapi.redaction import redact

MAX_PROBLEM = 300


class VapiError(ProviderError):
    """Any failure. `retry_after`: seconds Vapi asks us to wait, None when it does not say.

    `may_have_happened`: the request may have taken effect although no answer says so. After a create, look for what it
    would have made before sending it again.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        provider_status: int | None = None,
        retry_after: float | None = None,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(message, retryable=retryable, provider_status=provider_status)
        self.retry_after = retry_after
        self.may_have_happened = may_have_happened


class VapiUnreachable(VapiError):
    """No answer: refused, timed out or broken off."""


class VapiUnavailable(VapiError):
    """Vapi failed (5xx)."""


class VapiUnreadable(VapiError):
    """An answer that is not what the API promises: no JSON, another shape, too large."""


class VapiBusy(VapiError):
    """Too many requests (429)."""


class VapiUnauthorized(VapiError):
    """Our key is not accepted (401, 403)."""


class VapiNotFound(VapiError):
    """It does not exist at Vapi (404)."""


class VapiConflict(VapiError):
    """It cannot be changed in its present state (409)."""


class VapiPinned(VapiConflict):
    """An assistant that is pinned at Vapi and cannot be deleted (409 assistant_pinned)."""


class VapiRefused(VapiError):
    """The request is wrong (any other 4xx): sending it again changes nothing."""


_KEPT = "What you saved here is kept"


def unreachable(*, may_have_happened: bool) -> VapiUnreachable:
    """Vapi did not answer."""
    return VapiUnreachable(f"Vapi did not answer. {_KEPT}; try again in a moment.", retryable=True, may_have_happened=may_have_happened)


def unreadable(status: int, *, creating: bool) -> VapiUnreadable:
    """Vapi answered something else than the API promises."""
    message = f"Vapi gave an answer that cannot be read. {_KEPT}; try again in a moment."
    return VapiUnreadable(message, retryable=True, provider_status=status, may_have_happened=creating)


def no_such_id() -> VapiNotFound:
    """For ids Vapi cannot have given; asking would reach another address."""
    return VapiNotFound("This is not known at Vapi.", retryable=False, provider_status=404)


def refusal(status: int, answer: Any, *, creating: bool, retry_after: float | None) -> VapiError:
    """The error for an answer with status 400 or above; `answer` is its JSON, None when it was none."""
    problem = _problem(answer)
    if status == 429:
        message = f"Vapi is taking no more requests at the moment. {_KEPT}; try again in a minute."
        return VapiBusy(message, retryable=True, provider_status=status, retry_after=retry_after)
    if status >= 500:
        message = f"Vapi has a problem of its own. {_KEPT}; try again in a few minutes."
        return VapiUnavailable(message, retryable=True, provider_status=status, retry_after=retry_after, may_have_happened=creating)
    kind, message = _refused(status, problem)
    return kind(message, retryable=False, provider_status=status)


def _refused(status: int, problem: str) -> tuple[type[VapiError], str]:
    if status in {401, 403}:
        return VapiUnauthorized, f"Vapi does not accept our key. {_KEPT}; the operator has to check VAPI_API_KEY."
    if status == 404:
        return VapiNotFound, "This is not known at Vapi (any more)."
    if status == 409 and "assistant_pinned" in problem:
        return VapiPinned, "The assistant is pinned at Vapi and cannot be deleted there. Unpin it in the Vapi dashboard, then try again."
    kind = VapiConflict if status == 409 else VapiRefused
    return kind, f"Vapi refused the change: {problem or f'status {status}'}. {_KEPT}; correct it and save again."


def _problem(answer: Any) -> str:
    """Vapi's own words, on one line: `message` is a string or a list of strings."""
    said = mapping(redact(answer))
    message = said.get("message")
    parts = [text(part) for part in message] if isinstance(message, list) else [text(message), text(said.get("error"))]
    told = " ".join("; ".join(part.rstrip(".") for part in parts if part).split())
    return first_text((told,), MAX_PROBLEM) or ""

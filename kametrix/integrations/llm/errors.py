"""What can go wrong with a language model, in words a person may read. Neither key nor answer is in them."""

from math import ceil

from kametrix.errors import ProviderError


class LlmError(ProviderError):
    """Any failure. `retry_after`: seconds the provider asks to wait, None when it does not say."""

    def __init__(self, message: str, *, retryable: bool, provider_status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, retryable=retryable, provider_status=provider_status)
        self.retry_after = retry_after


class LlmUnreachable(LlmError):
    """No answer, or one that broke off."""


class LlmBusy(LlmError):
    """Too many requests, or the provider is down."""


class LlmRefused(LlmError):
    """Key, account, model or request is not accepted: trying again changes nothing."""


class LlmUnusable(LlmError):
    """An answer that is not what was asked for, after a second try too."""


def broken_off() -> LlmError:
    """The connection failed before or within the answer."""
    return LlmUnreachable("The language model cannot be reached at the moment. Please try again in a minute.", retryable=True)


def too_slow() -> LlmError:
    """It did not finish in time."""
    return LlmUnreachable("The language model took too long. Please try again in a minute.", retryable=True)


def busy(status: int | None, retry_after: float | None) -> LlmError:
    """It asks us to come back later."""
    wait = f"in {max(5, ceil(retry_after))} seconds" if retry_after is not None and retry_after <= 120 else "in a few minutes"
    message = f"The language model has too much to do at the moment. Please try again {wait}."
    return LlmBusy(message, retryable=True, provider_status=status, retry_after=retry_after)


def refused(status: int | None, reason: str) -> LlmError:
    """`reason` completes "The language model ...": what an operator has to look at."""
    message = f"The language model {reason}. Whoever runs Kametrix has to look at its settings."
    return LlmRefused(message, retryable=False, provider_status=status)


def unusable() -> LlmError:
    """It answered, but not with what was asked for."""
    return LlmUnusable("The language model wrote something we cannot use. Please try again.", retryable=True)

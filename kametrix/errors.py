"""Every error a person may read: a message in plain words and the HTTP status it maps to. Anything else is a bug."""


class KametrixError(Exception):
    """A failure we expected. `message` is shown to a person; `errors` maps form fields to what is wrong there."""

    status = 400

    def __init__(self, message: str, *, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or {}


class Invalid(KametrixError):
    """What was sent cannot be accepted; nothing was changed."""

    status = 422

    @classmethod
    def fields(cls, errors: dict[str, str]) -> "Invalid":
        """One error per form field, told at the field."""
        return cls(next(iter(errors.values())), errors=errors)


class NotSignedIn(KametrixError):
    """No valid session."""

    status = 401


class Forbidden(KametrixError):
    """Signed in, but not allowed."""

    status = 403


class NotFound(KametrixError):
    """It does not exist, or it belongs to another organization: the answer is the same."""

    status = 404


class Conflict(KametrixError):
    """It collides with something that exists or with a newer version."""

    status = 409


class TooMany(KametrixError):
    """A rate limit. `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Busy(KametrixError):
    """No capacity at the moment; the same request may be sent again."""

    status = 503


class ProviderError(KametrixError):
    """A provider refused or did not answer. `retryable` says whether the same request may succeed later."""

    status = 502

    def __init__(self, message: str, *, retryable: bool, provider_status: int | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.provider_status = provider_status


class Misconfigured(KametrixError):
    """The environment is unsafe or incomplete; the process refuses to start."""

    status = 500

"""Errors as Stripe writes them: {"error": {"type", "code", "message", "param"}} (docs.stripe.com/api/errors, read 2026-11-20)."""

from typing import Any

from starlette.responses import JSONResponse

from sandbox.store import Json

Type = str
INVALID, CARD, API, IDEMPOTENCY = "invalid_request_error", "card_error", "api_error", "idempotency_error"


class StripeError(Exception):
    """Ends a request with a Stripe-shaped body; `more` are further fields of the error (charge, payment_intent, decline_code)."""

    def __init__(self, status: int, message: str, code: str = "", param: str = "", type_: Type = INVALID, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"type": type_, "message": message}
        if code:
            self.body |= {"code": code, "doc_url": f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"}
        if param:
            self.body["param"] = param
        self.body |= more

    def to_json(self) -> Json:
        """The whole body."""
        return {"error": self.body}

    def response(self, headers: dict[str, str] | None = None) -> JSONResponse:
        """What to answer with."""
        return JSONResponse(self.to_json(), self.status, headers=headers)


def missing(noun: str, key: str, param: str = "id", status: int = 404) -> StripeError:
    """An object that does not exist: 404 when the address names it, 400 when a parameter does."""
    return StripeError(status, f"No such {noun}: '{key}'", "resource_missing", param)


def wrong(message: str, param: str = "", code: str = "") -> StripeError:
    """A request that makes no sense."""
    return StripeError(400, message, code, param)


NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)

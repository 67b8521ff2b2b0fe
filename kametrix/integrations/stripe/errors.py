"""What can go wrong when we talk to Stripe, in words a person may read."""

from typing import Any, Final

import stripe

from kametrix.errors import ProviderError
from kametrix.integrations.reading import mapping, text

LONGEST: Final = 300
_TRY_AGAIN: Final = "Nothing was charged; please try again in a moment."


class StripeFailure(ProviderError):
    """Any failure. `code` and `decline_code` are Stripe's words, `param` the field it refused; `payment_id` the PaymentIntent of a
    card that was declined. `retryable`: the same request, with the same key, may succeed later."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        provider_status: int | None = None,
        code: str | None = None,
        decline_code: str | None = None,
        param: str | None = None,
        payment_id: str | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, provider_status=provider_status)
        self.code, self.decline_code, self.param, self.payment_id = code, decline_code, param, payment_id


def unreadable() -> StripeFailure:
    """An answer that is not what the API promises."""
    return StripeFailure(f"Stripe gave an answer we cannot read. {_TRY_AGAIN}", retryable=True)


def not_set_up() -> StripeFailure:
    """There is no key."""
    return StripeFailure("Payments are not set up here: the operator has to set STRIPE_SECRET_KEY.", retryable=False)


def failure(error: stripe.StripeError) -> StripeFailure:
    """The same failure in our words."""
    status, told = error.http_status, _body(error)
    code = text(told.get("code"))
    if isinstance(error, stripe.CardError):
        return StripeFailure(
            text(told.get("message"), LONGEST) or "The card was declined.",
            retryable=False,
            provider_status=status,
            code=code,
            decline_code=text(told.get("decline_code")),
            payment_id=text(mapping(told.get("payment_intent")).get("id")),
        )
    if isinstance(error, stripe.APIConnectionError):
        return StripeFailure(f"The payment service did not answer. {_TRY_AGAIN}", retryable=True)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        message = "The payment service does not accept our key. The operator has to check STRIPE_SECRET_KEY."
        return StripeFailure(message, retryable=False, provider_status=status, code=code)
    if status is not None and status < 400:
        return unreadable()
    if isinstance(error, stripe.RateLimitError) or status is None or status in (409, 429) or status >= 500:
        return StripeFailure(
            f"The payment service has a problem of its own. {_TRY_AGAIN}", retryable=True, provider_status=status, code=code
        )
    said = (text(told.get("message"), LONGEST) or f"status {status}").rstrip(".")
    message, param = f"The payment service refused this: {said}.", text(told.get("param"))
    return StripeFailure(message, retryable=False, provider_status=status, code=code, param=param)


def _body(error: stripe.StripeError) -> dict[str, Any]:
    return mapping(mapping(error.json_body).get("error"))

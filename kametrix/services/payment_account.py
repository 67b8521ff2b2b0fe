"""Which account at Stripe this installation sells with."""

from kametrix.integrations.stripe.client import StripeGateway
from kametrix.settings import settings


def gateway() -> StripeGateway:
    """The client of the account that the settings name, for use outside transactions. Raises StripeFailure without a key."""
    return StripeGateway(settings().stripe_base_url, settings().stripe_secret_key.get_secret_value())

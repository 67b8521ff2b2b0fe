"""Stripe's API as we use it. Blocking and safe for threads; plain values in and out, every failure a StripeFailure.

The API version is pinned: the library's, so that what we read has the shape it was written for. Each request that makes
something carries a key of ours, so that repeating it, by the library or by a job, makes it once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import stripe

from kametrix.integrations.reading import mapping, text
from kametrix.integrations.stripe import errors
from kametrix.integrations.stripe.errors import StripeFailure

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = (5.0, 20.0)
"""Seconds to connect and to answer."""
RETRIES: Final = 3
MOST_LISTED: Final = 10_000
"""Things of one kind read at once: beyond it a shorter time is to be asked for."""
PRODUCT: Final = "kametrix_pack_"
"""Our own ids of products: this and the pack's."""


@dataclass(frozen=True)
class CheckoutOrder:
    """A purchase to be paid on Stripe's page, in cents. With `price_id` that price is used, else one made of name and amount."""

    purchase_id: str
    organization_id: str
    user_id: str
    pack_id: str
    pack_name: str
    price_in_cents: int
    currency: str
    price_id: str | None
    expires_at: datetime

    @property
    def metadata(self) -> dict[str, str]:
        """What session and payment carry, so that each of their events says what it is about."""
        return {"organization": self.organization_id, "purchase": self.purchase_id, "pack": self.pack_id, "user": self.user_id}


@dataclass(frozen=True)
class OpenedSession:
    """A page of Stripe's at `url`, usable until `expires_at`."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Card:
    """A saved card, as its owner knows it. `expires`: MM/YYYY."""

    payment_method_id: str
    brand: str
    last4: str
    expires: str


@dataclass(frozen=True)
class Charge:
    """What became of charging a saved card; `status` is that of Stripe's PaymentIntent."""

    payment_id: str
    status: str


class StripeGateway:
    """One account at one address. `base_url` is without `/v1`."""

    def __init__(self, base_url: str, key: str) -> None:
        if not key:
            raise errors.not_set_up()
        http = stripe.RequestsClient(timeout=TIMEOUT)
        addresses: Any = {"api": base_url.rstrip("/")}
        self._stripe = stripe.StripeClient(
            key, stripe_version=API_VERSION, base_addresses=addresses, max_network_retries=RETRIES, http_client=http
        )

    # Customers and Checkout

    def create_customer(self, organization_id: str) -> str:
        """The id of a new customer; asked again within a day, the same one."""
        params: Any = {"metadata": {"organization": organization_id}}
        return _id(_ask(lambda: self._stripe.v1.customers.create(params, _key(f"customer:{organization_id}"))))

    def create_checkout(self, order: CheckoutOrder, *, customer_id: str, success_url: str, cancel_url: str) -> OpenedSession:
        """Stripe's page for an order; the same order again is the same page."""
        metadata = order.metadata
        params: Any = {
            "mode": "payment",
            "customer": customer_id,
            "client_reference_id": order.organization_id,
            "line_items": [{"quantity": 1, **_priced(order)}],
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "adaptive_pricing": {"enabled": False},
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(order.expires_at.timestamp()),
        }
        return _opened(_ask(lambda: self._stripe.v1.checkout.sessions.create(params, _key(order.purchase_id))))

    def create_setup(self, *, organization_id: str, customer_id: str, success_url: str, cancel_url: str, key: str) -> OpenedSession:
        """Stripe's page that saves a card without charging it."""
        metadata = {"organization": organization_id}
        params: Any = {
            "mode": "setup",
            "customer": customer_id,
            "client_reference_id": organization_id,
            "allowed_payment_method_types": ["card"],
            "metadata": metadata,
            "setup_intent_data": {"metadata": metadata},
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        return _opened(_ask(lambda: self._stripe.v1.checkout.sessions.create(params, _key(key))))

    def session(self, session_id: str) -> dict[str, Any]:
        """A Checkout session as it is now."""
        return _ask(lambda: self._stripe.v1.checkout.sessions.retrieve(session_id))

    def saved_card(self, session_id: str) -> Card | None:
        """The card a finished setup session saved; none when it saved none."""
        session = self.session(session_id)
        intent_id = text(session.get("setup_intent"))
        if session.get("mode") != "setup" or session.get("status") != "complete" or not intent_id:
            return None
        method_id = text(_ask(lambda: self._stripe.v1.setup_intents.retrieve(intent_id)).get("payment_method"))
        return _card(_ask(lambda: self._stripe.v1.payment_methods.retrieve(method_id))) if method_id else None

    # Payments

    def charge(self, *, customer_id: str, payment_method_id: str, amount: int, currency: str, metadata: dict[str, str], key: str) -> Charge:
        """Charge a saved card without its owner. A declined one raises StripeFailure with its `payment_id`."""
        params: Any = {
            "customer": customer_id,
            "payment_method": payment_method_id,
            "amount": amount,
            "currency": currency.lower(),
            "metadata": metadata,
            "off_session": True,
            "confirm": True,
        }
        made = _ask(lambda: self._stripe.v1.payment_intents.create(params, _key(key)))
        return Charge(_id(made), text(made.get("status")) or "")

    def payment(self, payment_id: str) -> dict[str, Any]:
        """A PaymentIntent as it is now."""
        return _ask(lambda: self._stripe.v1.payment_intents.retrieve(payment_id))

    def refund(self, *, payment_id: str, amount: int, key: str, metadata: dict[str, str]) -> dict[str, Any]:
        """Give `amount` cents of a payment back; returns the refund."""
        params: Any = {"payment_intent": payment_id, "amount": amount, "metadata": metadata}
        return _ask(lambda: self._stripe.v1.refunds.create(params, _key(key)))

    def detach_card(self, payment_method_id: str) -> None:
        """Have a saved card forgotten; one that is gone already is no failure."""
        try:
            _ask(lambda: self._stripe.v1.payment_methods.detach(payment_method_id))
        except StripeFailure as failure:
            if failure.retryable or failure.provider_status not in (400, 404):
                raise

    # Packs

    def sync_price(self, *, pack_id: str, name: str, price_in_cents: int, key: str) -> str:
        """Tell Stripe of a pack, as a product of its name; returns the id of a new price in US dollars, the same for the same `key`."""
        product: Any = {"id": PRODUCT + pack_id, "name": name}
        try:
            _ask(lambda: self._stripe.v1.products.create(product))
        except StripeFailure as failure:
            if failure.code != "resource_already_exists":
                raise
            _ask(lambda: self._stripe.v1.products.update(PRODUCT + pack_id, {"name": name}))
        price: Any = {"product": PRODUCT + pack_id, "unit_amount": price_in_cents, "currency": "usd", "metadata": {"pack": pack_id}}
        return _id(_ask(lambda: self._stripe.v1.prices.create(price, _key(key))))

    def retire_price(self, price_id: str) -> None:
        """Have a price used no more; one Stripe does not know is no failure."""
        try:
            _ask(lambda: self._stripe.v1.prices.update(price_id, {"active": False}))
        except StripeFailure as failure:
            if failure.provider_status != 404:
                raise

    # What happened, as lists

    def undelivered_events(self, since: datetime) -> list[dict[str, Any]]:
        """Events since then that some endpoint has not accepted, oldest first."""
        return self._listed(self._stripe.v1.events.list, since, delivery_success=False)

    def sessions(self, since: datetime) -> list[dict[str, Any]]:
        """Checkout sessions made since then, oldest first."""
        return self._listed(self._stripe.v1.checkout.sessions.list, since)

    def payments(self, since: datetime) -> list[dict[str, Any]]:
        """PaymentIntents made since then, oldest first."""
        return self._listed(self._stripe.v1.payment_intents.list, since)

    def refunds(self, since: datetime) -> list[dict[str, Any]]:
        """Refunds made since then, oldest first."""
        return self._listed(self._stripe.v1.refunds.list, since)

    def disputes(self, since: datetime) -> list[dict[str, Any]]:
        """Disputes opened since then, oldest first."""
        return self._listed(self._stripe.v1.disputes.list, since)

    def _listed(self, listing: Callable[[Any], Any], since: datetime, **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        params: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": 100, **more}
        page = _ask(lambda: listing(params))
        while True:
            rows = page.get("data")
            if not isinstance(rows, list):
                raise errors.unreadable()
            found += rows
            if not page.get("has_more") or not rows or len(found) >= MOST_LISTED:
                return found[::-1]
            after = {**params, "starting_after": _id(rows[-1])}
            page = _ask(lambda after=after: listing(after))


def _ask(request: Callable[[], Any]) -> dict[str, Any]:
    """The answer as plain values."""
    try:
        answer = request()
    except stripe.StripeError as error:
        raise errors.failure(error) from error
    except (AttributeError, TypeError, ValueError) as error:  # how the library takes an answer of another shape
        raise errors.unreadable() from error
    found = answer.to_dict(for_json=True) if isinstance(answer, stripe.StripeObject) else None
    if not isinstance(found, dict):
        raise errors.unreadable()
    return found


def _key(key: str) -> Any:
    return {"idempotency_key": key}


def _id(made: dict[str, Any]) -> str:
    found = text(made.get("id"))
    if not found:
        raise errors.unreadable()
    return found


def _priced(order: CheckoutOrder) -> dict[str, Any]:
    if order.price_id:
        return {"price": order.price_id}
    product = {"name": order.pack_name}
    return {"price_data": {"currency": order.currency.lower(), "unit_amount": order.price_in_cents, "product_data": product}}


def _opened(made: dict[str, Any]) -> OpenedSession:
    url, expires = text(made.get("url")), made.get("expires_at")
    if not url or not isinstance(expires, int):
        raise errors.unreadable()
    return OpenedSession(_id(made), url, datetime.fromtimestamp(expires, UTC))


def _card(method: dict[str, Any]) -> Card | None:
    card = mapping(method.get("card"))
    if not card:
        return None
    month, year = card.get("exp_month"), card.get("exp_year")
    expires = f"{month:02d}/{year}" if isinstance(month, int) and isinstance(year, int) else ""
    return Card(_id(method), (text(card.get("brand")) or "card")[:40], (text(card.get("last4")) or "")[:4], expires[:7])

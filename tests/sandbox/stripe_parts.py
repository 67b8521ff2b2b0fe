"""A buyer at the sandbox's Stripe: the unmodified library, the hosted page, and a server that is told."""

from typing import Any

import stripe

from tests.sandbox.parts import Box, Delivered, Json, Receiver, until

SECRET_KEY, WEBHOOK_SECRET = "sk_test_sbx_key", "whsec_sbx_secret"
RETURN_URL, CANCEL_URL = "http://localhost:3000/credits/return?session={CHECKOUT_SESSION_ID}", "http://localhost:3000/credits"
PACK: Json = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Starter"}}


class Shop:
    """`box` with a client for its Stripe; `server` gets the events."""

    def __init__(self, box: Box, server: Receiver) -> None:
        self.box, self.server = box, server
        self.address = f"http://127.0.0.1:{box.port}/stripe"
        self.client = self.made_client()
        self.v1 = self.client.v1
        endpoint = {"url": server.url, "enabled_events": ["*"], "api_version": "2026-10-28.endive"}
        self.endpoint = self.v1.webhook_endpoints.create(params=endpoint)  # pyright: ignore[reportArgumentType]  # a plain dict
        self.secret = str(self.endpoint.secret)

    def made_client(self, key: str = SECRET_KEY, retries: int = 0) -> stripe.StripeClient:
        return stripe.StripeClient(key, base_addresses={"api": self.address}, max_network_retries=retries)

    def customer(self) -> str:
        return self.v1.customers.create(params={"metadata": {"organization": "org-1"}}).id

    def session(self, key: str = "", **params: Any) -> Any:
        """An open session over $10; `params` replace or add, None removes."""
        line = {"price_data": PACK, "quantity": 1}
        about = {"organization": "org-1", "pack": "starter"}
        whole = {"mode": "payment", "line_items": [line], "success_url": RETURN_URL, "cancel_url": CANCEL_URL, "metadata": about}
        whole |= {"payment_intent_data": {"metadata": about}} | params
        asked: Any = {name: value for name, value in whole.items() if value is not None}
        return self.v1.checkout.sessions.create(params=asked, options={"idempotency_key": key} if key else {})

    def choose(self, session_id: str, outcome: str) -> Any:
        """Press a button of the hosted page."""
        return self.box.http.post(f"/stripe/pay/{session_id}", data={"outcome": outcome})

    def bought(self, **params: Any) -> Any:
        """A paid session, read again."""
        made = self.session(**params)
        assert self.choose(made.id, "pay").status_code == 303
        return self.v1.checkout.sessions.retrieve(made.id)

    def card(self, behaviour: str = "good") -> tuple[str, str]:
        """A customer and their saved card."""
        customer = self.customer()
        setup = self.session(mode="setup", currency="usd", customer=customer, line_items=None, payment_intent_data=None)
        assert self.choose(setup.id, f"card_{behaviour}").status_code == 303
        return customer, self.v1.payment_methods.list(params={"customer": customer}).data[0].id

    def charge(self, customer: str, card: str, key: str = "", **params: Any) -> Any:
        """Without the payer, from a saved card."""
        whole: Any = {"amount": 2500, "currency": "usd", "customer": customer, "payment_method": card, "off_session": True, "confirm": True}
        return self.v1.payment_intents.create(params=whole | params, options={"idempotency_key": key} if key else {})

    def told(self) -> list[str]:
        """Types of the events that arrived."""
        return [self.event(one).type for one in list(self.server.got)]

    def event(self, one: Delivered) -> Any:
        """Verified by the library. Raises when the signature is wrong."""
        return self.client.construct_event(one.raw, one.headers["stripe-signature"], self.secret)

    def told_of(self, kind: str) -> Any:
        """The object of the first event of this type, once it is there."""

        def found() -> list[Any]:
            return [event for event in map(self.event, list(self.server.got)) if event.type == kind]

        until(lambda: bool(found()))
        return found()[0].data.object

    def settled(self) -> None:
        """Every delivery was attempted."""
        until(lambda: all(one["attempts"] or one["state"] == "dropped" for one in self.box.state("/deliveries?limit=1000")))

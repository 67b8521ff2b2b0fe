"""The product at the sandbox's Stripe: a process that answers over real HTTP, and payers that press the buttons of its page."""

from collections.abc import Callable, Iterator

import pytest

from kametrix import db
from kametrix.integrations.stripe.client import OpenedSession, StripeGateway
from kametrix.models import CreditPurchase
from kametrix.services import payment_account, purchases
from kametrix.services.access import Actor
from kametrix.settings import settings
from tests import stripe_facts as facts
from tests.sandbox.parts import Box

KEY = "sk_test_sbx_product"


class Stripe:
    """`gateway` is the product's own."""

    def __init__(self, box: Box) -> None:
        self.box = box

    @property
    def gateway(self) -> StripeGateway:
        return payment_account.gateway()

    def choose(self, session_id: str, outcome: str = "pay") -> None:
        """Press a button of the hosted page."""
        answer = self.box.http.post(f"/stripe/pay/{session_id}", data={"outcome": outcome})
        assert answer.status_code in (200, 303, 402), answer.text

    def open(self, actor: Actor, name: str = "Starter") -> CreditPurchase:
        """A purchase with a real page."""
        with db.transaction() as session:
            order = purchases.begin(session, actor, facts.pack(session, name).id)
        customer = order.customer_id or self.gateway.create_customer(actor.organization_id)
        page = self.gateway.create_checkout(
            order.checkout, customer_id=customer, success_url="http://localhost:3000/s", cancel_url="http://localhost:3000/c"
        )
        return self._kept(actor, customer, order.checkout.purchase_id, page)

    def _kept(self, actor: Actor, customer: str, purchase_id: str, page: OpenedSession) -> CreditPurchase:
        with db.transaction() as session:
            purchases.record_customer(session, actor.organization_id, customer)
            purchases.record_session(session, purchase_id, page)
            return session.get_one(CreditPurchase, purchase_id)

    def paid(self, actor: Actor, name: str = "Starter", outcome: str = "pay") -> CreditPurchase:
        """A purchase that was paid at Stripe; we were told nothing."""
        purchase = self.open(actor, name)
        self.choose(purchase.stripe_session_id or "", outcome)
        return purchase


def read(purchase: CreditPurchase) -> CreditPurchase:
    """The row as it is now."""
    with db.transaction() as session:
        return session.get_one(CreditPurchase, purchase.id)


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("stripe"), SANDBOX_STRIPE_SECRET_KEY=KEY)
    yield box
    box.stop()


@pytest.fixture
def at_stripe(stripe_process: Box, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Stripe]:
    """Point the settings at the sandbox, emptied; to be called after the database's fixture."""

    def use() -> Stripe:
        stripe_process.control("/reset")
        monkeypatch.setenv("STRIPE_BASE_URL", f"http://127.0.0.1:{stripe_process.port}/stripe")
        monkeypatch.setenv("STRIPE_SECRET_KEY", KEY)
        settings.cache_clear()
        return Stripe(stripe_process)

    return use


@pytest.fixture
def stripe_house(database: str, at_stripe: Callable[[], Stripe]) -> Stripe:
    """A database of its own and Stripe's sandbox."""
    return at_stripe()

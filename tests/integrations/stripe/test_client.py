import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import PRODUCT, CheckoutOrder, OpenedSession, StripeGateway
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import PaymentState
from tests.stripe_sandbox import KEY, Stripe

URLS = {"success_url": "http://localhost:3000/r?session={CHECKOUT_SESSION_ID}", "cancel_url": "http://localhost:3000/c"}


@pytest.fixture
def stripe(at_stripe: Callable[[], Stripe]) -> Stripe:
    return at_stripe()


def order(**fields: Any) -> CheckoutOrder:
    given = {
        "purchase_id": new_id(), "organization_id": "org-1", "user_id": "user-1", "pack_id": "pack-1", "pack_name": "Starter",
        "price_in_cents": 1000, "currency": "USD", "price_id": None, "expires_at": clock.now() + timedelta(minutes=36), **fields,
    }  # fmt: skip
    return CheckoutOrder(**given)


def opened(stripe: Stripe, **fields: Any) -> OpenedSession:
    return stripe.gateway.create_checkout(order(**fields), customer_id=stripe.gateway.create_customer("org-1"), **URLS)


def test_one_organization_is_one_customer_however_often_it_is_asked_for(stripe: Stripe) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: stripe.gateway.create_customer("org-1"), range(8)))
    assert len(made) == 1
    assert stripe.gateway.create_customer("org-2") not in made


def test_the_same_order_is_the_same_page(stripe: Stripe) -> None:
    one, customer = order(), stripe.gateway.create_customer("org-1")
    with ThreadPoolExecutor(4) as pool:
        pages = set(pool.map(lambda _: stripe.gateway.create_checkout(one, customer_id=customer, **URLS), range(4)))
    [page] = pages
    assert page.url.startswith("http")
    assert abs(page.expires_at - one.expires_at) <= timedelta(seconds=1)
    assert stripe.gateway.create_checkout(order(), customer_id=customer, **URLS) != page


def test_the_same_key_for_another_order_is_refused(stripe: Stripe) -> None:
    one, customer = order(), stripe.gateway.create_customer("org-1")
    stripe.gateway.create_checkout(one, customer_id=customer, **URLS)
    with pytest.raises(StripeFailure) as refused:
        stripe.gateway.create_checkout(replace(one, price_in_cents=1), customer_id=customer, **URLS)
    assert not refused.value.retryable


def test_session_and_payment_say_what_was_bought(stripe: Stripe) -> None:
    page = opened(stripe, purchase_id="purchase-1")
    assert events.session_payment(stripe.gateway.session(page.id)).state == PaymentState.OPEN
    stripe.choose(page.id)
    session = events.session_payment(stripe.gateway.session(page.id))
    payment = events.intent_payment(stripe.gateway.payment(session.payment_id or ""))
    for facts in (session, payment):
        assert (facts.state, facts.purchase_id, facts.organization_id, facts.pack_id) == ("PAID", "purchase-1", "org-1", "pack-1")
        assert (facts.amount, facts.currency, facts.payment_id) == (1000, "USD", session.payment_id)
        assert facts.customer_id == stripe.gateway.create_customer("org-1")


def test_a_slow_payment_is_pending(stripe: Stripe) -> None:
    page = opened(stripe)
    stripe.choose(page.id, "pay_later")
    session = events.session_payment(stripe.gateway.session(page.id))
    assert session.state == PaymentState.PENDING
    assert events.intent_payment(stripe.gateway.payment(session.payment_id or "")).state == PaymentState.PENDING


def card(stripe: Stripe, behaviour: str = "good") -> tuple[str, str]:
    gateway = stripe.gateway
    customer = gateway.create_customer("org-1")
    page = gateway.create_setup(organization_id="org-1", customer_id=customer, key=new_id(), **URLS)
    assert gateway.saved_card(page.id) is None
    stripe.choose(page.id, f"card_{behaviour}")
    saved = gateway.saved_card(page.id)
    assert saved is not None
    assert (len(saved.last4), len(saved.expires)) == (4, 7)
    return customer, saved.payment_method_id


def charged(stripe: Stripe, customer: str, method: str, key: str) -> Any:
    return stripe.gateway.charge(
        customer_id=customer, payment_method_id=method, amount=1000, currency="USD", metadata={"purchase": "p-1"}, key=key
    )


def test_a_saved_card_is_charged_once_per_key_and_can_be_forgotten(stripe: Stripe) -> None:
    customer, method = card(stripe)
    first = charged(stripe, customer, method, "recharge:1")
    assert first.status == "succeeded"
    assert charged(stripe, customer, method, "recharge:1") == first
    assert len(stripe.gateway.payments(clock.now() - timedelta(hours=1))) == 1
    for _ in range(2):
        stripe.gateway.detach_card(method)
    with pytest.raises(StripeFailure):
        charged(stripe, customer, method, "recharge:2")


def test_a_declined_card_says_which_payment_and_why(stripe: Stripe) -> None:
    customer, method = card(stripe, "declined")
    with pytest.raises(StripeFailure) as declined:
        charged(stripe, customer, method, "recharge:1")
    failure = declined.value
    assert (failure.code, failure.retryable, failure.provider_status) == ("card_declined", False, 402)
    assert failure.decline_code
    assert events.intent_payment(stripe.gateway.payment(failure.payment_id or "")).state == PaymentState.FAILED


def test_a_refund_is_made_once_per_key_and_listed(stripe: Stripe) -> None:
    page = opened(stripe)
    stripe.choose(page.id)
    paid = events.session_payment(stripe.gateway.session(page.id)).payment_id or ""
    made = [stripe.gateway.refund(payment_id=paid, amount=300, key="refund-1", metadata={"refund": "refund-1"}) for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    [listed] = [events.refund(row) for row in stripe.gateway.refunds(clock.now() - timedelta(hours=1))]
    assert listed is not None
    assert (listed.amount, listed.payment_id, listed.own_id, listed.state) == (300, paid, "refund-1", "succeeded")
    with pytest.raises(StripeFailure) as refused:
        stripe.gateway.refund(payment_id=paid, amount=701, key="refund-2", metadata={})
    assert not refused.value.retryable


def test_a_pack_becomes_a_product_with_a_price_and_is_renamed(stripe: Stripe) -> None:
    first = stripe.gateway.sync_price(pack_id="pack1", name="Starter", price_in_cents=1000, key="price:1")
    assert stripe.gateway.sync_price(pack_id="pack1", name="Starter", price_in_cents=1000, key="price:1") == first
    second = stripe.gateway.sync_price(pack_id="pack1", name="Small", price_in_cents=1200, key="price:2")
    assert second != first
    stripe.gateway.retire_price(first)
    stripe.gateway.retire_price("price_unknown")
    page = opened(stripe, price_id=second, price_in_cents=1200)
    assert events.session_payment(stripe.gateway.session(page.id)).amount == 1200
    with pytest.raises(StripeFailure):
        opened(stripe, price_id=first)
    assert PRODUCT + "pack1" == "kametrix_pack_pack1"


def test_lists_are_read_to_their_end_oldest_first(stripe: Stripe) -> None:
    customer, method = card(stripe)
    made = [charged(stripe, customer, method, f"recharge:{number}").payment_id for number in range(105)]
    listed = [str(row["id"]) for row in stripe.gateway.payments(clock.now() - timedelta(hours=1))]
    assert sorted(listed) == sorted(made)
    assert stripe.gateway.payments(clock.now() + timedelta(hours=1)) == []


def test_a_wrong_key_is_the_operators_affair(stripe: Stripe) -> None:
    with pytest.raises(StripeFailure, match="STRIPE_SECRET_KEY") as refused:
        StripeGateway(f"http://127.0.0.1:{stripe.box.port}/stripe", "sk_test_wrong").create_customer("org-1")
    assert not refused.value.retryable


def test_without_a_key_nothing_is_asked() -> None:
    with pytest.raises(StripeFailure, match="not set up"):
        StripeGateway("https://api.stripe.com", "")


def test_an_unknown_id_is_not_found(stripe: Stripe) -> None:
    for name in ("cs_unknown", "../customers", "cs_1?expand[]=x"):
        with pytest.raises(StripeFailure) as refused:
            stripe.gateway.session(name)
        assert not refused.value.retryable


def test_while_stripe_is_away_a_retry_helps() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gateway = StripeGateway(f"http://127.0.0.1:{closed.getsockname()[1]}", KEY)
        with pytest.raises(StripeFailure, match="did not answer") as away:
            gateway.create_customer("org-1")
    assert away.value.retryable


@pytest.fixture
def answers() -> Iterator[Callable[[int, bytes], StripeGateway]]:
    servers: list[ThreadingHTTPServer] = []

    def serve(status: int, body: bytes) -> StripeGateway:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.send_header("Stripe-Should-Retry", "false")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return StripeGateway(f"http://127.0.0.1:{servers[-1].server_port}", KEY)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [
        (200, b"<html>", True),
        (200, b"[]", True),
        (500, b"{}", True),
        (503, b"<html>", True),
        (429, b'{"error": {"message": "slow down"}}', True),
        (409, b'{"error": {"message": "in use"}}', True),
        (400, b'{"error": {"message": "No."}}', False),
        (400, b'{"error": "odd"}', True),
        (400, b"[]", False),
    ],
)
def test_every_answer_is_a_failure_in_words(
    answers: Callable[[int, bytes], StripeGateway], status: int, body: bytes, retryable: bool
) -> None:
    with pytest.raises(StripeFailure) as failed:
        answers(status, body).payment("pi_1")
    assert failed.value.retryable is retryable
    assert failed.value.message


@pytest.mark.parametrize("body", [b'{"object": "list"}', b'{"object": "list", "data": {}}'])
def test_a_list_that_is_none_is_a_failure(answers: Callable[[int, bytes], StripeGateway], body: bytes) -> None:
    with pytest.raises(StripeFailure):
        answers(200, body).payments(clock.now())

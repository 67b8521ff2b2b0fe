"""Checkout as the unmodified Stripe library and a browser see it."""

from typing import Any

from tests.sandbox.stripe_parts import Shop


def test_a_session_is_paid_on_its_page_and_tells_so(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.session(customer=customer, client_reference_id="org-1")
    assert (made.status, made.payment_status, made.amount_total, made.payment_intent) == ("open", "unpaid", 1000, None)
    page = shop.box.http.get(f"/stripe/pay/{made.id}")
    assert "$10.00" in page.text
    assert "<b>Sandbox.</b>" in page.text
    paid = shop.choose(made.id, "pay")
    assert (paid.status_code, paid.headers["location"]) == (303, f"http://localhost:3000/credits/return?session={made.id}")
    told = shop.told_of("checkout.session.completed")
    assert (told.id, told.payment_status, told.customer, told.client_reference_id) == (made.id, "paid", customer, "org-1")
    read: Any = shop.v1.checkout.sessions.retrieve(made.id, params={"expand": ["payment_intent.latest_charge"]})
    assert read.payment_intent.metadata["pack"] == "starter"
    assert read.payment_intent.latest_charge.amount == 1000

"""Checkout as the unmodified Stripe library and a browser see it."""

import re
import time
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_parts import CANCEL_URL, PACK, Shop


def test_a_session_is_paid_on_its_page_and_tells_so(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.session(customer=customer, client_reference_id="org-1")
    assert (made.status, made.payment_status, made.amount_total, made.payment_intent) == ("open", "unpaid", 1000, None)
    assert made.id.startswith("cs_test_sbx")
    page = shop.box.http.get(f"/stripe/pay/{made.id}")
    assert "$10.00" in page.text
    assert "Starter" in page.text
    assert "<b>Sandbox.</b>" in page.text
    paid = shop.choose(made.id, "pay")
    assert (paid.status_code, paid.headers["location"]) == (303, f"http://localhost:3000/credits/return?session={made.id}")
    told = shop.told_of("checkout.session.completed")
    assert (told.id, told.payment_status, told.customer, told.client_reference_id) == (made.id, "paid", customer, "org-1")
    read: Any = shop.v1.checkout.sessions.retrieve(made.id, params={"expand": ["payment_intent.latest_charge", "line_items"]})
    assert (read.status, read.payment_status, read.url) == ("complete", "paid", None)
    assert read.payment_intent.metadata["pack"] == "starter"
    assert read.payment_intent.latest_charge.amount == 1000
    assert shop.box.http.get(read.payment_intent.latest_charge.receipt_url.replace("localhost", "127.0.0.1")).status_code == 200
    assert [line.description for line in read.line_items.data] == ["Starter"]
    assert [line.quantity for line in shop.v1.checkout.sessions.line_items.list(made.id).data] == [1]


def test_a_card_payment_tells_of_its_intent_and_its_charge(shop: Shop) -> None:
    bought = shop.bought()
    shop.settled()
    wanted = {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}
    assert set(shop.told()) == wanted
    assert shop.told_of("payment_intent.succeeded").id == bought.payment_intent
    assert shop.told_of("charge.succeeded").payment_intent == bought.payment_intent


def test_the_page_works_without_scripts_and_may_lead_back_to_the_shop_only(shop: Shop) -> None:
    page = shop.box.http.get(f"/stripe/pay/{shop.session().id}")
    assert re.findall(r'name="outcome" value="(\w+)"', page.text) == ["pay", "pay_later", "decline", "authenticate"]
    assert f'href="{CANCEL_URL}"' in page.text
    assert "form-action 'self' http://localhost:3000" in page.headers["Content-Security-Policy"]
    assert shop.box.http.get("/stripe/pay/cs_test_none").status_code == 404
    assert shop.choose("cs_test_none", "pay").status_code == 404


@pytest.mark.parametrize(("ok", "status"), [(True, "paid"), (False, "unpaid")])
def test_a_bank_debit_is_pending_until_it_comes_in_or_fails(shop: Shop, ok: bool, status: str) -> None:
    made = shop.session()
    assert shop.choose(made.id, "pay_later").status_code == 303
    told = shop.told_of("checkout.session.completed")
    assert (told.payment_status, told.status) == ("unpaid", "complete")
    assert shop.v1.payment_intents.retrieve(told.payment_intent).status == "processing"
    settled = shop.box.control(f"/stripe/sessions/{made.id}/settle", {"ok": ok})
    assert settled["payment_status"] == status
    assert shop.told_of(f"checkout.session.async_payment_{'succeeded' if ok else 'failed'}").payment_status == status
    intent = shop.v1.payment_intents.retrieve(told.payment_intent)
    assert (intent.status, intent.amount_received) == (("succeeded", 1000) if ok else ("requires_payment_method", 0))
    again = shop.box.http.post(f"/_control/stripe/sessions/{made.id}/settle", json={"ok": ok})
    assert again.status_code == 400


def test_only_allowed_ways_to_pay_are_offered(shop: Shop) -> None:
    made = shop.session(allowed_payment_method_types=["card"])
    assert 'value="pay_later"' not in shop.box.http.get(f"/stripe/pay/{made.id}").text
    assert shop.choose(made.id, "pay_later").status_code == 409
    assert shop.choose(made.id, "pay").status_code == 303
    assert made.payment_method_types == ["card"]
    assert shop.session().payment_method_types == ["card", "us_bank_account"]


def test_a_declined_card_leaves_the_session_open_for_another(shop: Shop) -> None:
    made = shop.session()
    declined = shop.choose(made.id, "decline")
    assert declined.headers["location"] == f"/stripe/pay/{made.id}?told=declined"
    assert "Your card was declined" in shop.box.http.get(declined.headers["location"]).text
    failed = shop.told_of("payment_intent.payment_failed")
    assert (failed.last_payment_error.code, failed.last_payment_error.decline_code) == ("card_declined", "insufficient_funds")
    assert shop.v1.checkout.sessions.retrieve(made.id).status == "open"
    assert shop.choose(made.id, "pay").status_code == 303
    paid = shop.v1.checkout.sessions.retrieve(made.id)
    assert (paid.payment_status, paid.payment_intent) == ("paid", failed.id)


def test_a_payer_who_authenticates_has_paid_and_one_who_does_not_may_try_again(shop: Shop) -> None:
    made = shop.session()
    assert shop.choose(made.id, "confirm").status_code == 409
    asked = shop.choose(made.id, "authenticate")
    assert asked.headers["location"] == f"/stripe/pay/{made.id}"
    assert "Is it you?" in shop.box.http.get(asked.headers["location"]).text
    intent = shop.told_of("payment_intent.requires_action")
    assert shop.box.http.get(f"/stripe/3ds/{intent.id}").headers["location"] == f"/stripe/pay/{made.id}"
    assert "was not confirmed" in shop.box.http.get(shop.choose(made.id, "fail").headers["location"]).text
    assert shop.told_of("payment_intent.payment_failed").last_payment_error.code == "payment_intent_authentication_failure"
    shop.choose(made.id, "authenticate")
    assert shop.choose(made.id, "confirm").status_code == 303
    assert shop.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"


def test_a_second_tab_pays_nothing_and_is_told_so(shop: Shop) -> None:
    bought = shop.bought()
    for outcome in ("pay", "pay_later", "decline", "authenticate", "confirm"):
        second = shop.choose(bought.id, outcome)
        assert second.status_code == 409
        assert "This payment is done" in second.text
    assert len(shop.v1.charges.list(params={"payment_intent": bought.payment_intent}).data) == 1
    assert "Continue" in shop.box.http.get(f"/stripe/pay/{bought.id}").text


def test_an_expired_session_can_not_be_paid(shop: Shop) -> None:
    made = shop.session()
    expired = shop.v1.checkout.sessions.expire(made.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert shop.told_of("checkout.session.expired").id == made.id
    refused = shop.choose(made.id, "pay")
    assert refused.status_code == 409
    assert "This page has expired" in refused.text
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        shop.v1.checkout.sessions.expire(made.id)


def test_a_session_expires_by_itself(shop: Shop) -> None:
    made = shop.session(expires_at=int(time.time()) + 1800)
    shop.box.control("/clock", {"freeze": True})
    shop.box.control("/clock", {"advance": 1750})
    assert shop.v1.checkout.sessions.retrieve(made.id).status == "open"
    shop.box.control("/clock", {"advance": 60})
    assert shop.told_of("checkout.session.expired").id == made.id


def test_setup_saves_a_card_for_later(shop: Shop) -> None:
    customer = shop.customer()
    about = {"metadata": {"organization": "org-1"}}
    made = shop.session(mode="setup", currency="usd", customer=customer, line_items=None, payment_intent_data=None, setup_intent_data=about)
    assert (made.payment_status, made.amount_total, made.payment_intent) == ("no_payment_required", None, None)
    page = shop.box.http.get(f"/stripe/pay/{made.id}")
    assert re.findall(r'name="outcome" value="(\w+)"', page.text) == ["card_good", "card_declined", "card_authentication"]
    assert shop.choose(made.id, "pay").status_code == 409
    assert shop.choose(made.id, "card_good").status_code == 303
    assert shop.told_of("checkout.session.completed").status == "complete"
    read: Any = shop.v1.checkout.sessions.retrieve(made.id, params={"expand": ["setup_intent.payment_method"]})
    assert (read.setup_intent.status, read.setup_intent.metadata["organization"]) == ("succeeded", "org-1")
    card = read.setup_intent.payment_method
    assert (card.customer, card.card.brand, card.card.last4, card.card.exp_month) == (customer, "visa", "4242", 12)
    assert [one.id for one in shop.v1.customers.payment_methods.list(customer).data] == [card.id]
    assert shop.v1.payment_methods.detach(card.id).customer is None
    assert shop.v1.payment_methods.list(params={"customer": customer}).data == []


def test_paying_may_save_the_card_too(shop: Shop) -> None:
    bought: Any = shop.bought(payment_intent_data={"setup_future_usage": "off_session"})
    assert bought.customer.startswith("cus_sbx")
    card = shop.v1.payment_methods.list(params={"customer": bought.customer}).data[0]
    assert shop.charge(bought.customer, card.id).status == "succeeded"


def test_a_pack_may_be_a_price_of_the_catalogue(shop: Shop) -> None:
    product = shop.v1.products.create(params={"id": "pack_starter", "name": "Starter"})
    price = shop.v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 1000, "lookup_key": "starter"})
    bought = shop.bought(line_items=[{"price": price.id, "quantity": 2}])
    assert bought.amount_total == 2000
    shop.v1.prices.update(price.id, params={"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.session(line_items=[{"price": price.id, "quantity": 1}])
    with pytest.raises(stripe.InvalidRequestError) as taken:
        shop.v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 1100, "lookup_key": "starter"})
    assert taken.value.code == "lookup_key_exists"
    moved = shop.v1.prices.create(
        params={"product": product.id, "currency": "usd", "unit_amount": 1100, "lookup_key": "starter", "transfer_lookup_key": True}
    )
    assert [one.id for one in shop.v1.prices.list(params={"lookup_keys": ["starter"]}).data] == [moved.id]


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"mode": None}, "parameter_missing", "mode"),
        ({"mode": "subscription"}, None, "mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "/credits"}, "url_invalid", "success_url"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"customer": "cus_none"}, "resource_missing", "customer"),
        ({"automatic_tax": {"enabled": True}}, None, "automatic_tax[enabled]"),
        ({"line_items": [{"quantity": 1}]}, "parameter_missing", "line_items[0]"),
        ({"line_items": [{"price": "price_none"}]}, "resource_missing", "line_items[0][price]"),
        ({"line_items": [{"price_data": PACK, "quantity": "two"}]}, "parameter_invalid_integer", "line_items[0][quantity]"),
        ({"line_items": [{"price_data": {**PACK, "size": 1}}]}, "parameter_unknown", "line_items[0][price_data][size]"),
        ({"line_items": [{"price_data": {**PACK, "currency": "us"}}]}, None, "line_items[0][price_data][currency]"),
        (
            {"line_items": [{"price_data": {**PACK, "unit_amount": 10.5}}]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"line_items": [{"price_data": {**PACK, "unit_amount": 49}}]}, "amount_too_small", "line_items"),
        ({"line_items": [{"price_data": PACK}, {"price_data": {**PACK, "currency": "eur"}}]}, None, "line_items"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"expires_at": int(time.time()) + 25 * 3600}, None, "expires_at"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata"),
        ({"customer_email": "a@example.com", "customer": "cus_none"}, None, "customer"),
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported", "payment_method_types"),
        ({"allowed_payment_method_types": ["cash"]}, None, "allowed_payment_method_types[0]"),
        ({"mode": "setup"}, None, "line_items"),
        ({"mode": "setup", "line_items": None}, "parameter_missing", "currency"),
    ],
)
def test_what_stripe_refuses_is_refused_in_its_words(shop: Shop, change: dict[str, Any], code: str | None, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**change)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)
    assert shop.v1.checkout.sessions.list().data == []


def test_sessions_are_found_by_customer_payment_and_state(shop: Shop) -> None:
    customer = shop.customer()
    bought, still_open = shop.bought(customer=customer), shop.session(customer=shop.customer())
    listed = shop.v1.checkout.sessions.list

    def ids(**filters: Any) -> list[str]:
        return [one.id for one in listed(params=filters).data]  # pyright: ignore[reportArgumentType]  # filters of many types

    assert ids() == [still_open.id, bought.id]
    assert ids(customer=customer) == ids(payment_intent=bought.payment_intent) == ids(status="complete") == [bought.id]
    assert ids(status="expired") == []
    changed = shop.v1.checkout.sessions.update(bought.id, params={"metadata": {"pack": "", "more": "1"}})
    assert changed.to_dict()["metadata"] == {"organization": "org-1", "more": "1"}

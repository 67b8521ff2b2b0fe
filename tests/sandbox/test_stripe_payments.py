"""Saved cards charged without the payer, refunds and disputes, as the unmodified Stripe library sees them."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_parts import Shop


def refused(call: Any, kind: Any = stripe.InvalidRequestError) -> Any:
    """The error a call raises."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value


def test_a_saved_card_is_charged_without_its_owner(shop: Shop) -> None:
    customer, card = shop.card()
    intent = shop.charge(customer, card, metadata={"purchase": "p-1"})
    assert (intent.status, intent.amount_received, intent.payment_method) == ("succeeded", 2500, card)
    told = shop.told_of("payment_intent.succeeded")
    assert (told.id, told.metadata["purchase"], told.customer) == (intent.id, "p-1", customer)


@pytest.mark.parametrize(
    ("behaviour", "code", "decline_code"),
    [("declined", "card_declined", "insufficient_funds"), ("authentication", "authentication_required", "authentication_required")],
)
def test_a_card_that_refuses_is_a_402_that_holds_the_intent(shop: Shop, behaviour: str, code: str, decline_code: str) -> None:
    customer, card = shop.card(behaviour)
    error = refused(lambda: shop.charge(customer, card, metadata={"purchase": "p-1"}), stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline_code)
    inside = error.error.payment_intent
    assert (inside.status, inside.metadata["purchase"], inside.last_payment_error.code) == ("requires_payment_method", "p-1", code)
    assert shop.v1.payment_intents.retrieve(inside.id).status == "requires_payment_method"
    assert shop.told_of("payment_intent.payment_failed").id == inside.id
    assert shop.v1.charges.retrieve(inside.latest_charge).status == "failed"


def test_a_card_can_be_made_to_fail_and_to_work_again(shop: Shop) -> None:
    customer, card = shop.card()
    shop.box.control(f"/stripe/cards/{card}", {"behaviour": "declined", "decline_code": "expired_card"})
    error = refused(lambda: shop.charge(customer, card), stripe.CardError)
    assert (error.error.decline_code, error.user_message) == ("expired_card", "Your card has expired.")
    shop.box.control(f"/stripe/cards/{card}", {"behaviour": "good"})
    assert shop.charge(customer, card).status == "succeeded"
    made = shop.box.control("/stripe/cards", {"customer": customer, "behaviour": "authentication"})
    assert refused(lambda: shop.charge(customer, made["id"]), stripe.CardError).code == "authentication_required"


def test_a_card_is_charged_for_its_own_customer_only(shop: Shop) -> None:
    customer, card = shop.card()
    assert refused(lambda: shop.charge(shop.customer(), card)).param == "payment_method"
    assert refused(lambda: shop.charge("cus_none", card)).code == "resource_missing"
    assert refused(lambda: shop.charge(customer, "pm_none")).param == "payment_method"
    shop.v1.payment_methods.detach(card)
    assert "detached" in str(refused(lambda: shop.charge(customer, card)))
    assert shop.v1.payment_intents.list().data == []


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 10**9}, "parameter_invalid_integer", "amount"),
        ({"currency": "dollars"}, "parameter_invalid_string", "currency"),
        ({"confirm": False}, None, "off_session"),
        ({"capture_method": "manual"}, "parameter_unknown", "capture_method"),
    ],
)
def test_payments_that_make_no_sense_are_refused(shop: Shop, change: dict[str, Any], code: str | None, param: str) -> None:
    customer, card = shop.card()
    error = refused(lambda: shop.charge(customer, card, **change))
    assert (error.code, error.param) == (code, param)


def test_a_payment_may_be_confirmed_later_or_canceled(shop: Shop) -> None:
    customer, card = shop.card()
    intent = shop.v1.payment_intents.create(params={"amount": 500, "currency": "usd", "customer": customer, "payment_method": card})
    assert intent.status == "requires_confirmation"
    assert shop.v1.payment_intents.confirm(intent.id, params={"off_session": True}).status == "succeeded"
    assert refused(lambda: shop.v1.payment_intents.cancel(intent.id)).code == "payment_intent_unexpected_state"
    other = shop.v1.payment_intents.create(params={"amount": 500, "currency": "usd"})
    assert shop.v1.payment_intents.cancel(other.id).status == "canceled"
    assert [one.id for one in shop.v1.payment_intents.list(params={"customer": customer}).data] == [intent.id]


def test_refunds_end_where_the_payment_ends(shop: Shop) -> None:
    intent = str(shop.bought().payment_intent)
    part = shop.v1.refunds.create(params={"payment_intent": intent, "amount": 400, "metadata": {"purchase": "p-1"}})
    assert (part.status, part.amount, part.payment_intent) == ("succeeded", 400, intent)
    assert shop.told_of("refund.created").id == part.id
    assert shop.told_of("charge.refunded").amount_refunded == 400
    too_much = refused(lambda: shop.v1.refunds.create(params={"payment_intent": intent, "amount": 601}))
    assert (too_much.http_status, too_much.param) == (400, "amount")
    rest = shop.v1.refunds.create(params={"charge": str(part.charge)})
    assert rest.amount == 600
    charge = shop.v1.charges.retrieve(str(part.charge))
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    over = refused(lambda: shop.v1.refunds.create(params={"payment_intent": intent}))
    assert over.code == "charge_already_refunded"
    assert [one.id for one in shop.v1.refunds.list(params={"payment_intent": intent}).data] == [rest.id, part.id]
    assert shop.v1.refunds.retrieve(part.id).metadata == part.metadata


def test_nothing_is_refunded_that_was_not_paid(shop: Shop) -> None:
    made = shop.session()
    shop.choose(made.id, "decline")
    intent = str(shop.v1.checkout.sessions.retrieve(made.id).payment_intent)
    assert refused(lambda: shop.v1.refunds.create(params={"payment_intent": intent})).param == "payment_intent"
    assert refused(lambda: shop.v1.refunds.create(params={"payment_intent": "pi_none"})).code == "resource_missing"
    assert refused(lambda: shop.v1.refunds.create(params={"charge": "ch_none"})).code == "resource_missing"
    assert refused(lambda: shop.v1.refunds.create(params={})).code == "parameter_missing"


def test_a_refund_in_the_dashboard_may_be_pending_and_may_fail_after_it_succeeded(shop: Shop) -> None:
    intent = str(shop.bought().payment_intent)
    refund = shop.box.control(f"/stripe/payments/{intent}/refund", {"amount": 300, "pending": True})
    assert refund["status"] == "pending"
    assert shop.box.control(f"/stripe/refunds/{refund['id']}/settle", {"ok": True})["status"] == "succeeded"
    assert shop.told_of("refund.updated").status == "succeeded"
    failed = shop.box.control(f"/stripe/refunds/{refund['id']}/settle", {"ok": False})
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert shop.told_of("refund.failed").id == refund["id"]
    assert shop.v1.charges.retrieve(refund["charge"]).amount_refunded == 0
    assert shop.box.http.post(f"/_control/stripe/refunds/{refund['id']}/settle", json={"ok": False}).status_code == 400


def test_refunds_of_bank_debits_are_pending(shop: Shop) -> None:
    made = shop.session()
    shop.choose(made.id, "pay_later")
    shop.box.control(f"/stripe/sessions/{made.id}/settle", {})
    intent = str(shop.v1.checkout.sessions.retrieve(made.id).payment_intent)
    assert shop.v1.refunds.create(params={"payment_intent": intent}).status == "pending"


@pytest.mark.parametrize(("won", "status"), [(True, "won"), (False, "lost")])
def test_a_dispute_takes_the_money_and_winning_brings_it_back(shop: Shop, won: bool, status: str) -> None:
    intent = str(shop.bought().payment_intent)
    opened = shop.box.control(f"/stripe/payments/{intent}/dispute", {"amount": 700, "reason": "product_not_received"})
    told = shop.told_of("charge.dispute.created")
    assert (told.id, told.amount, told.reason, told.payment_intent) == (opened["id"], 700, "product_not_received", intent)
    assert shop.told_of("charge.dispute.funds_withdrawn").id == told.id
    assert shop.v1.charges.retrieve(told.charge).disputed
    assert refused(lambda: shop.v1.refunds.create(params={"payment_intent": intent})).code == "charge_disputed"
    assert shop.box.http.post(f"/_control/stripe/payments/{intent}/dispute", json={}).status_code == 400
    shop.box.control(f"/stripe/disputes/{told.id}/close", {"won": won})
    assert shop.told_of("charge.dispute.closed").status == status
    assert shop.v1.disputes.retrieve(told.id).status == status
    shop.settled()
    assert ("charge.dispute.funds_reinstated" in shop.told()) == won
    if won:
        assert shop.v1.refunds.create(params={"payment_intent": intent}).amount == 1000
    else:
        assert refused(lambda: shop.v1.refunds.create(params={"payment_intent": intent})).code == "charge_disputed"
    assert shop.v1.disputes.list(params={"payment_intent": intent}).data[0].id == told.id


def test_an_edited_amount_shows_at_stripe_and_in_events(shop: Shop) -> None:
    made = shop.session()
    shop.box.control(f"/stripe/objects/{made.id}", {"amount": 50, "currency": "eur"})
    shop.choose(made.id, "pay")
    told = shop.told_of("checkout.session.completed")
    assert (told.amount_total, told.currency) == (50, "eur")
    assert shop.v1.payment_intents.retrieve(told.payment_intent).amount == 50
    assert shop.box.http.post(f"/_control/stripe/objects/{made.id}", json={"status": "open"}).status_code == 400
    assert [one["id"] for one in shop.box.state("/stripe/objects/checkout.session")] == [made.id]
    assert shop.box.http.get("/_control/stripe/objects/secrets").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/payments/pi_none/refund", {}),
        ("/payments/pi_none/refund", {"amount": -1}),
        ("/payments/pi_none/dispute", {"amount": True}),
        ("/sessions/cs_none/pay", {"outcome": "pay"}),
        ("/sessions/cs_none/settle", {"ok": "yes"}),
        ("/cards", {"customer": "cus_none"}),
        ("/cards", {"behaviour": "odd"}),
        ("/events", {"type": "x"}),
        ("/events/evt_none/replay", {}),
        ("/troubles", {"kind": "fire"}),
        ("/troubles", {"kind": "drop", "times": "x"}),
        ("/troubles", {"kind": "drop", "seconds": "x"}),
        ("/objects/pi_none", {}),
    ],
)
def test_control_refuses_what_makes_no_sense(shop: Shop, path: str, body: dict[str, Any]) -> None:
    reply = shop.box.http.post(f"/_control/stripe{path}", json=body)
    assert reply.status_code in (400, 404)
    assert reply.json()["error"]

"""The console's Payments pages, by forms alone."""

import re

import pytest

from tests.sandbox.stripe_parts import CANCEL_URL, Shop


def look(shop: Shop, path: str) -> str:
    page = shop.box.http.get(path)
    assert page.status_code == 200, path
    assert "<b>Sandbox.</b>" in page.text
    assert not re.findall(r'(?:src|action)="(?:https?:)?//', page.text), path
    return page.text


def press(shop: Shop, key: str, do: str, about: str, amount: str = "") -> int:
    return shop.box.http.post(f"/payments/{key}", data={"do": do, "about": about, "amount": amount}).status_code


def test_payments_are_listed_with_their_state(shop: Shop) -> None:
    assert "Nothing was bought yet" in look(shop, "/payments")
    bought, pending, open_one, expired = shop.bought(), shop.session(), shop.session(), shop.session()
    shop.choose(pending.id, "pay_later")
    shop.v1.checkout.sessions.expire(expired.id)
    customer, card = shop.card()
    charged = shop.charge(customer, card)
    page = look(shop, "/payments")
    found = dict(re.findall(r'href="/payments/([^"]+)">.*?class="chip [^"]*">([^<]+)<', page, flags=re.DOTALL))
    states = {bought.id: "Paid", pending.id: "Pending", open_one.id: "Open", expired.id: "Expired", charged.id: "Paid"}
    assert states.items() <= found.items()
    assert len(found) == 6
    assert "Card saved" in found.values()


def test_a_payment_shows_what_was_sent_and_where_it_went(shop: Shop) -> None:
    bought = shop.bought()
    shop.settled()
    page = look(shop, f"/payments/{bought.id}")
    for text in ("$10.00", "Starter", "checkout.session.completed", "charge.succeeded", bought.payment_intent, "Delivered"):
        assert str(text) in page
    delivery = re.findall(r'href="/deliveries/(\d+)"', page)[0]
    assert f'href="/payments/{bought.payment_intent}"' in look(shop, "/deliveries")
    assert shop.box.http.get(f"/payments/{bought.payment_intent}").headers["location"] == f"/payments/{bought.id}"
    assert "evt_sbx" in look(shop, f"/deliveries/{delivery}")
    assert shop.box.http.get("/payments/pi_none").status_code == 303


def test_money_is_given_back_and_disputed_by_hand(shop: Shop) -> None:
    bought = shop.bought()
    intent = str(bought.payment_intent)
    assert press(shop, bought.id, "refund", intent, "2.50") == 303
    assert shop.told_of("refund.created").amount == 250
    assert "Partly refunded" in look(shop, f"/payments/{bought.id}")
    refund = shop.v1.refunds.list().data[0].id
    assert press(shop, bought.id, "fail_refund", refund) == 303
    assert shop.told_of("refund.failed").id == refund
    assert press(shop, bought.id, "dispute", intent, "$1,0.00") == 303
    dispute = shop.told_of("charge.dispute.created")
    assert dispute.amount == 1000
    assert "A disputed payment can not be refunded" in look(shop, f"/payments/{bought.id}")
    assert press(shop, bought.id, "win", dispute.id) == 303
    assert shop.told_of("charge.dispute.funds_reinstated").status == "won"
    assert "Won" in look(shop, f"/payments/{bought.id}")


def test_a_lost_dispute_stays_lost(shop: Shop) -> None:
    bought = shop.bought()
    assert press(shop, bought.id, "dispute", str(bought.payment_intent)) == 303
    dispute = shop.told_of("charge.dispute.created").id
    assert press(shop, bought.id, "lose", dispute) == 303
    assert press(shop, bought.id, "win", dispute) == 400


@pytest.mark.parametrize(("do", "status"), [("settle", "paid"), ("fail", "unpaid")])
def test_a_pending_payment_is_settled_by_hand(shop: Shop, do: str, status: str) -> None:
    made = shop.session()
    shop.choose(made.id, "pay_later")
    assert "The money arrives" in look(shop, f"/payments/{made.id}")
    assert press(shop, made.id, do, made.id) == 303
    assert shop.v1.checkout.sessions.retrieve(made.id).payment_status == status
    assert "The money arrives" not in look(shop, f"/payments/{made.id}")


def test_an_open_session_can_be_opened_or_expired(shop: Shop) -> None:
    made = shop.session()
    page = look(shop, f"/payments/{made.id}")
    assert f'href="/stripe/pay/{made.id}"' in page
    assert CANCEL_URL in look(shop, f"/stripe/pay/{made.id}")
    assert press(shop, made.id, "expire", made.id) == 303
    assert shop.told_of("checkout.session.expired").id == made.id


def test_an_event_is_sent_again_by_hand(shop: Shop) -> None:
    bought = shop.bought()
    shop.told_of("checkout.session.completed")
    event = shop.v1.events.list(params={"type": "checkout.session.completed"}).data[0].id
    assert press(shop, bought.id, "replay", event) == 303
    shop.settled()
    assert shop.told().count("checkout.session.completed") == 2


@pytest.mark.parametrize("amount", ["ten", "0", "-1", "1.005", "11", "9" * 40, "NaN", "Infinity"])
def test_an_amount_that_can_not_be_says_so(shop: Shop, amount: str) -> None:
    bought = shop.bought()
    page = shop.box.http.post(f"/payments/{bought.id}", data={"do": "refund", "about": bought.payment_intent, "amount": amount})
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert shop.v1.refunds.list().data == []
    assert press(shop, bought.id, "fly", bought.id) == 400


def test_faults_are_set_and_called_off_by_hand(shop: Shop) -> None:
    assert shop.box.http.post("/payments", data={"kind": "duplicate", "times": "2"}).status_code == 303
    assert "Each event arrives three times" in look(shop, "/payments")
    assert shop.box.state("/stripe/troubles")[0]["times"] == 2
    assert "Still to come" in look(shop, "/payments")
    shop.box.http.post("/payments", data={"kind": "none"})
    assert shop.box.state("/stripe/troubles") == []


def test_reset_forgets_payments(shop: Shop) -> None:
    shop.bought()
    shop.box.control("/reset")
    assert "Nothing was bought yet" in look(shop, "/payments")
    assert shop.box.state("/stripe/objects/payment_intent") == []
    assert shop.v1.webhook_endpoints.list().data == []

"""Events: signed on their exact bytes, retried, in no promised order, and everything that may go wrong on their way."""

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.sandbox.parts import Box, Receiver, until
from tests.sandbox.stripe_parts import SECRET_KEY, WEBHOOK_SECRET, Shop

COMPLETED = "checkout.session.completed"


def deliveries(shop: Shop, kind: str = COMPLETED) -> list[dict[str, Any]]:
    return [one for one in shop.box.state("/deliveries?limit=1000") if one["type"] == kind]


def test_an_event_is_signed_and_complete(shop: Shop) -> None:
    bought = shop.bought()
    shop.told_of(COMPLETED)
    raw = next(one for one in shop.server.got if COMPLETED.encode() in one.raw)
    event = shop.event(raw)
    assert (event.api_version, event.livemode, event.pending_webhooks) == ("2026-10-28.endive", False, 1)
    assert event.id.startswith("evt_sbx")
    assert event.request.to_dict() == {"id": None, "idempotency_key": None}
    assert event.data.object.to_dict() == bought.to_dict()
    assert raw.headers["content-type"] == "application/json; charset=utf-8"
    for body, secret in ((raw.raw + b" ", shop.secret), (raw.raw, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, raw.headers["stripe-signature"], secret)


def test_only_wanted_events_are_sent_and_every_endpoint_has_its_secret(shop: Shop, server: Receiver) -> None:
    shop.v1.webhook_endpoints.update(shop.endpoint.id, params={"enabled_events": ["charge.succeeded"]})
    other = shop.v1.webhook_endpoints.create(params={"url": f"{server.url}/other", "enabled_events": [COMPLETED]})
    shop.bought()
    until(lambda: len(server.got) == 2)
    signed = {one.path: one for one in server.got}
    assert shop.event(signed["/hook"]).type == "charge.succeeded"
    second = signed["/hook/other"]
    event = stripe.Webhook.construct_event(second.raw, second.headers["stripe-signature"], str(other.secret))
    assert event.type == COMPLETED
    assert "secret" not in shop.v1.webhook_endpoints.retrieve(other.id)
    shop.v1.webhook_endpoints.delete(other.id)
    assert [one.id for one in shop.v1.webhook_endpoints.list().data] == [shop.endpoint.id]


@pytest.mark.parametrize("status", [500, 302, 404])
def test_whatever_is_no_success_is_tried_again_later_and_signed_anew(shop: Shop, server: Receiver, status: int) -> None:
    answers = [status, status, 200]
    server.answer = lambda event: (answers.pop(0), {}) if event["type"] == COMPLETED else (200, {})
    shop.box.control("/clock", {"freeze": True})
    shop.bought()

    def arrived() -> list[Any]:
        return [one for one in list(server.got) if COMPLETED.encode() in one.raw]

    for made, pause in ((1, 5), (2, 30)):
        until(lambda made=made: len(deliveries(shop)[0]["attempts"]) == made)
        shop.box.control("/clock", {"advance": pause - 1})
        assert len(arrived()) == made
        assert shop.v1.events.list(params={"delivery_success": False}).data[0].type == COMPLETED
        shop.box.control("/clock", {"advance": 1})
        until(lambda made=made: len(arrived()) == made + 1)
    until(lambda: deliveries(shop)[0]["state"] == "delivered")
    assert len({one.raw for one in arrived()}) == 1
    assert len({one.headers["stripe-signature"] for one in arrived()}) == 3
    assert [attempt["status"] for attempt in deliveries(shop)[0]["attempts"]] == [status, status, 200]
    assert shop.v1.events.list(params={"delivery_success": False}).data == []


def test_after_three_days_nothing_is_tried_any_more(shop: Shop, server: Receiver) -> None:
    server.answer = lambda event: (500, {})
    shop.box.control("/clock", {"freeze": True})
    shop.customer()
    for made in range(1, 14):
        until(lambda made=made: len(deliveries(shop, "customer.created")[0]["attempts"]) == made)
        shop.box.control("/clock", {"advance": 43200})
    until(lambda: deliveries(shop, "customer.created")[0]["state"] == "failed")
    assert len(server.got) == 13


def test_an_unreachable_server_is_logged(box: Box) -> None:
    shop = Shop(box, Receiver())
    shop.server.close()
    shop.bought()
    shop.settled()
    assert "ConnectError" in deliveries(shop)[0]["attempts"][0]["error"]


def test_events_overtake_one_that_hangs(shop: Shop, server: Receiver) -> None:
    server.answer = lambda event: (200, None if event["type"] == COMPLETED else {})
    shop.bought()
    until(lambda: len([one for one in deliveries(shop, "payment_intent.succeeded") if one["state"] == "delivered"]) == 1)
    assert deliveries(shop)[0]["state"] == "waiting"


def trouble(shop: Shop, **what: Any) -> None:
    shop.box.control("/stripe/troubles", what)


def test_a_duplicated_event_arrives_as_often_as_asked(shop: Shop) -> None:
    trouble(shop, kind="duplicate", type=COMPLETED, copies=20)
    shop.bought()
    until(lambda: shop.told().count(COMPLETED) == 20)
    assert len({shop.event(one).id for one in shop.server.got if COMPLETED.encode() in one.raw}) == 1
    assert shop.box.state("/stripe/troubles") == []
    until(lambda: shop.v1.events.list(params={"type": COMPLETED}).data[0].pending_webhooks == 0)


def test_reordered_events_arrive_last_first(shop: Shop) -> None:
    trouble(shop, kind="reorder", times=4)
    shop.bought()
    until(lambda: len(shop.server.got) == 4)
    assert shop.told() == [COMPLETED, "payment_intent.succeeded", "charge.succeeded", "payment_intent.created"]


def test_held_events_come_when_nothing_follows(shop: Shop) -> None:
    trouble(shop, kind="reorder", times=9)
    shop.bought()
    assert shop.server.got == []
    shop.box.control("/clock", {"advance": 3})
    until(lambda: len(shop.server.got) == 4)


def test_a_late_event_comes_when_its_time_has_come(shop: Shop) -> None:
    trouble(shop, kind="delay", type=COMPLETED, seconds=60)
    shop.box.control("/clock", {"freeze": True})
    shop.bought()
    until(lambda: len(shop.server.got) == 3)
    shop.box.control("/clock", {"advance": 59})
    assert len(shop.server.got) == 3
    shop.box.control("/clock", {"advance": 1})
    assert shop.told_of(COMPLETED)


def test_a_dropped_event_stays_visible_at_stripe(shop: Shop) -> None:
    trouble(shop, kind="drop", type="checkout.")
    shop.bought()
    shop.settled()
    assert COMPLETED not in shop.told()
    assert deliveries(shop)[0]["state"] == "dropped"
    undelivered = shop.v1.events.list(params={"types": [COMPLETED, "charge.*"], "delivery_success": False})
    assert [event.type for event in undelivered.data] == [COMPLETED]


def test_a_wrong_signature_and_another_version_are_what_they_say(shop: Shop) -> None:
    trouble(shop, kind="wrong_signature", type=COMPLETED)
    trouble(shop, kind="api_version", type="charge.succeeded")
    shop.bought()
    shop.settled()
    sent = {
        kind: next(one for one in shop.server.got if f'"type": "{kind}"'.encode() in one.raw) for kind in (COMPLETED, "charge.succeeded")
    }
    with pytest.raises(stripe.SignatureVerificationError):
        shop.event(sent[COMPLETED])
    assert shop.event(sent["charge.succeeded"]).api_version == "2024-06-20"


def test_an_edited_event_differs_from_what_stripe_has(shop: Shop) -> None:
    trouble(shop, kind="edited", type=COMPLETED, amount=100000, currency="jpy")
    bought = shop.bought()
    told = shop.told_of(COMPLETED)
    assert (told.amount_total, told.amount_subtotal, told.currency) == (100000, 100000, "jpy")
    assert (bought.amount_total, bought.currency) == (1000, "usd")


def test_troubles_can_be_called_off(shop: Shop) -> None:
    trouble(shop, kind="drop", times=-1)
    shop.box.control("/stripe/troubles", method="DELETE")
    shop.bought()
    assert shop.told_of(COMPLETED)


def test_an_event_is_delivered_again_as_often_as_asked(shop: Shop) -> None:
    shop.bought()
    shop.told_of(COMPLETED)
    event = shop.v1.events.list(params={"type": COMPLETED}).data[0]
    shop.box.control(f"/stripe/events/{event.id}/replay", {"times": 20})
    until(lambda: shop.told().count(COMPLETED) == 21)
    assert shop.v1.events.retrieve(event.id).pending_webhooks == 0


def test_events_of_any_type_can_be_sent(shop: Shop) -> None:
    shop.box.control("/stripe/events", {"type": "invoice.paid", "object": {"id": "in_1", "object": "invoice"}})
    assert shop.told_of("invoice.paid").id == "in_1"


def test_events_are_listed_by_type_and_time(shop: Shop) -> None:
    shop.box.control("/clock", {"freeze": "2026-11-20T10:00:00Z"})
    shop.customer()
    shop.box.control("/clock", {"advance": 100})
    for _ in range(3):
        shop.bought()
    shop.settled()
    listed = shop.v1.events.list
    assert [event.type for event in listed(params={"type": "customer.created"}).data] == ["customer.created"]
    recent = listed(params={"type": "checkout.session.*", "created": {"gte": 1795168900}, "limit": 2})
    assert ([event.type for event in recent.data], recent.has_more) == ([COMPLETED] * 2, True)
    rest = listed(params={"type": "checkout.session.*", "limit": 2, "starting_after": recent.data[1].id})
    assert (len(rest.data), rest.has_more) == (1, False)
    assert listed(params={"created": {"lt": 1795168800}}).data == []
    with pytest.raises(stripe.InvalidRequestError):
        listed(params={"type": "a", "types": ["b"]})


def test_a_disabled_endpoint_gets_nothing(shop: Shop) -> None:
    shop.v1.webhook_endpoints.update(shop.endpoint.id, params={"disabled": True})
    shop.bought()
    assert shop.box.state("/deliveries") == []
    assert shop.v1.events.list(params={"limit": 1}).data[0].pending_webhooks == 0
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.webhook_endpoints.create(params={"url": "http://127.0.0.1:9", "enabled_events": ["*"], "api_version": "2024-06-20"})


def test_the_environment_names_an_endpoint(start: Callable[..., Box], server: Receiver) -> None:
    box = start(SANDBOX_STRIPE_SECRET_KEY=SECRET_KEY, SANDBOX_STRIPE_WEBHOOK_URL=server.url, SANDBOX_STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    box.control("/reset")
    address = f"http://127.0.0.1:{box.port}/stripe"
    stripe.StripeClient(SECRET_KEY, base_addresses={"api": address}).v1.customers.create(params={})
    until(lambda: bool(server.got))
    event = stripe.Webhook.construct_event(server.got[0].raw, server.got[0].headers["stripe-signature"], WEBHOOK_SECRET)
    assert event.type == "customer.created"


def test_a_restart_forgets_nothing(start: Callable[..., Box], server: Receiver) -> None:
    server.answer = lambda event: (503, {}) if event["type"] == COMPLETED else (200, {})
    first = Shop(start(SANDBOX_STRIPE_SECRET_KEY=SECRET_KEY), server)
    made = first.session(key="purchase-1")
    first.choose(made.id, "pay")
    until(lambda: len(deliveries(first)) == 1 and len(deliveries(first)[0]["attempts"]) == 1)
    first.box.stop()
    server.answer = lambda event: (200, {})
    box = start(SANDBOX_STRIPE_SECRET_KEY=SECRET_KEY)
    client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": f"http://127.0.0.1:{box.port}/stripe"})
    assert client.v1.checkout.sessions.retrieve(made.id).payment_status == "paid"
    first.v1, first.box = client.v1, box
    assert first.session(key="purchase-1").id == made.id
    box.control("/clock", {"speed": 100})
    until(lambda: deliveries(first)[0]["state"] == "delivered")
    assert first.told().count(COMPLETED) == 2

"""The REST side's manners: keys, versions, strictness, idempotency, lists and faults."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import stripe
from stripe.checkout import Session

from tests.sandbox.stripe_parts import SECRET_KEY, Shop

VERSION = "2026-10-28.endive"


def post(shop: Shop, path: str, content: str | bytes = b"", **headers: str) -> httpx.Response:
    own = {"Authorization": f"Bearer {SECRET_KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    return shop.box.http.post(f"/stripe/v1{path}", content=content, headers=own | headers)


@pytest.mark.parametrize("given", ["", "Bearer sk_test_other", "Bearer", "Basic !!!", "Basic c2tfdGVzdF9vdGhlcjo="])
def test_a_wrong_key_is_refused(shop: Shop, given: str) -> None:
    reply = post(shop, "/customers", Authorization=given)
    assert reply.status_code == 401
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert reply.headers["request-id"].startswith("req_sbx")


def test_the_library_knows_a_wrong_key_and_sends_a_right_one_either_way(shop: Shop) -> None:
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_test\*+ther"):
        shop.made_client("sk_test_other").v1.customers.list()
    with httpx.Client(auth=(SECRET_KEY, ""), trust_env=False) as basic:
        assert basic.get(f"{shop.address}/v1/customers").status_code == 200


def test_one_version_is_spoken(shop: Shop) -> None:
    assert stripe.api_version == VERSION
    reply = post(shop, "/customers", **{"Stripe-Version": VERSION})
    assert (reply.status_code, reply.headers["stripe-version"]) == (200, VERSION)
    assert post(shop, "/customers", **{"Stripe-Version": "2024-06-20"}).status_code == 400


def test_unknown_addresses_and_objects_are_not_found(shop: Shop) -> None:
    for path in ("/subscriptions", "/customers/x/y", "/"):
        assert post(shop, path).status_code == 404
    assert "Unrecognized request URL (POST: /v1/subscriptions)" in post(shop, "/subscriptions").json()["error"]["message"]
    for name in (
        "customers",
        "products",
        "prices",
        "payment_intents",
        "setup_intents",
        "payment_methods",
        "charges",
        "refunds",
        "disputes",
        "events",
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            getattr(shop.v1, name).retrieve("x_none")
        assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("colour=red", "parameter_unknown", "colour"),
        ("metadata[a][b]=1", None, "metadata[a]"),
        ("metadata=1", None, "metadata"),
        ("email[]=a", None, "email"),
        ("name=" + "n" * 257, "parameter_invalid_string", "name"),
        ("]=1", None, "]"),
        ("name=a&name[b]=1", None, "name"),
        ("expand[]=subscriptions", None, "expand"),
        ("a[b]c=1", None, "a[b]c"),
        ("name=%ff", None, None),
    ],
)
def test_parameters_are_taken_as_documented_or_not_at_all(shop: Shop, body: str, code: str | None, param: str | None) -> None:
    reply = post(shop, "/customers", body)
    assert reply.status_code == 400, reply.text
    assert (reply.json()["error"].get("code"), reply.json()["error"].get("param")) == (code, param)


def test_a_body_of_another_kind_is_refused(shop: Shop) -> None:
    assert post(shop, "/customers", '{"name": "a"}', **{"Content-Type": "application/json"}).status_code == 400
    assert post(shop, "/customers", b"\xff\xfe").status_code == 400
    assert post(shop, "/products", "").json()["error"]["code"] == "parameter_missing"
    assert post(shop, "/products", "name=").json()["error"]["code"] == "parameter_invalid_empty"
    assert post(shop, "/products", "name=a&active=maybe").json()["error"]["param"] == "active"


def test_customers_keep_what_an_update_does_not_name(shop: Shop) -> None:
    made = shop.v1.customers.create(params={"email": "mia@example.com", "name": "Mia Grüß", "metadata": {"a": "1", "b": "2"}})
    changed = shop.v1.customers.update(made.id, params={"name": "", "metadata": {"a": "", "c": "3"}})
    assert (changed.email, changed.name, changed.to_dict()["metadata"]) == ("mia@example.com", None, {"b": "2", "c": "3"})
    assert shop.v1.customers.retrieve(made.id) == changed
    told = shop.told_of("customer.updated")
    assert told.id == made.id
    assert [one.id for one in shop.v1.customers.list(params={"email": "mia@example.com"}).data] == [made.id]


def test_products_may_bring_their_own_id_once(shop: Shop) -> None:
    shop.v1.products.create(params={"id": "pack_starter", "name": "Starter"})
    with pytest.raises(stripe.InvalidRequestError) as taken:
        shop.v1.products.create(params={"id": "pack_starter", "name": "Starter"})
    assert taken.value.code == "resource_already_exists"
    assert shop.v1.products.update("pack_starter", params={"name": "Small", "active": False}).name == "Small"
    assert [one.id for one in shop.v1.products.list(params={"ids": ["pack_starter"]}).data] == ["pack_starter"]
    assert shop.v1.products.list(params={"active": True}).data == []


def test_a_key_replays_the_first_answer(shop: Shop) -> None:
    first, second = (post(shop, "/customers", "name=Mia", **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert (second.headers["idempotent-replayed"], second.headers["idempotency-key"]) == ("true", "k")
    assert first.headers["request-id"] != second.headers["request-id"]
    assert shop.v1.events.list(params={"type": "customer.created"}).data[0].request.idempotency_key == "k"  # pyright: ignore[reportOptionalMemberAccess]  # it has one
    assert len(shop.v1.customers.list().data) == 1


def test_a_key_is_for_one_request_only(shop: Shop) -> None:
    shop.session(key="purchase-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        shop.session(key="purchase-1", client_reference_id="another")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        shop.v1.customers.create(params={}, options={"idempotency_key": "purchase-1"})
    assert post(shop, "/customers", **{"Idempotency-Key": "k" * 256}).status_code == 400
    assert len(shop.v1.checkout.sessions.list().data) == 1


def test_a_declined_payment_is_replayed_and_a_malformed_one_is_not(shop: Shop) -> None:
    customer, card = shop.card("declined")
    errors: list[Any] = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            shop.charge(customer, card, key="recharge-1")
        errors.append(declined.value)
        shop.box.control(f"/stripe/cards/{card}", {"behaviour": "good"})
    assert errors[0].error.payment_intent.id == errors[1].error.payment_intent.id
    assert errors[1].headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.InvalidRequestError):
        shop.charge(customer, card, key="recharge-2", amount="many")
    assert shop.charge(customer, card, key="recharge-2").status == "succeeded"


def test_a_key_is_forgotten_after_a_day(shop: Shop) -> None:
    shop.box.control("/clock", {"freeze": True})
    made = [post(shop, "/customers", **{"Idempotency-Key": "k"}).json()["id"]]
    for hours in (23, 2):
        shop.box.control("/clock", {"advance": hours * 3600})
        made.append(post(shop, "/customers", **{"Idempotency-Key": "k"}).json()["id"])
    assert made[0] == made[1] != made[2]


def test_twenty_requests_at_once_with_one_key_make_one_object(shop: Shop) -> None:
    def create(_: int) -> str:
        return shop.made_client(retries=8).v1.customers.create(params={"name": "Mia"}, options={"idempotency_key": "customer:org-1"}).id

    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(create, range(20)))
    assert len(made) == len(shop.v1.customers.list().data) == 1


def test_a_key_whose_first_request_still_runs_is_a_conflict(shop: Shop) -> None:
    shop.box.control("/faults", {"kind": "slow", "path": "/stripe/v1/customers", "seconds": 3600})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, shop, "/customers", b"", **{"Idempotency-Key": "k"})
        while (second := post(shop, "/customers", **{"Idempotency-Key": "k"})).status_code != 409:
            assert not first.done()
        assert second.json()["error"]["code"] == "idempotency_key_in_use"
        shop.box.control("/clock", {"advance": 3600})
        assert first.result().status_code == 200


def test_lists_are_walked_page_by_page(shop: Shop) -> None:
    made = [shop.v1.customers.create(params={"name": f"c{number}"}).id for number in range(7)]
    newest_first = made[::-1]
    page = shop.v1.customers.list(params={"limit": 3})
    assert ([one.id for one in page.data], page.has_more, page.url) == (newest_first[:3], True, "/v1/customers")
    after = shop.v1.customers.list(params={"limit": 3, "starting_after": newest_first[5]})
    assert ([one.id for one in after.data], after.has_more) == (newest_first[6:], False)
    before = shop.v1.customers.list(params={"limit": 2, "ending_before": newest_first[4]})
    assert ([one.id for one in before.data], before.has_more) == (newest_first[2:4], True)
    assert [one.id for one in shop.v1.customers.list(params={"limit": 2}).auto_paging_iter()] == newest_first
    for query in ({"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}, {"page": 2}):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.customers.list(params=query)  # pyright: ignore[reportArgumentType]  # wrong on purpose


def test_lists_are_bounded_by_time(shop: Shop) -> None:
    shop.box.control("/clock", {"freeze": "2026-11-20T10:00:00Z"})
    for _ in range(3):
        shop.customer()
        shop.box.control("/clock", {"advance": 10})
    start = 1795168800
    assert [one.created - start for one in shop.v1.customers.list(params={"created": {"gte": start + 10}}).data] == [20, 10]
    assert [one.created - start for one in shop.v1.customers.list(params={"created": {"gt": start, "lt": start + 20}}).data] == [10]
    assert [one.created - start for one in shop.v1.customers.list(params={"created": start}).data] == [0]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("401", stripe.AuthenticationError), ("429", stripe.RateLimitError), ("500", stripe.APIError), ("not_json", stripe.APIError)],
)
def test_a_fault_strikes_the_asked_number_of_times(shop: Shop, kind: str, error: type[Exception]) -> None:
    shop.box.control("/faults", {"kind": kind, "path": "/stripe/v1/customers", "method": "POST"})
    with pytest.raises(error):
        shop.customer()
    assert shop.v1.customers.list().data == []
    assert shop.customer()


def test_an_answer_that_breaks_off_is_asked_for_again_without_paying_twice(shop: Shop) -> None:
    """The library itself does not: a body that ends early is an error to it, not a reason to retry."""
    customer, card = shop.card()
    shop.box.control("/faults", {"kind": "drop_after_write", "path": "/stripe/v1/payment_intents"})
    with pytest.raises(stripe.APIConnectionError):
        shop.charge(customer, card, key="recharge-1")
    again = shop.charge(customer, card, key="recharge-1")
    assert [one.id for one in shop.v1.payment_intents.list().data] == [again.id]


def test_expanding_what_can_not_be_expanded_is_refused(shop: Shop) -> None:
    bought = shop.bought()
    listed: Any = shop.v1.checkout.sessions.list(params={"expand": ["data.payment_intent"]})
    assert listed.data[0].payment_intent.id == bought.payment_intent
    for path in ("status", "payment_intent.colour", "a.b.c.d.e"):
        with pytest.raises(stripe.InvalidRequestError):
            shop.v1.checkout.sessions.retrieve(bought.id, params={"expand": [path]})


def test_objects_have_every_field_the_library_promises(shop: Shop) -> None:
    customer, card = shop.card()
    intent = shop.charge(customer, card)
    refund = shop.v1.refunds.create(params={"payment_intent": intent.id, "amount": 100})
    dispute = shop.box.control(f"/stripe/payments/{intent.id}/dispute", {})["id"]
    product = shop.v1.products.create(params={"name": "Starter"})
    price = shop.v1.prices.create(params={"product": product.id, "currency": "usd", "unit_amount": 1000})
    session = shop.v1.checkout.sessions.list(params={"limit": 1}).data[0]
    read: list[tuple[type, Any]] = [
        (stripe.Customer, shop.v1.customers.retrieve(customer)),
        (stripe.PaymentMethod, shop.v1.payment_methods.retrieve(card)),
        (stripe.PaymentIntent, shop.v1.payment_intents.retrieve(intent.id)),
        (stripe.Charge, shop.v1.charges.retrieve(intent.latest_charge)),
        (stripe.Refund, shop.v1.refunds.retrieve(refund.id)),
        (stripe.Dispute, shop.v1.disputes.retrieve(dispute)),
        (stripe.Product, product),
        (stripe.Price, price),
        (Session, session),
        (stripe.SetupIntent, shop.v1.setup_intents.list().data[0]),
        (stripe.Event, shop.v1.events.list().data[0]),
        (stripe.WebhookEndpoint, shop.v1.webhook_endpoints.retrieve(shop.endpoint.id)),
        (stripe.LineItem, shop.v1.checkout.sessions.line_items.list(shop.bought().id).data[0]),
    ]
    for kind, found in read:
        hints = {name: str(hint) for name, hint in kind.__annotations__.items() if name != "OBJECT_NAME"}
        promised = {name for name, hint in hints.items() if "Optional[" not in hint[:40] and "NoneType" not in hint}
        assert type(found) is kind
        assert promised - set(found.to_dict()) == set(), kind

"""The REST operations: address, parameters, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.store import Json
from sandbox.stripe import fields
from sandbox.stripe.account import Account
from sandbox.stripe.rules import Shape

Work = Callable[[Account, str, Json], Json]
"""Account, id in the address (or empty), checked parameters."""


@dataclass(frozen=True)
class Operation:
    """`path` is below /v1 and may hold `{id}`."""

    method: str
    path: str
    takes: Shape
    work: Work


def _get(kind: str) -> Work:
    return lambda account, key, params: account.records.need(kind, key)


def _list(kind: str, path: str) -> Work:
    def work(account: Account, key: str, params: Json) -> Json:
        query = dict(params)
        paging = {name: query.pop(name) for name in ("limit", "starting_after", "ending_before", "created") if name in query}
        return account.records.page(kind, f"/v1{path}", paging, **query)

    return work


def _update(kind: str) -> Work:
    return lambda account, key, params: account.catalogue.update(kind, key, params)


def _session(account: Account, key: str, params: Json) -> Json:
    return account.checkout.get(key)


def _lines(account: Account, key: str, params: Json) -> Json:
    lines, asked = account.checkout.line_items(key), params.get("limit", 10)
    after = next((place for place, line in enumerate(lines, 1) if line["id"] == params.get("starting_after")), 0)
    rest = lines[after:]
    return {"object": "list", "url": f"/v1/checkout/sessions/{key}/line_items", "has_more": len(rest) > asked, "data": rest[:asked]}


def _expire(account: Account, key: str, params: Json) -> Json:
    account.checkout.get(key)
    return account.checkout.expire(key)


def _confirm(account: Account, key: str, params: Json) -> Json:
    return account.payments.confirm(key, off_session=params.get("off_session", False))


def _prices(account: Account, key: str, params: Json) -> Json:
    return _chosen("price", "lookup_key", "lookup_keys", account, params)


def _products(account: Account, key: str, params: Json) -> Json:
    return _chosen("product", "id", "ids", account, params)


def _chosen(kind: str, field: str, param: str, account: Account, params: Json) -> Json:
    """A list that may be narrowed to given keys; those are few, so they come in one page."""
    query = dict(params)
    wanted = query.pop(param, None)
    if wanted is None:
        return _list(kind, f"/{kind}s")(account, "", query)
    found = [row for key in wanted for row in account.records.all(kind, **{field: key})]
    if "active" in query:
        found = [row for row in found if row["active"] == query["active"]]
    return {"object": "list", "url": f"/v1/{kind}s", "has_more": False, "data": found}


def _customers_methods(account: Account, key: str, params: Json) -> Json:
    account.records.need("customer", key)
    return _list("payment_method", f"/customers/{key}/payment_methods")(account, "", {**params, "customer": key})


def _simple(noun: str, kind: str, listing: Shape, lister: Work | None = None) -> list[Operation]:
    path = f"/{noun}"
    return [
        Operation("GET", path, listing, lister or _list(kind, path)),
        Operation("GET", f"{path}/{{id}}", fields.NOTHING, _get(kind)),
    ]


def _post(path: str, takes: Shape, part: str, action: str) -> Operation:
    """A POST whose work is a method: with the id when the address has one, with the parameters when it takes any."""
    has_id, has_params = "{id}" in path, takes is not fields.NOTHING

    def run(account: Account, key: str, params: Json) -> Json:
        method: Callable[..., Json] = getattr(getattr(account, part), action)
        return method(*([key] if has_id else []), *([params] if has_params else []))

    return Operation("POST", path, takes, run)


OPERATIONS: list[Operation] = [
    *_simple("customers", "customer", fields.CUSTOMERS),
    _post("/customers", fields.CUSTOMER, "catalogue", "create_customer"),
    Operation("POST", "/customers/{id}", fields.CUSTOMER, _update("customer")),
    Operation("GET", "/customers/{id}/payment_methods", fields.PAYMENT_METHODS, _customers_methods),
    *_simple("products", "product", fields.PRODUCTS, _products),
    _post("/products", fields.PRODUCT, "catalogue", "create_product"),
    Operation("POST", "/products/{id}", fields.PRODUCT_UPDATE, _update("product")),
    *_simple("prices", "price", fields.PRICES, _prices),
    _post("/prices", fields.PRICE, "catalogue", "create_price"),
    Operation("POST", "/prices/{id}", fields.PRICE_UPDATE, _update("price")),
    Operation("GET", "/checkout/sessions", fields.SESSIONS, _list("checkout.session", "/checkout/sessions")),
    Operation("GET", "/checkout/sessions/{id}", fields.NOTHING, _session),
    Operation("GET", "/checkout/sessions/{id}/line_items", fields.LINES, _lines),
    _post("/checkout/sessions", fields.SESSION, "checkout", "create"),
    _post("/checkout/sessions/{id}", fields.SESSION_UPDATE, "checkout", "update"),
    Operation("POST", "/checkout/sessions/{id}/expire", fields.NOTHING, _expire),
    *_simple("payment_intents", "payment_intent", fields.PAYMENT_INTENTS),
    _post("/payment_intents", fields.PAYMENT_INTENT, "payments", "create"),
    Operation("POST", "/payment_intents/{id}/confirm", fields.CONFIRM, _confirm),
    _post("/payment_intents/{id}/cancel", fields.NOTHING, "payments", "cancel"),
    *_simple("setup_intents", "setup_intent", fields.SETUP_INTENTS),
    *_simple("payment_methods", "payment_method", fields.PAYMENT_METHODS),
    _post("/payment_methods/{id}/detach", fields.NOTHING, "cards", "detach"),
    *_simple("charges", "charge", fields.CHARGES),
    *_simple("refunds", "refund", fields.REFUNDS),
    _post("/refunds", fields.REFUND, "refunds", "create"),
    *_simple("disputes", "dispute", fields.DISPUTES),
    Operation("GET", "/events", fields.EVENTS, lambda account, key, params: account.events.listed(params)),
    Operation("GET", "/events/{id}", fields.NOTHING, _get("event")),
    *_simple("webhook_endpoints", "webhook_endpoint", fields.ENDPOINTS),
    _post("/webhook_endpoints", fields.ENDPOINT, "endpoints", "create"),
    _post("/webhook_endpoints/{id}", fields.ENDPOINT_UPDATE, "endpoints", "update"),
    Operation("DELETE", "/webhook_endpoints/{id}", fields.NOTHING, lambda account, key, params: account.endpoints.delete(key)),
]

"""The allow-lists against the library's own request types: nothing is taken that Stripe does not know."""

import re
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from sandbox.stripe import fields
from sandbox.stripe.rules import Gone, Items, Shape, Text

LISTS = {
    "customer": fields.CUSTOMERS,
    "product": fields.PRODUCTS,
    "price": fields.PRICES,
    "payment_intent": fields.PAYMENT_INTENTS,
    "setup_intent": fields.SETUP_INTENTS,
    "payment_method": fields.PAYMENT_METHODS,
    "charge": fields.CHARGES,
    "refund": fields.REFUNDS,
    "dispute": fields.DISPUTES,
    "event": fields.EVENTS,
    "webhook_endpoint": fields.ENDPOINTS,
    "checkout._session": fields.SESSIONS,
}
OTHERS = {
    "customer_create": fields.CUSTOMER,
    "customer_update": fields.CUSTOMER,
    "product_create": fields.PRODUCT,
    "product_update": fields.PRODUCT_UPDATE,
    "price_create": fields.PRICE,
    "price_update": fields.PRICE_UPDATE,
    "checkout._session_create": fields.SESSION,
    "checkout._session_update": fields.SESSION_UPDATE,
    "checkout._session_list_line_items": fields.LINES,
    "payment_intent_create": fields.PAYMENT_INTENT,
    "payment_intent_confirm": fields.CONFIRM,
    "refund_create": fields.REFUND,
    "webhook_endpoint_create": fields.ENDPOINT,
    "webhook_endpoint_update": fields.ENDPOINT_UPDATE,
}
OPERATIONS = {f"{name}_list": shape for name, shape in LISTS.items()} | OTHERS
NOT_THERE = {("payment_method_list", "created"), ("webhook_endpoint_list", "created"), ("checkout._session_list_line_items", "created")}


def annotations(module: ModuleType, name: str) -> dict[str, str]:
    return {key: str(getattr(hint, "__forward_arg__", hint)) for key, hint in getattr(module, name).__annotations__.items()}


def unknown(module: ModuleType, name: str, shape: Shape, at: str = "") -> list[str]:
    """Parameters and values of the shape that the request type does not have."""
    known, found = annotations(module, name), list[str]()
    for key, rule in shape.fields.items():
        hint = known.get(key)
        if isinstance(rule, Gone):
            assert hint is None
            continue
        if hint is None:
            found.append(f"{at}{key}")
            continue
        inner: Any = rule.item if isinstance(rule, Items) else rule
        nested = re.findall(r"\b(\w+Params\w+)", hint)
        if isinstance(inner, Shape) and nested:
            found += unknown(module, nested[0], inner, f"{at}{key}.")
        if isinstance(inner, Text) and "Literal[" in hint:
            found += [f"{at}{key}={value}" for value in inner.values if f"'{value}'" not in hint]
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_parameter_and_value_is_stripes_own(operation: str) -> None:
    package, _, name = operation.rpartition("._")
    module = import_module(f"stripe.params.{package + '.' if package else ''}_{name}_params")
    class_name = "".join(part.capitalize() for part in name.split("_")) + "Params"
    found = unknown(module, class_name, OPERATIONS[operation])
    assert [key for key in found if (operation, key) not in NOT_THERE] == []

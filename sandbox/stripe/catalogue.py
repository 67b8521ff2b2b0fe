"""Customers, products and prices."""

import re

from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.events import Events
from sandbox.stripe.records import Records
from sandbox.stripe.rules import merged

BLANK_PRODUCT: Json = {
    "active": True,
    "default_price": None,
    "description": None,
    "images": [],
    "marketing_features": [],
    "metadata": {},
    "package_dimensions": None,
    "shippable": None,
    "statement_descriptor": None,
    "tax_code": None,
    "type": "service",
    "unit_label": None,
    "url": None,
}
BLANK_PRICE: Json = {
    "active": True,
    "billing_scheme": "per_unit",
    "custom_unit_amount": None,
    "lookup_key": None,
    "metadata": {},
    "nickname": None,
    "recurring": None,
    "tax_behavior": "unspecified",
    "tiers_mode": None,
    "transform_quantity": None,
    "type": "one_time",
}


class Catalogue:
    """Create and update; what is not sent stays as it is."""

    def __init__(self, records: Records, events: Events) -> None:
        self._records, self._events = records, events

    def create_customer(self, params: Json) -> Json:
        """POST /v1/customers."""
        blank: Json = {"address": None, "balance": 0, "currency": None, "default_source": None, "delinquent": False, "description": None}
        blank |= {"discount": None, "email": None, "invoice_prefix": "SANDBOX", "metadata": {}, "name": None, "next_invoice_sequence": 1}
        blank |= {"phone": None, "preferred_locales": [], "shipping": None, "tax_exempt": "none", "test_clock": None}
        settings = {"custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None}
        return self._create("customer", {**blank, "invoice_settings": settings, **params})

    def create_product(self, params: Json) -> Json:
        """POST /v1/products; the id may be one's own."""
        if "id" in params and self._records.find("product", params["id"]):
            raise wrong(f"Product already exists: {params['id']}", "id", "resource_already_exists")
        return self._create("product", {**BLANK_PRODUCT, "updated": self._records.now(), **params})

    def create_price(self, params: Json) -> Json:
        """POST /v1/prices, one-time ones only."""
        given = dict(params)
        transfer, inline = given.pop("transfer_lookup_key", False), given.pop("product_data", None)
        if ("product" in given) == (inline is not None):
            raise wrong("You must specify either `product` or `product_data` when creating a price.", "product", "parameter_missing")
        given["currency"] = currency(given["currency"], "currency")
        if given.get("lookup_key"):
            self._free_lookup_key(given["lookup_key"], transfer=transfer)
        if inline is not None:
            given["product"] = self.create_product(inline)["id"]
        self._records.need("product", given["product"], "product")
        return self._create("price", {**BLANK_PRICE, "unit_amount_decimal": str(given["unit_amount"]), **given})

    def update(self, kind: str, key: str, params: Json) -> Json:
        """POST /v1/KIND/ID."""
        old, given = self._records.need(kind, key), dict(params)
        transfer = given.pop("transfer_lookup_key", False)
        if given.get("lookup_key") and given["lookup_key"] != old.get("lookup_key"):
            self._free_lookup_key(given["lookup_key"], transfer=transfer)
        if "metadata" in given:
            given["metadata"] = merged(old["metadata"], given["metadata"])
        if kind == "product":
            given["updated"] = self._records.now()
        before = {name: old.get(name) for name, value in given.items() if old.get(name) != value}
        new = self._records.save({**old, **given})
        if before:
            self._events.emit(f"{kind}.updated", new, before)
        return new

    def _create(self, kind: str, body: Json) -> Json:
        made = self._records.add(kind, body)
        self._events.emit(f"{kind}.created", made)
        return made

    def _free_lookup_key(self, key: str, *, transfer: bool) -> None:
        for price in self._records.all("price", lookup_key=key):
            if not transfer:
                raise wrong(f"A price (`{price['id']}`) already uses that lookup key.", "lookup_key", "lookup_key_exists")
            self._records.save({**price, "lookup_key": None})


def currency(text: str, param: str) -> str:
    """Three letters, in lower case. Raises StripeError for others."""
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise wrong(f"Invalid currency: {text.lower()}.", param)
    return text.lower()

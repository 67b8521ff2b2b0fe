"""What a Checkout session sells: prices of the catalogue, or prices made for it."""

from sandbox.store import Json
from sandbox.stripe.catalogue import BLANK_PRICE, BLANK_PRODUCT, currency
from sandbox.stripe.errors import wrong
from sandbox.stripe.payments import SMALLEST
from sandbox.stripe.records import Records, new_id
from sandbox.stripe.sessions import total


class Lines:
    """Line items out of parameters."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def read(self, given: list[Json]) -> list[Json]:
        """All lines, of one currency and worth a payment. Raises StripeError."""
        lines = [self._line(line, place) for place, line in enumerate(given)]
        _check_total(lines)
        return lines

    def _line(self, line: Json, place: int) -> Json:
        param = f"line_items[{place}]"
        if ("price" in line) == ("price_data" in line):
            raise wrong(f"You must specify either `price` or `price_data` in {param}.", param, "parameter_missing")
        if "price" in line:
            price = self._records.need("price", line["price"], f"{param}[price]")
            if not price["active"]:
                raise wrong(f"The price specified is inactive. This field only accepts active prices: {price['id']}", f"{param}[price]")
        else:
            price = self._inline(line["price_data"], f"{param}[price_data]")
        product = self._records.need("product", price["product"])
        amount = price["unit_amount"] * line.get("quantity", 1)
        totals = {"amount_discount": 0, "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount, "currency": price["currency"]}
        named = {"id": new_id("li"), "object": "item", "description": product["name"], "metadata": {}}
        return {**named, **totals, "price": price, "quantity": line.get("quantity", 1)}

    def _inline(self, data: Json, param: str) -> Json:
        """A price and, if need be, a product made for this session; both are inactive, as at Stripe."""
        if ("product" in data) == ("product_data" in data):
            raise wrong(f"You must specify either `product` or `product_data` in {param}.", f"{param}[product]", "parameter_missing")
        if "product" in data:
            product = self._records.need("product", data["product"], f"{param}[product]")
        else:
            shown = {**BLANK_PRODUCT, "active": False, "updated": self._records.now()}
            product = self._records.add("product", {**shown, **data["product_data"]})
        priced = {"currency": currency(data["currency"], f"{param}[currency]"), "unit_amount": data["unit_amount"]}
        priced |= {"tax_behavior": data.get("tax_behavior", "unspecified"), "unit_amount_decimal": str(data["unit_amount"])}
        return self._records.add("price", {**BLANK_PRICE, **priced, "active": False, "product": product["id"]})


def _check_total(lines: list[Json]) -> None:
    """Lines share one currency, and their sum is worth a payment. Raises StripeError."""
    if len({line["currency"] for line in lines}) > 1:
        raise wrong("All prices on a Checkout session must be in the same currency.", "line_items")
    if total(lines) < SMALLEST:
        message = f"The Checkout Session's total amount due must add up to at least ${SMALLEST / 100:.2f} {lines[0]['currency']}"
        raise wrong(message, "line_items", "amount_too_small")

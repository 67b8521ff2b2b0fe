"""Refunds: by the API, in the dashboard, and what a bank does with them later."""

from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.events import Events
from sandbox.stripe.records import Records, new_id


class Refunds:
    """A refund never exceeds what is left of its charge."""

    def __init__(self, records: Records, events: Events) -> None:
        self._records, self._events = records, events

    def create(self, params: Json, *, pending: bool = False) -> Json:
        """POST /v1/refunds. `pending` ones succeed or fail later, as refunds of bank debits do."""
        charge = self._charge(params)
        left = charge["amount"] - charge["amount_refunded"]
        if left <= 0:
            raise wrong(f"Charge {charge['id']} has already been refunded.", "", "charge_already_refunded")
        amount = params.get("amount", left)
        if amount > left:
            told = f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge (${left / 100:.2f})"
            raise wrong(told, "amount")
        pending = pending or charge["payment_method_details"]["type"] != "card"
        body: Json = {"amount": amount, "charge": charge["id"], "currency": charge["currency"], "metadata": params.get("metadata", {})}
        body |= {"balance_transaction": new_id("txn"), "destination_details": {"card": {"type": "refund"}, "type": "card"}}
        body |= {"payment_intent": charge["payment_intent"], "reason": params.get("reason"), "receipt_number": None}
        body |= {"source_transfer_reversal": None, "transfer_reversal": None, "status": "pending" if pending else "succeeded"}
        refund = self._records.add("refund", body)
        charge = self._give_back(charge, amount)
        self._events.emit("refund.created", refund)
        self._events.emit("charge.refunded", charge)
        return refund

    def settle(self, key: str, *, ok: bool) -> Json:
        """A pending refund succeeds; or one fails, also after it succeeded, and the money is back with us."""
        refund = self._records.need("refund", key)
        if refund["status"] == "failed" or (ok and refund["status"] != "pending"):
            raise wrong(f"This refund is {refund['status']}.")
        before = {"status": refund["status"]}
        if ok:
            refund = self._records.save({**refund, "status": "succeeded"})
            self._events.emit("refund.updated", refund, before)
            return refund
        told = {"failure_balance_transaction": new_id("txn"), "failure_reason": "expired_or_canceled_card"}
        refund = self._records.save({**refund, "status": "failed", **told})
        self._give_back(self._records.need("charge", refund["charge"]), -refund["amount"])
        self._events.emit("refund.updated", refund, before)
        self._events.emit("refund.failed", refund)
        return refund

    def is_withheld(self, charge: Json) -> bool:
        """Whether a dispute took the money: one that is open or lost."""
        return charge["disputed"] and any(one["status"] != "won" for one in self._records.all("dispute", charge=charge["id"]))

    def _charge(self, params: Json) -> Json:
        if ("charge" in params) == ("payment_intent" in params):
            raise wrong(
                "One of the following params should be provided for this request: payment_intent or charge.", "", "parameter_missing"
            )
        key = params.get("charge")
        if "payment_intent" in params:
            intent = self._records.need("payment_intent", params["payment_intent"], "payment_intent")
            key = intent["latest_charge"]
        charge = self._records.find("charge", key or "")
        if "charge" in params:
            charge = self._records.need("charge", params["charge"], "charge")
        if charge is None or charge["status"] != "succeeded":
            raise wrong("This PaymentIntent does not have a successful charge to refund.", "payment_intent")
        if self.is_withheld(charge):
            raise wrong(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "", "charge_disputed")
        return charge

    def _give_back(self, charge: Json, amount: int) -> Json:
        refunded = charge["amount_refunded"] + amount
        return self._records.save({**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]})

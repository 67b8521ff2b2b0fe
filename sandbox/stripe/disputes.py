"""Disputes: opened and decided by a bank, that is by /_control and the console."""

from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.events import Events
from sandbox.stripe.records import Records

REASONS = (
    "bank_cannot_process",
    "credit_not_processed",
    "customer_initiated",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
DAYS_TO_ANSWER = 9


class Disputes:
    """While a dispute is open the money is withdrawn; winning it brings the money back."""

    def __init__(self, records: Records, events: Events) -> None:
        self._records, self._events = records, events

    def open(self, intent_id: str, amount: int | None = None, reason: str = "fraudulent") -> Json:
        """The payer's bank takes `amount` (all that is left) back. Raises StripeError when there is nothing to take."""
        intent = self._records.need("payment_intent", intent_id)
        charge = self._records.find("charge", intent["latest_charge"] or "")
        if charge is None or charge["status"] != "succeeded" or charge["disputed"]:
            raise wrong("There is no succeeded, undisputed charge.")
        left = charge["amount"] - charge["amount_refunded"]
        taken = left if amount is None else amount
        if not 0 < taken <= left or reason not in REASONS:
            raise wrong(f"amount: 1 to {left}; reason: one of {', '.join(REASONS)}")
        charge = self._records.save({**charge, "disputed": True})
        details = {"due_by": self._records.now() + DAYS_TO_ANSWER * 86400, "enhanced_eligibility": {}, "has_evidence": False}
        body: Json = {"amount": taken, "charge": charge["id"], "currency": charge["currency"], "payment_intent": intent["id"]}
        body |= {
            "balance_transactions": [],
            "enhanced_eligibility_types": [],
            "evidence": {},
            "is_charge_refundable": False,
            "metadata": {},
        }
        body |= {"evidence_details": {**details, "past_due": False, "submission_count": 0}, "reason": reason, "status": "needs_response"}
        card = {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"}
        dispute = self._records.add("dispute", {**body, "payment_method_details": {"card": card, "type": "card"}})
        self._events.emit("charge.dispute.created", dispute)
        self._events.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close(self, key: str, *, won: bool) -> Json:
        """The bank has decided. A charge stays marked as disputed."""
        dispute = self._records.need("dispute", key)
        if dispute["status"] in ("won", "lost"):
            raise wrong(f"This dispute is {dispute['status']}.")
        closed = self._records.save({**dispute, "status": "won" if won else "lost"})
        self._events.emit("charge.dispute.closed", closed)
        if won:
            self._events.emit("charge.dispute.funds_reinstated", closed)
        return closed

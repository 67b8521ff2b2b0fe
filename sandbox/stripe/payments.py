"""Payment intents and their charges: paid at Checkout, or without the payer from a saved card."""

from typing import Any

from sandbox.store import Json
from sandbox.stripe.cards import Cards, Refusal
from sandbox.stripe.catalogue import currency
from sandbox.stripe.errors import CARD, StripeError, wrong
from sandbox.stripe.events import Events
from sandbox.stripe.records import Records, new_id

SMALLEST = 50  # docs.stripe.com/currencies#minimum-and-maximum-charge-amounts: $0.50; taken for every currency


class Payments:
    """Each step writes the intent, its charge and their events."""

    def __init__(self, records: Records, events: Events, cards: Cards, public: str) -> None:
        self._records, self._events, self._cards, self._public = records, events, cards, public

    def open(self, amount: int, currency: str, customer: str | None, metadata: Json, **more: Any) -> Json:
        """A new intent that nobody has paid yet."""
        intent = self._records.add("payment_intent", {**blank(amount, currency, customer), "metadata": metadata, **more})
        intent["client_secret"] = f"{intent['id']}_secret_sbx"
        self._records.save(intent)
        self._events.emit("payment_intent.created", intent)
        return intent

    def create(self, params: Json) -> Json:
        """POST /v1/payment_intents. Raises StripeError, 402 when a confirmed one is declined."""
        if params["amount"] < SMALLEST:
            raise wrong(f"Amount must be at least ${SMALLEST / 100:.2f} {params['currency'].lower()}", "amount", "amount_too_small")
        customer = params.get("customer")
        if customer:
            self._records.need("customer", customer, "customer")
        method = self._cards.usable(params["payment_method"], customer) if "payment_method" in params else None
        confirm = params.get("confirm", False)
        if params.get("off_session") and not confirm:
            raise wrong("You can only set `off_session` when confirm is true.", "off_session")
        if confirm and not method:
            raise wrong("You cannot confirm this PaymentIntent because it's missing a payment method.", "payment_method")
        kept = ("description", "receipt_email", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix")
        more = {name: params[name] for name in kept if name in params}
        status = "requires_confirmation" if method else "requires_payment_method"
        more |= {"payment_method": method and method["id"], "status": status}
        intent = self.open(params["amount"], currency(params["currency"], "currency"), customer, params.get("metadata", {}), **more)
        return self.confirm(intent["id"], off_session=bool(params.get("off_session"))) if confirm else intent

    def confirm(self, key: str, *, off_session: bool) -> Json:
        """Charge the intent's method. Raises StripeError (402) with the intent inside when the card refuses."""
        intent = self._records.need("payment_intent", key)
        if intent["status"] not in ("requires_confirmation", "requires_payment_method") or not intent["payment_method"]:
            raise self._unexpected(intent, "confirm")
        method = self._records.need("payment_method", intent["payment_method"])
        refusal = self._cards.refusal(method["id"])
        if refusal and refusal.code == "authentication_required" and not off_session:
            return self.ask(intent, method)
        if refusal:
            failed = self.fail(intent, method, refusal)
            error = StripeError(402, refusal.message, type_=CARD)
            error.body |= failed["last_payment_error"] | {"payment_intent": failed}
            raise error
        return self.succeed(intent, method)

    def cancel(self, key: str) -> Json:
        """POST /v1/payment_intents/ID/cancel."""
        intent = self._records.need("payment_intent", key)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise self._unexpected(intent, "cancel")
        canceled = self._records.save({**intent, "status": "canceled", "canceled_at": self._records.now()})
        self._events.emit("payment_intent.canceled", canceled)
        return canceled

    def succeed(self, intent: Json, method: Json) -> Json:
        """Paid: a succeeded charge, `charge.succeeded` and `payment_intent.succeeded`."""
        charge = self._charge(intent, method, "succeeded")
        paid = {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None, "next_action": None}
        intent = self._records.save({**intent, **paid, "latest_charge": charge["id"], "payment_method": method["id"]})
        self._events.emit("charge.succeeded", charge)
        self._events.emit("payment_intent.succeeded", intent)
        return intent

    def process(self, intent: Json, method: Json) -> Json:
        """On its way: a pending charge, `payment_intent.processing`."""
        charge = self._charge(intent, method, "pending")
        intent = self._records.save({**intent, "status": "processing", "latest_charge": charge["id"], "payment_method": method["id"]})
        self._events.emit("charge.pending", charge)
        self._events.emit("payment_intent.processing", intent)
        return intent

    def ask(self, intent: Json, method: Json) -> Json:
        """The payer has to show that it is them."""
        action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": None, "url": f"{self._public}/stripe/3ds/{intent['id']}"}}
        intent = self._records.save({**intent, "status": "requires_action", "next_action": action, "payment_method": method["id"]})
        self._events.emit("payment_intent.requires_action", intent)
        return intent

    def fail(self, intent: Json, method: Json, refusal: Refusal) -> Json:
        """Not paid: a failed charge, `payment_intent.payment_failed`; another method may be tried."""
        charge = self._charge(intent, method, "failed", failure_code=refusal.code, failure_message=refusal.message)
        self._events.emit("charge.failed", charge)
        return self._refused(intent, method, refusal, charge)

    def reject(self, intent: Json, method: Json) -> Json:
        """The payer did not pass the authentication: nothing was charged."""
        return self._refused(intent, method, Refusal("payment_intent_authentication_failure", ""), None)

    def settle(self, intent: Json, *, ok: bool) -> Json:
        """The end of a pending payment: its charge and intent succeed or fail."""
        charge = self._records.need("charge", intent["latest_charge"])
        method = self._records.need("payment_method", intent["payment_method"])
        if ok:
            charge = self._records.save(
                {**charge, "status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
            )
            intent = self._records.save({**intent, "status": "succeeded", "amount_received": intent["amount"]})
            self._events.emit("charge.succeeded", charge)
            self._events.emit("payment_intent.succeeded", intent)
            return intent
        refusal = Refusal("payment_method_provider_decline", "insufficient_funds")
        told = {"failure_code": refusal.decline_code, "failure_message": "The customer's account has insufficient funds."}
        charge = self._records.save({**charge, "status": "failed", "paid": False, **told})
        self._events.emit("charge.failed", charge)
        return self._refused(intent, method, refusal, charge)

    def _refused(self, intent: Json, method: Json, refusal: Refusal, charge: Json | None) -> Json:
        error: Json = {
            "type": CARD if method["type"] == "card" else "invalid_request_error",
            "code": refusal.code,
            "payment_method": method,
        }
        error |= {"message": refusal.message, "doc_url": f"https://docs.stripe.com/error-codes#{refusal.code.replace('_', '-')}"}
        error |= {"decline_code": refusal.decline_code} if refusal.decline_code else {}
        error |= {"charge": charge["id"]} if charge else {}
        changed = {"status": "requires_payment_method", "last_payment_error": error, "payment_method": None, "next_action": None}
        latest = charge["id"] if charge else intent["latest_charge"]
        failed = self._records.save({**intent, **changed, "latest_charge": latest})
        self._events.emit("payment_intent.payment_failed", failed)
        return failed

    def _charge(self, intent: Json, method: Json, status: str, **failure: Any) -> Json:
        charge = self._records.add("charge", {**charged(intent, method, status), **failure})
        if status != "failed":
            charge["receipt_url"] = f"{self._public}/stripe/receipts/{charge['id']}"
            charge["balance_transaction"] = new_id("txn") if status == "succeeded" else None
            self._records.save(charge)
        return charge

    def _unexpected(self, intent: Json, verb: str) -> StripeError:
        message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        return StripeError(400, message, "payment_intent_unexpected_state", payment_intent=intent)


def blank(amount: int, currency: str, customer: str | None) -> Json:
    """A payment intent's fields before anything happened."""
    return {
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "currency": currency,
        "customer": customer,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def charged(intent: Json, method: Json, status: str) -> Json:
    """A charge's fields."""
    succeeded = status == "succeeded"
    outcome = {"network_status": "approved_by_network" if status != "failed" else "declined_by_network", "reason": None}
    return {
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if succeeded else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "KAMETRIX SANDBOX",
        "captured": succeeded,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            **outcome,
            "risk_level": "normal",
            "seller_message": "Sandbox.",
            "type": "authorized" if status != "failed" else "issuer_declined",
        },
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {method["type"]: method[method["type"]], "type": method["type"]},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }

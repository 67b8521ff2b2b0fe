"""Checkout sessions: made by the API, paid on the hosted page, settled or expired later."""

from typing import Any

from sandbox.store import Json
from sandbox.stripe.cards import DECLINED, Behaviour, Cards
from sandbox.stripe.catalogue import Catalogue
from sandbox.stripe.errors import StripeError, wrong
from sandbox.stripe.events import Events
from sandbox.stripe.lines import Lines
from sandbox.stripe.payments import Payments
from sandbox.stripe.records import Records
from sandbox.stripe.rules import merged
from sandbox.stripe.sessions import BLANK_SETUP, LATER, blank

SHORTEST, LONGEST, DEFAULT = 30 * 60, 24 * 3600, 24 * 3600  # docs.stripe.com/api/checkout/sessions/create, expires_at
SLACK = 60  # between the caller's clock and ours


class Checkout:
    """Raises StripeError for what Stripe refuses, also from the hosted page."""

    def __init__(self, records: Records, events: Events, cards: Cards, payments: Payments, catalogue: Catalogue, public: str) -> None:
        self._records, self._events, self._cards, self._payments = records, events, cards, payments
        self._catalogue, self._public = catalogue, public
        self._lines = Lines(records)

    def create(self, params: Json) -> Json:
        """POST /v1/checkout/sessions in mode payment or setup."""
        self._check(params)
        customer = params.get("customer")
        if customer:
            self._records.need("customer", customer, "customer")
        is_setup = params["mode"] == "setup"
        lines = [] if is_setup else self._lines.read(params["line_items"])
        session = self._records.add("checkout.session", blank(params, lines, self._expiry(params)), lines=lines, params=params)
        session["url"] = f"{self._public}/stripe/pay/{session['id']}"
        if is_setup:
            session["setup_intent"] = self._setup(params, customer)["id"]
        return self._records.save(session)

    def get(self, key: str) -> Json:
        """A session, expired when its time is over."""
        session = self._records.need("checkout.session", key)
        return self.expire(key) if session["status"] == "open" and session["expires_at"] <= self._records.now() else session

    def line_items(self, key: str) -> list[Json]:
        """What is bought."""
        self._records.need("checkout.session", key)
        return self._records.hidden("checkout.session", key).get("lines", [])

    def update(self, key: str, params: Json) -> Json:
        """POST /v1/checkout/sessions/ID: metadata only."""
        session = self.get(key)
        return self._records.save({**session, "metadata": merged(session["metadata"], params.get("metadata"))})

    def expire(self, key: str) -> Json:
        """Nobody can pay it any more: `checkout.session.expired`."""
        session = self._records.need("checkout.session", key)
        if session["status"] != "open":
            raise wrong(f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.', "session")
        expired = self._records.save({**session, "status": "expired", "url": None})
        self._events.emit("checkout.session.expired", expired)
        return expired

    def pay(self, key: str, *, later: bool = False) -> Json:
        """By card, at once; or from a bank account, where money takes its time."""
        session = self._payable(key, "payment")
        kind = LATER if later else "card"
        if kind not in session["payment_method_types"]:
            raise wrong("This way to pay is not offered here.")
        session, intent = self._intent(session)
        method = self._method(session, kind)
        if later:
            self._payments.process(intent, method)
        else:
            self._payments.succeed(intent, method)
        return self._complete(session, "unpaid" if later else "paid")

    def decline(self, key: str) -> Json:
        """The card is declined; the session stays open for another."""
        session, intent = self._intent(self._payable(key, "payment"))
        self._payments.fail(intent, self._cards.make("declined"), DECLINED)
        return session

    def ask(self, key: str) -> Json:
        """The payer has to authenticate; `answer` ends that."""
        session, intent = self._intent(self._payable(key, "payment"))
        if intent["status"] != "requires_action":
            self._payments.ask(intent, self._method(session, "card"))
        return session

    def answer(self, key: str, *, ok: bool) -> Json:
        """The authentication succeeds, and with it the payment; or it fails, and the session stays open."""
        session, intent = self._intent(self._payable(key, "payment"))
        if intent["status"] != "requires_action":
            raise wrong("Nothing is waiting for an authentication.")
        method = self._records.need("payment_method", intent["payment_method"])
        if not ok:
            self._payments.reject(intent, method)
            return session
        self._payments.succeed(intent, method)
        return self._complete(session, "paid")

    def is_asking(self, session: Json) -> bool:
        """Whether the payer is being asked to authenticate."""
        intent = self._records.find("payment_intent", session["payment_intent"] or "")
        return session["status"] == "open" and intent is not None and intent["status"] == "requires_action"

    def settle(self, key: str, *, ok: bool) -> Json:
        """The bank debit of a completed session comes in or fails: `checkout.session.async_payment_succeeded` or `_failed`."""
        session = self._records.need("checkout.session", key)
        intent = self._records.find("payment_intent", session["payment_intent"] or "")
        if intent is None or intent["status"] != "processing":
            raise wrong("Nothing is pending.")
        self._payments.settle(intent, ok=ok)
        session = self._records.save({**session, "payment_status": "paid" if ok else "unpaid"})
        self._events.emit(f"checkout.session.async_payment_{'succeeded' if ok else 'failed'}", session)
        return session

    def save_card(self, key: str, behaviour: Behaviour) -> Json:
        """Mode setup: a card is kept for later payments."""
        session = self._payable(key, "setup")
        intent = self._records.need("setup_intent", session["setup_intent"])
        customer = session["customer"] or self._new_customer(session)
        method = self._cards.attach(self._cards.make(behaviour, email=session["customer_email"]), customer)
        intent = self._records.save({**intent, "status": "succeeded", "payment_method": method["id"], "customer": customer})
        self._events.emit("setup_intent.succeeded", intent)
        return self._complete({**session, "customer": customer}, "no_payment_required")

    def _check(self, params: Json) -> None:
        if params["mode"] == "payment" and not params.get("line_items"):
            raise wrong("You must pass `line_items` when creating a Checkout Session in payment mode.", "line_items", "parameter_missing")
        if params["mode"] == "setup" and "line_items" in params:
            raise wrong("You can not pass `line_items` in `setup` mode.", "line_items")
        if params["mode"] == "setup" and not ("currency" in params or "allowed_payment_method_types" in params):
            raise wrong("Missing required param: currency.", "currency", "parameter_missing")
        if params["mode"] != "payment" and "payment_intent_data" in params:
            raise wrong("You can not pass `payment_intent_data` in `setup` mode.", "payment_intent_data")
        if params["mode"] != "setup" and "setup_intent_data" in params:
            raise wrong("You can not pass `setup_intent_data` in `payment` mode.", "setup_intent_data")
        if "customer" in params and ("customer_email" in params or "customer_creation" in params):
            raise wrong("You may only specify one of these parameters: customer, customer_email, customer_creation.", "customer")

    def _expiry(self, params: Json) -> int:
        now = self._records.now()
        moment = params.get("expires_at", now + DEFAULT)
        if not now + SHORTEST - SLACK <= moment <= now + LONGEST + SLACK:
            raise wrong("The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.", "expires_at")
        return moment

    def _setup(self, params: Json, customer: str | None) -> Json:
        given = params.get("setup_intent_data") or {}
        intent = self._records.add("setup_intent", {**BLANK_SETUP, **given, "customer": customer})
        intent = self._records.save({**intent, "client_secret": f"{intent['id']}_secret_sbx"})
        self._events.emit("setup_intent.created", intent)
        return intent

    def _payable(self, key: str, mode: str) -> Json:
        session = self.get(key)
        if session["status"] != "open":
            raise StripeError(400, f"This Checkout Session is {session['status']}.", "checkout_session_not_open")
        if session["mode"] != mode:
            raise wrong(f"This Checkout Session is in mode {session['mode']}.")
        return session

    def _intent(self, session: Json) -> tuple[Json, Json]:
        """The session's payment intent, made at the first attempt to pay (since API 2022-08-01)."""
        if session["payment_intent"]:
            return session, self._records.need("payment_intent", session["payment_intent"])
        given: Json = self._records.hidden("checkout.session", session["id"])["params"].get("payment_intent_data") or {}
        more: dict[str, Any] = {name: value for name, value in given.items() if name != "metadata"}
        more["payment_method_types"] = session["payment_method_types"]
        always = session["customer_creation"] == "always" or given.get("setup_future_usage")
        if not session["customer"] and always:
            session = {**session, "customer": self._new_customer(session)}
        amount = (session["amount_total"], session["currency"], session["customer"])
        intent = self._payments.open(*amount, given.get("metadata", {}), **more)
        self._records.save(intent, session=session["id"])
        return self._records.save({**session, "payment_intent": intent["id"]}), intent

    def _method(self, session: Json, kind: str) -> Json:
        intent = self._records.find("payment_intent", session["payment_intent"] or "")
        method = self._cards.make("good", kind, session["customer_email"])
        saved = intent is not None and intent["setup_future_usage"] and session["customer"]
        return self._cards.attach(method, session["customer"]) if saved else method

    def _new_customer(self, session: Json) -> str:
        return self._catalogue.create_customer({"email": session["customer_email"] or "payer@example.com", "name": "Sandbox Payer"})["id"]

    def _complete(self, session: Json, payment_status: str) -> Json:
        known = self._records.find("customer", session["customer"] or "") or {}
        email = session["customer_email"] or known.get("email") or "payer@example.com"
        details = {"address": None, "business_name": None, "email": email, "individual_name": None, "name": "Sandbox Payer", "phone": None}
        details |= {"tax_exempt": "none", "tax_ids": []}
        changed = {"status": "complete", "payment_status": payment_status, "url": None, "customer_details": details}
        session = self._records.save({**session, **changed})
        self._events.emit("checkout.session.completed", session)
        return session

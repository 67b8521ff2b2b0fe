"""Payment methods: cards that behave, cards that will not, and bank debits. The numbers' ends are those of Stripe's test cards.

Source: docs.stripe.com/testing, read 2026-11-20 (4242 succeeds; 0341 attaches, then fails; 3184 asks for authentication).
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.events import Events
from sandbox.stripe.records import Records

Behaviour = Literal["good", "declined", "authentication"]
BEHAVIOURS: tuple[Behaviour, ...] = ("good", "declined", "authentication")
LAST4 = {"good": "4242", "declined": "0341", "authentication": "3184"}
MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "generic_decline": "Your card was declined.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


@dataclass(frozen=True)
class Refusal:
    """Why a card is not charged."""

    code: str
    decline_code: str

    @property
    def message(self) -> str:
        """In Stripe's words."""
        return MESSAGES.get(self.decline_code, MESSAGES["generic_decline"])


DECLINED = Refusal("card_declined", "insufficient_funds")
AUTHENTICATION = Refusal("authentication_required", "authentication_required")


class Cards:
    """Payment methods and how they behave when they are charged without their owner."""

    def __init__(self, records: Records, events: Events) -> None:
        self._records, self._events = records, events

    def make(self, behaviour: Behaviour = "good", kind: str = "card", email: str | None = None) -> Json:
        """A payment method that belongs to nobody yet."""
        body: Json = {
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": email, "name": "Sandbox Payer", "phone": None, "tax_id": None},
            "customer": None,
            "metadata": {},
            "type": kind,
        }
        body[kind] = details(kind, LAST4[behaviour])
        return self._records.add("payment_method", body, behaviour=behaviour)

    def attach(self, method: Json, customer: str) -> Json:
        """Save it for later payments of this customer."""
        self._records.save({**method, "customer": customer, "allow_redisplay": "limited"})
        attached = self._records.need("payment_method", method["id"])
        self._events.emit("payment_method.attached", attached)
        return attached

    def detach(self, key: str) -> Json:
        """Take it off its customer. Raises StripeError when it has none."""
        method = self._records.need("payment_method", key)
        if not method["customer"]:
            raise wrong("The payment method you provided is not attached to a customer so detachment is impossible.")
        detached = self._records.save({**method, "customer": None}, was_detached=True)
        self._events.emit("payment_method.detached", detached, {"customer": method["customer"]})
        return detached

    def behave(self, key: str, behaviour: Behaviour, decline_code: str = "") -> Json:
        """Change what happens when it is charged next."""
        method = self._records.need("payment_method", key)
        return self._records.save(method, behaviour=behaviour, decline_code=decline_code)

    def usable(self, key: str, customer: str | None) -> Json:
        """The method for a payment of this customer. Raises StripeError when it is not theirs or was detached."""
        method = self._records.need("payment_method", key, "payment_method")
        if self._records.hidden("payment_method", key).get("was_detached"):
            raise wrong("The provided PaymentMethod was detached from a Customer. It may not be used again.", "payment_method")
        if method["customer"] and method["customer"] != customer:
            raise wrong("The payment method you provided is attached to another customer.", "payment_method")
        return method

    def refusal(self, key: str) -> Refusal | None:
        """Why charging it now, without its owner, fails."""
        hidden = self._records.hidden("payment_method", key)
        if hidden.get("behaviour") == "authentication":
            return AUTHENTICATION
        if hidden.get("behaviour") == "declined":
            return Refusal("card_declined", hidden.get("decline_code") or DECLINED.decline_code)
        return None


def details(kind: str, last4: str = "4242") -> Json:
    """What is shown of a card or an account."""
    if kind == "card":
        checks = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
        shown = {"brand": "visa", "country": "US", "display_brand": "visa", "exp_month": 12, "exp_year": 2034, "fingerprint": f"sbx{last4}"}
        return {**shown, "checks": checks, "funding": "credit", "last4": last4, "networks": {"available": ["visa"], "preferred": None}}
    return {
        "account_holder_type": "company",
        "account_type": "checking",
        "bank_name": "SANDBOX BANK",
        "fingerprint": "sbxbank",
        "last4": "6789",
    }

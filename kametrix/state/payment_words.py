"""What became of a payment, in words: while somebody waits for it, and afterwards."""

from dataclasses import dataclass
from typing import Final

from kametrix.models import PurchaseStatus
from kametrix.services.purchases import Standing
from kametrix.services.wording import dollars

WAITING: Final = "waiting"
"""The look of a payment that may be decided any moment."""
UNCONFIRMED: Final = "unconfirmed"


@dataclass(frozen=True)
class Told:
    """How a payment stands. `look`: waiting, credited, pending, failed, unconfirmed, review or unknown; `action` leads to `href`.

    `leaves`: the action is Stripe's page, not ours.
    """

    look: str = ""
    title: str = ""
    text: str = ""
    action: str = ""
    href: str = ""
    leaves: bool = False


RECEIVED: Final = Told(
    WAITING,
    "Payment received, crediting…",
    "Stripe confirms it to us first. That usually takes a few seconds; this page shows it by itself.",
)
UNKNOWN: Final = Told(
    "unknown",
    "We do not know this payment",
    "The address may be cut short, or the payment belongs to another organization of yours. Your payments stand below your balance.",
    "See your payments",
    "/credits",
)


def told(standing: Standing) -> Told:
    """How this payment stands now, as far as our own books say."""
    match standing.status:
        case PurchaseStatus.PAID:
            return _credited(standing)
        case PurchaseStatus.PENDING:
            text = (
                "The way you chose to pay takes its time. The credits are added by themselves when the money arrives, with a receipt. "
                "You need not pay again."
            )
            return Told("pending", "Your bank needs a few days", text, "Back to credits", "/credits")
        case PurchaseStatus.FAILED:
            why = f"{standing.failure.rstrip('.')}. " if standing.failure else ""
            return Told(
                "failed", "The payment did not go through", f"{why}Nothing was charged and nothing is lost.", "Try again", "/credits"
            )
        case PurchaseStatus.EXPIRED:
            return Told("failed", "The payment was not finished in time", "Nothing was charged.", "Start again", "/credits")
        case PurchaseStatus.REVIEW:
            text = (
                "What was paid is not what we asked for, so no credits were added yet. Somebody looks at it and writes to you. "
                "Your money is not lost, and you need not pay again."
            )
            return Told("review", "We are checking this payment", text, "Back to credits", "/credits")
        case _:
            return RECEIVED


def unconfirmed(standing: Standing) -> Told:
    """Stripe was asked and knows of no payment, or did not answer."""
    text = (
        "If you have paid, nothing is lost: the credits are added by themselves as soon as Stripe confirms it. You can leave this page. "
        "If you have not, nothing was charged."
    )
    way_on = ("Continue paying", standing.checkout_url, True) if standing.checkout_url else ("Back to credits", "/credits", False)
    return Told(UNCONFIRMED, "Stripe has not confirmed it yet", text, *way_on)


def _credited(standing: Standing) -> Told:
    added = standing.credits - standing.grace_repaid
    balance = f"Your balance is {dollars(standing.balance)}."
    repaid = f"{dollars(standing.grace_repaid)} of grace was paid back first. " if standing.grace_repaid else ""
    if added <= 0:
        title = f"Paid: {dollars(standing.grace_repaid)} of grace paid back"
        return Told("credited", title, f"The pack was smaller than the grace in use, so no credits are left of it. {balance}", *_ON)
    return Told("credited", f"{added:,} credits added", f"{repaid}{balance}", *_ON)


_ON: Final = ("Back to credits", "/credits")

"""Sentences about balance, cost and packs; amounts in cents, rates in cents per started minute."""

from kametrix.services.ledger import cost_cents
from kametrix.services.wording import dollars, length, minutes


def minutes_left(cents: int, rate: int) -> int:
    """Whole minutes a balance pays for: 500 at 15 -> 33; none below zero or without a price."""
    return max(cents, 0) // rate if rate > 0 else 0


def balance_text(cents: int, rate: int) -> str:
    """(500, 15) -> '$5.00 (~33 min)'."""
    return f"{dollars(cents)} (~{minutes_left(cents, rate)} min)"


def cost_explained(seconds: int, rate: int) -> str:
    """(272, 15) -> '4 min 32 sec → 5 minutes × $0.15 = $0.75'."""
    started, cents = cost_cents(seconds, rate)
    return f"{length(seconds)} → {minutes(started)} × {dollars(rate)} = {dollars(cents)}"


def low_balance_text(cents: int, rate: int) -> str:
    """(450, 15) -> 'Low balance: $4.50 (~30 min). You have about 30 minutes of call time remaining.'."""
    return f"Low balance: {balance_text(cents, rate)}. You have about {minutes(minutes_left(cents, rate))} of call time remaining."


def settlement_text(credits: int, grace: int) -> str:
    """What buying `credits` does to `grace` cents in use; empty when there is none (it is repaid before anything is added)."""
    if grace <= 0:
        return ""
    if credits < grace:
        return f"Pack does not cover {dollars(grace)} grace balance"
    return f"After {dollars(grace)} grace settlement, you'll receive {credits - grace:,} credits"

"""A statement in words: what moved the balance, line by line, until it is the closing balance."""

from typing import Final

from kametrix.services.statements import Statement

LABELS: Final = {
    "PURCHASE": "Payments",
    "CALL_USAGE": "Calls",
    "GRACE_USAGE": "Calls in grace",
    "CORRECTION": "Corrections",
    "REFUND": "Refunds",
    "DISPUTE": "Disputed payments",
    "DISPUTE_REVERSAL": "Disputes won",
    "ADMIN_ADJUSTMENT": "Adjustments",
}
"""By type of row, in the order they are shown."""
NAMES: Final = {
    "PURCHASE": "Payment",
    "CALL_USAGE": "Call",
    "GRACE_USAGE": "Call in grace",
    "CORRECTION": "Correction",
    "REFUND": "Refund",
    "DISPUTE": "Disputed payment",
    "DISPUTE_REVERSAL": "Dispute won",
    "ADMIN_ADJUSTMENT": "Adjustment",
}
"""Of one row."""
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def month_name(month: str) -> str:
    """'2026-11' -> 'November 2026'."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def movements(shown: Statement) -> list[tuple[str, int, int]]:
    """(label, how many rows, signed cents) of everything between opening and closing balance; their sum is the difference."""
    kinds = {kind.type: kind for kind in shown.kinds}
    return [(label, kinds[kind].count, kinds[kind].amount) for kind, label in LABELS.items() if kind in kinds]

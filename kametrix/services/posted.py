"""What a posting did, as the ledger tells it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Posted:
    """What a post did, in cents. `applied` is false for a redelivery: the rest is then the first outcome.

    `before` is the balance it found; `recharge_below` the balance under which the organization has its card charged, none without.
    """

    applied: bool
    transaction_id: str
    balance: int
    grace_used: int
    grace_repaid: int
    before: int = field(default=0, compare=False)
    recharge_below: int | None = field(default=None, compare=False)

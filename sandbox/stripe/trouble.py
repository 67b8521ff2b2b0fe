"""What goes wrong on an event's way, as tests and the console ask for it. Kept in memory, used up by matching events."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from sandbox.store import Json

Kind = Literal["duplicate", "reorder", "delay", "drop", "wrong_signature", "api_version", "edited"]
KINDS: tuple[Kind, ...] = ("duplicate", "reorder", "delay", "drop", "wrong_signature", "api_version", "edited")
OLD_VERSION = "2024-06-20"
AMOUNTS = ("amount", "amount_total", "amount_subtotal", "amount_received")


@dataclass
class Trouble:
    """Strikes the next `times` events whose type begins with `type` (empty: any). `copies` belongs to duplicate, `seconds` to delay,
    `amount` and `currency` to edited; reorder holds `times` events back and sends them last first."""

    kind: Kind
    type: str = ""
    times: int = 1
    copies: int = 3
    seconds: float = 30.0
    amount: int | None = None
    currency: str = ""


class Troubles:
    """Those still waiting to happen."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        """Another one, behind those already waiting."""
        self._waiting.append(trouble)

    def clear(self) -> None:
        """None any more."""
        self._waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Those still waiting."""
        return [asdict(trouble) for trouble in self._waiting]

    def take(self, event_type: str) -> Trouble | None:
        """The first that fits this event, used up by one; `times` then tells how many are left."""
        for trouble in self._waiting:
            if event_type.startswith(trouble.type):
                trouble.times -= 1
                if trouble.times <= 0:
                    self._waiting.remove(trouble)
                return trouble
        return None


def disguised(event: Json, trouble: Trouble | None) -> Json:
    """The event as it is sent: another API version, or another amount and currency than it has at Stripe."""
    if trouble and trouble.kind == "api_version":
        return {**event, "api_version": OLD_VERSION}
    if trouble and trouble.kind == "edited":
        shown = dict(event["data"]["object"])
        if trouble.amount is not None:
            shown |= {name: trouble.amount for name in AMOUNTS if name in shown}
        if trouble.currency:
            shown["currency"] = trouble.currency
        return {**event, "data": {**event["data"], "object": shown}}
    return event

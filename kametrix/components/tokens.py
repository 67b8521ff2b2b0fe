"""Status looks: one colour, one icon and one word for every state a person can see."""

from dataclasses import dataclass
from typing import Literal

import reflex as rx

Text = str | rx.Var[str]
"""Words written here, or words a state prepares."""
Flag = bool | rx.Var[bool]
Kind = Literal["call", "sync", "ledger", "number", "payment", "refund", "dispute", "user"]


@dataclass(frozen=True)
class StatusLook:
    """How one state is shown. `pulse`: a breathing dot for the icon; `quiet`: the usual case, shown without a fill."""

    label: str
    icon: str
    color: Literal["green", "amber", "blue", "red", "gray", "violet"]
    pulse: bool = False
    quiet: bool = False


LOOKS: dict[Kind, dict[str, StatusLook]] = {
    "call": {
        "QUEUED": StatusLook("Starting", "clock", "blue"),
        "RINGING": StatusLook("Ringing", "phone-incoming", "blue"),
        "IN_PROGRESS": StatusLook("In progress", "phone-call", "amber", pulse=True),
        "COMPLETED": StatusLook("Completed", "check", "green", quiet=True),
        "FAILED": StatusLook("Failed", "circle-alert", "red"),
        "NO_ANSWER": StatusLook("No answer", "phone-missed", "gray"),
        "BUSY": StatusLook("Busy", "phone-off", "gray"),
        "CANCELLED": StatusLook("Cancelled", "ban", "gray"),
        "TURNED_AWAY": StatusLook("Turned away", "phone-off", "gray"),
        "VOICEMAIL": StatusLook("Voicemail", "voicemail", "violet"),
    },
    "sync": {
        "LIVE": StatusLook("Live", "check", "green"),
        "UPDATING": StatusLook("Updating", "refresh-cw", "amber", pulse=True),
        "FAILED": StatusLook("Not updated", "circle-alert", "red"),
        "OFF": StatusLook("Off", "power-off", "gray"),
    },
    "ledger": {
        "PURCHASE": StatusLook("Purchase", "plus", "green"),
        "CALL_USAGE": StatusLook("Call", "phone", "gray", quiet=True),
        "GRACE_USAGE": StatusLook("Grace", "hourglass", "amber"),
        "ADMIN_ADJUSTMENT": StatusLook("Adjustment", "sliders-horizontal", "blue"),
        "CORRECTION": StatusLook("Correction", "scale", "blue"),
        "REFUND": StatusLook("Refund", "undo-2", "red"),
        "DISPUTE": StatusLook("Dispute", "shield-alert", "red"),
        "DISPUTE_REVERSAL": StatusLook("Dispute won", "shield-check", "green"),
    },
    "number": {
        "AVAILABLE": StatusLook("Available", "check", "green"),
        "ASSIGNED": StatusLook("Assigned", "phone", "blue"),
        "RELEASED": StatusLook("Released", "phone-off", "gray"),
        "OFF": StatusLook("Off", "power-off", "gray"),
        "UNKNOWN": StatusLook("Not at provider", "clock", "amber"),
    },
    "payment": {
        "OPEN": StatusLook("Not paid yet", "clock", "gray", quiet=True),
        "PENDING": StatusLook("On its way", "hourglass", "amber"),
        "PAID": StatusLook("Paid", "check", "green", quiet=True),
        "FAILED": StatusLook("Failed", "circle-alert", "red"),
        "EXPIRED": StatusLook("Not paid", "ban", "gray"),
        "REVIEW": StatusLook("Being checked", "search-check", "amber"),
        "REFUNDED": StatusLook("Refunded", "undo-2", "red"),
        "DISPUTED": StatusLook("Disputed", "shield-alert", "red"),
    },
    "refund": {
        "REQUESTED": StatusLook("Asked for", "clock", "gray"),
        "PENDING": StatusLook("On its way", "hourglass", "amber"),
        "SUCCEEDED": StatusLook("Given back", "check", "green", quiet=True),
        "FAILED": StatusLook("Failed", "circle-alert", "red"),
    },
    "dispute": {
        "OPEN": StatusLook("Open", "shield-alert", "red"),
        "WON": StatusLook("Won", "shield-check", "green"),
        "LOST": StatusLook("Lost", "shield-x", "gray"),
    },
    "user": {
        "ACTIVE": StatusLook("Active", "check", "green", quiet=True),
        "INACTIVE": StatusLook("Inactive", "pause", "gray"),
        "INVITED": StatusLook("Invited", "mail", "blue"),
        "SUSPENDED": StatusLook("Suspended", "ban", "red"),
    },
}

"""How the console words times, numbers, states and choices."""

from datetime import UTC, datetime
from typing import Any

from sandbox.vapi.personas import BY_ID

PACES = (("quick", "Quick: about five times as fast"), ("real", "Real: as long as it takes"), ("instant", "Instant: done at once"))
LENGTHS = (
    ("", "As long as the talk takes"),
    ("45", "45 seconds"),
    ("60", "1 minute"),
    ("61", "1 min 1 sec"),
    ("272", "4 min 32 sec"),
    ("600", "10 minutes"),
)
FAULTS = (
    ("none", "Nothing"),
    ("duplicate", "Every message arrives three times"),
    ("reorder", "Messages arrive in the wrong order"),
    ("delay_report", "The report comes 30 seconds late"),
    ("drop_report", "The report never comes"),
    ("drop_everything", "No message comes at all"),
    ("fail_answer", "The agent fails to answer"),
)
GENERATIONS = (
    ("a_2026", "2026: facts in the artifact"),
    ("b_classic", "Classic: facts twice"),
    ("c_legacy", "Legacy 2024: facts at the top"),
)
REASONS = {
    "customer-ended-call": "The caller hung up",
    "assistant-ended-call": "The agent said goodbye",
    "assistant-ended-call-after-message-spoken": "Ended by the server after a message",
    "assistant-said-end-call-phrase": "The agent said goodbye",
    "assistant-forwarded-call": "Put through to a person",
    "exceeded-max-duration": "Longest allowed length reached",
    "silence-timed-out": "Nobody spoke",
    "manually-canceled": "Ended by the server",
    "worker-shutdown": "The sandbox was stopped during the call",
    "assistant-not-found": "The agent no longer exists",
    "assistant-request-failed": "The server gave no valid answer in time",
    "assistant-request-returned-error": "The server refused the call",
    "assistant-request-returned-no-assistant": "The server named no agent",
    "assistant-request-returned-invalid-assistant": "The server named an agent that does not work",
    "assistant-request-returned-forwarding-phone-number": "The server put the call through",
    "call-start-error-neither-assistant-nor-server-set": "The number has no agent",
    "call.in-progress.error-vapifault-vapi-llm-failed": "The agent failed to answer",
}
KINDS = {"assistant-request": "Who should answer?", "tool-calls": "Tool calls", "end-of-call-report": "End-of-call report"}
STRIPE_TROUBLES = (
    ("duplicate", "Each event arrives three times"),
    ("reorder", "Events arrive last first"),
    ("delay", "Events come 30 seconds late"),
    ("drop", "Events never come"),
    ("wrong_signature", "Events are signed wrongly"),
    ("api_version", "Events have another API version"),
)
PAYMENT_STATES = {
    "open": ("ring", "Open"),
    "asking": ("ring", "Asks the payer"),
    "expired": ("", "Expired"),
    "canceled": ("", "Canceled"),
    "saved": ("good", "Card saved"),
    "paid": ("good", "Paid"),
    "pending": ("busy", "Pending"),
    "failed": ("bad", "Failed"),
    "refunded": ("", "Refunded"),
    "partly": ("", "Partly refunded"),
    "disputed": ("bad", "Disputed"),
    "succeeded": ("good", "Succeeded"),
    "needs_response": ("bad", "Open"),
    "won": ("good", "Won"),
    "lost": ("bad", "Lost"),
}
FAILURES = ("error", "failed", "not-found", "no-assistant", "invalid", "shutdown")


def phone(number: str) -> str:
    """+14155550101 as +1 415 555 0101; other numbers as they are."""
    return f"+1 {number[2:5]} {number[5:8]} {number[8:]}" if number.startswith("+1") and len(number) == 12 else number


def length_text(seconds: float) -> str:
    """161.2 as 2:41."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def moment(text: str | int) -> str:
    """An ISO moment, or seconds since 1970, as local time, with the day when it is not today."""
    at = (datetime.fromisoformat(text) if isinstance(text, str) else datetime.fromtimestamp(text, UTC)).astimezone()
    return f"{at:%H:%M:%S}" if at.date() == datetime.now().astimezone().date() else f"{at.day} {at:%b, %H:%M}"


def money(amount: int, currency: str) -> str:
    """1050 and usd as $10.50; other currencies by their letters."""
    return f"${amount / 100:,.2f}" if currency == "usd" else f"{amount / 100:,.2f} {currency.upper()}"


def payment_state(key: str) -> tuple[str, str]:
    """The look and the word of a payment's, refund's or dispute's state."""
    return PAYMENT_STATES.get(key, ("", key.replace("_", " ").capitalize()))


def persona(key: str) -> str:
    """A persona's name."""
    return BY_ID[key].name if key in BY_ID else {"typed": "You, typing", "script": "A script of your own"}.get(key, key)


def reason(code: str) -> str:
    """An endedReason in words."""
    return REASONS.get(code, code)


def is_failure(code: str) -> bool:
    """Whether a call that ended so never served its caller."""
    return any(sign in code for sign in FAILURES)


FILTERS: dict[str, Any] = {
    "count": len,
    "phone": phone,
    "money": money,
    "payment_state": payment_state,
    "length_text": length_text,
    "moment": moment,
    "persona": persona,
    "reason": reason,
    "is_failure": is_failure,
    "generation": dict(GENERATIONS).get,
    "fault": dict(FAULTS).get,
}

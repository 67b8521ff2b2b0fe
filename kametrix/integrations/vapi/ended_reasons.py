"""Why a call ended: Vapi's open set of reasons as one of our final statuses and a cause.

Source: the 595 distinct `endedReason` values of Vapi's published schema (August 2026) and the reasons seen in older calls.
"""

import re
from typing import NamedTuple


class Outcome(NamedTuple):
    """`status`: name of a final CallStatus. `cause`: who or what ended the call; it decides, with the duration, whether it is billed."""

    status: str
    cause: str


_EXACT: dict[Outcome, str] = {
    Outcome("COMPLETED", "customer"): """customer-ended-call customer-ended-call-before-warm-transfer
        customer-ended-call-after-warm-transfer-attempt customer-ended-call-during-transfer""",
    Outcome("BUSY", "customer"): "customer-busy",
    Outcome("NO_ANSWER", "customer"): "customer-did-not-answer",
    Outcome("VOICEMAIL", "customer"): "voicemail",
    Outcome("CANCELLED", "customer"): "call.ringing.sip-inbound-caller-hungup-before-call-connect",
    Outcome("COMPLETED", "timeout"): "silence-timed-out exceeded-max-duration",
    Outcome("CANCELLED", "operator"): "manually-canceled scheduled-call-deleted call-deleted",
    Outcome("COMPLETED", "forwarded"): "assistant-forwarded-call assistant-request-returned-forwarding-phone-number",
    Outcome("COMPLETED", "transfer_failed"): "call.forwarding.operator-busy call.forwarding.no-answer",
    Outcome("COMPLETED", "carrier"): """call.in-progress.twilio-completed-call call.in-progress.sip-completed-call
        vonage-completed vonage-disconnected""",
    Outcome("COMPLETED", "legacy"): "hangup",
    Outcome("BUSY", "carrier"): "vonage-rejected",
    Outcome("NO_ANSWER", "carrier"): "sip-outbound-carrier-released-call",
    Outcome("FAILED", "carrier"): """twilio-failed-to-connect-call vonage-failed-to-connect-call
        phone-call-provider-closed-websocket""",
    Outcome("FAILED", "bad_number"): "twilio-reported-customer-misdialed sip-outbound-unallocated-number",
    Outcome("FAILED", "rejected_by_us"): "assistant-request-returned-error assistant-request-returned-unspeakable-error",
    Outcome("FAILED", "config"): "phone-call-provider-bypass-enabled-but-no-call-received",
    Outcome("FAILED", "vapi"): "worker-shutdown assistant-join-timed-out",
    Outcome("FAILED", "provider"): "assistant-error",
    Outcome("FAILED", "other"): """customer-did-not-give-microphone-permission
        call.in-progress.error-assistant-did-not-receive-customer-audio""",
}
_KNOWN = {reason: outcome for outcome, reasons in _EXACT.items() for reason in reasons.split()}

# The first that matches decides.
_RULES = [
    (re.compile(pattern), outcome)
    for pattern, outcome in (
        (r"outbound-sip-(408|480)", Outcome("NO_ANSWER", "carrier")),
        (r"outbound-sip-486", Outcome("BUSY", "carrier")),
        (r"^call\.start\.error-(subscription|fraud|enterprise|vapi-number)", Outcome("FAILED", "vapi_account")),
        (r"^call\.(ringing|ending)\.hook-executed-transfer", Outcome("COMPLETED", "forwarded")),
        (r"^call\.(ringing|ending)\.hook-executed-say", Outcome("COMPLETED", "hook")),
        (r"^(forwarding|transfer)-failed", Outcome("FAILED", "transfer_failed")),
        (r"warm-transfer|transfer-failed", Outcome("COMPLETED", "transfer_failed")),
        (r"^assistant-(ended|said)", Outcome("COMPLETED", "assistant")),
        (r"configfault", Outcome("FAILED", "config")),
        (r"vapifault", Outcome("FAILED", "vapi")),
        (r"^(assistant-request|assistant-not|call-start-error|call\.start)", Outcome("FAILED", "config")),
        (r"sip-(in|out)bound-call-failed", Outcome("FAILED", "carrier")),
        (r"providerfault|pipeline", Outcome("FAILED", "provider")),
        (r"error|failed|not-|fault", Outcome("FAILED", "other")),
    )
]
_UNKNOWN = "unknown"

# Faults of Vapi, of a voice or model provider, of the set-up, of the platform's account or of the platform itself, and
# calls we refused. Vapi does not charge most of them; a customer never pays for one.
_NOT_BILLED = frozenset({"vapi", "provider", "config", "vapi_account", "platform", "rejected_by_us", "passed_on_by_us"})


def outcome(reason: str | None, *, started: bool, user_spoke: bool) -> Outcome:
    """The final status and cause. `started`: the call was answered. A reason never heard of is COMPLETED if it was, else FAILED."""
    found = _KNOWN.get(reason or "") or next((result for rule, result in _RULES if rule.search(reason or "")), None)
    if found is None:
        return Outcome("COMPLETED" if started else "FAILED", _UNKNOWN)
    if started and user_spoke and found.status == "CANCELLED":
        return Outcome("COMPLETED", found.cause)
    if started and found == Outcome("NO_ANSWER", "carrier"):
        return Outcome("COMPLETED", found.cause)
    return found


def is_billable(cause: str) -> bool:
    """Whether minutes spent on a call that ended for this cause are charged to the customer."""
    return cause not in _NOT_BILLED

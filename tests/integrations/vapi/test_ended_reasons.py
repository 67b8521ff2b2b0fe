"""Every reason Vapi publishes has a status and a cause; faults that are not the customer's are never billed."""

from collections import Counter

import pytest

from kametrix.integrations.vapi.ended_reasons import Outcome, is_billable, outcome
from kametrix.models.call import LIVE, CallStatus
from tests.integrations.vapi.samples import FOLDER

PUBLISHED = (FOLDER / "ended_reasons.txt").read_text().split()


def of(reason: str | None, *, started: bool = False, user_spoke: bool = False) -> Outcome:
    return outcome(reason, started=started, user_spoke=user_spoke)


def test_every_published_reason_is_known_and_final() -> None:
    statuses = Counter(of(reason).status for reason in PUBLISHED)
    assert statuses == {"FAILED": 558, "COMPLETED": 27, "CANCELLED": 4, "NO_ANSWER": 3, "BUSY": 2, "VOICEMAIL": 1}
    assert not [reason for reason in PUBLISHED if of(reason).cause == "unknown"]
    assert {CallStatus(status) for status in statuses}.isdisjoint(LIVE)


@pytest.mark.parametrize(
    ("expected", "reasons"),
    [
        ("COMPLETED customer", "customer-ended-call customer-ended-call-before-warm-transfer customer-ended-call-during-transfer"),
        ("COMPLETED customer", "customer-ended-call-after-warm-transfer-attempt"),
        ("COMPLETED assistant", "assistant-ended-call assistant-ended-call-after-message-spoken assistant-said-end-call-phrase"),
        ("COMPLETED assistant", "assistant-ended-call-with-hangup-task"),
        ("COMPLETED forwarded", "assistant-forwarded-call assistant-request-returned-forwarding-phone-number"),
        ("COMPLETED forwarded", "call.ringing.hook-executed-transfer call.ending.hook-executed-transfer"),
        ("COMPLETED hook", "call.ringing.hook-executed-say call.ending.hook-executed-say"),
        ("COMPLETED timeout", "silence-timed-out exceeded-max-duration"),
        ("COMPLETED carrier", "call.in-progress.twilio-completed-call call.in-progress.sip-completed-call"),
        ("COMPLETED carrier", "vonage-completed vonage-disconnected"),
        ("COMPLETED transfer_failed", "call.forwarding.operator-busy call.forwarding.no-answer call.in-progress.error-transfer-failed"),
        ("COMPLETED transfer_failed", "call.in-progress.error-warm-transfer-max-duration"),
        ("COMPLETED transfer_failed", "call.in-progress.error-warm-transfer-assistant-cancelled"),
        ("COMPLETED transfer_failed", "call.in-progress.error-warm-transfer-silence-timeout"),
        ("COMPLETED transfer_failed", "call.in-progress.error-warm-transfer-microphone-timeout"),
        ("COMPLETED legacy", "hangup"),
        ("NO_ANSWER customer", "customer-did-not-answer"),
        ("NO_ANSWER carrier", "call.in-progress.error-providerfault-outbound-sip-408-request-timeout"),
        ("NO_ANSWER carrier", "call.in-progress.error-providerfault-outbound-sip-480-temporarily-unavailable"),
        ("NO_ANSWER carrier", "sip-outbound-carrier-released-call"),
        ("BUSY customer", "customer-busy"),
        ("BUSY carrier", "vonage-rejected"),
        ("VOICEMAIL customer", "voicemail"),
        ("CANCELLED operator", "manually-canceled scheduled-call-deleted call-deleted"),
        ("CANCELLED customer", "call.ringing.sip-inbound-caller-hungup-before-call-connect"),
        ("FAILED rejected_by_us", "assistant-request-returned-error assistant-request-returned-unspeakable-error"),
        ("FAILED config", "assistant-request-failed assistant-request-returned-no-assistant assistant-request-returned-invalid-assistant"),
        ("FAILED config", "assistant-not-found assistant-not-valid call-start-error-neither-assistant-nor-server-set"),
        ("FAILED config", "call.start.error-get-assistant call.start.error-get-phone-number"),
        ("FAILED vapi_account", "call.start.error-subscription-frozen call.start.error-subscription-insufficient-credits"),
        ("FAILED vapi_account", "call.start.error-subscription-wallet-does-not-exist call.start.error-subscription-upgrade-failed"),
        ("FAILED vapi_account", "call.start.error-subscription-concurrency-limit-reached call.start.error-fraud-check-failed"),
        ("FAILED vapi_account", "call.start.error-vapi-number-international call.start.error-vapi-number-outbound-daily-limit"),
        ("FAILED vapi", "call.in-progress.error-vapifault-vapi-llm-failed worker-shutdown assistant-join-timed-out"),
        ("FAILED vapi", "call.start.error-vapifault-database-error"),
        ("FAILED provider", "pipeline-error-openai-voice-failed pipeline-error pipeline-error-exceeds-silence-threshold"),
        ("FAILED carrier", "twilio-failed-to-connect-call vonage-failed-to-connect-call phone-call-provider-closed-websocket"),
        ("FAILED carrier", "call.in-progress.error-sip-inbound-call-failed-to-connect"),
        ("FAILED bad_number", "twilio-reported-customer-misdialed sip-outbound-unallocated-number"),
        ("FAILED other", "customer-did-not-give-microphone-permission call.in-progress.error-assistant-did-not-receive-customer-audio"),
        ("FAILED provider", "assistant-error"),
        ("FAILED transfer_failed", "forwarding-failed-busy transfer-failed-invalid-number"),
    ],
)
def test_reasons_and_their_causes(expected: str, reasons: str) -> None:
    assert {reason: " ".join(of(reason)) for reason in reasons.split()} == dict.fromkeys(reasons.split(), expected)


@pytest.mark.parametrize("reason", [None, "", "a-new-way-to-part"])
def test_an_unknown_reason_follows_from_whether_the_call_was_answered(reason: str | None) -> None:
    assert of(reason) == ("FAILED", "unknown")
    assert of(reason, started=True) == ("COMPLETED", "unknown")


def test_a_cancelled_call_in_which_the_caller_spoke_was_a_call() -> None:
    assert of("manually-canceled", started=True, user_spoke=True) == ("COMPLETED", "operator")
    assert of("manually-canceled", started=True).status == "CANCELLED"
    assert of("manually-canceled", user_spoke=True).status == "CANCELLED"


def test_a_carrier_that_lets_go_of_an_answered_call_completed_it() -> None:
    assert of("sip-outbound-carrier-released-call", started=True) == ("COMPLETED", "carrier")
    assert of("customer-did-not-answer", started=True).status == "NO_ANSWER"


@pytest.mark.parametrize("cause", ["vapi", "provider", "config", "vapi_account", "platform", "rejected_by_us"])
def test_faults_of_ours_and_our_providers_are_not_billed(cause: str) -> None:
    assert not is_billable(cause)


@pytest.mark.parametrize(
    "cause",
    ["customer", "assistant", "forwarded", "hook", "timeout", "carrier", "transfer_failed", "legacy", "operator", "other", "unknown"],
)
def test_every_other_cause_is_billed(cause: str) -> None:
    assert is_billable(cause)

from typing import Any

import pytest

from kametrix.errors import Invalid
from kametrix.integrations.stripe import events, redaction
from kametrix.integrations.stripe.signature import verify

SESSION: dict[str, Any] = {
    "id": "cs_1", "status": "complete", "payment_status": "paid", "client_reference_id": "org-1", "payment_intent": "pi_1",
    "customer": "cus_1", "amount_total": 1000, "currency": "usd", "metadata": {"organization": "org-2", "purchase": "p-1", "pack": "k-1"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "paid", "state"),
    [
        ("complete", "paid", "PAID"),
        ("complete", "no_payment_required", "PAID"),
        ("complete", "unpaid", "PENDING"),
        ("expired", "unpaid", "EXPIRED"),
        ("open", "unpaid", "OPEN"),
        ("something new", "unpaid", "OPEN"),
        (None, None, "OPEN"),
    ],
)
def test_a_sessions_state(status: str | None, paid: str | None, state: str) -> None:
    assert events.session_payment(SESSION | {"status": status, "payment_status": paid}).state == state


def test_a_session_names_its_organization_itself_and_else_in_its_metadata() -> None:
    assert events.session_payment(SESSION).organization_id == "org-1"
    assert events.session_payment(SESSION | {"client_reference_id": None}).organization_id == "org-2"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("succeeded", "PAID"),
        ("processing", "PENDING"),
        ("requires_payment_method", "FAILED"),
        ("canceled", "FAILED"),
        ("requires_action", "OPEN"),
    ],
)
def test_a_payments_state_and_what_of_it_arrived(status: str, state: str) -> None:
    found = events.intent_payment({"id": "pi_1", "status": status, "amount": 1000, "amount_received": 400, "currency": "usd"})
    assert (found.state, found.amount, found.currency, found.session_id) == (state, 400 if state == "PAID" else 1000, "USD", None)


def test_why_a_payment_failed() -> None:
    error = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Your card has insufficient funds."}
    found = events.intent_payment({"id": "pi_1", "status": "requires_payment_method", "last_payment_error": error})
    assert (found.failure_code, found.failure) == ("insufficient_funds", "Your card has insufficient funds.")
    found = events.intent_payment({"id": "pi_1", "status": "requires_payment_method", "last_payment_error": {"code": "expired_card"}})
    assert (found.failure_code, found.failure) == ("expired_card", None)


def test_what_is_expanded_reads_like_its_id() -> None:
    found = events.session_payment(SESSION | {"payment_intent": {"id": "pi_1"}, "customer": {"id": "cus_1", "email": "x"}})
    assert (found.payment_id, found.customer_id) == ("pi_1", "cus_1")


@pytest.mark.parametrize("amount", [None, -1, "1000", 10.5, True, {}])
def test_an_amount_that_is_none_is_not_guessed(amount: Any) -> None:
    assert events.session_payment(SESSION | {"amount_total": amount}).amount is None
    assert events.refund({"id": "re_1", "amount": amount, "currency": "usd"}) is None
    assert events.dispute({"id": "du_1", "amount": amount, "currency": "usd"}) is None


@pytest.mark.parametrize("body", [{}, {"object": "event"}, {"object": "event", "id": "e", "type": "t", "data": None}])
def test_what_is_no_event(body: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        events.event(body)


def test_a_redacted_event_reads_the_same() -> None:
    about = SESSION | {
        "customer_details": {"email": "FAKE"},
        "url": "https://FAKE",
        "nested": [{"phone": "FAKE", "kept": 1}],
        "receipt_url": None,
    }
    hidden = redaction.redact(about)
    assert events.session_payment(hidden) == events.session_payment(about)
    assert "FAKE" not in str(hidden)
    assert hidden["nested"] == [{"phone": "[redacted]", "kept": 1}]
    assert hidden["receipt_url"] is None


@pytest.mark.parametrize("header", ["", "t=", "t=1", "v1=x", "t=abc,v1=x", "t=²,v1=x", "t=-1,v1=x", ",,,", "t=1=2,v1=x", "t" * 10_000])
def test_a_header_that_is_none_proves_nothing(header: str) -> None:
    assert verify(b"{}", header, secrets=["whsec_x", ""], now=1.0) is False

"""Bought money and the ledger: each row of a payment has its purchase, refund or dispute, and each of those its row."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from kametrix.crypto import new_id
from kametrix.models import (
    CreditDispute,
    CreditPack,
    CreditPurchase,
    CreditRefund,
    DisputeStatus,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
    TransactionType,
)
from kametrix.services import ledger, ledger_purchases
from kametrix.services.access import Actor
from kametrix.services.ledger_audit import Report
from tests import factories

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


def add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def purchase(session: Session, actor: Actor, **columns: Any) -> CreditPurchase:
    pack = add(session, CreditPack(name=new_id(), credits=1_000, price_in_cents=1_000))
    given = {
        "kind": PurchaseKind.CHECKOUT, "status": PurchaseStatus.PAID, "credits": 1_000, "price_in_cents": 1_000, "currency": "USD",
        "stripe_payment_id": f"pi_{new_id()}", "paid_at": NOON, "pack_name": "Starter", **columns,
    }  # fmt: skip
    return add(session, CreditPurchase(organization_id=actor.organization_id, credit_pack_id=pack.id, **given))


def post(session: Session, actor: Actor, kind: str, amount: int, key: str, payment: str | None = "pi_other") -> None:
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType(kind), amount=amount, key=key, description="d",
        stripe_payment_id=payment,
    )  # fmt: skip


def credited(session: Session, actor: Actor) -> CreditPurchase:
    bought = purchase(session, actor)
    post(session, actor, "PURCHASE", 1_000, f"pi:{bought.stripe_payment_id}", bought.stripe_payment_id)
    return bought


def found(session: Session) -> list[str]:
    report = Report()
    ledger_purchases.verify(session, report)
    return [fault.problem for fault in report.faults]


def test_a_payment_refunded_disputed_won_and_a_refund_that_failed_agree(session: Session, actor: Actor) -> None:
    bought = credited(session, actor)
    mine = {"organization_id": actor.organization_id, "credit_purchase_id": bought.id}
    add(session, CreditRefund(**mine, stripe_refund_id="re_1", amount=300, status=RefundStatus.SUCCEEDED))
    add(session, CreditRefund(**mine, stripe_refund_id="re_2", amount=200, status=RefundStatus.FAILED))
    add(session, CreditRefund(**mine, stripe_refund_id="re_3", amount=200, status=RefundStatus.FAILED))  # it never succeeded
    add(session, CreditRefund(**mine, stripe_refund_id="re_4", amount=100, status=RefundStatus.PENDING))
    add(session, CreditDispute(**mine, stripe_dispute_id="du_1", amount=700, status=DisputeStatus.WON, closed_at=NOON))
    post(session, actor, "REFUND", -300, "refund:re_1")
    post(session, actor, "REFUND", -200, "refund:re_2")
    post(session, actor, "CORRECTION", 200, "refund_failed:re_2")
    post(session, actor, "DISPUTE", -700, "dispute:du_1")
    post(session, actor, "DISPUTE_REVERSAL", 700, "dispute_won:du_1")
    factories.post_credit(session, actor, 5)
    assert found(session) == []


def test_credits_that_cost_less_are_taken_in_proportion(session: Session, actor: Actor) -> None:
    bought = purchase(session, actor, credits=1_300, price_in_cents=1_000)
    post(session, actor, "PURCHASE", 1_300, f"pi:{bought.stripe_payment_id}", bought.stripe_payment_id)
    mine = {"organization_id": actor.organization_id, "credit_purchase_id": bought.id, "status": RefundStatus.SUCCEEDED}
    for number, (money, credits) in enumerate([(333, 432), (333, 433), (333, 432)]):
        add(session, CreditRefund(**mine, stripe_refund_id=f"re_{number}", amount=money))
        post(session, actor, "REFUND", -credits, f"refund:re_{number}")
    assert found(session) == []


def test_what_was_paid_and_never_credited_is_named(session: Session, actor: Actor) -> None:
    bought = purchase(session, actor)
    purchase(session, actor, status=PurchaseStatus.REVIEW)
    assert found(session) == [f"purchase {bought.id} has no ledger row with key pi:{bought.stripe_payment_id}"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"status": PurchaseStatus.REVIEW}, "is REVIEW, not PAID"),
        ({"credits": 2_500}, "is over 2500 cents"),
    ],
)
def test_credit_for_a_purchase_that_says_otherwise_is_named(session: Session, actor: Actor, columns: dict[str, Any], problem: str) -> None:
    bought = purchase(session, actor, **columns)
    post(session, actor, "PURCHASE", 1_000, f"pi:{bought.stripe_payment_id}", bought.stripe_payment_id)
    assert any(f"purchase {bought.id} {problem}" in told for told in found(session))


def test_one_payment_credited_under_two_keys_is_named(session: Session, actor: Actor) -> None:
    bought = credited(session, actor)
    post(session, actor, "PURCHASE", 1_000, "pi:again", bought.stripe_payment_id)
    assert found(session) == [f"PURCHASE of 1000 cents with key pi:again: its key is not that of payment {bought.stripe_payment_id}"]


@pytest.mark.parametrize(
    ("kind", "amount", "key", "problem"),
    [
        ("PURCHASE", 1_000, "pi:pi_other", "no purchase was paid with payment pi_other"),
        ("REFUND", -5, "refund:re_x", "no refund has this key"),
        ("DISPUTE", -5, "dispute:du_x", "no dispute has this key"),
        ("DISPUTE_REVERSAL", 5, "dispute_won:du_x", "no dispute has this key"),
        ("CORRECTION", 5, "refund_failed:re_x", "no refund has this key"),
    ],
)
def test_money_without_a_cause_is_named(session: Session, actor: Actor, kind: str, amount: int, key: str, problem: str) -> None:
    post(session, actor, kind, amount, key)
    assert found(session) == [f"{kind} of {amount} cents with key {key}: {problem}"]


def test_another_organizations_purchase_is_no_cause(session: Session, actor: Actor) -> None:
    bought, other = purchase(session, actor), factories.create_member(session)
    post(session, other, "PURCHASE", 1_000, f"pi:{bought.stripe_payment_id}", bought.stripe_payment_id)
    assert len(found(session)) == 2


def test_refunds_and_disputes_without_their_row_or_beyond_the_price_are_named(session: Session, actor: Actor) -> None:
    bought = credited(session, actor)
    mine = {"organization_id": actor.organization_id, "credit_purchase_id": bought.id}
    for number, status in enumerate((RefundStatus.SUCCEEDED, RefundStatus.FAILED)):
        add(session, CreditRefund(**mine, stripe_refund_id=f"re_{number}", amount=600, status=status))
    post(session, actor, "REFUND", -600, "refund:re_1")
    add(session, CreditDispute(**mine, stripe_dispute_id="du_1", amount=1_000))
    add(session, CreditRefund(**mine, stripe_refund_id="re_2", amount=700, status=RefundStatus.SUCCEEDED))
    post(session, actor, "REFUND", -650, "refund:re_2")
    told = " ".join(found(session))
    for problem in ("refund:re_0", "refund_failed:re_1", "dispute:du_1", "cost 1000 cents and 1300 were given back", "is over 700 cents"):
        assert problem in told
    assert len(found(session)) == 5

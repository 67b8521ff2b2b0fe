from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.integrations.stripe import events
from kametrix.models import AuditLog, CreditDispute, CreditPurchase, CreditRefund, Organization, PurchaseStatus
from kametrix.services import audit_words, disputes, ledger, refunds
from kametrix.services.access import Actor
from kametrix.services.admin import payments
from kametrix.services.keyset import Place
from tests import stripe_facts as facts
from tests.factories import create_agent, create_call, create_member, create_operator, create_organization
from tests.stripe_facts import bought

FIRST = Place()


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session, create_organization(session, name="Harbor Salon"))


@pytest.fixture
def operator(session: Session) -> Actor:
    return create_operator(session)


def spend(session: Session, actor: Actor, minutes: int) -> None:
    ledger.charge_call(session, create_call(session, create_agent(session, actor)), seconds=minutes * 60, rate=15)


def jobs(session: Session, name: str) -> list[dict[str, Any]]:
    return list(session.scalars(text("select args from procrastinate_jobs where task_name = :name"), params={"name": name}))


def told(session: Session, purchase: CreditPurchase, amount: int, **more: Any) -> None:
    made = events.refund(facts.refund(purchase, amount, **more))
    assert made is not None
    refunds.apply(session, made)


def test_payments_are_listed_newest_first_and_found(session: Session, owner: Actor, operator: Actor) -> None:
    first, second = bought(session, owner), bought(session, create_member(session), "Pro")
    waiting = facts.opened(session, owner, "Popular")
    listed = payments.payments(session, operator, None, "", FIRST)
    assert [row.id for row in listed.rows] == [waiting.id, second.id, first.id]
    assert [row.id for row in payments.payments(session, operator, PurchaseStatus.OPEN, "", FIRST).rows] == [waiting.id]
    for search in ("harbor", first.id, first.stripe_payment_id or "", first.stripe_session_id or "", owner.email):
        assert first.id in [row.id for row in payments.payments(session, operator, None, search, FIRST).rows]
    assert payments.payments(session, operator, None, "100%_", FIRST).rows == []


def test_an_order_is_noted_and_handed_to_a_job(session: Session, owner: Actor, operator: Actor) -> None:
    purchase = bought(session, owner)
    payments.request_refund(session, operator, purchase.id, 400, " Goodwill ", False)
    [refund] = session.exec(select(CreditRefund))
    assert (refund.status, refund.amount, refund.reason, refund.requested_by_id) == ("REQUESTED", 400, "Goodwill", operator.user_id)
    assert jobs(session, "refund_payment") == [{"refund_id": refund.id}]
    [entry] = [row for row in session.exec(select(AuditLog)) if row.action == "PAYMENT_REFUND"]
    assert (entry.organization_id, entry.entity_id, entry.actor_id) == (owner.organization_id, purchase.id, operator.user_id)
    assert "ordered a refund" in audit_words.sentence(entry.action, "Olive", "Starter", ())


def test_at_most_the_unspent_part_unless_it_is_decided_otherwise(session: Session, owner: Actor, operator: Actor) -> None:
    purchase = bought(session, owner)
    spend(session, owner, 40)
    with pytest.raises(Invalid, match=r"\$4.00 of this payment is unspent"):
        payments.request_refund(session, operator, purchase.id, 401, "Goodwill", False)
    payments.request_refund(session, operator, purchase.id, 400, "Goodwill", False)
    with pytest.raises(Invalid):
        payments.request_refund(session, operator, purchase.id, 1, "Goodwill", False)
    payments.request_refund(session, operator, purchase.id, 600, "Our mistake", True)
    with pytest.raises(Invalid, match="Nothing is left"):
        payments.request_refund(session, operator, purchase.id, 1, "Our mistake", True)


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [(0, "x", "amount"), (-5, "x", "amount"), (1001, "x", "amount"), (10**12, "x", "amount"), (5, " ", "reason"), (5, "x" * 501, "reason")],
)
def test_what_cannot_be_refunded_is_told_at_the_field(
    session: Session, owner: Actor, operator: Actor, amount: int, reason: str, field: str
) -> None:
    purchase = bought(session, owner)
    with pytest.raises(Invalid) as wrong:
        payments.request_refund(session, operator, purchase.id, amount, reason, True)
    assert set(wrong.value.errors) == {field}
    assert session.exec(select(CreditRefund)).all() == []


def test_only_what_was_credited_is_refunded(session: Session, owner: Actor, operator: Actor) -> None:
    with pytest.raises(Conflict):
        payments.request_refund(session, operator, facts.opened(session, owner).id, 100, "Goodwill", True)
    with pytest.raises(NotFound):
        payments.request_refund(session, operator, "0" * 32, 100, "Goodwill", True)


def test_what_the_bank_takes_back_is_not_given_back_besides(session: Session, owner: Actor, operator: Actor) -> None:
    purchase = bought(session, owner)
    claim = events.dispute(facts.dispute(purchase))
    assert claim is not None
    disputes.apply(session, claim)
    assert payments.payment(session, operator, purchase.id).refundable == 0
    with pytest.raises(Invalid, match="Nothing is left to refund"):
        payments.request_refund(session, operator, purchase.id, 100, "Goodwill", True)
    disputes.apply(session, replace(claim, state="won"))
    assert payments.payment(session, operator, purchase.id).refundable == 1000


def test_a_payment_opens_with_all_that_became_of_it(session: Session, owner: Actor, operator: Actor) -> None:
    purchase = bought(session, owner)
    spend(session, owner, 20)
    told(session, purchase, 100)
    payments.request_refund(session, operator, purchase.id, 50, "Goodwill", False)
    detail = payments.payment(session, operator, purchase.id)
    assert (detail.payment.refunded, detail.unspent, detail.refundable, detail.balance) == (100, 550, 850, 600)
    assert {(row.amount, row.by_us, row.reason) for row in detail.refunds} == {(100, False, ""), (50, True, "Goodwill")}
    assert detail.payment.organization == "Harbor Salon"


def test_a_failed_refund_may_be_ordered_again(session: Session, owner: Actor, operator: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase, 1000, id="re_1")
    told(session, purchase, 1000, id="re_1", status="failed")
    payments.request_refund(session, operator, purchase.id, 1000, "Once more", False)


def test_lifting_a_dispute_lets_calls_start_and_is_noted_once(session: Session, owner: Actor, operator: Actor) -> None:
    purchase, agent = bought(session, owner), create_agent(session, owner)
    made = events.dispute(facts.dispute(purchase))
    assert made is not None
    disputes.apply(session, made)
    session.connection().exec_driver_sql("delete from procrastinate_jobs")
    dispute = session.exec(select(CreditDispute)).one()
    for _ in range(2):
        payments.lift_dispute(session, operator, dispute.id)
    assert not disputes.is_blocking(session, owner.organization_id)
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]
    assert len([row for row in session.exec(select(AuditLog)) if row.action == "DISPUTE_LIFT"]) == 1
    [row] = payments.payment(session, operator, purchase.id).disputes
    assert (row.blocks, row.status) == (False, "OPEN")
    with pytest.raises(NotFound):
        payments.lift_dispute(session, operator, "0" * 32)


def test_what_is_shown_is_each_payments_own(session: Session, owner: Actor, operator: Actor) -> None:
    one, other = bought(session, owner), bought(session, create_member(session))
    told(session, one, 300)
    rows = {row.id: row.refunded for row in payments.payments(session, operator, None, "", FIRST).rows}
    assert rows == {one.id: 300, other.id: 0}
    assert session.get_one(Organization, owner.organization_id).balance_cents == 700

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import db
from kametrix.errors import Invalid
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.models import CreditPurchase, CreditRefund, CreditTransaction, RefundStatus
from kametrix.services import ledger, ledger_audit, paid, purchases, refunds
from kametrix.services.access import Actor
from kametrix.services.admin import payments as console
from kametrix.services.inbox import Refused
from tests import stripe_facts as facts
from tests.factories import create_agent, create_call, create_member, create_operator, post_credit
from tests.stripe_facts import balance, bought


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


def told(session: Session, purchase: CreditPurchase, amount: int, **more: Any) -> None:
    facts_of = events.refund(facts.refund(purchase, amount, **more))
    assert facts_of is not None
    refunds.apply(session, facts_of)


def spend(session: Session, actor: Actor, minutes: int) -> None:
    ledger.charge_call(session, create_call(session, create_agent(session, actor)), seconds=minutes * 60, rate=15)


def kinds(session: Session, actor: Actor) -> list[tuple[str, int]]:
    rows = session.exec(select(CreditTransaction).where(CreditTransaction.organization_id == actor.organization_id).order_by("seq"))
    return [(row.type.value, row.amount) for row in rows]


def test_a_refund_is_posted_once_however_often_it_is_told(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    for status in ("pending", "succeeded", "succeeded", "pending"):
        told(session, purchase, 400, id="re_1", status=status)
    assert kinds(session, owner) == [("PURCHASE", 1000), ("REFUND", -400)]
    [row] = session.exec(select(CreditRefund))
    assert (row.status, row.amount, row.requested_by_id) == ("SUCCEEDED", 400, None)


def test_a_pending_refund_takes_nothing(session: Session, owner: Actor) -> None:
    told(session, bought(session, owner), 400, status="requires_action")
    assert balance(session, owner) == 1000


def test_a_refund_that_fails_after_its_success_is_undone_once(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    for status in ("succeeded", "failed", "failed", "succeeded"):
        told(session, purchase, 400, id="re_1", status=status)
    assert kinds(session, owner) == [("PURCHASE", 1000), ("REFUND", -400), ("CORRECTION", 400)]
    assert session.exec(select(CreditRefund.status)).one() == RefundStatus.FAILED
    assert ledger_audit.verify(session).faults == []


def test_the_failure_first_and_then_the_success_post_nothing(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    for status in ("failed", "succeeded"):
        told(session, purchase, 400, id="re_1", status=status)
    assert balance(session, owner) == 1000


def test_parts_may_add_up_to_the_whole_and_not_beyond(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase, 600)
    told(session, purchase, 400)
    with pytest.raises(Refused, match="More was given back"):
        told(session, purchase, 1)
    assert balance(session, owner) == 0


@pytest.mark.parametrize(("amount", "more"), [(1001, {}), (400, {"currency": "eur"})])
def test_what_cannot_be_is_refused(session: Session, owner: Actor, amount: int, more: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        told(session, bought(session, owner), amount, **more)
    assert balance(session, owner) == 1000


def test_an_amount_edited_later_is_refused(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase, 400, id="re_1")
    with pytest.raises(Refused):
        told(session, purchase, 900, id="re_1")
    assert balance(session, owner) == 600


def test_one_made_at_stripe_is_posted_in_full_and_may_lead_into_debt(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    spend(session, owner, 60)
    told(session, purchase, 1000)
    assert balance(session, owner) == -900


def test_a_discounted_pack_gives_back_the_credits_its_money_bought(session: Session, owner: Actor) -> None:
    purchase = facts.opened(session, owner)
    purchase.credits, purchase.price_in_cents = 1000, 700
    session.flush()

    purchases.settle(session, events.session_payment(facts.checkout(purchase)))
    purchase = session.get_one(CreditPurchase, purchase.id)
    for _ in range(7):
        told(session, purchase, 100)
    assert balance(session, owner) == 0


def ordered(session: Session, purchase: CreditPurchase, actor: Actor, amount: int) -> CreditRefund:
    row = CreditRefund(
        organization_id=purchase.organization_id, credit_purchase_id=purchase.id, amount=amount, status=RefundStatus.REQUESTED,
        requested_by_id=actor.user_id, reason="Goodwill",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_an_order_is_recognised_by_its_own_id_when_stripes_answer_was_lost(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    order = ordered(session, purchase, owner, 300)
    told(session, purchase, 300, id="re_1", metadata={"refund": order.id})
    [row] = session.exec(select(CreditRefund))
    assert (row.id, row.stripe_refund_id, row.status) == (order.id, "re_1", "SUCCEEDED")
    assert refunds.plan(session, order.id) is None
    assert balance(session, owner) == 700


def test_an_order_we_gave_up_and_stripe_carried_out_counts(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    order = ordered(session, purchase, owner, 300)
    refunds.could_not(session, order.id, StripeFailure("No.", retryable=False))
    assert session.get_one(CreditRefund, order.id).status == RefundStatus.FAILED
    told(session, purchase, 300, metadata={"refund": order.id})
    assert balance(session, owner) == 700


def test_an_order_of_another_purchase_is_not_taken_for_this_one(session: Session, owner: Actor) -> None:
    first, second = bought(session, owner), bought(session, owner, "Pro")
    order = ordered(session, first, owner, 300)
    told(session, second, 300, metadata={"refund": order.id})
    assert session.get_one(CreditRefund, order.id).status == RefundStatus.REQUESTED
    assert len(session.exec(select(CreditRefund)).all()) == 2


# --- what is unspent


def test_the_newest_credit_is_unspent_first(session: Session, owner: Actor) -> None:
    first, second = bought(session, owner), bought(session, owner, "Popular")
    spend(session, owner, 20)
    assert (paid.unspent(session, first), paid.unspent(session, second)) == (700, 2500)
    spend(session, owner, 100)
    assert (paid.unspent(session, first), paid.unspent(session, second)) == (0, 1700)


def test_credits_given_later_are_unspent_before(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    spend(session, owner, 40)
    post_credit(session, owner, 5000)
    assert paid.unspent(session, purchase) == 400


def test_what_was_given_before_is_spent_first(session: Session, owner: Actor) -> None:
    post_credit(session, owner, 600)
    purchase = bought(session, owner)
    spend(session, owner, 40)
    assert paid.unspent(session, purchase) == 1000


def test_a_refund_of_a_later_payment_leaves_this_one_unspent(session: Session, owner: Actor) -> None:
    first, second = bought(session, owner), bought(session, owner, "Popular")
    told(session, second, 2500)
    assert (paid.unspent(session, first), paid.unspent(session, second)) == (1000, 0)


def test_what_repaid_grace_is_spent(session: Session, owner: Actor) -> None:
    spend(session, owner, 20)
    purchase = bought(session, owner)
    assert paid.unspent(session, purchase) == 700


def test_what_is_on_its_way_back_is_not_unspent(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    ordered(session, purchase, owner, 300)
    assert paid.unspent(session, purchase) == 700


def test_another_organizations_money_does_not_count(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    spend(session, owner, 60)
    bought(session, create_member(session), "Business")
    assert paid.unspent(session, purchase) == 100


# --- at once


def test_two_operators_at_once_cannot_order_more_than_there_is(database: str) -> None:
    with db.transaction() as opened:
        owner, operator = create_member(opened), create_operator(opened)
        purchase = bought(opened, owner).id
    start = Barrier(4)

    def order(_: int) -> bool:
        start.wait(30)
        try:
            with db.transaction() as at_once:
                console.request_refund(at_once, operator, purchase, 600, "Goodwill", False)
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(order, range(4))) == [False, False, False, True]
    with db.transaction() as after:
        assert [row.amount for row in after.exec(select(CreditRefund))] == [600]


def test_a_refund_told_of_many_times_at_once_is_posted_once(database: str) -> None:
    with db.transaction() as opened:
        owner = create_member(opened)
        made = events.refund(facts.refund(bought(opened, owner), 400, id="re_1"))
    assert made is not None
    start = Barrier(6)

    def tell(_: int) -> None:
        start.wait(30)
        with db.transaction() as at_once:
            refunds.apply(at_once, made)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(tell, range(6)))
    with db.transaction() as after:
        assert balance(after, owner) == 600
        assert len(after.exec(select(CreditRefund)).all()) == 1

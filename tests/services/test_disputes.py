from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.integrations.stripe import events
from kametrix.models import CreditDispute, CreditPurchase, CreditTransaction, MailKind, MailMessage
from kametrix.services import disputes, ledger, ledger_audit, number_push
from kametrix.services.access import Actor
from kametrix.services.inbox import Refused
from tests import stripe_facts as facts
from tests.factories import create_agent, create_call, create_member
from tests.stripe_facts import balance, bought


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


def told(session: Session, purchase: CreditPurchase, status: str = "needs_response", *, type: str = "created", **more: Any) -> None:
    found = events.dispute(facts.dispute(purchase, status=status, **more))
    assert found is not None
    disputes.apply(session, found, withdrawn=type == "funds_withdrawn", reinstated=type == "funds_reinstated")


def kinds(session: Session, actor: Actor) -> list[tuple[str, int]]:
    rows = session.exec(select(CreditTransaction).where(CreditTransaction.organization_id == actor.organization_id).order_by("seq"))
    return [(row.type.value, row.amount) for row in rows]


def blocks(session: Session, actor: Actor) -> bool:
    return disputes.is_blocking(session, actor.organization_id)


def test_a_dispute_takes_the_credits_once_and_calls_wait(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase)
    told(session, purchase, type="funds_withdrawn")
    told(session, purchase, "under_review", type="updated")
    assert kinds(session, owner) == [("PURCHASE", 1000), ("DISPUTE", -1000)]
    assert blocks(session, owner)
    assert not blocks(session, create_member(session))


def test_the_owners_are_told_once(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase)
    told(session, purchase, type="funds_withdrawn")
    [mail] = [mail for mail in session.exec(select(MailMessage)) if mail.kind == MailKind.DISPUTE_OPENED]
    assert mail.facts == {
        "amount": 1000, "currency": "USD", "reason": "fraudulent", "payment_id": purchase.stripe_payment_id, "balance": 0,
    }  # fmt: skip


@pytest.mark.parametrize("news", [[("won", "closed"), ("won", "funds_reinstated")], [("won", "funds_reinstated"), ("won", "closed")]])
def test_a_won_dispute_gives_the_credits_back_once(session: Session, owner: Actor, news: list[tuple[str, str]]) -> None:
    purchase = bought(session, owner)
    told(session, purchase)
    for status, type in (*news, ("needs_response", "created"), ("needs_response", "funds_withdrawn")):
        told(session, purchase, status, type=type)
    assert kinds(session, owner) == [("PURCHASE", 1000), ("DISPUTE", -1000), ("DISPUTE_REVERSAL", 1000)]
    assert not blocks(session, owner)
    assert ledger_audit.verify(session).faults == []


def test_won_before_it_was_heard_of_ends_where_it_should(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    for status, type in (("won", "closed"), ("needs_response", "created")):
        told(session, purchase, status, type=type)
    assert balance(session, owner) == 1000
    assert not blocks(session, owner)


def test_lost_blocks_only_while_it_leaves_a_debt(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    ledger.charge_call(session, create_call(session, create_agent(session, owner)), seconds=600, rate=15)
    told(session, purchase)
    told(session, purchase, "lost", type="closed")
    assert balance(session, owner) == -150
    assert blocks(session, owner)
    bought(session, owner)
    assert not blocks(session, owner)


def test_after_a_lost_dispute_each_call_asks_so_that_a_later_debt_is_noticed(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    bought(session, owner)
    agent = create_agent(session, owner)
    told(session, purchase, "lost", type="closed")
    assert (blocks(session, owner), number_push.is_gated(session, agent)) == (False, True)
    ledger.charge_call(session, create_call(session, agent), seconds=4_080, rate=15)
    assert (balance(session, owner), blocks(session, owner)) == (-20, True)


def test_lost_without_debt_blocks_nobody(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    bought(session, owner)
    told(session, purchase, "lost", type="closed")
    assert (balance(session, owner), blocks(session, owner)) == (1000, False)


def test_a_lost_dispute_won_on_appeal_gives_the_credits_back(session: Session, owner: Actor) -> None:
    purchase = bought(session, owner)
    told(session, purchase, "lost", type="closed")
    told(session, purchase, "won", type="funds_reinstated")
    told(session, purchase, "lost", type="closed")
    assert balance(session, owner) == 1000


@pytest.mark.parametrize("status", ["warning_needs_response", "warning_under_review", "warning_closed", "prevented"])
def test_an_inquiry_moves_no_money(session: Session, owner: Actor, status: str) -> None:
    purchase = bought(session, owner)
    told(session, purchase, status)
    assert (balance(session, owner), blocks(session, owner)) == (1000, False)
    told(session, purchase, "needs_response", type="funds_withdrawn")
    assert (balance(session, owner), blocks(session, owner)) == (0, True)


@pytest.mark.parametrize("more", [{"currency": "eur"}, {"amount": 1001}])
def test_what_cannot_be_is_refused(session: Session, owner: Actor, more: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        told(session, bought(session, owner), **more)
    assert balance(session, owner) == 1000


def test_lifted_by_an_operator_blocks_no_more(session: Session, owner: Actor) -> None:
    told(session, bought(session, owner))
    dispute = session.exec(select(CreditDispute)).one()
    dispute.lifted_at, dispute.lifted_by_id = clock.now(), owner.user_id
    session.flush()
    assert not blocks(session, owner)

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix.models import CreditPurchase, CreditTransaction, MailKind, MailMessage
from kametrix.services import payment_events, purchases
from kametrix.services.access import Actor
from kametrix.services.inbox import InboxEvent, Refused
from kametrix.services.paid import NotYet
from tests import stripe_facts as facts
from tests.factories import create_agent, create_member
from tests.stripe_facts import balance, checkout, event, intent, opened, recharge


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


def apply(session: Session, body: dict[str, Any]) -> str | None:
    told = InboxEvent(1, "stripe", body["type"], "", None, None, body, datetime.now(UTC), 0)
    return payment_events.apply(session, told)


def state(session: Session, purchase: CreditPurchase) -> str:
    return session.get_one(CreditPurchase, purchase.id).status.value


def jobs(session: Session, name: str) -> list[dict[str, Any]]:
    return list(session.scalars(text("select args from procrastinate_jobs where task_name = :name"), params={"name": name}))


def test_a_completed_paid_session_credits_and_names_the_organization(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    assert apply(session, event("checkout.session.completed", checkout(purchase))) == owner.organization_id
    assert (state(session, purchase), balance(session, owner)) == ("PAID", 1000)


def test_a_slow_payment_waits_and_is_then_credited(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    apply(session, event("checkout.session.completed", checkout(purchase, paid=False)))
    assert (state(session, purchase), balance(session, owner)) == ("PENDING", 0)
    apply(session, event("checkout.session.async_payment_succeeded", checkout(purchase)))
    assert (state(session, purchase), balance(session, owner)) == ("PAID", 1000)


def test_completed_unpaid_after_its_success_changes_nothing(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    apply(session, event("checkout.session.async_payment_succeeded", checkout(purchase)))
    apply(session, event("checkout.session.completed", checkout(purchase, paid=False)))
    assert (state(session, purchase), balance(session, owner)) == ("PAID", 1000)


def test_a_slow_payment_that_fails_is_told_to_the_owners(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    apply(session, event("checkout.session.completed", checkout(purchase, paid=False)))
    for _ in range(2):
        apply(session, event("checkout.session.async_payment_failed", checkout(purchase, paid=False)))
    apply(session, event("checkout.session.completed", checkout(purchase, paid=False)))
    assert (state(session, purchase), balance(session, owner)) == ("FAILED", 0)
    [told] = [mail for mail in session.exec(select(MailMessage)) if mail.kind == MailKind.PAYMENT_FAILED]
    assert (told.organization_id, told.facts["amount"]) == (owner.organization_id, 1000)


def test_a_page_nobody_paid_on_expires(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    apply(session, event("checkout.session.expired", checkout(purchase, paid=False, status="expired")))
    assert state(session, purchase) == "EXPIRED"


def test_session_and_payment_in_any_order_credit_once(session: Session, owner: Actor) -> None:
    for turn in range(2):
        purchase = opened(session, owner)
        both = [event("payment_intent.succeeded", intent(purchase)), event("checkout.session.completed", checkout(purchase))]
        for body in both[:: 1 if turn else -1]:
            apply(session, body)
    assert balance(session, owner) == 2000


def test_a_payment_of_stripes_page_is_told_of_by_its_session_alone(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    assert apply(session, event("payment_intent.succeeded", intent(purchase))) is None
    assert apply(session, event("payment_intent.payment_failed", intent(purchase, "requires_payment_method"))) is None
    assert (state(session, purchase), balance(session, owner)) == ("OPEN", 0)


def test_a_recharge_is_credited_by_its_payment_once(session: Session, owner: Actor) -> None:
    purchase = recharge(session, owner)
    for _ in range(2):
        assert apply(session, event("payment_intent.succeeded", intent(purchase))) == owner.organization_id
    assert (state(session, purchase), balance(session, owner)) == ("PAID", 1000)
    [told] = [mail for mail in session.exec(select(MailMessage)) if mail.kind == MailKind.RECEIPT]
    assert told.facts["automatic"] is True


@pytest.mark.parametrize("edit", [{"amount_received": 1}, {"currency": "eur"}, {"customer": "cus_other"}])
def test_a_recharge_paid_differently_waits_for_a_person(session: Session, owner: Actor, edit: dict[str, Any]) -> None:
    purchase = recharge(session, owner)
    apply(session, event("payment_intent.succeeded", intent(purchase, **edit)))
    assert (state(session, purchase), balance(session, owner)) == ("REVIEW", 0)


def test_a_saved_card_is_asked_for_by_a_job(session: Session, owner: Actor) -> None:
    about = {
        "id": "cs_setup",
        "mode": "setup",
        "status": "complete",
        "client_reference_id": owner.organization_id,
        "setup_intent": "seti_1",
    }
    assert apply(session, event("checkout.session.completed", about)) == owner.organization_id
    assert jobs(session, "save_card") == [{"organization_id": owner.organization_id, "session_id": "cs_setup"}]
    assert apply(session, event("checkout.session.completed", about | {"client_reference_id": "0" * 32})) is None
    assert len(jobs(session, "save_card")) == 1


def test_an_event_of_another_api_version_is_refused_at_once(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    with pytest.raises(Refused, match="2019-01-01"):
        apply(session, event("checkout.session.completed", checkout(purchase), api_version="2019-01-01"))
    assert state(session, purchase) == "OPEN"


UNKNOWN: list[tuple[str, dict[str, Any]]] = [
    ("invoice.paid", {"id": "in_1"}),
    ("customer.created", {"id": "cus_1"}),
    ("checkout.session.whatever", {"id": "cs_1", "metadata": {"purchase": "x"}}),
    ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid", "metadata": {"purchase": "0" * 32}}),
    ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid", "metadata": None}),
    ("checkout.session.completed", {"id": "cs_1", "payment_status": "paid", "metadata": {"purchase": {"a": 1}}}),
    ("payment_intent.succeeded", {"id": "pi_1", "status": "succeeded", "metadata": {}}),
    ("refund.created", {"id": "re_1", "amount": 100, "currency": "usd", "status": "succeeded", "payment_intent": None}),
    ("refund.created", {"id": "re_1", "amount": "100"}),
    ("charge.dispute.created", {"id": "du_1"}),
    ("charge.refunded", {"id": "ch_1", "amount_refunded": "much", "payment_intent": 5}),
]


@pytest.mark.parametrize(("type", "about"), UNKNOWN)
def test_what_is_not_ours_or_not_known_does_nothing(session: Session, owner: Actor, type: str, about: dict[str, Any]) -> None:
    opened(session, owner)
    assert apply(session, event(type, about)) is None
    assert session.exec(select(CreditTransaction)).all() == []


@pytest.mark.parametrize("type", ["refund.created", "charge.dispute.created"])
def test_news_of_a_payment_not_credited_yet_is_tried_again(session: Session, owner: Actor, type: str) -> None:
    purchase = opened(session, owner)
    about = facts.refund(purchase, 100) if type.startswith("refund") else facts.dispute(purchase)
    with pytest.raises(NotYet):
        apply(session, event(type, about))
    apply(session, event("checkout.session.completed", checkout(purchase)))
    assert apply(session, event(type, about)) == owner.organization_id
    assert balance(session, owner) == (900 if type.startswith("refund") else 0)


def test_totals_are_compared_and_nothing_is_posted_for_them(session: Session, owner: Actor, capsys: pytest.CaptureFixture[str]) -> None:
    purchase = facts.bought(session, owner)
    apply(session, event("charge.refunded", {"id": "ch_1", "payment_intent": purchase.stripe_payment_id, "amount_refunded": 400}))
    assert balance(session, owner) == 1000
    told = capsys.readouterr()
    assert "refund.totals_differ" in told.out + told.err
    apply(session, event("refund.created", facts.refund(purchase, 400)))
    apply(session, event("charge.refunded", {"id": "ch_1", "payment_intent": purchase.stripe_payment_id, "amount_refunded": 400}))
    told = capsys.readouterr()
    assert "refund.totals_differ" not in told.out + told.err


def test_first_credits_let_the_provider_know(session: Session, owner: Actor) -> None:

    agent = create_agent(session, owner)
    apply(session, event("checkout.session.completed", checkout(opened(session, owner))))
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]
    assert purchases.standing(session, owner, session.exec(select(CreditPurchase.id)).one()).status == "PAID"

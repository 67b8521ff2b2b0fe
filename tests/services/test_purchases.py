from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import Forbidden, NotFound, TooMany
from kametrix.integrations.stripe.client import OpenedSession
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import PaymentState, intent_payment, session_payment
from kametrix.models import CreditPurchase, CreditTransaction, MailKind, MailMessage, Organization, OrgRole, PurchaseStatus
from kametrix.services import ledger, ledger_audit, purchases
from kametrix.services.access import Actor
from tests import stripe_facts as facts
from tests.factories import create_agent, create_call, create_member, post_credit
from tests.stripe_facts import balance, checkout, intent, opened, pack

AWAY = StripeFailure("The payment service did not answer.", retryable=True, code="api_down")


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


def rows(session: Session, actor: Actor) -> list[CreditTransaction]:
    return list(session.exec(select(CreditTransaction).where(CreditTransaction.organization_id == actor.organization_id)))


# --- beginning


def test_a_purchase_keeps_the_pack_as_it_was(session: Session, owner: Actor) -> None:
    starter = pack(session)
    order = purchases.begin(session, owner, starter.id)
    starter.price_in_cents, starter.credits, starter.name = 1500, 1200, "Small"
    session.flush()
    row = session.get_one(CreditPurchase, order.checkout.purchase_id)
    assert (row.pack_name, row.credits, row.price_in_cents, row.currency, row.status) == ("Starter", 1000, 1000, "USD", "OPEN")
    assert order.checkout.metadata == {
        "organization": owner.organization_id, "purchase": row.id, "pack": starter.id, "user": owner.user_id,
    }  # fmt: skip


def test_the_page_can_be_paid_on_for_longer_than_stripes_least(session: Session, owner: Actor) -> None:
    order = purchases.begin(session, owner, pack(session).id)
    assert timedelta(minutes=31) < order.checkout.expires_at - clock.now() < timedelta(minutes=40)


@pytest.mark.parametrize("name", ["unknown", "retired"])
def test_a_pack_that_is_not_on_sale_cannot_be_bought(session: Session, owner: Actor, name: str) -> None:
    starter = pack(session)
    starter.is_active = False
    session.flush()
    with pytest.raises(NotFound, match="not on sale"):
        purchases.begin(session, owner, starter.id if name == "retired" else "0" * 32)
    assert session.exec(select(CreditPurchase)).all() == []


@pytest.mark.parametrize("role", [role for role in OrgRole if role != OrgRole.OWNER])
def test_only_an_owner_buys(session: Session, role: OrgRole) -> None:
    with pytest.raises(Forbidden):
        purchases.begin(session, create_member(session, role=role), pack(session).id)


def test_the_currency_is_the_organizations_and_its_price_is_named_only_in_dollars(session: Session, owner: Actor) -> None:
    starter = pack(session)
    starter.stripe_price_id = "price_1"
    assert purchases.begin(session, owner, starter.id).checkout.price_id == "price_1"
    session.get_one(Organization, owner.organization_id).currency = "EUR"
    session.flush()
    order = purchases.begin(session, owner, starter.id)
    assert (order.checkout.currency, order.checkout.price_id) == ("EUR", None)


def test_a_double_click_is_one_purchase_and_later_a_new_one(session: Session, owner: Actor) -> None:
    first = opened(session, owner)
    again = purchases.begin(session, owner, first.credit_pack_id)
    assert (again.checkout.purchase_id, again.checkout_url) == (first.id, first.checkout_url)
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert purchases.begin(session, owner, first.credit_pack_id).checkout.purchase_id != first.id


def test_another_person_pack_or_price_is_another_purchase(session: Session, owner: Actor) -> None:
    first = opened(session, owner)
    colleague = create_member(session, session.get_one(Organization, owner.organization_id))
    others = [purchases.begin(session, colleague, first.credit_pack_id), purchases.begin(session, owner, pack(session, "Pro").id)]
    pack(session).price_in_cents = 1100
    session.flush()
    others.append(purchases.begin(session, owner, first.credit_pack_id))
    assert len({first.id, *(order.checkout.purchase_id for order in others)}) == 4


def test_what_is_paid_or_has_failed_is_not_opened_again(session: Session, owner: Actor) -> None:
    first = opened(session, owner)
    purchases.settle(session, session_payment(checkout(first)))
    second = purchases.begin(session, owner, first.credit_pack_id).checkout
    purchases.could_not_open(session, second.purchase_id, AWAY)
    third = purchases.begin(session, owner, first.credit_pack_id).checkout
    assert len({first.id, second.purchase_id, third.purchase_id}) == 3


def test_twenty_purchases_an_hour_are_enough(session: Session, owner: Actor) -> None:
    bought = pack(session).id
    for _ in range(20):
        purchases.could_not_open(session, purchases.begin(session, owner, bought).checkout.purchase_id, AWAY)
    with pytest.raises(TooMany):
        purchases.begin(session, owner, bought)
    assert purchases.begin(session, create_member(session), bought).checkout.purchase_id


def test_a_page_that_did_not_open_ends_the_purchase_with_its_reason(session: Session, owner: Actor) -> None:
    order = purchases.begin(session, owner, pack(session).id).checkout
    purchases.could_not_open(session, order.purchase_id, AWAY)
    standing = purchases.standing(session, owner, order.purchase_id)
    assert (standing.status, standing.failure) == ("FAILED", "The payment service did not answer.")


def test_of_two_tabs_the_luckier_one_counts(session: Session, owner: Actor) -> None:
    order = purchases.begin(session, owner, pack(session).id).checkout
    page = OpenedSession("cs_1", "https://checkout.stripe.example", order.expires_at)
    purchases.could_not_open(session, order.purchase_id, AWAY)
    purchases.record_session(session, order.purchase_id, page)
    purchases.could_not_open(session, order.purchase_id, AWAY)
    standing = purchases.standing(session, owner, "cs_1")
    assert (standing.status, standing.failure, standing.checkout_url) == ("OPEN", "", "https://checkout.stripe.example")


def test_the_first_customer_stays(session: Session, owner: Actor) -> None:
    assert purchases.record_customer(session, owner.organization_id, "cus_1") == "cus_1"
    assert purchases.record_customer(session, owner.organization_id, "cus_2") == "cus_1"


# --- crediting


def test_a_paid_session_credits_once(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    for _ in range(3):
        standing = purchases.settle(session, session_payment(checkout(purchase)))
        assert standing is not None
        assert (standing.status, standing.balance) == ("PAID", 1000)
    [row] = rows(session, owner)
    assert (row.type, row.amount, row.idempotency_key, row.stripe_payment_id) == (
        "PURCHASE",
        1000,
        f"pi:pi_{purchase.id}",
        f"pi_{purchase.id}",
    )


def test_session_and_payment_of_one_purchase_credit_once(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    purchases.settle(session, intent_payment(intent(purchase)))
    purchases.settle(session, session_payment(checkout(purchase)))
    assert balance(session, owner) == 1000


@pytest.mark.parametrize("late", [{"paid": False}, {"paid": False, "status": "expired"}, {"paid": False, "status": "open"}])
def test_paid_is_never_left(session: Session, owner: Actor, late: dict[str, Any]) -> None:
    purchase = facts.bought(session, owner)
    purchases.settle(session, session_payment(checkout(purchase, **late)))
    purchases.settle(session, replace(session_payment(checkout(purchase, paid=False)), state=PaymentState.FAILED))
    purchases.could_not_open(session, purchase.id, AWAY)
    assert session.get_one(CreditPurchase, purchase.id).status == PurchaseStatus.PAID
    assert balance(session, owner) == 1000


def test_money_that_arrives_late_is_credited_whatever_was_said_before(session: Session, owner: Actor) -> None:
    for before in (PaymentState.EXPIRED, PaymentState.FAILED, PaymentState.PENDING):
        purchase = opened(session, owner)
        purchases.settle(session, replace(session_payment(checkout(purchase, paid=False)), state=before))
        assert purchases.standing(session, owner, purchase.id).status == before
        purchases.settle(session, session_payment(checkout(purchase)))
        assert purchases.standing(session, owner, purchase.id).status == "PAID"
    assert balance(session, owner) == 3000


def test_an_unpaid_session_waits_for_the_money(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    purchases.settle(session, session_payment(checkout(purchase, paid=False)))
    assert purchases.standing(session, owner, purchase.id).status == "PENDING"
    assert balance(session, owner) == 0


def test_late_news_of_an_unpaid_session_does_not_undo_a_failure(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    unpaid = session_payment(checkout(purchase, paid=False))
    purchases.settle(session, replace(unpaid, state=PaymentState.FAILED, failure="The bank said no."))
    purchases.settle(session, unpaid)
    standing = purchases.standing(session, owner, purchase.id)
    assert (standing.status, standing.failure) == ("FAILED", "The bank said no.")
    [told] = [mail for mail in session.exec(select(MailMessage)) if mail.kind == MailKind.PAYMENT_FAILED]
    assert told.facts == {"pack": "Starter", "amount": 1000, "currency": "USD", "failure": "The bank said no."}


EDITED: list[tuple[dict[str, Any], str]] = [
    ({"amount_total": 999}, "999 USD"),
    ({"amount_total": 0}, "0 USD"),
    ({"amount_total": None}, "None USD"),
    ({"amount_total": 100_000}, "100000 USD"),
    ({"currency": "eur"}, "1000 EUR"),
    ({"currency": None}, "1000 None"),
    ({"client_reference_id": "0" * 32}, "another organization"),
    ({"customer": "cus_somebody_else"}, "another customer"),
    ({"id": "cs_another_page"}, "another page"),
    ({"payment_intent": None}, "no payment of its own"),
]


@pytest.mark.parametrize(("edit", "problem"), EDITED)
def test_what_was_paid_differently_is_looked_at_by_a_person(session: Session, owner: Actor, edit: dict[str, Any], problem: str) -> None:
    purchase = opened(session, owner)
    standing = purchases.settle(session, session_payment(checkout(purchase, **edit)))
    assert standing is not None
    assert standing.status == "REVIEW"
    assert problem in standing.failure
    assert (balance(session, owner), rows(session, owner)) == (0, [])


def test_an_edited_pack_is_not_credited(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    edited = facts.metadata(purchase) | {"pack": pack(session, "Business").id}
    standing = purchases.settle(session, session_payment(checkout(purchase, metadata=edited)))
    assert standing is not None
    assert (standing.status, balance(session, owner)) == ("REVIEW", 0)


def test_one_payment_pays_one_purchase(session: Session, owner: Actor) -> None:
    first, other = opened(session, owner), opened(session, owner, "Pro")
    other.price_in_cents = first.price_in_cents
    purchases.settle(session, session_payment(checkout(first)))
    standing = purchases.settle(session, session_payment(checkout(other, payment_intent=f"pi_{first.id}")))
    assert standing is not None
    assert (standing.status, balance(session, owner)) == ("REVIEW", 1000)


def test_a_second_payment_of_one_purchase_is_not_credited(session: Session, owner: Actor) -> None:
    purchase = facts.bought(session, owner)
    purchases.settle(session, session_payment(checkout(purchase, payment_intent="pi_second")))
    assert balance(session, owner) == 1000


@pytest.mark.parametrize("purchase_id", [None, "", "0" * 32, "pack"])
def test_what_is_not_ours_does_nothing(session: Session, owner: Actor, purchase_id: str | None) -> None:
    purchase = opened(session, owner)
    assert purchases.settle(session, replace(session_payment(checkout(purchase)), purchase_id=purchase_id)) is None
    assert balance(session, owner) == 0


def test_grace_is_repaid_first_and_the_receipt_says_so(session: Session, owner: Actor) -> None:
    call = create_call(session, create_agent(session, owner))
    ledger.charge_call(session, call, seconds=180, rate=15)
    standing = purchases.settle(session, session_payment(checkout(opened(session, owner))))
    assert standing is not None
    assert (standing.grace_repaid, standing.balance) == (45, 955)
    [receipt] = [mail for mail in session.exec(select(MailMessage)) if mail.kind == MailKind.RECEIPT]
    assert {name: receipt.facts[name] for name in ("pack", "credits", "amount", "currency", "balance", "grace_repaid", "automatic")} == {
        "pack": "Starter", "credits": 1000, "amount": 1000, "currency": "USD", "balance": 955, "grace_repaid": 45, "automatic": False,
    }  # fmt: skip


def test_everything_agrees_with_the_audit(session: Session, owner: Actor) -> None:
    post_credit(session, owner, 77)
    facts.bought(session, owner)
    facts.bought(session, owner, "Pro")
    assert balance(session, owner) == 6077
    assert ledger_audit.verify(session).faults == []


# --- looking


def test_a_purchase_is_found_by_its_id_and_its_session_by_its_organization_alone(session: Session, owner: Actor) -> None:
    purchase = opened(session, owner)
    assert purchase.stripe_session_id is not None
    for name in (purchase.id, purchase.stripe_session_id):
        assert purchases.standing(session, owner, name).purchase_id == purchase.id
        with pytest.raises(NotFound):
            purchases.standing(session, create_member(session), name)

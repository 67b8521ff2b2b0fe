"""The saved card, charged by the product's jobs at the sandbox's Stripe: crashes, outages and refusals on the way."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import col, select

from kametrix import db
from kametrix.errors import Invalid
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.jobs import recharge as recharge_jobs
from kametrix.models import AutoRecharge, CreditPurchase, Organization, PurchaseKind, PurchaseStatus, RechargeFailure
from kametrix.services import live, purchases, recharge, recharge_attempts
from kametrix.services.access import Actor
from kametrix.services.payment_account import gateway
from kametrix.settings import settings
from tests.factories import create_member
from tests.sandbox.parts import Box, Receiver
from tests.sandbox.stripe_parts import SECRET_KEY, Shop
from tests.stripe_facts import pack


@pytest.fixture
def shop(database: str, box: Box, server: Receiver) -> Iterator[Shop]:
    """The product pointed at the sandbox's Stripe."""
    made = Shop(box, server)
    os.environ.update({"STRIPE_BASE_URL": made.address, "STRIPE_SECRET_KEY": SECRET_KEY})
    settings.cache_clear()
    yield made
    box.control("/faults", method="DELETE")
    live.flush()


def customer(shop: Shop, behaviour: str = "good") -> Actor:
    """An owner who saved a card on Stripe's page and wants it charged below $5; the balance is zero."""
    with db.transaction() as session:
        owner = create_member(session)
        session.get_one(Organization, owner.organization_id).stripe_customer_id = shop.customer()
        pack_id = pack(session).id
    save_card(shop, owner, behaviour)
    with db.transaction(owner) as session:
        recharge.save(session, owner, enabled=True, threshold_cents=500, pack_id=pack_id, monthly_cap_cents=10_000)
    return owner


def setup(shop: Shop, owner: Actor, behaviour: str) -> str:
    """A finished setup page; returns its session."""
    with db.transaction() as session:
        known = session.get_one(Organization, owner.organization_id).stripe_customer_id or ""
    home = "http://localhost:3000/credits"
    key = f"setup:{owner.organization_id}:{behaviour}"
    page = gateway().create_setup(organization_id=owner.organization_id, customer_id=known, success_url=home, cancel_url=home, key=key)
    assert shop.choose(page.id, f"card_{behaviour}").status_code == 303
    return page.id


def save_card(shop: Shop, owner: Actor, behaviour: str) -> None:
    recharge_jobs.save_card(owner.organization_id, setup(shop, owner, behaviour))


def rules_of(owner: Actor) -> AutoRecharge:
    with db.transaction() as session:
        return session.get_one(AutoRecharge, owner.organization_id)


def purchases_of(owner: Actor) -> list[CreditPurchase]:
    with db.transaction() as session:
        mine = select(CreditPurchase).where(CreditPurchase.organization_id == owner.organization_id)
        return list(session.exec(mine.order_by(col(CreditPurchase.created_at), CreditPurchase.id)))


def intents(shop: Shop) -> list[Any]:
    return list(shop.v1.payment_intents.list(params={"limit": 100}).data)


def news(owner: Actor, payment_id: str) -> int:
    """What Stripe says of the payment reaches us; the balance then."""
    with db.transaction() as session:
        purchases.settle(session, events.intent_payment(gateway().payment(payment_id)))
        return session.get_one(Organization, owner.organization_id, populate_existing=True).balance_cents


def test_a_card_saved_on_stripes_page_is_charged_and_credited_once(shop: Shop) -> None:
    owner = customer(shop)
    assert (rules_of(owner).card_brand, rules_of(owner).card_last4) == ("visa", "4242")
    recharge_jobs.charge_saved_card(owner.organization_id)
    recharge_jobs.charge_saved_card(owner.organization_id)
    (bought,) = purchases_of(owner)
    (intent,) = intents(shop)
    assert (bought.kind, bought.status, bought.stripe_payment_id) == (PurchaseKind.RECHARGE, PurchaseStatus.PENDING, intent.id)
    assert (intent.amount_received, intent.currency, dict(intent.metadata.to_dict())["purchase"]) == (1000, "usd", bought.id)
    assert [news(owner, intent.id) for _ in range(3)] == [1000, 1000, 1000]


def test_a_crash_after_the_charge_charges_nobody_twice(shop: Shop) -> None:
    owner = customer(shop)
    with db.transaction() as session:
        attempt = recharge_attempts.plan(session, owner.organization_id)
    assert attempt is not None
    recharge_jobs._charged(gateway(), attempt)  # pyright: ignore[reportPrivateUsage]  # the crash comes right after it
    recharge_jobs.charge_saved_card(owner.organization_id)
    assert len(intents(shop)) == len(purchases_of(owner)) == 1


@pytest.mark.parametrize("kind", ["drop_after_write", "500", "429", "not_json"])
def test_an_outage_is_no_failure_of_the_card(shop: Shop, kind: str) -> None:
    owner = customer(shop)
    shop.box.control("/faults", {"method": "POST", "path": "/stripe/v1/payment_intents", "kind": kind, "times": 20, "seconds": 0})
    with pytest.raises(StripeFailure) as away:
        recharge_jobs.charge_saved_card(owner.organization_id)
    assert away.value.retryable
    assert (rules_of(owner).failures, purchases_of(owner)[0].status) == (0, PurchaseStatus.OPEN)
    shop.box.control("/faults", method="DELETE")
    recharge_jobs.charge_saved_card(owner.organization_id)
    assert [row.status for row in purchases_of(owner)] == [PurchaseStatus.PENDING]
    assert len(intents(shop)) == 1


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("declined", RechargeFailure.DECLINED), ("authentication", RechargeFailure.AUTHENTICATION_REQUIRED)],
)
def test_two_refusals_switch_it_off_and_each_counts_once(shop: Shop, behaviour: str, reason: RechargeFailure) -> None:
    owner = customer(shop, behaviour)
    for _ in range(4):
        recharge_jobs.charge_saved_card(owner.organization_id)
        for intent in intents(shop):
            news(owner, intent.id)  # the event of the same failure
    rules = rules_of(owner)
    assert (rules.enabled, rules.failures, rules.last_failure) == (False, 2, reason)
    assert [row.status for row in purchases_of(owner)] == [PurchaseStatus.FAILED] * 2


def test_a_card_that_stripe_forgot_is_no_method(shop: Shop) -> None:
    owner = customer(shop)
    gateway().detach_card(rules_of(owner).stripe_payment_method_id or "")
    recharge_jobs.charge_saved_card(owner.organization_id)
    assert (rules_of(owner).last_failure, rules_of(owner).failures) == (RechargeFailure.NO_METHOD, 1)


def test_a_key_that_stripe_does_not_accept_is_our_fault_and_not_the_owners(shop: Shop) -> None:
    owner = customer(shop)
    os.environ["STRIPE_SECRET_KEY"] = "sk_test_another"
    settings.cache_clear()
    with pytest.raises(StripeFailure):
        recharge_jobs.charge_saved_card(owner.organization_id)
    assert (rules_of(owner).enabled, rules_of(owner).failures) == (True, 0)


def test_ten_workers_at_once_charge_once(shop: Shop) -> None:
    owner, refused = customer(shop), list[bool]()

    def work(_number: int) -> None:
        try:
            recharge_jobs.charge_saved_card(owner.organization_id)
        except StripeFailure as busy:  # the same key is being worked on: the job is repeated
            refused.append(busy.retryable)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    work(0)
    assert all(refused)
    assert len(intents(shop)) == len(purchases_of(owner)) == 1


def test_a_card_another_takes_the_place_of_is_forgotten_at_stripe(shop: Shop) -> None:
    owner = customer(shop)
    before = rules_of(owner).stripe_payment_method_id or ""
    save_card(shop, owner, "authentication")
    recharge_jobs.detach_card(before)
    assert shop.v1.payment_methods.retrieve(before).customer is None
    assert rules_of(owner).card_last4 == "3184"


def test_a_forgotten_card_is_gone_here_and_there(shop: Shop) -> None:
    owner = customer(shop)
    method = rules_of(owner).stripe_payment_method_id or ""
    with db.transaction(owner) as session:
        recharge.forget_card(session, owner)
    for _ in range(2):
        recharge_jobs.forget_card(owner.organization_id, method)
    assert (rules_of(owner).stripe_payment_method_id, rules_of(owner).enabled) == (None, False)
    assert shop.v1.payment_methods.retrieve(method).customer is None


def test_a_page_of_another_organization_saves_no_card(shop: Shop) -> None:
    owner, stranger = customer(shop), customer(shop)
    page = setup(shop, owner, "declined")
    with pytest.raises(Invalid):
        recharge_jobs.save_card(stranger.organization_id, page)
    assert rules_of(stranger).card_last4 == "4242"

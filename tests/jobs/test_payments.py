from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from kametrix import clock, db
from kametrix.integrations.stripe import events
from kametrix.integrations.stripe.client import StripeGateway
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.jobs import payments
from kametrix.jobs.inbox import work_one
from kametrix.models import (
    CreditPack,
    CreditPurchase,
    CreditRefund,
    CreditTransaction,
    PurchaseStatus,
    RefundStatus,
    WebhookEvent,
)
from kametrix.services import ledger_audit, live, packs, purchases, stripe_audit
from kametrix.services.access import Actor
from kametrix.services.admin import payments as console
from kametrix.services.admin import prices
from kametrix.settings import settings
from tests import stripe_facts as facts
from tests.api.test_stripe_webhook import post
from tests.factories import create_member, create_operator
from tests.processes import worker_process
from tests.sandbox.parts import Receiver, until
from tests.stripe_sandbox import Stripe, read

LATER = timedelta(minutes=6)


@pytest.fixture
def owner(stripe_house: Stripe) -> Iterator[Actor]:
    with db.transaction() as session:
        made = create_member(session)
    yield made
    live.flush()


def balance(actor: Actor) -> int:
    with db.transaction() as session:
        return facts.balance(session, actor)


def sync(after: timedelta = LATER) -> None:
    with clock.at(clock.now() + after):
        payments.sync_purchases(0)


def away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_BASE_URL", "http://127.0.0.1:9")
    settings.cache_clear()


def faults(stripe: Stripe) -> list[str]:
    listed = stripe_audit.ask(stripe.gateway, clock.now() - timedelta(days=1))
    with db.transaction() as session:
        return [str(fault) for fault in stripe_audit.compare(session, listed)]


# --- purchases nobody told us of


def test_a_paid_page_is_credited_without_any_event(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner)
    sync(timedelta(minutes=4))
    assert balance(owner) == 0
    for _ in range(2):
        sync()
    assert (balance(owner), read(purchase).status) == (1000, PurchaseStatus.PAID)


def test_a_page_nobody_paid_on_stays_open_until_it_expires(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.open(owner)
    sync()
    assert read(purchase).status == PurchaseStatus.OPEN
    stripe_house.box.control("/clock", {"advance": 3600})
    sync(timedelta(hours=1))
    assert read(purchase).status == PurchaseStatus.EXPIRED


def test_a_slow_payment_waits_and_is_then_credited(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner, outcome="pay_later")
    sync()
    assert (balance(owner), read(purchase).status) == (0, PurchaseStatus.PENDING)
    stripe_house.box.control(f"/stripe/sessions/{purchase.stripe_session_id}/settle", {"ok": True})
    sync()
    assert (balance(owner), read(purchase).status) == (1000, PurchaseStatus.PAID)


def test_a_slow_payment_that_failed_is_found_out(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner, outcome="pay_later")
    sync()
    stripe_house.box.control(f"/stripe/sessions/{purchase.stripe_session_id}/settle", {"ok": False})
    sync()
    assert (balance(owner), read(purchase).status) == (0, PurchaseStatus.FAILED)


def test_a_purchase_stripe_was_never_asked_about_expires(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        begun = purchases.begin(session, owner, facts.pack(session).id).checkout.purchase_id
    sync()
    with db.transaction() as session:
        assert session.get_one(CreditPurchase, begun).status == PurchaseStatus.OPEN
    sync(timedelta(hours=1))
    with db.transaction() as session:
        assert session.get_one(CreditPurchase, begun).status == PurchaseStatus.EXPIRED


def test_a_recharge_is_found_by_its_payment(owner: Actor, stripe_house: Stripe) -> None:
    purchase = charged(owner, stripe_house)
    sync()
    assert (balance(owner), read(purchase).status) == (1000, PurchaseStatus.PAID)


def charged(actor: Actor, stripe: Stripe) -> CreditPurchase:
    """A recharge that was charged and not told of."""
    gateway = stripe.gateway
    customer = gateway.create_customer(actor.organization_id)
    page = gateway.create_setup(
        organization_id=actor.organization_id,
        customer_id=customer,
        key="setup",
        success_url="http://localhost/s",
        cancel_url="http://localhost/c",
    )
    stripe.choose(page.id, "card_good")
    card = gateway.saved_card(page.id)
    assert card is not None
    with db.transaction() as session:
        purchase = facts.recharge(session, actor)
        session.connection().exec_driver_sql("update organization set stripe_customer_id = %(id)s", {"id": customer})
    charge = gateway.charge(
        customer_id=customer, payment_method_id=card.payment_method_id, amount=1000, currency="usd", metadata=facts.metadata(purchase),
        key=f"recharge:{purchase.id}",
    )  # fmt: skip
    with db.transaction() as session:
        session.get_one(CreditPurchase, purchase.id).stripe_payment_id = charge.payment_id
    return purchase


def test_one_that_cannot_be_asked_about_holds_up_no_other(owner: Actor, stripe_house: Stripe) -> None:
    lost = stripe_house.open(owner)
    with db.transaction() as session:
        session.get_one(CreditPurchase, lost.id).stripe_session_id = "cs_unknown"
    stripe_house.paid(owner, "Pro")
    sync()
    assert (balance(owner), read(lost).status) == (5000, PurchaseStatus.OPEN)
    sync(timedelta(hours=1))
    assert read(lost).status == PurchaseStatus.EXPIRED


def test_a_recharge_that_was_begun_and_never_asked_for_is_begun_again(owner: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        purchase = facts.recharge(session, owner)
    sync()
    assert read(purchase).status == PurchaseStatus.OPEN
    assert jobs("recharge") == [{"organization_id": owner.organization_id}]


def test_while_stripe_is_away_the_next_run_does_it(owner: Actor, stripe_house: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe_house.paid(owner)
    address = settings().stripe_base_url
    away(monkeypatch)
    sync()
    assert balance(owner) == 0
    monkeypatch.setenv("STRIPE_BASE_URL", address)
    settings.cache_clear()
    sync()
    assert balance(owner) == 1000


# --- every night


def test_the_night_finds_what_was_missed(owner: Actor, stripe_house: Stripe) -> None:
    first, second = stripe_house.paid(owner), stripe_house.paid(owner, "Pro")
    assert len(faults(stripe_house)) == 2
    assert payments.reconcile(stripe_house.gateway) == []
    assert balance(owner) == 6000
    paid = read(first).stripe_payment_id or ""
    stripe_house.gateway.refund(payment_id=paid, amount=400, key="by-hand", metadata={})
    stripe_house.box.control(f"/stripe/payments/{read(second).stripe_payment_id}/dispute", {})
    assert len(faults(stripe_house)) == 2
    for _ in range(2):
        assert payments.reconcile(stripe_house.gateway) == []
    assert balance(owner) == 600
    with db.transaction() as session:
        assert ledger_audit.verify(session).faults == []


def test_events_nobody_took_come_into_the_inbox_once(owner: Actor, stripe_house: Stripe) -> None:
    refusing = Receiver(answer=lambda _: (500, {}))
    stripe_house.box.http.post(
        "/stripe/v1/webhook_endpoints",
        data={"url": refusing.url, "enabled_events[]": "*", "api_version": "2026-10-28.endive"},
        headers={"Authorization": f"Bearer {settings().stripe_secret_key.get_secret_value()}"},
    )
    stripe_house.paid(owner)
    until(lambda: len(refusing.got) > 0)
    for _ in range(2):
        payments.reconcile(stripe_house.gateway)
    refusing.close()
    with db.transaction() as session:
        stored = [row.type for row in session.exec(select(WebhookEvent))]
    assert stored.count("checkout.session.completed") == 1
    while work_one():
        pass
    assert balance(owner) == 1000


def test_what_differs_is_named(owner: Actor, stripe_house: Stripe) -> None:
    first, second, third = (stripe_house.paid(owner, name) for name in ("Starter", "Pro", "Popular"))
    payments.reconcile(stripe_house.gateway)
    with db.transaction() as session:
        session.get_one(CreditPurchase, first.id).price_in_cents = 999
        session.get_one(CreditPurchase, second.id).stripe_payment_id = "pi_other"
        session.get_one(CreditPurchase, third.id).status = PurchaseStatus.REVIEW
        session.add(
            CreditRefund(
                organization_id=owner.organization_id, credit_purchase_id=first.id, stripe_refund_id="re_ours", amount=5,
                status=RefundStatus.SUCCEEDED,
            )
        )  # fmt: skip
    found = "\n".join(faults(stripe_house))
    for part in (
        "999 USD here",
        "paid a second time",
        "its purchase is REVIEW",
        "credited, Stripe shows no paid pi_other",
        "re_ours of 5 here",
    ):
        assert part in found, found


def test_payments_of_others_in_the_same_account_are_passed_over(owner: Actor, stripe_house: Stripe) -> None:
    purchase = charged(owner, stripe_house)
    sync()
    assert read(purchase).status == PurchaseStatus.PAID
    customer = stripe_house.gateway.create_customer("somebody-else")
    assert customer
    assert faults(stripe_house) == []


# --- refunds


@pytest.fixture
def operator(owner: Actor) -> Actor:
    with db.transaction() as session:
        return create_operator(session)


def order(operator: Actor, purchase: CreditPurchase, amount: int, *, beyond: bool = False) -> str:
    with db.transaction() as session:
        console.request_refund(session, operator, purchase.id, amount, "Goodwill", beyond)
        return session.exec(select(CreditRefund.id).order_by("created_at")).all()[-1]


def status_of(refund_id: str) -> tuple[str, str]:
    with db.transaction() as session:
        row = session.get_one(CreditRefund, refund_id)
        return row.status.value, row.failure or ""


def test_an_ordered_refund_is_made_and_posted_once(owner: Actor, operator: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner)
    sync()
    refund = order(operator, purchase, 400)
    assert balance(owner) == 1000
    for _ in range(2):
        payments.refund_payment(refund)
    assert (status_of(refund), balance(owner)) == (("SUCCEEDED", ""), 600)
    [made] = stripe_house.gateway.refunds(clock.now() - timedelta(hours=1))
    facts_of = events.refund(made)
    assert facts_of is not None
    assert (facts_of.amount, facts_of.own_id) == (400, refund)
    assert payments.reconcile(stripe_house.gateway) == []


def test_a_refund_whose_answer_was_lost_is_the_same_one_again(
    owner: Actor, operator: Actor, stripe_house: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = stripe_house.paid(owner)
    sync()
    refund = order(operator, purchase, 400)
    real = StripeGateway.refund

    def lost(self: StripeGateway, **asked: Any) -> dict[str, Any]:
        real(self, **asked)
        raise StripeFailure("The payment service did not answer.", retryable=True)

    with monkeypatch.context() as patched:
        patched.setattr(StripeGateway, "refund", lost)
        with pytest.raises(StripeFailure):
            payments.refund_payment(refund)
    assert status_of(refund)[0] == "REQUESTED"
    payments.refund_payment(refund)
    assert (status_of(refund)[0], balance(owner)) == ("SUCCEEDED", 600)
    assert len(stripe_house.gateway.refunds(clock.now() - timedelta(hours=1))) == 1


def test_what_stripe_refuses_is_told_and_takes_nothing(owner: Actor, operator: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner)
    sync()
    refund = order(operator, purchase, 700)
    stripe_house.gateway.refund(payment_id=read(purchase).stripe_payment_id or "", amount=800, key="by-hand", metadata={})
    payments.refund_payment(refund)
    state, failure = status_of(refund)
    assert (state, balance(owner)) == ("FAILED", 1000)
    assert failure


def test_a_dispute_is_won_and_everything_agrees(owner: Actor, stripe_house: Stripe) -> None:
    purchase = stripe_house.paid(owner)
    sync()
    paid = read(purchase).stripe_payment_id
    dispute = stripe_house.box.control(f"/stripe/payments/{paid}/dispute", {})
    assert payments.reconcile(stripe_house.gateway) == []
    assert balance(owner) == 0
    stripe_house.box.control(f"/stripe/disputes/{dispute['id']}/close", {"won": True})
    assert payments.reconcile(stripe_house.gateway) == []
    assert balance(owner) == 1000


# --- packs


def price_ids() -> dict[str, str | None]:
    with db.transaction() as session:
        return {pack.name: pack.stripe_price_id for pack in session.exec(select(CreditPack))}


def jobs(name: str) -> list[dict[str, Any]]:
    with db.transaction() as session:
        return list(session.scalars(text("select args from procrastinate_jobs where task_name = :name"), params={"name": name}))


def test_packs_get_a_price_once_and_a_new_one_when_they_change(operator: Actor, stripe_house: Stripe) -> None:
    with db.transaction() as session:
        packs.seed(session)
    for _ in range(2):
        payments.sync_packs()
    first = price_ids()
    assert len({*first.values()}) == 4
    assert None not in first.values()
    with db.transaction() as session:
        starter = session.exec(select(CreditPack).where(CreditPack.name == "Starter")).one()
        prices.update_pack(session, operator, starter.id, prices.PackForm("Starter", 1000, 1200))
    assert price_ids()["Starter"] is None
    assert jobs("retire_price") == [{"price_id": first["Starter"]}]
    assert len(jobs("sync_packs")) == 1
    payments.sync_packs()
    payments.retire_price(first["Starter"] or "")
    after = price_ids()
    assert after["Starter"] not in (None, first["Starter"])
    assert after | {"Starter": first["Starter"]} == first


def test_a_price_goes_back_and_is_another_one(operator: Actor, stripe_house: Stripe) -> None:
    seen: list[str | None] = []
    with db.transaction() as session:
        packs.seed(session)
    for price in (1000, 1200, 1000):
        with db.transaction() as session:
            starter = session.exec(select(CreditPack).where(CreditPack.name == "Starter")).one()
            prices.update_pack(session, operator, starter.id, prices.PackForm("Starter", 1000, price))
        payments.sync_packs()
        seen.append(price_ids()["Starter"])
    assert len(set(seen)) == 3


def test_a_pack_changed_while_stripe_was_told_keeps_no_old_price(
    operator: Actor, stripe_house: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        packs.seed(session)
        starter = session.exec(select(CreditPack).where(CreditPack.name == "Starter")).one().id
    real = StripeGateway.sync_price

    def slow(self: StripeGateway, **asked: Any) -> str:
        made = real(self, **asked)
        if asked["pack_id"] == starter:
            with db.transaction() as session:
                session.get_one(CreditPack, starter).price_in_cents = 1300
        return made

    monkeypatch.setattr(StripeGateway, "sync_price", slow)
    payments.sync_packs()
    assert price_ids()["Starter"] is None
    assert len(jobs("retire_price")) == 1


def test_without_a_key_packs_wait(operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "")
    settings.cache_clear()
    with db.transaction() as session:
        packs.seed(session)
    payments.sync_packs()
    assert set(price_ids().values()) == {None}


# --- a process that dies

DIES = """
import os, signal, threading
from kametrix.services import ledger
real = ledger.post
def post(*args, **more):
    posted = real(*args, **more)
    print("POSTED", flush=True)
    threading.Event().wait(60)
    return posted
ledger.post = post
from kametrix.jobs.worker import run_worker
run_worker()
"""


def test_killed_between_payment_and_fulfilment_another_process_credits_once(owner: Actor, stripe_house: Stripe, tmp_path: Path) -> None:
    purchase = stripe_house.paid(owner)
    about = stripe_house.gateway.session(purchase.stripe_session_id or "")
    assert post(*facts.signed(facts.event("checkout.session.completed", about))).status_code == 200
    log = tmp_path / "dying.log"
    with worker_process(log, DIES) as dying:
        until(lambda: "POSTED" in log.read_text(), seconds=60)
        assert balance(owner) == 0
        dying.kill()
        dying.wait(30)
    assert balance(owner) == 0
    with worker_process(tmp_path / "next.log"):
        until(lambda: balance(owner) == 1000, seconds=60)
    with db.transaction() as session:
        assert len(session.exec(select(CreditTransaction)).all()) == 1
        assert ledger_audit.verify(session).faults == []

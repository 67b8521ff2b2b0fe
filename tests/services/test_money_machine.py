"""Payments, refunds, disputes, recharges and calls in any order, told twice, late, in any order and cut off in the middle: once
everything was told, the balance is what Stripe and the calls say, and no step on the way credits what was not paid."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock
from kametrix.integrations.stripe import events
from kametrix.models import CreditHold, CreditPurchase, CreditTransaction, Organization, PurchaseStatus, TransactionType
from kametrix.services import disputes, holds, ledger, ledger_audit, payment_events, purchases, recharge, stripe_audit
from kametrix.services.inbox import InboxEvent
from kametrix.services.paid import NotYet
from tests import factories
from tests import stripe_facts as facts

WHO = st.integers(0, 1)
PACKS = st.sampled_from(["Starter", "Popular", "Pro"])


@dataclass
class Dispute:
    """A dispute as the bank knows it; `closed` is empty, won or lost."""

    id: str
    amount: int
    closed: str = ""


@dataclass
class Payment:
    """A payment as Stripe knows it. `refunds`: amount and whether it arrived, by id."""

    purchase: CreditPurchase
    is_recharge: bool
    is_paid: bool
    refunds: dict[str, tuple[int, str]] = field(default_factory=dict)
    dispute: Dispute | None = None

    @property
    def refunded(self) -> int:
        return sum(amount for amount, state in self.refunds.values() if state != "failed")

    @property
    def worth(self) -> int:
        """What it brings the organization once all is told, in cents."""
        if not self.is_paid:
            return 0
        arrived = sum(amount for amount, state in self.refunds.values() if state == "succeeded")
        taken = self.dispute.amount if self.dispute and self.dispute.closed != "won" else 0
        return self.purchase.credits - arrived - taken


class MoneyMachine(RuleBasedStateMachine):
    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.actors = [factories.create_member(self.session) for _ in range(2)]
        self.agents = [factories.create_agent(self.session, actor) for actor in self.actors]
        self.payments: list[Payment] = []
        self.told: list[dict[str, Any]] = []
        self.spent = [0, 0]

    @initialize()
    def packs_are_on_sale(self) -> None:
        facts.pack(self.session)

    # What happens at Stripe: nobody here has heard of it yet

    @rule(who=WHO, pack=PACKS, how=st.sampled_from(["at once", "later", "never"]))
    def somebody_pays(self, who: int, pack: str, how: str) -> None:
        purchase = facts.opened(self.session, self.actors[who], pack)
        if any(payment.purchase.id == purchase.id for payment in self.payments):
            return  # the same page was opened again, and is paid already
        self.payments.append(Payment(purchase, is_recharge=False, is_paid=how != "never"))
        if how == "at once":
            self._tell("checkout.session.completed", facts.checkout(purchase))
        else:
            self._tell("checkout.session.completed", facts.checkout(purchase, paid=False))
            outcome = "succeeded" if how == "later" else "failed"
            self._tell(f"checkout.session.async_payment_{outcome}", facts.checkout(purchase, paid=how == "later"))
        if how != "never":
            self._tell("payment_intent.succeeded", facts.intent(purchase))

    @rule(who=WHO, ok=st.booleans())
    def the_saved_card_is_charged(self, who: int, ok: bool) -> None:
        if recharge.unfinished(self.session, self.actors[who].organization_id) is not None:
            return
        purchase = facts.recharge(self.session, self.actors[who])
        self.payments.append(Payment(purchase, is_recharge=True, is_paid=ok))
        state = "succeeded" if ok else "requires_payment_method"
        self._tell(f"payment_intent.{'succeeded' if ok else 'payment_failed'}", facts.intent(purchase, state))

    @precondition(lambda self: any(payment.is_paid for payment in self.payments))
    @rule(data=st.data(), share=st.integers(1, 100), state=st.sampled_from(["succeeded", "failed", "pending"]))
    def money_is_given_back(self, data: st.DataObject, share: int, state: str) -> None:
        payment = self._one(data)
        amount = payment.purchase.price_in_cents * share // 100
        if not 0 < amount <= payment.purchase.price_in_cents - payment.refunded:
            return
        made = facts.refund(payment.purchase, amount, status="succeeded" if state == "failed" else state)
        payment.refunds[made["id"]] = (amount, state)
        self._tell("refund.created", made)
        if state == "failed":
            self._tell("refund.failed", {**made, "status": "failed"})

    @precondition(lambda self: any(payment.is_paid for payment in self.payments))
    @rule(data=st.data())
    def a_bank_takes_it_back(self, data: st.DataObject) -> None:
        payment = self._one(data)
        if payment.dispute is None:
            payment.dispute = Dispute(f"du_{payment.purchase.id}", payment.purchase.price_in_cents)
            for what in ("created", "funds_withdrawn"):
                self._tell(f"charge.dispute.{what}", facts.dispute(payment.purchase))

    @precondition(lambda self: any(payment.dispute and not payment.dispute.closed for payment in self.payments))
    @rule(data=st.data(), outcome=st.sampled_from(["won", "lost"]))
    def the_bank_decides(self, data: st.DataObject, outcome: str) -> None:
        waiting = [payment for payment in self.payments if payment.dispute and not payment.dispute.closed]
        payment = data.draw(st.sampled_from(waiting))
        assert payment.dispute is not None
        payment.dispute.closed = outcome
        self._tell("charge.dispute.closed", facts.dispute(payment.purchase, status=outcome))
        if outcome == "won":
            self._tell("charge.dispute.funds_reinstated", facts.dispute(payment.purchase, status="won"))

    # What we hear of it

    @precondition(lambda self: self.told)
    @rule(data=st.data(), times=st.integers(1, 3))
    def an_event_arrives(self, data: st.DataObject, times: int) -> None:
        event = data.draw(st.sampled_from(self.told))
        for _ in range(times):
            self._deliver(event)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def the_worker_dies_in_the_middle(self, data: st.DataObject) -> None:
        before = self._balances()
        self._deliver(data.draw(st.sampled_from(self.told)), dies=True)
        assert self._balances() == before

    @precondition(lambda self: self.payments)
    @rule(data=st.data())
    def somebody_comes_back_first(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.payments))
        if not payment.is_recharge and payment.is_paid:
            purchases.settle(self.session, events.session_payment(facts.checkout(payment.purchase)))

    @rule(who=WHO, minutes=st.integers(0, 40), reported=st.integers(1, 3))
    def a_call_is_held_for_and_settled(self, who: int, minutes: int, reported: int) -> None:
        call = factories.create_call(self.session, self.agents[who])
        holds.reserve(self.session, call, minutes=40, rate=15, longest_seconds=2400)
        for _ in range(reported):
            ledger.charge_call(self.session, call, seconds=minutes * 60, rate=15)
            holds.release(self.session, call.id)
        self.spent[who] += minutes * 15

    # What holds all the time, and what holds in the end

    @invariant()
    def nothing_is_credited_twice_or_unpaid(self) -> None:
        paid = {f"pi:pi_{payment.purchase.id}" for payment in self.payments if payment.is_paid}
        rows = self.session.exec(select(CreditTransaction)).all()
        keys = [row.idempotency_key for row in rows if row.type == TransactionType.PURCHASE]
        assert len(keys) == len(set(keys))
        assert set(keys) <= paid
        for actor, balance in zip(self.actors, self._balances(), strict=True):
            assert balance == sum(row.amount for row in rows if row.organization_id == actor.organization_id)

    def teardown(self) -> None:
        try:
            self._everything_is_told()
        finally:
            self.session.rollback()

    def _everything_is_told(self) -> None:
        waiting = list(self.told)
        for _ in range(3):  # a refund waits for its payment
            waiting = [event for event in waiting if not self._deliver(event)]
        assert waiting == []
        for place, actor in enumerate(self.actors):
            mine = [payment for payment in self.payments if payment.purchase.organization_id == actor.organization_id]
            assert self._balances()[place] == sum(payment.worth for payment in mine) - self.spent[place]
            blocked = any(
                one.dispute and (not one.dispute.closed or (one.dispute.closed == "lost" and self._balances()[place] < 0)) for one in mine
            )
            assert disputes.is_blocking(self.session, actor.organization_id) is bool(blocked)
        assert [hold for hold in self.session.exec(select(CreditHold)) if hold.released_at is None] == []
        self._everything_agrees()

    def _everything_agrees(self) -> None:
        self.session.flush()
        self.session.connection().execute(text("set constraints all immediate"))
        assert ledger_audit.verify(self.session).faults == []
        assert stripe_audit.compare(self.session, self._listed()) == []
        for payment in self.payments:
            status = self.session.get_one(CreditPurchase, payment.purchase.id).status
            assert status == (PurchaseStatus.PAID if payment.is_paid else PurchaseStatus.FAILED)

    def _listed(self) -> stripe_audit.Listed:
        """What Stripe would list."""
        back = [
            facts.refund(payment.purchase, amount, status=state, id=id)
            for payment in self.payments
            for id, (amount, state) in payment.refunds.items()
        ]
        disputed = [facts.dispute(one.purchase, status=one.dispute.closed or "needs_response") for one in self.payments if one.dispute]
        return stripe_audit.Listed(
            clock.now() - timedelta(days=1),
            tuple(events.intent_payment(facts.intent(payment.purchase)) for payment in self.payments if payment.is_paid),
            tuple(found for one in back if (found := events.refund(one))),
            tuple(found for one in disputed if (found := events.dispute(one))),
        )

    def _one(self, data: st.DataObject) -> Payment:
        return data.draw(st.sampled_from([payment for payment in self.payments if payment.is_paid]))

    def _tell(self, type: str, about: dict[str, Any]) -> None:
        self.told.append(facts.event(type, about))

    def _deliver(self, body: dict[str, Any], *, dies: bool = False) -> bool:
        """As the inbox does: one transaction, which is rolled back when it fails. False when it is to be tried again."""
        step = self.session.begin_nested()
        try:
            payment_events.apply(self.session, InboxEvent(1, "stripe", body["type"], "", None, None, body, datetime.now(UTC), 0))
        except NotYet:
            step.rollback()
            return False
        if dies:
            step.rollback()
        else:
            step.commit()
        return True

    def _balances(self) -> list[int]:
        self.session.flush()
        found = {row.id: row.balance_cents for row in self.session.exec(select(Organization).execution_options(populate_existing=True))}
        return [found[actor.organization_id] for actor in self.actors]


def test_any_order_of_news_ends_in_the_balance_stripe_and_the_calls_say(session: Session) -> None:
    machine = type("Bound", (MoneyMachine,), {"session": session})
    run_state_machine_as_test(machine, settings=settings(max_examples=30, stateful_step_count=25))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_any_long_order_of_news_ends_in_the_balance_stripe_and_the_calls_say(session: Session) -> None:
    machine = type("Bound", (MoneyMachine,), {"session": session})
    run_state_machine_as_test(machine, settings=settings(max_examples=100, stateful_step_count=50))

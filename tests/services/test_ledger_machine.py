"""Whatever happens in whatever order, the ledger agrees with a model of a few lines that knows nothing of SQL."""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix.errors import Conflict, Invalid
from kametrix.models import CreditTransaction, Organization, TransactionType
from kametrix.services import ledger, ledger_audit
from tests import factories

ORGANIZATIONS = st.integers(0, 1)
CALLS = st.integers(0, 2)


@dataclass
class Wallet:
    """The model: a signed number; grace is how far it is below zero."""

    balance: int = 0
    rows: list[tuple[str, int, int, int]] = field(default_factory=list)

    def move(self, amount: int, type: str) -> None:
        grace = max(-self.balance, 0)
        self.balance += amount
        change = max(-self.balance, 0) - grace
        kind = "GRACE_USAGE" if type == "CALL_USAGE" and self.balance < 0 else type
        self.rows.append((kind, amount, max(change, 0), max(-change, 0)))


class LedgerMachine(RuleBasedStateMachine):
    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.actors = [factories.create_member(self.session) for _ in range(2)]
        agents = [factories.create_agent(self.session, actor) for actor in self.actors]
        self.calls = [[factories.create_call(self.session, agent) for _ in range(3)] for agent in agents]
        self.admin = factories.create_operator(self.session)
        self.wallets = [Wallet(), Wallet()]
        self.charged: dict[tuple[int, int], tuple[int, int]] = {}
        self.posted: list[tuple[dict[str, Any], ledger.Posted]] = []

    @rule(who=ORGANIZATIONS, amount=st.integers(1, 20_000))
    def purchase(self, who: int, amount: int) -> None:
        self._post(who, TransactionType.PURCHASE, amount, stripe_payment_id=f"pi_{len(self.posted)}")

    @rule(who=ORGANIZATIONS, amount=st.integers(1, 3_000), type=st.sampled_from([TransactionType.REFUND, TransactionType.DISPUTE]))
    def money_back(self, who: int, amount: int, type: TransactionType) -> None:
        self._post(who, type, -amount, stripe_payment_id=f"re_{len(self.posted)}")

    @rule(who=ORGANIZATIONS, which=CALLS, seconds=st.integers(-200, 1_500), rate=st.sampled_from([15, 15, 40]))
    def report_of_a_call(self, who: int, which: int, seconds: int, rate: int) -> None:
        call = self.calls[who][which]
        before, kept = self.charged.get((who, which), (None, rate))
        cost = max(0, ceil(seconds / 60)) * kept
        posted = ledger.charge_call(self.session, call, seconds=seconds, rate=rate)
        assert (call.credits_used, call.billed_minutes, call.rate_cents_per_minute) == (cost, max(0, ceil(seconds / 60)), kept)
        if before is None and cost == 0:
            assert posted is None
            return
        assert posted is not None
        assert posted.applied == (cost != (before or 0))
        if posted.applied:
            self.wallets[who].move((before or 0) - cost, "CALL_USAGE" if before is None else "CORRECTION")
        self.charged[who, which] = (cost, kept)

    @rule(who=ORGANIZATIONS, amount=st.integers(-5_000, 5_000))
    def adjustment(self, who: int, amount: int) -> None:
        wallet, organization = self.wallets[who], self.actors[who].organization_id
        given = {"organization_id": organization, "amount": amount, "reason": "goodwill", "admin": self.admin}
        if amount == 0 or (amount < 0 and wallet.balance + amount < 0):
            with pytest.raises(Invalid):
                ledger.adjust(self.session, **given)
            return
        ledger.adjust(self.session, **given)
        wallet.move(amount, "ADMIN_ADJUSTMENT")

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def the_same_cause_again(self, data: st.DataObject) -> None:
        given, first = data.draw(st.sampled_from(self.posted))
        again = ledger.post(self.session, **given)
        assert again == ledger.Posted(False, first.transaction_id, first.balance, first.grace_used, first.grace_repaid)

    @precondition(lambda self: self.posted)
    @rule(data=st.data(), change=st.sampled_from(["amount", "organization_id", "stripe_payment_id", "type"]))
    def the_key_of_another_cause(self, data: st.DataObject, change: str) -> None:
        given, _ = data.draw(st.sampled_from(self.posted))
        other = {
            "amount": given["amount"] * 2,
            "organization_id": next(a.organization_id for a in self.actors if a.organization_id != given["organization_id"]),
            "stripe_payment_id": "another",
            "type": TransactionType.DISPUTE if given["type"] == TransactionType.REFUND else TransactionType.REFUND,
        }
        if given["type"] == TransactionType.PURCHASE and change == "type":
            other["type"] = TransactionType.DISPUTE_REVERSAL
        with pytest.raises(Conflict), self.session.begin_nested():
            ledger.post(self.session, **{**given, change: other[change]})

    @invariant()
    def the_wallet_is_the_sum_and_grace_its_part_below_zero(self) -> None:
        for actor, wallet in zip(self.actors, self.wallets, strict=True):
            row = self.session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()
            assert row.balance_cents == wallet.balance == sum(amount for _, amount, _, _ in wallet.rows)
            assert (row.credit_balance, row.grace_credits_used) == (max(wallet.balance, 0), max(-wallet.balance, 0))

    def teardown(self) -> None:
        self.session.flush()
        self.session.connection().execute(text("set constraints all immediate"))
        for actor, wallet in zip(self.actors, self.wallets, strict=True):
            query = select(CreditTransaction).where(CreditTransaction.organization_id == actor.organization_id)
            rows = self.session.exec(query.order_by("seq")).all()
            assert [(row.type.value, row.amount, row.grace_used, row.grace_repaid) for row in rows] == wallet.rows
        assert ledger_audit.verify(self.session).faults == []
        self.session.rollback()

    def _post(self, who: int, type: TransactionType, amount: int, **more: Any) -> None:
        given = {"organization_id": self.actors[who].organization_id, "type": type, "amount": amount, **more}
        given |= {"key": f"cause:{len(self.posted)}", "description": "Something happened"}
        self.posted.append((given, ledger.post(self.session, **given)))
        self.wallets[who].move(amount, type.value)


def test_any_order_of_events_keeps_the_ledger_and_the_model_equal(session: Session) -> None:
    machine = type("Bound", (LedgerMachine,), {"session": session})
    run_state_machine_as_test(machine, settings=settings(max_examples=50, stateful_step_count=25))


@pytest.mark.slow
def test_any_long_order_of_events_keeps_the_ledger_and_the_model_equal(session: Session) -> None:
    machine = type("Bound", (LedgerMachine,), {"session": session})
    run_state_machine_as_test(machine, settings=settings(max_examples=200, stateful_step_count=60))

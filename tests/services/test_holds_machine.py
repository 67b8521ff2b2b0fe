"""Any interleaving of calls, settlements, prices, purchases and lost messages: calls that last what they were granted break no ceiling."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import Session

from kametrix import clock, db
from kametrix.models import Organization, SiteSetting, TransactionType, WhenEmpty
from kametrix.services import gate, holds, ledger, ledger_audit
from kametrix.services.call_events import apply
from kametrix.services.ledger import cost_cents
from tests.factories import create_agent, create_member
from tests.services.test_holds import asks
from tests.vapi_messages import call_of, claimed, ended, report, status

START = datetime(2026, 11, 20, 12)
LONGEST = 600


class HoldMachine(RuleBasedStateMachine):
    """A customer with a ceiling; `running` are the calls that were admitted and not settled: granted seconds, rate, when it rang."""

    @initialize(ceiling=st.sampled_from((0, 0, 20, 500)), paid=st.integers(1, 1200))
    def begin(self, ceiling: int, paid: int) -> None:
        self.ceiling, self.running, self.rung, self.bought = ceiling, dict[str, tuple[int, int, datetime]](), 0, 0
        self.now, self.rate, self.spent = START.replace(tzinfo=clock.now().tzinfo), 15, 0
        with clock.at(self.now), db.transaction() as session:
            actor = create_member(session)
            organization = session.get_one(Organization, actor.organization_id)
            organization.when_empty, organization.grace_limit_cents = (WhenEmpty.GRACE, ceiling) if ceiling else (WhenEmpty.STOP, None)
            self.agent = create_agent(session, actor, max_duration_seconds=LONGEST)
            self._buy(session, paid)
            session.merge(SiteSetting(key="cents_per_minute", value=15))

    def _buy(self, session: Session, cents: int) -> None:
        self.bought += 1
        ledger.post(
            session, organization_id=self.agent.organization_id, type=TransactionType.PURCHASE, amount=cents,
            key=f"pi:{self.agent.organization_id}:{self.bought}", description="Pack", stripe_payment_id=f"pi_{self.bought}",
        )  # fmt: skip

    def _id(self, number: int) -> str:
        return f"call-{number}-{self.agent.id}"

    @rule()
    def ring(self) -> None:
        self.rung += 1
        call_id = self._id(self.rung)
        with clock.at(self.now), db.transaction() as session:
            answer = gate.answer(session, self.agent.id, asks(call_id))
        if "assistantId" in answer:
            self.running[call_id] = (answer["assistantOverrides"]["maxDurationSeconds"], self.rate, self.now)

    @rule(data=st.data())
    def ring_again(self, data: st.DataObject) -> None:
        """A repeated request changes nothing, also for a call that is over."""
        if self.rung:
            call_id = self._id(data.draw(st.integers(1, self.rung)))
            with clock.at(self.now), db.transaction() as session:
                answer = gate.answer(session, self.agent.id, asks(call_id))
            if call_id in self.running:
                assert answer["assistantOverrides"]["maxDurationSeconds"] == self.running[call_id][0]

    @rule(data=st.data(), share=st.floats(0, 1))
    def end(self, data: st.DataObject, share: float) -> None:
        if self.running:
            call_id = data.draw(st.sampled_from(sorted(self.running)))
            self._settle(call_id, int(self.running[call_id][0] * share))

    @rule(data=st.data(), word=st.sampled_from(("in-progress", "ended")))
    def tell(self, data: st.DataObject, word: str) -> None:
        if self.running:
            call_id = data.draw(st.sampled_from(sorted(self.running)))
            with clock.at(self.now), db.transaction() as session:
                apply(session, claimed(self.agent, ended(call_id) if word == "ended" else status(word, call_id)))

    @rule(seconds=st.integers(1, 900))
    def time_passes(self, seconds: int) -> None:
        """Nobody talks longer than granted, and what ended is reported within five minutes."""
        self.now += timedelta(seconds=seconds)
        for call_id, (granted, _, since) in sorted(self.running.items()):
            if since + timedelta(seconds=granted, minutes=5) < self.now:
                self._settle(call_id, granted)

    @rule(rate=st.sampled_from((1, 14, 15, 100, 1000)))
    def set_price(self, rate: int) -> None:
        self.rate = rate
        with clock.at(self.now), db.transaction() as session:
            session.merge(SiteSetting(key="cents_per_minute", value=rate))

    @rule(cents=st.integers(1, 500))
    def buy(self, cents: int) -> None:
        with clock.at(self.now), db.transaction() as session:
            self._buy(session, cents)

    def _settle(self, call_id: str, seconds: int) -> None:
        granted, rate, _ = self.running.pop(call_id)
        with clock.at(self.now), db.transaction() as session:
            apply(session, claimed(self.agent, report(call_id, seconds=seconds)))
            assert call_of(session, call_id).credits_used == cost_cents(seconds, rate)[1]
        assert seconds <= granted

    @invariant()
    def nobody_is_overspent(self) -> None:
        if not hasattr(self, "agent"):
            return
        with clock.at(self.now), db.transaction() as session:
            balance = session.get_one(Organization, self.agent.organization_id).balance_cents
            held = holds.held(session, self.agent.organization_id)
        assert held == sum(-(-granted // 60) * rate for granted, rate, _ in self.running.values())
        assert balance - held >= -self.ceiling

    def teardown(self) -> None:
        if hasattr(self, "agent"):
            for call_id, (granted, _, _) in sorted(self.running.items()):
                self._settle(call_id, granted)
            self.nobody_is_overspent()
            with db.transaction() as session:
                assert ledger_audit.verify(session).faults == []


def test_no_order_of_events_breaks_a_ceiling(database: str) -> None:
    run_state_machine_as_test(
        HoldMachine,
        settings=settings(max_examples=12, stateful_step_count=25, suppress_health_check=list(HealthCheck)),
    )

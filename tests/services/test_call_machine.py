"""Any interleaving of messages, duplicates, reorderings, redeliveries and crashes ends with one exact charge per call."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlmodel import select

from kametrix import clock, db
from kametrix.jobs.inbox import work_one
from kametrix.models import Call, CreditTransaction, Transcript, WebhookEvent
from kametrix.services import call_events, inbox, ledger_audit, reconcile
from kametrix.services.call_events import rank
from kametrix.services.inbox import InboxEvent
from kametrix.services.ledger import cost_cents
from tests.factories import create_agent, create_member
from tests.services.test_reconcile import call as known_call
from tests.vapi_messages import ended, message, received, report, status

CALLS = ("call-1", "call-2", "call-3")
FAULT = "call.in-progress.error-vapifault-worker-died"
REASONS = ("customer-ended-call", "voicemail", "assistant-forwarded-call", FAULT)


class Crash(BaseException):
    """The process dies: nothing may catch it."""


class CallMachine(RuleBasedStateMachine):
    """Two tenants share a database; the model knows what each call must cost."""

    def __init__(self) -> None:
        super().__init__()
        with db.transaction() as session:
            self.agent = create_agent(session, create_member(session))
            self.stranger = create_agent(session, create_member(session))
        self.sent: list[inbox.Received] = []
        self.ranks: dict[str, int] = {}

    def _id(self, call: str) -> str:
        return f"{call}-{self.agent.id}"

    def _send(self, body: dict[str, Any], *, stranger: bool = False) -> None:
        event = received(self.stranger if stranger else self.agent, body)
        self.sent.append(event)
        with db.transaction() as session:
            inbox.receive(session, [event])

    @rule(call=st.sampled_from(CALLS), word=st.sampled_from(("queued", "ringing", "in-progress", "forwarding", "not-found")))
    def tell_status(self, call: str, word: str) -> None:
        self._send(status(word, self._id(call)))

    @rule(call=st.sampled_from(CALLS), reason=st.sampled_from(REASONS))
    def tell_end(self, call: str, reason: str) -> None:
        self._send(ended(self._id(call), reason=reason))

    @rule(call=st.sampled_from(CALLS), seconds=st.sampled_from((-5, 0, 1, 59.9, 60, 61, 200, 10**6)), reason=st.sampled_from(REASONS))
    def tell_report(self, call: str, seconds: float, reason: str) -> None:
        self._send(report(self._id(call), seconds=seconds, reason=reason))

    @rule(call=st.sampled_from(CALLS))
    def tell_little(self, call: str) -> None:
        self._send(message("end-of-call-report", self._id(call)))

    @rule(call=st.sampled_from(CALLS))
    def tell_tool(self, call: str) -> None:
        self._send(message("tool-calls", self._id(call), toolCallList=[{"id": "t", "function": {"name": "book"}}]))

    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        if self.sent:
            with db.transaction() as session:
                assert inbox.receive(session, [data.draw(st.sampled_from(self.sent))]) == 0

    @rule(call=st.sampled_from(CALLS))
    def a_stranger_meddles(self, call: str) -> None:
        with db.transaction() as session:
            if session.exec(select(Call).where(Call.vapi_call_id == self._id(call))).first():
                inbox.receive(session, [received(self.stranger, report(self._id(call), seconds=3000))])

    @rule()
    def work(self) -> None:
        work_one()

    @rule()
    def work_backwards(self) -> None:
        """A reordering no queue would make: the newest waiting event is applied first."""
        with db.transaction() as session:
            waiting = session.exec(select(WebhookEvent).where(WebhookEvent.processed_at == None, WebhookEvent.failed_at == None)).all()  # noqa: E711
            mine = [row for row in waiting if row.agent_id == self.agent.id]
            if mine:
                last = max(mine, key=lambda row: row.id or 0)
                last.processed_at = clock.now()
                call_events.apply(session, InboxEvent(**last.model_dump(include=set(InboxEvent.__dataclass_fields__))))

    @rule()
    def crash_in_the_middle(self) -> None:
        def die(session: Any, event: InboxEvent) -> None:
            call_events.apply(session, event)
            session.flush()
            raise Crash

        try:
            work_one(die)
        except Crash:
            return

    @rule(call=st.sampled_from(CALLS), seconds=st.sampled_from((None, 30, 200)), lost=st.booleans())
    def ask_the_provider(self, call: str, seconds: int | None, lost: bool) -> None:
        with db.transaction() as session:
            found = session.exec(select(Call).where(Call.vapi_call_id == self._id(call))).first()
            if found is not None:
                told = {"id": self._id(call), "status": "ended"} if seconds is None else known_call(self._id(call), seconds=seconds)
                reconcile.conclude(session, found.id, None if lost else told)

    @invariant()
    def everything_adds_up(self) -> None:
        with db.transaction() as session:
            calls = session.exec(select(Call).where(Call.organization_id == self.agent.organization_id)).all()
            rows = session.exec(select(CreditTransaction).where(CreditTransaction.organization_id == self.agent.organization_id)).all()
            transcripts = session.exec(select(Transcript).where(Transcript.organization_id == self.agent.organization_id)).all()
            for found in calls:
                self._check(found, [row for row in sorted(rows, key=lambda row: row.seq) if row.call_id == found.id])
            assert len(transcripts) == len({row.call_id for row in transcripts})

    def _check(self, call: Call, rows: list[CreditTransaction]) -> None:
        assert rank(call.status) >= self.ranks.get(call.id, 0), "a call went back"
        self.ranks[call.id] = rank(call.status)
        assert (call.agent_id, call.organization_id) == (self.agent.id, self.agent.organization_id)
        expected = cost_cents(call.duration_seconds or 0, 15)[1] if call.ended_cause != "vapi" and call.settled_at else 0
        assert -sum(row.amount for row in rows) == call.credits_used == expected
        assert [row.type.value for row in rows][1:] == ["CORRECTION"] * (len(rows) - 1)
        assert all(row.amount for row in rows)

    def teardown(self) -> None:
        while work_one():
            self.everything_adds_up()
        with db.transaction() as session:
            assert ledger_audit.verify(session).faults == []


def test_calls_survive_every_order_of_events(database: str) -> None:
    run_state_machine_as_test(
        CallMachine,
        settings=settings(max_examples=20, stateful_step_count=25, suppress_health_check=list(HealthCheck)),
    )

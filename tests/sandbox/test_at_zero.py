"""What the owner chose for the end of his credit reaches the sandbox's Vapi, and real calls there end as he chose."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import col, select

from kametrix import db
from kametrix.crypto import new_token
from kametrix.integrations.vapi.messages import parse
from kametrix.jobs.agents import sync_agent
from kametrix.jobs.inbox import work_one
from kametrix.models import Agent, Call, CallStatus, CreditHold, Organization, SyncState, TransactionType
from kametrix.services import gate, holds, inbox, ledger, live, when_empty
from kametrix.services.access import Actor
from kametrix.settings import settings
from tests.factories import create_agent, create_member, create_phone_number
from tests.sandbox.parts import KEY, Box, Receiver
from tests.vapi_messages import received

MINE = "+4915112345678"


@dataclass
class Desk:
    """An agent on the sandbox's first number, its owner, and the product behind its webhook."""

    box: Box
    server: Receiver
    owner: Actor
    agent_id: str
    is_down: bool = False

    def answer(self, message: dict[str, Any]) -> tuple[int, Any]:
        """What the route does: the gate answers, everything else waits in the inbox."""
        if self.is_down:
            return 503, {}
        with db.transaction() as session:
            if message["type"] == "assistant-request":
                return 200, gate.answer(session, self.agent_id, parse(self.server.got[-1].raw))
            inbox.receive(session, [received(session.get_one(Agent, self.agent_id), message)])
        return 200, {}

    def choose(self, mode: str, number: str = "") -> dict[str, Any]:
        """As the owner on the page; returns the number at the sandbox once the job ran."""
        with db.transaction(self.owner) as session:
            when_empty.choose(session, self.owner, mode, number)
        sync_agent(self.agent_id)
        return self.box.numbers()[0]

    def pay(self, cents: int, key: str = "pi:1") -> None:
        with db.transaction() as session:
            ledger.post(
                session, organization_id=self.owner.organization_id, type=TransactionType.PURCHASE, amount=cents, key=key,
                description="Starter", stripe_payment_id=key,
            )  # fmt: skip

    def call(self, **choices: Any) -> tuple[dict[str, Any], Call]:
        """A call from beginning to end, worked off; the scene and our row."""
        scene = self.box.call(**choices)
        while work_one():
            continue
        with db.transaction() as session:
            return scene, session.exec(select(Call).where(Call.vapi_call_id == scene["id"])).one()

    @property
    def balance(self) -> int:
        with db.transaction() as session:
            assert holds.held(session, self.owner.organization_id) == 0
            return session.get_one(Organization, self.owner.organization_id).balance_cents


@pytest.fixture
def desk(database: str, box: Box, server: Receiver) -> Iterator[Desk]:
    base = f"http://127.0.0.1:{server.server.server_port}"
    os.environ.update({"VAPI_BASE_URL": f"http://127.0.0.1:{box.port}/vapi", "VAPI_API_KEY": KEY, "KAMETRIX_WEBHOOK_URL": base})
    settings.cache_clear()
    with db.transaction() as session:
        owner = create_member(session)
        agent = create_agent(session, owner, token=new_token(), vapi_assistant_id=None, sync_state=SyncState.UPDATING)
        listed = box.numbers()[0]
        create_phone_number(session, agent, number=listed["number"], vapi_phone_id=listed["id"])
    made = Desk(box, server, owner, agent.id)
    made.pay(1000)
    server.answer = made.answer
    sync_agent(agent.id)
    yield made
    live.flush()


def test_each_mode_reaches_the_number_and_the_way_back_too(desk: Desk) -> None:
    number = desk.box.numbers()[0]
    assert number["assistantId"]
    assert number.get("fallbackDestination") is None
    number = desk.choose("STOP")
    assert (number.get("assistantId"), number.get("fallbackDestination")) == (None, None)
    assert number["server"]["url"].startswith(desk.server.url.removesuffix("/hook"))
    number = desk.choose("FORWARD", MINE)
    assert (number.get("assistantId"), number["fallbackDestination"]["number"]) == (None, MINE)
    number = desk.choose("STOP")
    assert (number.get("assistantId"), number.get("fallbackDestination")) == (None, None)
    number = desk.choose("GRACE", MINE)
    assert number["assistantId"]
    assert number.get("fallbackDestination") is None
    with db.transaction(desk.owner) as session:
        assert when_empty.rules(session, desk.owner).updating == ()


def test_a_call_lasts_as_long_as_credit_is_left_and_the_next_is_told_so(desk: Desk) -> None:
    desk.choose("STOP")
    with db.transaction() as session:
        agent = session.exec(select(Agent)).one()
        agent.max_duration_seconds = 43_200
    desk.pay(35, "pi:2")
    scene, call = desk.call(persona="curious", length=9_000)
    assert (scene["ended_reason"], scene["seconds"]) == ("exceeded-max-duration", 1035 // 15 * 60)
    assert (call.credits_used, desk.balance) == (1035, 0)
    scene, call = desk.call(persona="curious")
    assert scene["ended_reason"] == "assistant-request-returned-error"
    assert (call.status, call.summary, call.credits_used, desk.balance) == (CallStatus.FAILED, gate.WITHOUT_CREDIT, 0, 0)


def test_at_zero_a_caller_is_put_through_to_the_owner_for_nothing(desk: Desk) -> None:
    desk.choose("FORWARD", MINE)
    with db.transaction() as session:
        session.exec(select(Agent)).one().max_duration_seconds = 43_200
    desk.call(persona="curious", length=9_000)
    scene, call = desk.call(persona="curious")
    assert scene["ended_reason"] == "assistant-request-returned-forwarding-phone-number"
    assert MINE in scene["notes"][0]
    assert (call.status, call.transferred_to_human, call.credits_used, desk.balance) == (CallStatus.COMPLETED, True, 0, 10)


def test_while_we_do_not_answer_callers_are_put_through_too(desk: Desk) -> None:
    desk.choose("STOP", MINE)
    desk.is_down = True
    scene = desk.box.call(persona="curious")
    assert (scene["ended_reason"], MINE in scene["notes"][0]) == ("assistant-request-failed", True)
    desk.is_down = False
    with db.transaction() as session:
        assert session.exec(select(Call)).all() == []
    assert desk.balance == 1000


def test_in_grace_nobody_is_asked(desk: Desk) -> None:
    scene, call = desk.call(persona="curious", length=65)
    assert "assistant-request" not in desk.server.kinds()
    assert (scene["seconds"], call.credits_used, desk.balance) == (65, 30, 970)
    with db.transaction() as session:
        assert session.exec(select(CreditHold).where(col(CreditHold.call_id) == call.id)).all() == []

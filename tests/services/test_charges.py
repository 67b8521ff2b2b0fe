"""One row of the ledger explained: what caused it, how it came about, and nothing of another organization."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.errors import Forbidden, NotFound
from kametrix.models import CreditPack, CreditPurchase, CreditTransaction, OrgRole, PurchaseKind, PurchaseStatus, TransactionType
from kametrix.services import charges, checkpoints, ledger
from kametrix.services.access import PLATFORM, Actor
from kametrix.services.checkpoint_file import signed
from kametrix.state.charge import charge_view
from tests import factories

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session, factories.create_organization(session, timezone="Europe/Berlin"))


def ids(session: Session, actor: Actor) -> list[str]:
    query = select(CreditTransaction.id).where(CreditTransaction.organization_id == actor.organization_id)
    return list(session.exec(query.order_by(col(CreditTransaction.seq))))


def charged(session: Session, actor: Actor) -> tuple[str, str]:
    """A call of 272 seconds at 15 cents that takes a wallet of 30 below zero; its id and that of its row."""
    with clock.at(NOON):
        factories.post_credit(session, actor, 30)
        agent = factories.create_agent(session, actor)
        call = factories.create_call(
            session, agent, answered_at=NOON, ended_at=NOON, duration_seconds=272, settled_at=NOON, cost=Decimal("0.31234")
        )
        posted = ledger.charge_call(session, call, seconds=272, rate=15)
        session.flush()
    assert posted is not None
    return call.id, posted.transaction_id


def test_a_charged_call_is_explained(session: Session, actor: Actor) -> None:
    call_id, row_id = charged(session, actor)
    found = charges.explain(session, actor, row_id)
    assert (found.type, found.amount, found.balance_before, found.balance_after, found.grace_used) == ("GRACE_USAGE", -75, 30, -45, 45)
    assert (found.minutes, found.key, found.signed_on, found.posted_at.hour) == (5, f"call:{call_id}", "", 13)
    assert found.call is not None
    assert (found.call.id, found.call.seconds, found.call.rate, found.call.total, found.call.agent) == (call_id, 272, 15, 75, "Front desk")
    assert (found.call.cost, found.call.margin) == (None, None)
    shown = charge_view(found, NOON)
    assert (shown.title, shown.sum) == ("Call in grace of $0.75", "4 min 32 sec → 5 minutes × $0.15 = $0.75")
    assert shown.grace.startswith("$0.45 of it was grace")
    assert (shown.before, shown.amount, shown.after, shown.operator) == ("$0.30", "−$0.75", "−$0.45", [])
    assert [fact.href for fact in shown.cause if fact.href] == [f"/calls/{call_id}"]
    assert "+1415" not in str(shown), "no caller's number"


def test_an_operator_sees_cost_and_margin_too(session: Session, actor: Actor) -> None:
    _, row_id = charged(session, actor)
    operator = replace(actor, permissions=actor.permissions | {PLATFORM})
    found = charges.explain(session, operator, row_id)
    assert found.call is not None
    assert (found.call.cost, found.call.margin) == (Decimal("0.31234"), Decimal("0.43766"))
    assert [fact.value for fact in charge_view(found, NOON).operator] == ["$0.31234", "$0.43766"]


def test_a_correction_names_the_rows_it_belongs_to(session: Session, actor: Actor) -> None:
    call_id, row_id = charged(session, actor)
    call = session.get_one(factories.Call, call_id)
    corrected = ledger.charge_call(session, call, seconds=100, rate=15)
    assert corrected is not None
    found = charges.explain(session, actor, corrected.transaction_id)
    assert (found.type, found.amount, found.grace_repaid, found.minutes) == ("CORRECTION", 45, 45, None)
    assert [(row.id, row.amount) for row in found.related] == [(row_id, -75)]
    first = charge_view(charges.explain(session, actor, row_id), NOON)
    assert first.sum == "5 minutes × $0.15 = $0.75"  # not by the corrected length
    assert first.related[0].href == f"/credits/transactions/{corrected.transaction_id}"


def test_a_payment_names_its_purchase_and_what_was_taken_back(session: Session, actor: Actor) -> None:
    pack = CreditPack(name=new_id(), credits=1_000, price_in_cents=1_000)
    session.add(pack)
    session.flush()
    session.add(
        CreditPurchase(
            organization_id=actor.organization_id, credit_pack_id=pack.id, kind=PurchaseKind.CHECKOUT, status=PurchaseStatus.PAID,
            credits=1_000, price_in_cents=1_000, currency="USD", pack_name="Starter", stripe_payment_id="pi_9", paid_at=NOON,
        )
    )  # fmt: skip
    charged(session, actor)
    for kind, amount, key in ((TransactionType.PURCHASE, 1_000, "pi:pi_9"), (TransactionType.REFUND, -200, "refund:re_9")):
        ledger.post(
            session,
            organization_id=actor.organization_id,
            type=kind,
            amount=amount,
            key=key,
            description="Starter",
            stripe_payment_id="pi_9",
        )
    *_, bought, refund = ids(session, actor)
    shown = charge_view(charges.explain(session, actor, bought), NOON)
    assert (shown.title, shown.cause_title, shown.is_gain) == ("Payment of $10.00", "The payment", True)
    assert shown.grace == "$0.45 of it paid back grace, $9.55 was added."
    assert [(fact.label, fact.value) for fact in shown.cause] == [
        ("Pack", "Starter, 1,000 credits"), ("Price", "$10.00 USD"), ("Paid", "Today, 13:00"), ("Payment id", "pi_9"),
    ]  # fmt: skip
    assert [fact.href for fact in shown.related] == [f"/credits/transactions/{refund}"]


def test_an_adjustment_has_no_cause_but_its_reason(session: Session, actor: Actor) -> None:
    factories.post_credit(session, actor, 5)
    found = charges.explain(session, actor, ids(session, actor)[0])
    shown = charge_view(found, NOON)
    assert (found.call, found.bought, found.related, shown.note, shown.cause) == (None, None, (), "test", [])
    assert found.link == "0" * 64


def test_it_says_with_which_checkpoint_it_was_signed(session: Session, actor: Actor) -> None:
    for _ in range(2):
        with clock.at(NOON):
            factories.post_credit(session, actor, 5)
    with clock.at(NOON.replace(day=21)):
        checkpoints.record(session, [signed(point) for point in checkpoints.due(session, checkpoints.today())])
        factories.post_credit(session, actor, 5)
    signed_on = [charges.explain(session, actor, row_id).signed_on for row_id in ids(session, actor)]
    assert signed_on == ["2026-11-20", "2026-11-20", ""]


@pytest.mark.parametrize("transaction_id", ["", "unknown", "'", "x" * 5_000])
def test_what_does_not_exist_is_not_found(session: Session, actor: Actor, transaction_id: str) -> None:
    with pytest.raises(NotFound):
        charges.explain(session, actor, transaction_id)


def test_another_organizations_row_is_not_found_and_a_role_without_money_is_refused(session: Session, actor: Actor) -> None:
    _, row_id = charged(session, actor)
    with pytest.raises(NotFound):
        charges.explain(session, factories.create_member(session), row_id)
    with pytest.raises(Forbidden):
        charges.explain(session, factories.create_member(session, role=OrgRole.AGENT), row_id)

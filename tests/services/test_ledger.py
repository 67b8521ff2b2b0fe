"""Posting, charging a call, adjusting: what each leaves in the wallet, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.models import AuditLog, Call, CreditTransaction, Organization, PlatformRole, TransactionType, User, UserStatus
from kametrix.services import accounts, ledger
from kametrix.services.access import Actor
from tests import factories


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


@pytest.fixture
def call(session: Session, actor: Actor) -> Call:
    return factories.create_call(session, factories.create_agent(session, actor))


@pytest.fixture
def admin(session: Session) -> User:
    return factories.create_user(session, role=PlatformRole.ADMIN)


def buy(session: Session, actor: Actor, amount: int, **more: Any) -> ledger.Posted:
    given = {"type": TransactionType.PURCHASE, "key": f"pi:{amount}", "description": "Starter", "stripe_payment_id": "pi_1", **more}
    return ledger.post(session, organization_id=actor.organization_id, amount=amount, **given)


def wallet(session: Session, actor: Actor) -> tuple[int, int, int]:
    row = session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()
    return row.balance_cents, row.credit_balance, row.grace_credits_used


def rows(session: Session) -> list[tuple[str, int]]:
    return [(row.type.value, row.amount) for row in session.exec(select(CreditTransaction).order_by("seq"))]


@pytest.mark.parametrize(
    ("seconds", "rate", "expected"),
    [
        (-125, 15, 0),
        (-5, 15, 0),
        (0, 15, 0),
        (1, 15, 15),
        (59, 15, 15),
        (60, 15, 15),
        (61, 15, 30),
        (272, 15, 75),
        (600, 15, 150),
        (272, 20, 100),
    ],
)
def test_a_call_costs_its_started_minutes(seconds: int, rate: int, expected: int) -> None:
    minutes, cents = ledger.cost_cents(seconds, rate)
    assert cents == expected == minutes * rate


def test_grace_is_used_when_credit_runs_out_and_settled_by_the_next_purchase(session: Session, actor: Actor, call: Call) -> None:
    buy(session, actor, 30)
    charged = ledger.charge_call(session, call, seconds=272, rate=15)
    assert charged is not None
    assert (charged.balance, charged.grace_used) == (-45, 45)
    assert (call.credits_used, call.billed_minutes, call.rate_cents_per_minute) == (75, 5, 15)
    assert wallet(session, actor) == (-45, 0, 45)
    settled = buy(session, actor, 1_000)
    assert (settled.balance, settled.grace_repaid) == (955, 45)
    assert wallet(session, actor) == (955, 955, 0)
    assert rows(session) == [("PURCHASE", 30), ("GRACE_USAGE", -75), ("PURCHASE", 1_000)]


def test_a_purchase_smaller_than_the_grace_leaves_the_rest_of_it(session: Session, actor: Actor, call: Call) -> None:
    ledger.charge_call(session, call, seconds=180, rate=15)
    buy(session, actor, 30)
    assert wallet(session, actor) == (-15, 0, 15)


def test_a_call_that_ends_exactly_at_zero_uses_no_grace(session: Session, actor: Actor, call: Call) -> None:
    buy(session, actor, 75)
    ledger.charge_call(session, call, seconds=272, rate=15)
    assert rows(session)[-1] == ("CALL_USAGE", -75)
    assert wallet(session, actor) == (0, 0, 0)


def test_no_time_costs_nothing_and_leaves_no_row(session: Session, actor: Actor, call: Call) -> None:
    assert ledger.charge_call(session, call, seconds=0, rate=15) is None
    assert (call.credits_used, call.billed_minutes, call.rate_cents_per_minute) == (0, 0, 15)
    assert rows(session) == []


def test_the_same_report_again_charges_nothing(session: Session, actor: Actor, call: Call) -> None:
    first = ledger.charge_call(session, call, seconds=272, rate=15)
    again = ledger.charge_call(session, call, seconds=272, rate=15)
    assert first is not None
    assert again == ledger.Posted(False, first.transaction_id, first.balance, first.grace_used, first.grace_repaid)
    assert rows(session) == [("GRACE_USAGE", -75)]


def test_a_later_duration_is_one_correction_however_often_it_is_told(session: Session, actor: Actor, call: Call) -> None:
    for seconds in (272, 300, 301, 301, 0, 0, 61):
        ledger.charge_call(session, call, seconds=seconds, rate=15)
    assert rows(session) == [("GRACE_USAGE", -75), ("CORRECTION", -15), ("CORRECTION", 90), ("CORRECTION", -30)]
    assert (wallet(session, actor)[0], call.credits_used, call.billed_minutes) == (-30, 30, 2)
    again = ledger.charge_call(session, call, seconds=61, rate=15)
    assert again is not None
    assert (again.applied, again.balance) == (False, -30)


def test_a_call_that_cost_nothing_at_first_is_charged_by_an_ordinary_row(session: Session, actor: Actor, call: Call) -> None:
    ledger.charge_call(session, call, seconds=0, rate=15)
    ledger.charge_call(session, call, seconds=61, rate=15)
    assert rows(session) == [("GRACE_USAGE", -30)]


def test_a_price_change_does_not_reprice_a_call_already_charged(session: Session, actor: Actor, call: Call) -> None:
    ledger.charge_call(session, call, seconds=60, rate=15)
    ledger.charge_call(session, call, seconds=61, rate=40)
    assert rows(session) == [("GRACE_USAGE", -15), ("CORRECTION", -15)]
    assert call.rate_cents_per_minute == 15


def test_an_impossible_duration_is_refused_before_money_moves(session: Session, actor: Actor, call: Call) -> None:
    with pytest.raises(Invalid, match="was not charged"):
        ledger.charge_call(session, call, seconds=ledger.LONGEST_CALL_SECONDS + 1, rate=15)
    assert rows(session) == []


def test_a_loaded_organization_shows_the_new_balance_at_once(session: Session, actor: Actor) -> None:
    loaded = session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()
    buy(session, actor, 1_000)
    assert (loaded.balance_cents, loaded.credit_balance) == (1_000, 1_000)


def test_a_call_made_in_the_same_transaction_can_be_charged(session: Session, actor: Actor) -> None:
    agent = factories.create_agent(session, actor)
    fresh = Call(organization_id=actor.organization_id, agent_id=agent.id, user_id=actor.user_id)
    session.add(fresh)
    assert ledger.charge_call(session, fresh, seconds=60, rate=15) is not None


def test_an_organization_made_in_the_same_transaction_can_be_charged(session: Session) -> None:
    session.add(Organization(id="fresh", name="Fresh", slug="fresh"))
    assert ledger.post(session, organization_id="fresh", type=TransactionType.REFUND, amount=-1, key="k", description="x").balance == -1


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 999},
        {"type": TransactionType.DISPUTE_REVERSAL},
        {"stripe_payment_id": "pi_2"},
    ],
)
def test_a_key_used_for_another_cause_is_refused(session: Session, actor: Actor, change: dict[str, Any]) -> None:
    buy(session, actor, 1_000, key="pi:1")
    with pytest.raises(Conflict, match="pi:1"):
        buy(session, actor, **{"amount": 1_000, "key": "pi:1", **change})


def test_a_second_usage_row_for_one_call_is_refused_under_any_key(session: Session, actor: Actor, call: Call) -> None:
    ledger.charge_call(session, call, seconds=60, rate=15)
    with pytest.raises(Conflict, match="charged_once"):
        buy(session, actor, -15, type=TransactionType.CALL_USAGE, key="another", stripe_payment_id=None, call_id=call.id)


def test_a_call_of_another_organization_cannot_be_charged(session: Session, call: Call) -> None:
    stranger = factories.create_member(session)
    with pytest.raises(DBAPIError, match="is not of organization"):
        buy(session, stranger, -15, type=TransactionType.CALL_USAGE, stripe_payment_id=None, call_id=call.id)


def test_an_unknown_organization_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="nothing was charged"):
        ledger.post(session, organization_id="nobody", type=TransactionType.REFUND, amount=-1, key="k", description="x")


@pytest.mark.parametrize(
    ("type", "amount", "more"),
    [
        (TransactionType.PURCHASE, -1, {"stripe_payment_id": "pi"}),
        (TransactionType.PURCHASE, 1, {}),
        (TransactionType.CALL_USAGE, -1, {}),
        (TransactionType.CORRECTION, -1, {}),
        (TransactionType.REFUND, 1, {}),
        (TransactionType.DISPUTE, 1, {}),
        (TransactionType.DISPUTE_REVERSAL, -1, {}),
        (TransactionType.ADMIN_ADJUSTMENT, 1, {}),
        (TransactionType.REFUND, 0, {}),
        (TransactionType.REFUND, -(2**63), {}),
        (TransactionType.REFUND, -1, {"key": "k" + " " * 160}),
        (TransactionType.REFUND, -1, {"description": "x" + " " * 200}),
        (TransactionType.REFUND, -1, {"stripe_payment_id": "re" + " " * 80}),
        (TransactionType.REFUND, -1, {"key": " "}),
        (TransactionType.REFUND, -1, {"stripe_payment_id": ""}),
    ],
)
def test_the_database_refuses_rows_that_make_no_sense(
    session: Session, actor: Actor, type: TransactionType, amount: int, more: dict[str, Any]
) -> None:
    buy(session, actor, 5, key="before")
    with pytest.raises(DBAPIError), session.begin_nested():
        ledger.post(
            session, **{"organization_id": actor.organization_id, "type": type, "amount": amount, "key": "k", "description": "x", **more}
        )
    assert wallet(session, actor)[0] == 5


@pytest.mark.parametrize("year", [1999, 2300])
def test_a_row_of_no_credible_time_is_refused_because_the_audit_could_not_read_on(session: Session, actor: Actor, year: int) -> None:
    with pytest.raises(DBAPIError, match="credit_transaction_moment"), clock.at(datetime(year, 1, 1, tzinfo=UTC)):
        buy(session, actor, 5)


def test_an_adjustment_needs_a_reason_in_the_database_too(session: Session, actor: Actor) -> None:
    with pytest.raises(DBAPIError, match="credit_transaction_sign"):
        buy(session, actor, 5, type=TransactionType.ADMIN_ADJUSTMENT, stripe_payment_id=None, user_id=actor.user_id, note=" ")


def adjust(session: Session, actor: Actor, admin: User, amount: int, **more: Any) -> ledger.Posted:
    given = {"reason": " goodwill ", "admin": accounts.administrator(session, f" {admin.email.upper()}"), **more}
    return ledger.adjust(session, organization_id=actor.organization_id, amount=amount, **given)


def test_an_adjustment_moves_money_and_leaves_a_trace(session: Session, actor: Actor, admin: User) -> None:
    posted = adjust(session, actor, admin, 500)
    session.flush()
    row = session.exec(select(CreditTransaction)).one()
    assert (row.type, row.amount, row.user_id, row.note) == (TransactionType.ADMIN_ADJUSTMENT, 500, admin.id, "goodwill")
    entry = session.exec(select(AuditLog)).one()
    assert (entry.actor_email, entry.action, entry.organization_id) == (admin.email, "USER_CREDIT_ADJUST", actor.organization_id)
    assert (entry.old_values, entry.new_values) == (
        {"balance": 0},
        {"balance": 500, "amount": 500, "reason": "goodwill", "transaction": posted.transaction_id},
    )


def test_adjustments_without_a_key_are_each_their_own(session: Session, actor: Actor, admin: User) -> None:
    adjust(session, actor, admin, 500)
    assert adjust(session, actor, admin, 500).balance == 1_000


def test_an_adjustment_sent_twice_with_its_key_happens_once(session: Session, actor: Actor, admin: User) -> None:
    adjust(session, actor, admin, 500)
    first = adjust(session, actor, admin, -400, key="ticket-7")
    again = adjust(session, actor, admin, -400, key="ticket-7")  # by now it would take the balance below zero, were it a second one
    assert (again.applied, again.transaction_id, again.balance) == (False, first.transaction_id, 100)
    session.flush()
    assert len(session.exec(select(AuditLog)).all()) == 2


def test_an_adjustment_may_take_all_there_is_but_not_a_cent_more(session: Session, actor: Actor, admin: User) -> None:
    adjust(session, actor, admin, 500)
    with pytest.raises(Invalid, match=r"The balance is \$5.00"):
        adjust(session, actor, admin, -501)
    assert adjust(session, actor, admin, -500).balance == 0


def test_an_adjustment_may_give_less_than_the_grace_in_use(session: Session, actor: Actor, admin: User, call: Call) -> None:
    ledger.charge_call(session, call, seconds=272, rate=15)
    assert adjust(session, actor, admin, 25).balance == -50
    with pytest.raises(Invalid):
        adjust(session, actor, admin, -1)


@pytest.mark.parametrize(
    ("amount", "more", "error"),
    [
        (0, {}, Invalid),
        (ledger.LARGEST_ADJUSTMENT + 1, {}, Invalid),
        (5, {"reason": "  "}, Invalid),
        (5, {"reason": "x" * 501}, Invalid),
    ],
)
def test_an_adjustment_is_refused_with_a_clear_error(
    session: Session, actor: Actor, admin: User, amount: int, more: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        adjust(session, actor, admin, amount, **more)
    assert rows(session) == []


def test_only_an_active_administrator_adjusts(session: Session, actor: Actor) -> None:
    for columns in ({}, {"role": PlatformRole.ADMIN, "status": UserStatus.SUSPENDED}):
        with pytest.raises(NotFound, match="No active administrator"):
            adjust(session, actor, factories.create_user(session, **columns), 5)
    with pytest.raises(NotFound, match="No active administrator"):
        accounts.administrator(session, "nobody@example.com")


def test_an_adjustment_of_an_unknown_organization_is_not_found(session: Session, admin: User) -> None:
    with pytest.raises(NotFound):
        ledger.adjust(session, organization_id="nobody", amount=5, reason="x", admin=accounts.administrator(session, admin.email))


def test_a_refused_posting_leaves_the_savepoint_before_it_usable(session: Session, actor: Actor) -> None:
    buy(session, actor, 1_000, key="pi:1")
    with pytest.raises(Conflict), session.begin_nested():
        buy(session, actor, 2_000, key="pi:1")
    session.connection().execute(text("set constraints all immediate"))
    assert wallet(session, actor)[0] == 1_000

"""Money at the same moment: nothing is lost, nothing is doubled, whatever the interleaving."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import col, select

from kametrix import db
from kametrix.errors import Conflict, Invalid
from kametrix.models import Call, CreditTransaction, Organization, TransactionType
from kametrix.services import ledger, ledger_audit
from kametrix.services.access import Actor
from tests import factories

THREADS = 16


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0..count-1)` in THREADS threads that start together."""
    start = Barrier(THREADS)

    def share(thread: int) -> list[Any]:
        start.wait()
        return [work(number) for number in range(thread, count, THREADS)]

    with ThreadPoolExecutor(THREADS) as pool:
        return [result for results in pool.map(share, range(THREADS)) for result in results]


def post(actor: Actor, amount: int, key: str) -> ledger.Posted:
    type = TransactionType.PURCHASE if amount > 0 else TransactionType.REFUND
    with db.transaction() as session:
        return ledger.post(
            session, organization_id=actor.organization_id, type=type, amount=amount, key=key, description="x", stripe_payment_id=key
        )


def balance(actor: Actor) -> int:
    with db.transaction() as session:
        return session.exec(select(Organization.balance_cents).where(Organization.id == actor.organization_id)).one()


def audited() -> str:
    with db.transaction() as session:
        return ledger_audit.verify(session).text()


def lose_nothing(posts: int) -> None:
    """Twenty organizations, amounts of both signs, one delivery in twenty repeated."""
    with db.transaction() as session:
        actors = [factories.create_member(session) for _ in range(20)]
    chance = random.Random(7)
    plan = [(chance.randrange(20), chance.choice((-1, 1)) * chance.randrange(1, 900), f"key:{number}") for number in range(posts)]
    plan += chance.sample(plan, posts // 20)
    results = at_once(len(plan), lambda number: post(actors[plan[number][0]], *plan[number][1:]))
    assert sum(result.applied for result in results) == posts
    for which, actor in enumerate(actors):
        assert balance(actor) == sum(amount for owner, amount, _ in plan[:posts] if owner == which)
    assert audited() == f"20 organizations, {posts:,} rows, 0 faults"


def test_500_posts_from_each_of_sixteen_threads_lose_nothing(database: str) -> None:
    lose_nothing(THREADS * 500)


@pytest.mark.slow
def test_5000_posts_from_each_of_sixteen_threads_lose_nothing(database: str) -> None:
    lose_nothing(THREADS * 5_000)


def test_two_hundred_calls_of_one_organization_ending_at_once_cost_exactly_17700_cents(database: str) -> None:
    lengths = [330] * 180 + [272] * 20  # 90 and 75 cents
    with db.transaction() as session:
        actor = factories.create_member(session)
        agent = factories.create_agent(session, actor)
        calls = [factories.create_call(session, agent).id for _ in lengths]
        factories.post_credit(session, actor, 10_000)

    def end(number: int) -> None:
        with db.transaction() as session:
            call = session.exec(select(Call).where(Call.id == calls[number]).with_for_update()).one()
            ledger.charge_call(session, call, seconds=lengths[number], rate=15)

    at_once(len(calls), end)
    assert balance(actor) == 10_000 - 17_700
    with db.transaction() as session:
        assert sum(session.exec(select(CreditTransaction.grace_used))) == 7_700
        assert sum(session.exec(select(Call.credits_used))) == 17_700
    assert audited() == "1 organizations, 201 rows, 0 faults"


def test_one_report_twenty_times_at_once_is_one_row(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        call_id = factories.create_call(session, factories.create_agent(session, actor)).id

    def report(_: int) -> ledger.Posted:
        with db.transaction() as session:
            return ledger.post(
                session, organization_id=actor.organization_id, type=TransactionType.CALL_USAGE, amount=-75, key=f"call:{call_id}",
                description="Call: 5 min", call_id=call_id,
            )  # fmt: skip

    results = at_once(20, report)
    assert [result.applied for result in results].count(True) == 1
    assert {(result.transaction_id, result.balance, result.grace_used) for result in results} == {(results[0].transaction_id, -75, 75)}
    assert (
        audited()
        == f"1 organizations, 1 rows, 1 faults\norganization {actor.organization_id}: call {call_id} says it cost 0 cents, its rows say 75"
    )


def test_one_key_for_two_organizations_at_once_is_taken_once_and_refused_once(database: str) -> None:
    with db.transaction() as session:
        actors = [factories.create_member(session) for _ in range(2)]

    def buy(number: int) -> bool:
        try:
            return post(actors[number % 2], 1_000, "pi:1").applied
        except Conflict:
            return False

    results = at_once(20, buy)
    assert results.count(True) == 1
    assert sorted(balance(actor) for actor in actors) == [0, 1_000]
    assert audited() == "2 organizations, 1 rows, 0 faults"


def test_a_purchase_and_calls_at_the_same_moment_leave_the_exact_rest(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
    at_once(64, lambda number: post(actor, 1_000 if number % 8 == 0 else -75, f"cause:{number}"))
    assert balance(actor) == 8 * 1_000 - 56 * 75
    with db.transaction() as session:
        rows = session.exec(select(CreditTransaction).order_by(col(CreditTransaction.seq))).all()
        assert [row.seq for row in rows] == list(range(1, 65))
        assert sum(row.grace_used - row.grace_repaid for row in rows) == 0


def test_adjustments_at_the_same_moment_cannot_together_take_more_than_there_is(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        admin = factories.create_operator(session)
        factories.post_credit(session, actor, 500)

    def take(_: int) -> bool:
        try:
            with db.transaction() as session:
                given = {"amount": -200, "reason": "goodwill taken back", "admin": admin}
                return ledger.adjust(session, organization_id=actor.organization_id, **given).applied
        except Invalid:
            return False

    assert at_once(16, take).count(True) == 2
    assert balance(actor) == 100

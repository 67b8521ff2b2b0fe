"""The credits page: the wallet, its ceiling, the transactions page by page, the packs."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from kametrix import db
from kametrix.errors import Forbidden, Invalid
from kametrix.models import CreditPack, Organization, OrgRole, SiteSetting, TransactionType
from kametrix.services import credits, ledger, packs
from kametrix.services.access import Actor
from tests import factories


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


def organization(session: Session, actor: Actor) -> Organization:
    return session.exec(select(Organization).where(Organization.id == actor.organization_id)).one()


def buy(session: Session, actor: Actor, amount: int = 1_000) -> None:
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType.PURCHASE, amount=amount,
        key=f"pi:{actor.organization_id}:{amount}", description="Starter", stripe_payment_id=f"pi_{amount}",
    )  # fmt: skip


def call_of(session: Session, actor: Actor, seconds: int) -> str:
    call = factories.create_call(session, factories.create_agent(session, actor))
    ledger.charge_call(session, call, seconds=seconds, rate=15)
    return call.id


def test_a_new_wallet_is_empty_low_and_has_the_welcome_ceiling(session: Session, actor: Actor) -> None:
    assert credits.wallet(session, actor) == credits.Wallet(
        balance=0, credit_balance=0, grace=0, minutes=0, rate=15, is_low=True, ceiling_cents=300, has_purchased=False
    )


def test_a_wallet_after_a_purchase(session: Session, actor: Actor) -> None:
    buy(session, actor)
    assert credits.wallet(session, actor) == credits.Wallet(
        balance=1_000, credit_balance=1_000, grace=0, minutes=66, rate=15, is_low=False, ceiling_cents=None, has_purchased=True
    )


def test_a_wallet_in_grace(session: Session, actor: Actor) -> None:
    call_of(session, actor, 272)
    found = credits.wallet(session, actor)
    assert (found.balance, found.credit_balance, found.grace, found.minutes, found.is_low) == (-75, 0, 75, 0, True)


@pytest.mark.parametrize(("cents", "is_low"), [(500, True), (501, False)])
def test_five_dollars_are_low_and_a_cent_more_is_not(session: Session, actor: Actor, cents: int, is_low: bool) -> None:
    factories.post_credit(session, actor, cents)
    assert credits.wallet(session, actor).is_low is is_low


def test_minutes_follow_the_price(session: Session, actor: Actor) -> None:
    session.add(SiteSetting(key="cents_per_minute", value=20))
    factories.post_credit(session, actor, 501)
    assert (credits.wallet(session, actor).minutes, credits.wallet(session, actor).rate) == (25, 20)


@pytest.mark.parametrize(
    ("own", "bought", "expected"),
    [
        (None, False, 300),
        (None, True, None),
        (100, False, 100),
        (0, False, 0),
        (5_000, False, 300),  # an organization that never paid cannot raise the platform's ceiling
        (100, True, 100),
        (5_000, True, 5_000),
    ],
)
def test_the_ceiling_of_grace(session: Session, actor: Actor, own: int | None, bought: bool, expected: int | None) -> None:
    row = organization(session, actor)
    row.grace_limit_cents = own
    if bought:
        buy(session, actor)
    assert credits.ceiling_of(session, row) == expected
    assert credits.headroom(session, row) == (None if expected is None else row.balance_cents + expected)


def test_an_adjustment_is_no_purchase(session: Session, actor: Actor) -> None:
    factories.post_credit(session, actor, 1_000)
    assert credits.headroom(session, organization(session, actor)) == 1_300


def test_a_ceiling_never_stops_a_charge(session: Session, actor: Actor) -> None:
    call_of(session, actor, 6_000)
    assert credits.headroom(session, organization(session, actor)) == 300 - 1_500


def test_transactions_are_newest_first_and_explain_calls(session: Session, actor: Actor) -> None:
    buy(session, actor, 30)
    call = call_of(session, actor, 272)
    row, bought = credits.transactions(session, actor).rows
    assert (row.type, row.amount, row.description, row.balance_before, row.balance_after) == ("GRACE_USAGE", -75, "Call: 5 min", 30, -45)
    assert (row.grace_used, row.grace_repaid, row.call_id, row.minutes, row.rate, row.note) == (45, 0, call, 5, 15, None)
    assert (bought.type, bought.amount, bought.call_id, bought.minutes, bought.rate) == ("PURCHASE", 30, None, None, None)


def test_a_corrected_call_keeps_the_minutes_each_row_was_for(session: Session, actor: Actor) -> None:
    call = factories.create_call(session, factories.create_agent(session, actor))
    ledger.charge_call(session, call, seconds=272, rate=15)
    ledger.charge_call(session, call, seconds=60, rate=15)
    rows = credits.transactions(session, actor).rows
    assert [(row.type, row.amount, row.minutes) for row in rows] == [("CORRECTION", 60, None), ("GRACE_USAGE", -75, 5)]


def test_a_note_is_shown(session: Session, actor: Actor) -> None:
    factories.post_credit(session, actor, 5)
    assert credits.transactions(session, actor).rows[0].note == "test"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_pages_hold_every_transaction_once(session: Session, actor: Actor, size: int) -> None:
    for amount in range(1, 8):
        factories.post_credit(session, actor, amount)
    seen: list[int] = []
    page = credits.transactions(session, actor, size=size)
    while True:
        assert len(page.rows) <= size
        seen += [row.amount for row in page.rows]
        assert len(seen) <= 7
        if page.next is None:
            break
        page = credits.transactions(session, actor, after=page.next, size=size)
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_a_transaction_that_arrives_while_paging_moves_nothing(session: Session, actor: Actor) -> None:
    for amount in (1, 2, 3):
        factories.post_credit(session, actor, amount)
    first = credits.transactions(session, actor, size=2)
    factories.post_credit(session, actor, 4)
    assert [row.amount for row in credits.transactions(session, actor, after=first.next, size=2).rows] == [1]


@pytest.mark.parametrize(("size", "expected"), [(-5, 1), (0, 1), (100, 100), (10**9, 100)])
def test_sizes_are_clamped(session: Session, actor: Actor, size: int, expected: int) -> None:
    for amount in range(1, 103):
        factories.post_credit(session, actor, amount)
    assert len(credits.transactions(session, actor, size=size).rows) == expected


@settings(max_examples=60)
@given(cursor=st.text(max_size=30) | st.integers().map(str))
def test_an_absurd_cursor_is_a_clear_error_or_a_page(session: Session, cursor: str) -> None:
    actor = factories.create_member(session)
    factories.post_credit(session, actor, 5)
    if re.fullmatch("[0-9]{1,18}", cursor):
        assert len(credits.transactions(session, actor, after=cursor).rows) == (int(cursor) > 1)
    else:
        with pytest.raises(Invalid, match="This page of transactions does not exist"):
            credits.transactions(session, actor, after=cursor)


@pytest.mark.parametrize("cursor", ["", "-1", "1.5", "٣", "1 or 1=1", "9" * 19, "null"])
def test_what_is_no_cursor_is_refused(session: Session, actor: Actor, cursor: str) -> None:
    with pytest.raises(Invalid):
        credits.transactions(session, actor, after=cursor)


def test_packs_tell_minutes_and_settlement(session: Session, actor: Actor) -> None:
    packs.seed(session)
    session.add(CreditPack(name="Retired", credits=1, price_in_cents=1, is_active=False))
    call_of(session, actor, 4_800)
    found = credits.packs(session, actor)
    assert [(pack.name, pack.credits, pack.price_in_cents, pack.minutes) for pack in found] == [
        ("Starter", 1_000, 1_000, 66),
        ("Popular", 2_500, 2_500, 166),
        ("Pro", 5_000, 5_000, 333),
        ("Business", 10_000, 10_000, 666),
    ]
    assert found[0].settlement == "Pack does not cover $12.00 grace balance"
    assert found[1].settlement == "After $12.00 grace settlement, you'll receive 1,300 credits"


@pytest.mark.parametrize("service", [credits.wallet, credits.transactions, credits.packs])
def test_who_sees_money_reads_credits_and_nobody_without_the_permission(session: Session, service: object) -> None:
    for role in OrgRole:
        actor = factories.create_member(session, role=role)
        if role is OrgRole.AGENT:
            with pytest.raises(Forbidden):
                service(session, actor)
        else:
            service(session, actor)
    stranger = factories.create_member(session)
    nobody = Actor(stranger.user_id, stranger.email, stranger.organization_id, OrgRole.OWNER, frozenset())
    with pytest.raises(Forbidden):
        service(session, nobody)


def test_each_organization_reads_its_own_money_under_row_security_and_without(database: str) -> None:
    with db.transaction() as session:
        mine, theirs = factories.create_member(session), factories.create_member(session)
        for amount in (1, 2, 3):
            factories.post_credit(session, mine, amount)
        for amount in range(100, 110):
            factories.post_credit(session, theirs, amount)
        cursor = credits.transactions(session, theirs, size=2).next
    for scope in (mine, None):
        with db.transaction(scope) as session:
            assert credits.wallet(session, mine).balance == 6
            assert [row.amount for row in credits.transactions(session, mine).rows] == [3, 2, 1]
            assert {row.amount for row in credits.transactions(session, mine, after=cursor).rows} <= {1, 2, 3}


def test_a_login_scoped_to_another_organization_sees_nothing_of_mine(database: str) -> None:
    with db.transaction() as session:
        mine, theirs = factories.create_member(session), factories.create_member(session)
        factories.post_credit(session, mine, 1)
    with db.transaction(theirs) as session:
        assert credits.transactions(session, mine).rows == []

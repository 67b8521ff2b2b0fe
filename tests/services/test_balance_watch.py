"""Owners are told once that credit runs low, once that grace began, and again only after a top-up."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, col, select

from kametrix import db
from kametrix.models import Agent, AutoRecharge, CreditPack, MailKind, MailMessage, Organization, OrgRole, SiteSetting, TransactionType
from kametrix.services import balance_watch, ledger
from kametrix.services.access import Actor
from tests.factories import create_agent, create_call, create_member, create_operator
from tests.services.test_agents import buy, jobs


@pytest.fixture
def owner(session: Session) -> Actor:
    return create_member(session)


@pytest.fixture
def agent(session: Session, owner: Actor) -> Agent:
    return create_agent(session, owner)


def give(session: Session, owner: Actor, cents: int) -> None:
    """By the operator; the road every top-up takes."""
    ledger.adjust(session, organization_id=owner.organization_id, amount=cents, reason="Goodwill", admin=create_operator(session))


def talk(session: Session, agent: Agent, minutes: int, **columns: Any) -> ledger.Posted | None:
    return ledger.charge_call(session, create_call(session, agent, **columns), seconds=minutes * 60, rate=10)


def warnings(session: Session, agent: Agent) -> list[tuple[int, bool]]:
    """(balance, in grace) of each mail, in order."""
    query = select(MailMessage).where(MailMessage.organization_id == agent.organization_id, MailMessage.kind == MailKind.LOW_BALANCE)
    return [(mail.facts["balance"], mail.facts["in_grace"]) for mail in session.exec(query.order_by(col(MailMessage.created_at)))]


@pytest.mark.parametrize(
    ("balance", "minutes", "told"),
    [
        (600, [1], []),
        (600, [9], []),
        (600, [10], [(500, False)]),
        (600, [11, 11, 11], [(490, False)]),
        (600, [11, 39, 10], [(490, False)]),
        (600, [11, 48, 1], [(490, False)]),
        (600, [11, 50, 1, 1], [(490, False), (-10, True)]),
        (600, [61, 1], [(-10, True)]),
        (500, [1, 1], []),
        (500, [50, 1], [(-10, True)]),
        (10, [1, 1, 1], [(-10, True)]),
    ],
)
def test_each_line_is_told_once(
    session: Session, agent: Agent, owner: Actor, balance: int, minutes: list[int], told: list[tuple[int, bool]]
) -> None:
    give(session, owner, balance)
    for each in minutes:
        talk(session, agent, each)
    assert warnings(session, agent) == told


def test_a_newcomer_without_credit_is_told_that_grace_began(session: Session, agent: Agent) -> None:
    talk(session, agent, 1)
    talk(session, agent, 1)
    assert warnings(session, agent) == [(-10, True)]


def test_a_top_up_makes_it_news_again(session: Session, agent: Agent, owner: Actor) -> None:
    for _ in range(2):
        give(session, owner, 1100 if warnings(session, agent) else 600)
        talk(session, agent, 20)
        talk(session, agent, 60)
    assert warnings(session, agent) == [(400, False), (-200, True), (100, False)]


@pytest.mark.parametrize("how", ["purchase", "adjustment"])
def test_a_purchase_and_a_gift_are_top_ups(session: Session, agent: Agent, owner: Actor, how: str) -> None:
    give(session, owner, 600)
    talk(session, agent, 20)
    if how == "purchase":
        buy(session, owner)
        balance_watch.after_top_up(session, owner.organization_id, is_first=True)
    else:
        give(session, owner, 1000)
    organization = session.get_one(Organization, owner.organization_id, populate_existing=True)
    assert (organization.low_balance_told_at, organization.grace_told_at) == (None, None)
    talk(session, agent, (organization.balance_cents - 100) // 10)
    assert warnings(session, agent) == [(400, False), (100, False)]


def test_credits_an_operator_takes_are_no_top_up(session: Session, agent: Agent, owner: Actor) -> None:
    give(session, owner, 600)
    talk(session, agent, 20)
    give(session, owner, -10)
    assert session.get_one(Organization, owner.organization_id, populate_existing=True).low_balance_told_at is not None


def test_a_corrected_call_that_gave_money_back_does_not_make_it_news(session: Session, agent: Agent, owner: Actor) -> None:
    give(session, owner, 600)
    call = create_call(session, agent)
    for minutes in (20, 1, 20):
        ledger.charge_call(session, call, seconds=minutes * 60, rate=10)
    assert warnings(session, agent) == [(400, False)]


def test_the_same_charge_again_tells_nothing(session: Session, agent: Agent, owner: Actor) -> None:
    give(session, owner, 600)
    call = create_call(session, agent)
    for _ in range(3):
        ledger.charge_call(session, call, seconds=1200, rate=10)
    assert len(warnings(session, agent)) == 1


def test_every_owner_is_told_in_their_language_and_nobody_else(session: Session, agent: Agent, owner: Actor) -> None:
    organization = session.get_one(Organization, owner.organization_id)
    second = create_member(session, organization, language="de")
    create_member(session, organization, role=OrgRole.ADMIN)
    session.add(SiteSetting(key="cents_per_minute", value=10))
    talk(session, agent, 5)
    sent = session.exec(select(MailMessage).where(MailMessage.kind == MailKind.LOW_BALANCE)).all()
    assert {(mail.to_email, mail.language) for mail in sent} == {(owner.email, "en"), (second.email, "de")}
    assert {str(mail.facts) for mail in sent} == {str({"rate": 10, "balance": -50, "in_grace": True})}


def test_a_charge_that_is_rolled_back_told_nobody(session: Session, agent: Agent) -> None:
    with session.begin_nested() as nested:
        talk(session, agent, 5)
        nested.rollback()
    assert warnings(session, agent) == []


def test_the_first_purchase_brings_the_agents_out_of_the_newcomers_limits_at_once(session: Session, agent: Agent, owner: Actor) -> None:
    buy(session, owner)
    balance_watch.after_top_up(session, owner.organization_id, is_first=True)
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [agent.id]
    assert len(jobs(session, "serve_waiting")) == 1


def test_later_purchases_push_nothing(session: Session, agent: Agent, owner: Actor) -> None:
    balance_watch.after_top_up(session, owner.organization_id, is_first=False)
    assert jobs(session, "sync_agent") == []


def recharging(session: Session, owner: Actor, threshold: int = 500, *, enabled: bool = True) -> AutoRecharge:
    pack = CreditPack(name=f"Pack {owner.organization_id}", credits=1000, price_in_cents=1000)
    session.add(pack)
    session.flush()
    row = AutoRecharge(
        organization_id=owner.organization_id, enabled=enabled, threshold_cents=threshold, credit_pack_id=pack.id,
        monthly_cap_cents=10_000, stripe_payment_method_id="pm_1", card_brand="visa", card_last4="4242", card_expires="12/2030",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize(
    ("threshold", "enabled", "begun"), [(500, True, 0), (501, True, 1), (100_000, True, 1), (0, True, 0), (501, False, 0), (500, False, 0)]
)
def test_a_recharge_begins_below_its_threshold(
    session: Session, agent: Agent, owner: Actor, threshold: int, enabled: bool, begun: int
) -> None:
    give(session, owner, 600)
    recharging(session, owner, threshold, enabled=enabled)
    talk(session, agent, 10)
    assert [job["organization_id"] for job in jobs(session, "recharge")] == [owner.organization_id] * begun


def test_many_charges_ask_for_one_recharge(session: Session, agent: Agent, owner: Actor) -> None:
    recharging(session, owner)
    for _ in range(5):
        talk(session, agent, 1)
    assert len(jobs(session, "recharge")) == 1


def test_the_card_of_another_organization_is_not_charged(session: Session, agent: Agent) -> None:
    recharging(session, create_member(session))
    talk(session, agent, 5)
    assert jobs(session, "recharge") == []


def test_a_charge_that_crosses_nothing_asks_nothing(session: Session, agent: Agent, owner: Actor) -> None:
    """The road of calls: what is watched costs no round trip."""
    give(session, owner, 100_000)
    counted: list[str] = []
    engine: Any = session.get_bind()
    note = lambda _conn, _cursor, statement, *_: counted.append(statement)  # noqa: E731
    call = create_call(session, agent)
    event.listen(engine, "before_cursor_execute", note)
    try:
        ledger.charge_call(session, call, seconds=60, rate=10)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [statement.split()[0].lower() for statement in counted] == ["select", "update", "select"], counted


@given(moves=st.lists(st.integers(-900, 900).filter(bool), min_size=1, max_size=25))
@settings(max_examples=40)
def test_between_two_top_ups_each_line_is_told_at_most_once(database: str, moves: list[int]) -> None:
    """Whatever is paid and talked: never twice, grace whenever it began, and never low after grace."""
    with db.transaction() as session:
        agent = create_agent(session, create_member(session))
        balance, expected, low_told, grace_told = 0, list[tuple[int, bool]](), False, False
        for number, move in enumerate(moves):
            before, balance = balance, balance + move
            if move > 0:
                ledger.post(
                    session, organization_id=agent.organization_id, type=TransactionType.PURCHASE, amount=move,
                    key=f"pi:{agent.id}:{number}", description="Pack", stripe_payment_id=f"pi_{number}",
                )  # fmt: skip
                balance_watch.after_top_up(session, agent.organization_id, is_first=False)
                low_told = grace_told = False
                continue
            ledger.charge_call(session, create_call(session, agent), seconds=60, rate=-move)
            if balance < 0 <= before and not grace_told:
                expected.append((balance, True))
                low_told = grace_told = True
            elif 0 <= balance <= 500 < before and not low_told:
                expected.append((balance, False))
                low_told = True
        assert warnings(session, agent) == expected

"""What waits for a person about money, and when it no longer does."""

from typing import Any

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.models import DisputeStatus, Organization, OrgRole, PurchaseStatus, RechargeFailure, WhenEmpty
from kametrix.services import recharge
from kametrix.services.access import Actor
from kametrix.services.attention import attention
from kametrix.services.attention_money import MoneyTrouble, trouble
from kametrix.services.organizations import Pause, frame
from tests import factories
from tests.state.purchases import create_dispute, create_purchase, create_recharge
from tests.stripe_facts import bought


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


def test_nothing_waits_while_payments_go_as_they_should(session: Session, actor: Actor) -> None:
    for status in PurchaseStatus:
        if status is not PurchaseStatus.REVIEW:
            create_purchase(session, actor, status)
    create_recharge(session, actor, enabled=True)
    assert trouble(session, actor) == MoneyTrouble()


def test_what_happens_to_other_organizations_does_not_wait_here(session: Session, actor: Actor) -> None:
    other = factories.create_member(session)
    create_dispute(session, create_purchase(session, other, PurchaseStatus.PAID))
    create_purchase(session, other, PurchaseStatus.REVIEW)
    create_recharge(session, other, failures=2, last_failure=RechargeFailure.DECLINED)
    assert trouble(session, actor) == MoneyTrouble()


def test_a_payment_in_review_waits(session: Session, actor: Actor) -> None:
    create_purchase(session, actor, PurchaseStatus.REVIEW)
    assert trouble(session, actor).in_review == 1


@pytest.mark.parametrize(
    ("status", "balance", "is_lifted", "disputed", "declines"),
    [
        (DisputeStatus.OPEN, 500, False, 1000, True),
        (DisputeStatus.OPEN, 500, True, 0, False),
        (DisputeStatus.LOST, -500, False, 0, True),
        (DisputeStatus.LOST, 0, False, 0, False),
        (DisputeStatus.LOST, -500, True, 0, False),
        (DisputeStatus.WON, -500, False, 0, False),
    ],
)
def test_a_dispute_waits_until_it_is_decided_paid_or_lifted(
    session: Session, actor: Actor, status: DisputeStatus, balance: int, is_lifted: bool, disputed: int, declines: bool
) -> None:
    if balance:
        factories.post_credit(session, actor, balance)
    closed: dict[str, Any] = {} if status is DisputeStatus.OPEN else {"closed_at": clock.now()}
    lifted = {"lifted_at": clock.now(), "lifted_by_id": actor.user_id} if is_lifted else {}
    create_dispute(session, create_purchase(session, actor, PurchaseStatus.PAID), status=status, **closed, **lifted)
    found = trouble(session, actor)
    assert (found.disputed, found.declines_calls) == (disputed, declines)


@pytest.mark.parametrize(
    ("columns", "stopped"),
    [
        ({"failures": 2, "last_failure": RechargeFailure.DECLINED}, RechargeFailure.DECLINED),
        ({"failures": 1, "last_failure": RechargeFailure.DECLINED}, None),
        ({"failures": 2, "last_failure": RechargeFailure.DECLINED, "enabled": True}, None),
        ({}, None),
    ],
)
def test_a_card_that_is_no_longer_charged_waits(
    session: Session, actor: Actor, columns: dict[str, Any], stopped: RechargeFailure | None
) -> None:
    create_recharge(session, actor, **columns)
    assert trouble(session, actor).recharge_stopped is stopped


def test_who_sees_no_money_is_told_nothing_of_it(session: Session, actor: Actor) -> None:
    create_purchase(session, actor, PurchaseStatus.REVIEW)
    assert attention(session, actor).money == MoneyTrouble(in_review=1)
    blind = factories.create_member(session, role=OrgRole.AGENT)
    assert attention(session, blind).money is None


def test_who_has_seen_it_and_saves_is_not_reminded_again(session: Session, actor: Actor) -> None:
    row = create_recharge(session, actor, failures=2, last_failure=RechargeFailure.DECLINED, last_failure_at=clock.now())
    assert trouble(session, actor).recharge_stopped is RechargeFailure.DECLINED
    recharge.save(session, actor, enabled=False, threshold_cents=500, pack_id=row.credit_pack_id or "", monthly_cap_cents=10_000)
    assert trouble(session, actor).recharge_stopped is None


@pytest.mark.parametrize(
    ("mode", "balance", "is_disputed", "is_paused", "pause"),
    [
        (WhenEmpty.GRACE, -500, False, False, Pause.CREDIT),
        (WhenEmpty.STOP, 14, False, True, Pause.CREDIT),
        (WhenEmpty.STOP, 15, False, False, Pause.CREDIT),
        (WhenEmpty.FORWARD, 0, False, True, Pause.PASSED_ON),
        (WhenEmpty.GRACE, 1000, True, True, Pause.DISPUTE),
    ],
)
def test_the_frame_says_why_agents_take_no_calls(
    session: Session, actor: Actor, mode: WhenEmpty, balance: int, is_disputed: bool, is_paused: bool, pause: Pause
) -> None:
    bought(session, actor)
    factories.post_credit(session, actor, balance - 1000) if balance != 1000 else None
    organization = session.get_one(Organization, actor.organization_id)
    organization.when_empty, organization.forwarding_number = mode, "+14155552671"
    if is_disputed:
        create_dispute(session, create_purchase(session, actor, PurchaseStatus.PAID))
    session.flush()
    session.expire_all()
    found = frame(session, actor)
    assert (found.is_paused, found.pause) == (is_paused, pause)
    blind = factories.create_member(session, organization, role=OrgRole.AGENT)
    unseen = frame(session, blind)
    assert not unseen.is_paused
    assert unseen.pause is not Pause.DISPUTE, "who sees no money is not told of a dispute"

"""Charging the saved card: what is planned, what came of it, and what its owner may set."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from kametrix import clock, db
from kametrix.errors import Forbidden, Invalid
from kametrix.integrations.stripe.client import Card
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.integrations.stripe.events import Payment, PaymentState
from kametrix.models import (
    AuditLog,
    AutoRecharge,
    CreditPack,
    CreditPurchase,
    MailKind,
    MailMessage,
    Organization,
    OrgRole,
    PurchaseKind,
    PurchaseStatus,
    RechargeFailure,
)
from kametrix.services import ledger_audit, purchases, recharge, recharge_attempts
from kametrix.services.access import Actor
from kametrix.services.recharge_attempts import Attempt, Outcome
from tests.factories import create_member, post_credit
from tests.services.test_agents import jobs
from tests.services.test_at_zero import dispute
from tests.stripe_facts import pack as pack_of

VISA = Card("pm_visa", "visa", "4242", "12/2030")
AMEX = Card("pm_amex", "amex", "0005", "01/2031")


@pytest.fixture
def owner(session: Session) -> Actor:
    return ready(session, create_member(session))


def ready(session: Session, actor: Actor, *, threshold: int = 500, cap: int = 10_000, name: str = "Starter") -> Actor:
    """A customer of Stripe with a card, who wants it charged below `threshold`."""
    session.get_one(Organization, actor.organization_id).stripe_customer_id = f"cus_{actor.organization_id}"
    recharge.keep_card(session, actor.organization_id, VISA)
    recharge.save(session, actor, enabled=True, threshold_cents=threshold, pack_id=pack_of(session, name).id, monthly_cap_cents=cap)
    return actor


def rules_of(session: Session, owner: Actor) -> AutoRecharge:
    return session.get_one(AutoRecharge, owner.organization_id, populate_existing=True)


def planned(session: Session, owner: Actor) -> Attempt:
    attempt = recharge_attempts.plan(session, owner.organization_id)
    assert attempt is not None
    return attempt


def purchase_of(session: Session, attempt: Attempt) -> CreditPurchase:
    return session.get_one(CreditPurchase, attempt.purchase_id, populate_existing=True)


def paid(attempt: Attempt, payment_id: str = "pi_1", **changed: Any) -> Payment:
    """What Stripe's event says of a charge that succeeded."""
    facts = {
        "state": PaymentState.PAID, "purchase_id": attempt.purchase_id, "organization_id": attempt.organization_id,
        "pack_id": attempt.metadata["pack"], "session_id": None, "payment_id": payment_id, "customer_id": attempt.customer_id,
        "amount": attempt.amount, "currency": "USD",
    }  # fmt: skip
    return Payment(**{**facts, **changed})


def mails(session: Session, owner: Actor) -> list[dict[str, Any]]:
    mine = select(MailMessage).where(MailMessage.organization_id == owner.organization_id, MailMessage.kind == MailKind.RECHARGE_FAILED)
    return [mail.facts for mail in session.exec(mine.order_by(col(MailMessage.created_at)))]


def balance(session: Session, owner: Actor) -> int:
    return session.get_one(Organization, owner.organization_id, populate_existing=True).balance_cents


def test_a_charge_is_planned_as_a_purchase_with_its_own_key(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    row = purchase_of(session, attempt)
    assert (row.kind, row.status, row.pack_name, row.credits) == (PurchaseKind.RECHARGE, PurchaseStatus.OPEN, "Starter", 1000)
    assert (attempt.amount, attempt.currency, attempt.payment_method_id) == (1000, "usd", "pm_visa")
    assert attempt.key == f"recharge:{row.id}"
    assert attempt.metadata == {"organization": owner.organization_id, "purchase": row.id, "pack": row.credit_pack_id}


def test_asked_again_before_an_answer_is_recorded_it_is_the_same_charge(session: Session, owner: Actor) -> None:
    """A crash between plan and record; also when the card was replaced and the pack's price raised meanwhile."""
    first = planned(session, owner)
    recharge.keep_card(session, owner.organization_id, AMEX)
    session.get_one(CreditPack, first.metadata["pack"]).price_in_cents = 5000
    assert planned(session, owner) == first


def test_a_charge_on_its_way_is_waited_for(session: Session, owner: Actor) -> None:
    recharge_attempts.record(session, planned(session, owner), Outcome("pi_1", "processing"))
    assert recharge_attempts.plan(session, owner.organization_id) is None
    assert recharge.shown(session, owner).is_running


def test_it_is_credited_once_when_stripe_says_that_it_is_paid(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    recharge_attempts.record(session, attempt, Outcome("pi_1", "succeeded"))
    assert (purchase_of(session, attempt).status, balance(session, owner)) == (PurchaseStatus.PENDING, 0)
    for _ in range(3):
        purchases.settle(session, paid(attempt))
    assert (purchase_of(session, attempt).status, balance(session, owner)) == (PurchaseStatus.PAID, 1000)
    assert recharge_attempts.plan(session, owner.organization_id) is None


def test_the_event_may_be_faster_than_the_record(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    purchases.settle(session, paid(attempt))
    recharge_attempts.record(session, attempt, Outcome("pi_1", "succeeded"))
    recharge_attempts.record(session, attempt, Outcome(code="card_declined"))
    assert (purchase_of(session, attempt).status, balance(session, owner)) == (PurchaseStatus.PAID, 1000)
    assert (mails(session, owner), rules_of(session, owner).failures) == ([], 0)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("card_declined", RechargeFailure.DECLINED),
        ("insufficient_funds", RechargeFailure.DECLINED),
        ("something_new", RechargeFailure.DECLINED),
        ("", RechargeFailure.DECLINED),
        ("authentication_required", RechargeFailure.AUTHENTICATION_REQUIRED),
        ("resource_missing", RechargeFailure.NO_METHOD),
        ("no_method", RechargeFailure.NO_METHOD),
    ],
)
def test_a_failure_has_a_name_and_is_told(session: Session, owner: Actor, code: str, reason: RechargeFailure) -> None:
    attempt = planned(session, owner)
    recharge_attempts.record(session, attempt, Outcome(code=code, failure="No."))
    row, rules = purchase_of(session, attempt), rules_of(session, owner)
    assert (row.status, row.failure) == (PurchaseStatus.FAILED, "No.")
    assert (rules.enabled, rules.failures, rules.last_failure) == (True, 1, reason)
    assert mails(session, owner) == [{"reason": reason.value, "pack": "Starter", "amount": 1000, "switched_off": False, "cap": 10_000}]


@pytest.mark.parametrize("status", ["requires_action", "requires_payment_method", "canceled", ""])
def test_a_payment_that_waits_for_its_owner_failed(session: Session, owner: Actor, status: str) -> None:
    recharge_attempts.record(session, planned(session, owner), Outcome("pi_1", status))
    expected = RechargeFailure.AUTHENTICATION_REQUIRED if status == "requires_action" else RechargeFailure.DECLINED
    assert rules_of(session, owner).last_failure == expected


def test_one_failure_counts_once_whoever_tells_of_it(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    purchases.settle(session, paid(attempt, state=PaymentState.FAILED, failure_code="card_declined", failure="No."))
    recharge_attempts.record(session, attempt, Outcome(code="card_declined", failure="No."))
    recharge.record_failure(session, attempt.purchase_id, "card_declined", "No.")
    assert (rules_of(session, owner).failures, len(mails(session, owner))) == (1, 1)


def fail(session: Session, owner: Actor) -> None:
    recharge_attempts.record(session, planned(session, owner), Outcome(code="card_declined", failure="No."))


def test_the_second_failure_in_a_row_switches_it_off_and_says_so(session: Session, owner: Actor) -> None:
    fail(session, owner)
    fail(session, owner)
    assert (rules_of(session, owner).enabled, rules_of(session, owner).failures) == (False, 2)
    assert [mail["switched_off"] for mail in mails(session, owner)] == [False, True]
    assert session.exec(select(AuditLog.actor_id).where(AuditLog.action == "RECHARGE_OFF")).all() == [None]
    assert recharge_attempts.plan(session, owner.organization_id) is None


def test_a_success_in_between_begins_the_count_anew(session: Session, owner: Actor) -> None:
    for number in range(3):
        fail(session, owner)
        attempt = planned(session, owner)
        recharge_attempts.record(session, attempt, Outcome(f"pi_{number}", "succeeded"))
        purchases.settle(session, paid(attempt, f"pi_{number}"))
        assert (rules_of(session, owner).failures, rules_of(session, owner).last_failure) == (0, None)
        post_credit(session, owner, -1000)
    assert rules_of(session, owner).enabled


def test_a_payment_told_as_failed_and_then_as_paid_is_credited(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    recharge_attempts.record(session, attempt, Outcome(code="card_declined"))
    purchases.settle(session, paid(attempt))
    assert (purchase_of(session, attempt).status, balance(session, owner)) == (PurchaseStatus.PAID, 1000)
    assert rules_of(session, owner).failures == 0


def test_without_a_customer_at_stripe_there_is_no_method(session: Session, owner: Actor) -> None:
    session.get_one(Organization, owner.organization_id).stripe_customer_id = None
    assert recharge_attempts.plan(session, owner.organization_id) is None
    assert rules_of(session, owner).last_failure == RechargeFailure.NO_METHOD
    assert session.exec(select(CreditPurchase.status)).one() is PurchaseStatus.FAILED


@pytest.mark.parametrize("why", ["enough", "off", "dispute", "deleted", "another"])
def test_what_is_not_due_any_more_is_not_charged(session: Session, owner: Actor, why: str) -> None:
    match why:
        case "enough":
            post_credit(session, owner, 500)
        case "off":
            rules_of(session, owner).enabled = False
        case "dispute":
            dispute(session, owner)
        case "deleted":
            session.get_one(Organization, owner.organization_id).deleted_at = clock.now()
        case _:
            owner = create_member(session)
    session.flush()
    assert recharge_attempts.plan(session, owner.organization_id) is None
    assert session.exec(select(func.count()).select_from(CreditPurchase).where(CreditPurchase.kind == PurchaseKind.RECHARGE)).one() == 0


def test_after_a_day_without_news_nobody_charges_again_under_a_key_stripe_may_have_forgotten(session: Session, owner: Actor) -> None:
    attempt = planned(session, owner)
    with clock.at(clock.now() + timedelta(hours=22)):
        assert planned(session, owner) == attempt
    with clock.at(clock.now() + timedelta(hours=24)):
        assert recharge_attempts.plan(session, owner.organization_id) is None
        assert (purchase_of(session, attempt).status, rules_of(session, owner).failures) == (PurchaseStatus.FAILED, 0)
        assert planned(session, owner).purchase_id != attempt.purchase_id


def spend(session: Session, owner: Actor, payment_id: str) -> None:
    """Charged, credited and talked away."""
    attempt = planned(session, owner)
    purchases.settle(session, paid(attempt, payment_id))
    post_credit(session, owner, -1000)


def test_the_cap_of_a_month_holds_and_is_told_once(session: Session) -> None:
    owner = ready(session, create_member(session), cap=2500)
    with clock.at(datetime(2026, 11, 3, 12, tzinfo=UTC)):
        spend(session, owner, "pi_1")
        spend(session, owner, "pi_2")
        for _ in range(3):
            assert recharge_attempts.plan(session, owner.organization_id) is None
        rules = rules_of(session, owner)
        assert (rules.enabled, rules.failures, rules.last_failure) == (True, 0, RechargeFailure.CAP_REACHED)
        assert recharge.shown(session, owner).spent_cents == 2000
    assert mails(session, owner) == [{"reason": "CAP_REACHED", "pack": "Starter", "amount": 1000, "switched_off": False, "cap": 2500}]
    with clock.at(datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)):
        spend(session, owner, "pi_3")
        spend(session, owner, "pi_4")
        assert recharge_attempts.plan(session, owner.organization_id) is None
    assert len(mails(session, owner)) == 2


def test_a_month_is_the_owners(session: Session) -> None:
    """The first of December in Tokyo begins while it is November in London."""
    owner = ready(session, create_member(session), cap=1000)
    session.get_one(Organization, owner.organization_id).timezone = "Asia/Tokyo"
    with clock.at(datetime(2026, 11, 30, 14, 59, tzinfo=UTC)):
        spend(session, owner, "pi_1")
        assert recharge_attempts.plan(session, owner.organization_id) is None
    with clock.at(datetime(2026, 11, 30, 15, 1, tzinfo=UTC)):
        planned(session, owner)


def test_what_failed_does_not_count_towards_the_cap_and_what_is_under_way_does(session: Session) -> None:
    owner = ready(session, create_member(session), cap=1000)
    fail(session, owner)
    assert recharge.shown(session, owner).spent_cents == 0
    planned(session, owner)
    assert recharge.shown(session, owner).spent_cents == 1000


def test_a_pack_taken_off_sale_is_still_bought_by_who_chose_it(session: Session, owner: Actor) -> None:
    session.get_one(CreditPack, rules_of(session, owner).credit_pack_id).is_active = False
    assert planned(session, owner).amount == 1000


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"threshold_cents": -1}, "threshold_cents"),
        ({"threshold_cents": 100_001}, "threshold_cents"),
        ({"monthly_cap_cents": 999}, "monthly_cap_cents"),
        ({"monthly_cap_cents": 0}, "monthly_cap_cents"),
        ({"monthly_cap_cents": 10**12}, "monthly_cap_cents"),
        ({"pack_id": ""}, "pack_id"),
        ({"pack_id": "none"}, "pack_id"),
    ],
)
def test_what_cannot_be_is_told_at_the_field(session: Session, owner: Actor, changed: dict[str, Any], field: str) -> None:
    before = recharge.shown(session, owner)
    good = {"enabled": True, "threshold_cents": 600, "pack_id": before.pack_id, "monthly_cap_cents": 5000}
    with pytest.raises(Invalid) as refused:
        recharge.save(session, owner, **{**good, **changed})
    assert list(refused.value.errors) == [field]
    assert recharge.shown(session, owner) == before


def test_without_a_card_it_cannot_be_switched_on(session: Session) -> None:
    actor = create_member(session)
    wanted = {"threshold_cents": 500, "pack_id": pack_of(session).id, "monthly_cap_cents": 5000}
    with pytest.raises(Invalid) as refused:
        recharge.save(session, actor, enabled=True, **wanted)
    assert list(refused.value.errors) == ["enabled"]
    recharge.save(session, actor, enabled=False, **wanted)
    assert recharge.shown(session, actor).monthly_cap_cents == 5000


def test_a_pack_that_is_not_on_sale_cannot_be_chosen(session: Session, owner: Actor) -> None:
    retired = pack_of(session, "Pro")
    retired.is_active = False
    with pytest.raises(Invalid, match="on sale"):
        recharge.save(session, owner, enabled=True, threshold_cents=1, pack_id=retired.id, monthly_cap_cents=90_000)


def test_switched_on_below_the_threshold_it_begins_at_once(session: Session, owner: Actor) -> None:
    assert [job["organization_id"] for job in jobs(session, "recharge")] == [owner.organization_id]


def test_switching_it_on_again_begins_the_count_anew(session: Session, owner: Actor) -> None:
    fail(session, owner)
    fail(session, owner)
    shown = recharge.shown(session, owner)
    recharge.save(session, owner, enabled=True, threshold_cents=500, pack_id=shown.pack_id, monthly_cap_cents=5000)
    assert (rules_of(session, owner).failures, rules_of(session, owner).last_failure) == (0, None)


def test_a_new_card_takes_the_place_of_the_old_and_forgives(session: Session, owner: Actor) -> None:
    fail(session, owner)
    recharge.keep_card(session, owner.organization_id, AMEX)
    recharge.keep_card(session, owner.organization_id, AMEX)
    shown = recharge.shown(session, owner)
    assert (shown.card_brand, shown.card_last4, shown.card_expires, shown.failures) == ("amex", "0005", "01/2031", 0)
    assert [job["payment_method_id"] for job in jobs(session, "detach_card")] == ["pm_visa"]


def test_a_card_is_forgotten_here_and_at_stripe(session: Session, owner: Actor) -> None:
    recharge.forget_card(session, owner)
    assert not recharge.shown(session, owner).enabled
    asked = [(job["organization_id"], job["payment_method_id"]) for job in jobs(session, "forget_card")]
    assert asked == [(owner.organization_id, "pm_visa")]
    recharge.drop_card(session, owner.organization_id, "pm_visa")
    assert not recharge.shown(session, owner).has_card


def test_a_card_saved_meanwhile_stays(session: Session, owner: Actor) -> None:
    recharge.forget_card(session, owner)
    recharge.keep_card(session, owner.organization_id, AMEX)
    recharge.drop_card(session, owner.organization_id, "pm_visa")
    assert recharge.shown(session, owner).card_last4 == "0005"


@pytest.mark.parametrize("role", [OrgRole.ADMIN, OrgRole.MANAGER, OrgRole.AGENT, OrgRole.VIEWER])
def test_only_an_owner_changes_what_is_charged(session: Session, owner: Actor, role: OrgRole) -> None:
    other = create_member(session, session.get_one(Organization, owner.organization_id), role=role)
    with pytest.raises(Forbidden):
        recharge.save(session, other, enabled=False, threshold_cents=0, pack_id="", monthly_cap_cents=1)
    with pytest.raises(Forbidden):
        recharge.forget_card(session, other)


def failure(**told: Any) -> StripeFailure:
    return StripeFailure("No.", **{"retryable": False, **told})


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (failure(provider_status=402, code="card_declined", decline_code="insufficient_funds"), "insufficient_funds"),
        (failure(provider_status=402, code="authentication_required"), "authentication_required"),
        (failure(provider_status=402, code="card_declined", decline_code="authentication_required"), "authentication_required"),
        (failure(provider_status=402), "declined"),
        (failure(provider_status=400, code="resource_missing", param="payment_method"), "no_method"),
        (failure(provider_status=400, param="payment_method"), "no_method"),
        (failure(provider_status=400, param="amount", code="parameter_invalid_integer"), None),
        (failure(provider_status=401), None),
        (failure(provider_status=500, retryable=True), None),
        (failure(retryable=True), None),
    ],
)
def test_only_what_is_about_the_card_is_a_failure_of_it(told: StripeFailure, code: str | None) -> None:
    assert recharge_attempts.card_problem(told) == code


def test_twenty_who_plan_at_once_plan_one_charge(database: str) -> None:
    with db.transaction() as session:
        owner = ready(session, create_member(session))

    def plan(_number: int) -> Attempt | None:
        with db.transaction() as session:
            return recharge_attempts.plan(session, owner.organization_id)

    with ThreadPoolExecutor(20) as pool:
        attempts = list(pool.map(plan, range(20)))
    assert None not in attempts
    assert len({attempt.key for attempt in attempts if attempt}) == 1
    with db.transaction() as session:
        assert session.exec(select(func.count()).select_from(CreditPurchase)).one() == 1


def test_twenty_answers_at_once_count_once(database: str) -> None:
    with db.transaction() as session:
        owner = ready(session, create_member(session))
        attempt = planned(session, owner)

    def tell(number: int) -> None:
        with db.transaction() as session:
            if number % 2:
                purchases.settle(session, paid(attempt))
            else:
                recharge_attempts.record(session, attempt, Outcome("pi_1", "succeeded"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(tell, range(20)))
    with db.transaction() as session:
        assert (purchase_of(session, attempt).status, balance(session, owner)) == (PurchaseStatus.PAID, 1000)
        assert ledger_audit.verify(session).faults == []


def test_pages_save_with_their_own_login_and_cannot_touch_the_card(database: str) -> None:
    with db.transaction() as session:
        owner = create_member(session)
        pack_id = pack_of(session).id
        recharge.keep_card(session, owner.organization_id, VISA)
    with db.transaction(owner) as session:
        recharge.save(session, owner, enabled=True, threshold_cents=700, pack_id=pack_id, monthly_cap_cents=4000)
        assert recharge.shown(session, owner).threshold_cents == 700
    with db.transaction(owner) as session:
        recharge.forget_card(session, owner)
    with db.transaction() as session:
        assert (len(jobs(session, "recharge")), len(jobs(session, "forget_card"))) == (1, 1)


def test_a_page_may_save_before_a_card_was_ever_saved(database: str) -> None:
    with db.transaction() as session:
        owner = create_member(session)
    with db.transaction(owner) as session:
        recharge.save(session, owner, enabled=False, threshold_cents=700, pack_id="", monthly_cap_cents=4000)
    with db.transaction(owner) as session:
        assert (recharge.shown(session, owner).threshold_cents, recharge.shown(session, owner).has_card) == (700, False)

"""Buying: to Stripe and back, what waits, what became of each payment, and who may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.integrations.stripe.events import session_payment
from kametrix.models import CreditPurchase, DisputeStatus, OrgRole, PurchaseKind, PurchaseStatus
from kametrix.services import purchases
from kametrix.services.attention_money import MoneyTrouble
from kametrix.services.payment_list import PaymentRow
from kametrix.state.credits import CreditsState
from kametrix.state.payments import CANCELLED, PaymentsState, dispute_words, outcome, payment_line, unfinished, waits
from tests import factories, stripe_facts
from tests.state.people import logged_in, member
from tests.state.processor import Server, serve
from tests.state.purchases import create_dispute, create_purchase, create_refund, pack

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(status: PurchaseStatus = PurchaseStatus.PAID, **columns: Any) -> PaymentRow:
    given: dict[str, Any] = {
        "id": "p", "status": status, "kind": PurchaseKind.CHECKOUT, "pack_name": "Popular", "credits": 2500, "price_in_cents": 2500,
        "currency": "USD", "created_at": NOON, "paid_at": None, "buyer": "Dana Whitlock", "session_id": "cs_1", "checkout_url": None,
        "failure": None, "refunded": 0, "refunding": 0, "disputed": 0, "lost": 0,
    }  # fmt: skip
    return PaymentRow(**{**given, **columns})


@pytest.mark.parametrize(
    ("payment", "look", "words"),
    [
        (row(), "PAID", ""),
        (row(refunded=1000), "REFUNDED", "$10.00 of $25.00 refunded."),
        (row(refunded=2500), "REFUNDED", "All of $25.00 refunded."),
        (row(refunding=1000), "PAID", "$10.00 is on its way back to you."),
        (row(disputed=2500), "DISPUTED", "calls are declined"),
        (row(lost=2500), "DISPUTED", "kept it"),
        (row(disputed=2500, refunded=1000), "DISPUTED", "took $25.00 back"),
        (row(PurchaseStatus.FAILED, failure="Your card was declined."), "FAILED", "Your card was declined. Nothing was charged."),
        (row(PurchaseStatus.FAILED), "FAILED", "The payment did not go through. Nothing was charged."),
        (row(PurchaseStatus.REVIEW, failure="Paid, not credited: 1 EUR"), "REVIEW", "Somebody looks at it"),
        (row(PurchaseStatus.PENDING), "PENDING", ""),
    ],
)
def test_what_became_of_a_payment_is_told(payment: PaymentRow, look: str, words: str) -> None:
    found = outcome(payment)
    assert found[0] == look
    assert words in found[1]
    assert bool(words) == bool(found[1])


def test_a_payment_says_what_was_bought_how_and_when() -> None:
    line = payment_line(row(paid_at=NOON + timedelta(minutes=2)), NOON + timedelta(hours=1))
    assert (line.what, line.how, line.at, line.amount) == ("Popular, 2,500 credits", "Bought by Dana Whitlock", "Today, 12:02", "$25.00")
    assert payment_line(row(kind=PurchaseKind.RECHARGE, buyer=""), NOON).how == "Automatic recharge"


def test_who_went_to_pay_is_reminded_for_half_an_hour_and_a_bank_has_its_time() -> None:
    begun = row(PurchaseStatus.OPEN, checkout_url="https://checkout.example/pay")
    assert waits(begun, NOON + timedelta(minutes=29))
    assert not waits(begun, NOON + timedelta(minutes=30))
    assert not waits(row(PurchaseStatus.OPEN), NOON), "its page was never opened"
    assert not waits(row(PurchaseStatus.OPEN, checkout_url="x", kind=PurchaseKind.RECHARGE), NOON)
    assert waits(row(PurchaseStatus.PENDING), NOON + timedelta(days=3))
    assert (unfinished(begun).href, unfinished(begun).leaves) == ("https://checkout.example/pay", True)
    pending = unfinished(row(PurchaseStatus.PENDING))
    assert (pending.href, pending.leaves) == ("/credits/return?session=cs_1", False)


def test_a_dispute_says_why_callers_are_turned_away() -> None:
    assert dispute_words(MoneyTrouble(disputed=1000)) == ""
    assert "$10.00 that was paid here is disputed" in dispute_words(MoneyTrouble(disputed=1000, declines_calls=True))
    assert "still owed" in dispute_words(MoneyTrouble(declines_calls=True))


def test_the_page_shows_what_waits_and_what_was_paid_and_nobody_elses(database: str) -> None:
    (actor, cookie), (_, other_cookie) = member(), member()
    with db.transaction() as session:
        create_purchase(session, actor, PurchaseStatus.EXPIRED)
        create_purchase(session, actor, PurchaseStatus.OPEN, pack_name="Pro")
        create_purchase(session, actor, PurchaseStatus.PENDING)
        paid = create_purchase(session, actor, PurchaseStatus.PAID)
        create_refund(session, paid, 400)
        create_dispute(session, create_purchase(session, actor, PurchaseStatus.PAID), status=DisputeStatus.OPEN)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits?cancelled=1")
        await tab.send(PaymentsState.load)
        state = await tab.state(PaymentsState)
        assert state.notice == CANCELLED
        assert {line.look for line in state.lines} == {"DISPUTED", "REFUNDED", "PENDING"}
        assert {line.title for line in state.unfinished} == {"Waiting for your payment", "A payment is on its way"}
        assert "disputed" in state.warning
        await tab.send(CreditsState.load)
        assert (await tab.state(CreditsState)).headline == "Calls are paused"
        theirs = server.tab("theirs", other_cookie, path="/credits")
        await theirs.send(PaymentsState.load)
        other = await theirs.state(PaymentsState)
        assert (other.lines, other.unfinished, other.warning, other.notice) == ([], [], "", "")

    serve(scenario)


def test_older_payments_are_walked_by_address(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        for n in range(25):
            create_purchase(session, actor, PurchaseStatus.FAILED, created_at=NOON + timedelta(minutes=n), failure=f"Reason {n}")

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits")
        await tab.send(PaymentsState.load)
        first = await tab.state(PaymentsState)
        assert (len(first.lines), first.newer) == (20, "")
        older = server.tab("older", cookie, path=first.older)
        await older.send(PaymentsState.load)
        rest = await older.state(PaymentsState)
        assert [line.note for line in rest.lines] == [f"Reason {n}. Nothing was charged." for n in (4, 3, 2, 1, 0)]
        assert (rest.older, rest.newer) == ("", "/credits")
        broken = server.tab("broken", cookie, path="/credits?payments=nonsense")
        assert "Start again from the first" in await broken.send(PaymentsState.load)

    serve(scenario)


def test_buying_goes_to_the_page_that_is_open_already_however_often_it_is_pressed(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        stripe_facts.opened(session, actor)
        pack_id = pack(session).id

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits")
        for _ in range(2):
            told = await tab.send(PaymentsState.buy, pack_id=pack_id)
            assert "_redirect" in told
            assert "https://checkout.stripe.example/pay" in told
        assert (await tab.state(PaymentsState)).buying == pack_id
        await tab.send(PaymentsState.load)
        assert (await tab.state(PaymentsState)).buying == "", "who is back is not on the way"

    serve(scenario)
    with db.transaction() as session:
        assert len(session.exec(select(CreditPurchase)).all()) == 1


def test_a_payment_page_that_cannot_be_opened_is_told_and_nothing_is_lost(database: str) -> None:
    _, cookie = member()
    with db.transaction() as session:
        pack_id = pack(session).id

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits")
        told = await tab.send(PaymentsState.buy, pack_id=pack_id)
        assert "error" in told
        assert "_redirect" not in told
        assert "Something went wrong on our side" not in told, "it is expected and told in its own words"
        assert (await tab.state(PaymentsState)).buying == ""
        gone = await tab.send(PaymentsState.buy, pack_id="no-such-pack")
        assert "not on sale any more" in gone

    serve(scenario)


@pytest.mark.parametrize("role", [role for role in OrgRole if role is not OrgRole.OWNER])
def test_only_who_may_buy_begins_a_purchase(database: str, role: OrgRole) -> None:
    _, cookie = member(role=role)
    with db.transaction() as session:
        pack_id = pack(session).id

    async def scenario(server: Server) -> None:
        told = await server.tab("t", cookie, path="/credits").send(PaymentsState.buy, pack_id=pack_id)
        assert "_redirect" not in told

    serve(scenario)
    with db.transaction() as session:
        assert session.exec(select(CreditPurchase)).all() == []


def test_a_payment_that_arrives_shows_itself_without_a_reload(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        colleague = logged_in(session, factories.create_member(session, role=OrgRole.VIEWER))
        purchase = stripe_facts.opened(session, actor)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits")
        await tab.send(PaymentsState.load)
        assert [line.title for line in (await tab.state(PaymentsState)).unfinished] == ["Waiting for your payment"]
        with db.transaction() as session, clock.at(clock.now()):
            purchases.settle(session, session_payment(stripe_facts.checkout(session.merge(purchase))))
        await tab.send(PaymentsState.refresh)
        state = await tab.state(PaymentsState)
        assert (state.unfinished, [line.look for line in state.lines]) == ([], ["PAID"])
        stranger = server.tab("stranger", colleague, path="/credits")
        await stranger.send(PaymentsState.load)
        assert (await stranger.state(PaymentsState)).lines == []

    serve(scenario)

"""Back from Stripe: nothing is called paid before it is credited, and whatever becomes of it is told."""

from typing import Any

import pytest

from kametrix import db
from kametrix.integrations.stripe.events import session_payment
from kametrix.models import CreditPurchase, OrgRole, PurchaseStatus
from kametrix.services import purchases
from kametrix.services.purchases import Standing
from kametrix.state import credits_return
from kametrix.state.credits_return import ReturnState
from kametrix.state.payment_words import told, unconfirmed
from tests import factories, stripe_facts
from tests.state.people import member
from tests.state.processor import Server, Tab, serve


@pytest.fixture(autouse=True)
def _no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credits_return, "REST_SECONDS", (0.0, 0.0, 0.0))


def standing(status: PurchaseStatus, **columns: Any) -> Standing:
    given: dict[str, Any] = {
        "purchase_id": "p", "status": status.value, "kind": "CHECKOUT", "pack_name": "Starter", "credits": 1000, "price_in_cents": 1000,
        "grace_repaid": 0, "balance": 1000, "failure": "", "checkout_url": "", "organization_id": "o",
    }  # fmt: skip
    return Standing(**{**given, **columns})


@pytest.mark.parametrize(
    ("standing", "look", "title", "words"),
    [
        (standing(PurchaseStatus.PAID), "credited", "1,000 credits added", "Your balance is $10.00."),
        (standing(PurchaseStatus.PAID, grace_repaid=45, balance=955), "credited", "955 credits added", "$0.45 of grace was paid back"),
        (standing(PurchaseStatus.PAID, grace_repaid=1000, balance=-200), "credited", "Paid: $10.00 of grace paid back", "−$2.00"),
        (standing(PurchaseStatus.PENDING), "pending", "Your bank needs a few days", "You need not pay again"),
        (standing(PurchaseStatus.FAILED, failure="Your card was declined."), "failed", "The payment did not go through", "was declined. N"),
        (standing(PurchaseStatus.EXPIRED), "failed", "The payment was not finished in time", "Nothing was charged"),
        (standing(PurchaseStatus.REVIEW), "review", "We are checking this payment", "not lost"),
        (standing(PurchaseStatus.OPEN), "waiting", "Payment received, crediting…", "confirms"),
    ],
)
def test_a_payment_is_told_as_it_stands(standing: Standing, look: str, title: str, words: str) -> None:
    found = told(standing)
    assert (found.look, found.title) == (look, title)
    assert words in found.text


def test_who_has_not_paid_can_go_on_paying_while_the_page_is_open() -> None:
    found = unconfirmed(standing(PurchaseStatus.OPEN, checkout_url="https://checkout.example/pay"))
    assert (found.action, found.href, found.leaves) == ("Continue paying", "https://checkout.example/pay", True)
    assert unconfirmed(standing(PurchaseStatus.OPEN)).href == "/credits"


async def opened(server: Server, cookie: str, session_id: str | None) -> tuple[Tab, Any]:
    tab = server.tab("t", cookie, path=f"/credits/return?session={session_id}")
    await tab.send(ReturnState.load)
    return tab, (await tab.state(ReturnState)).told


def test_it_turns_into_credits_when_they_are_in_the_ledger_and_not_before(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        factories.post_credit(session, actor, -45)
        purchase = stripe_facts.opened(session, actor)

    async def scenario(server: Server) -> None:
        tab, shown = await opened(server, cookie, purchase.stripe_session_id)
        assert "credits added" not in tab.received()
        assert shown.look == "unconfirmed", "Stripe does not answer: the page no longer says that money was received"
        with db.transaction() as session:
            purchases.settle(session, session_payment(stripe_facts.checkout(session.merge(purchase))))
        await tab.send(ReturnState.refresh)
        state = await tab.state(ReturnState)
        assert (state.told.title, state.what) == ("955 credits added", "Starter, 1,000 credits for $10.00")
        assert "Your balance is $9.55." in state.told.text
        _, again = await opened(server, cookie, purchase.stripe_session_id)
        assert again.title == "955 credits added", "loaded again, it says the same"

    serve(scenario)


def test_asking_again_begins_anew(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        purchase = stripe_facts.opened(session, actor)

    async def scenario(server: Server) -> None:
        tab, shown = await opened(server, cookie, purchase.stripe_session_id)
        assert shown.look == "unconfirmed"
        await tab.send(ReturnState.ask_again)
        state = await tab.state(ReturnState)
        assert (state.told.look, state._asked) == ("unconfirmed", 3)
        assert "Payment received, crediting" in tab.received()

    serve(scenario)


@pytest.mark.parametrize(
    ("status", "look"),
    [
        (PurchaseStatus.PENDING, "pending"),
        (PurchaseStatus.FAILED, "failed"),
        (PurchaseStatus.EXPIRED, "failed"),
        (PurchaseStatus.REVIEW, "review"),
    ],
)
def test_what_is_decided_is_told_at_once(database: str, status: PurchaseStatus, look: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        purchase = stripe_facts.opened(session, actor)
        session.get_one(CreditPurchase, purchase.id).status = status

    async def scenario(server: Server) -> None:
        tab, shown = await opened(server, cookie, purchase.stripe_session_id)
        assert shown.look == look
        assert "crediting" not in tab.received()

    serve(scenario)


@pytest.mark.parametrize("named", ["", "cs_test_unknown", "x" * 4000, "%00", "' or 1=1 --"])
def test_a_payment_nobody_knows_is_calmly_said_to_be_unknown(database: str, named: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        _, shown = await opened(server, cookie, named)
        assert (shown.look, shown.href) == ("unknown", "/credits")

    serve(scenario)


def test_another_organizations_payment_is_unknown(database: str) -> None:
    (actor, _), (_, cookie) = member(), member(role=OrgRole.OWNER)
    with db.transaction() as session:
        bought = stripe_facts.bought(session, actor)

    async def scenario(server: Server) -> None:
        for named in (bought.stripe_session_id, bought.id):
            tab, shown = await opened(server, cookie, named)
            assert shown.look == "unknown"
            assert "Starter" not in tab.received()

    serve(scenario)


def test_who_logs_out_is_told_nothing_more(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        purchase = stripe_facts.opened(session, actor)

    async def scenario(server: Server) -> None:
        told = await server.tab("t", "", path=f"/credits/return?session={purchase.stripe_session_id}").send(ReturnState.load)
        assert "/login?redirect=/credits/return" in told
        assert cookie

    serve(scenario)

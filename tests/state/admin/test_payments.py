"""Payments in the console: found, opened, given back once, and calls let through; errors at the fields, nothing for others."""

from typing import Any

import pytest
from sqlmodel import select

from kametrix import db
from kametrix.models import CreditDispute, CreditPurchase, CreditRefund, PurchaseStatus, RefundStatus
from kametrix.services.access import Actor
from kametrix.state.admin.payment import PaymentState
from kametrix.state.admin.payments import PaymentsState
from tests import factories, stripe_facts
from tests.state.admin.people import operator
from tests.state.people import member
from tests.state.processor import Server, Tab, serve
from tests.state.purchases import create_dispute, create_purchase, create_refund


def bought(actor: Actor) -> CreditPurchase:
    with db.transaction() as session:
        return stripe_facts.bought(session, actor)


def refunds() -> list[CreditRefund]:
    with db.transaction() as session:
        return list(session.exec(select(CreditRefund)).all())


async def opened(server: Server, cookie: str, purchase_id: str) -> tuple[Tab, Any]:
    tab = server.tab("t", cookie, path=f"/admin/payments/{purchase_id}")
    await tab.send(PaymentState.load)
    return tab, await tab.state(PaymentState)


def test_payments_are_found_by_organization_e_mail_number_and_state(database: str) -> None:
    _, cookie = operator()
    (actor, _), (other, _) = member(name="Maple Street Optics"), member(name="Cedar Lane Vets")
    with db.transaction() as session:
        paid = create_purchase(session, actor, PurchaseStatus.PAID)
        create_refund(session, paid, 300)
        create_purchase(session, other, PurchaseStatus.FAILED, failure="Your card was declined.")
        create_dispute(session, create_purchase(session, other, PurchaseStatus.PAID, pack_name="Pro"))

    async def found(server: Server, query: str) -> list[tuple[str, str, str]]:
        tab = server.tab(query, cookie, path=f"/admin/payments{query}")
        await tab.send(PaymentsState.load)
        return sorted((row.organization, row.look, row.note) for row in (await tab.state(PaymentsState)).rows)

    async def scenario(server: Server) -> None:
        maple, failed, disputed = (
            ("Maple Street Optics", "REFUNDED", "$3.00 refunded"),
            ("Cedar Lane Vets", "FAILED", "Your card was declined."),
            ("Cedar Lane Vets", "DISPUTED", ""),
        )
        assert await found(server, "") == sorted([maple, failed, disputed])
        assert await found(server, "?search=maple") == [maple]
        assert await found(server, f"?search={actor.email}") == [maple]
        assert await found(server, f"?search={paid.stripe_payment_id}") == [maple]
        assert await found(server, f"?search={paid.id}") == [maple]
        assert await found(server, "?status=FAILED") == [failed]
        assert await found(server, "?status=NONSENSE&search=%25") == []
        assert "broken" in await server.tab("b", cookie, path="/admin/payments?older=x").send(PaymentsState.load)

    serve(scenario)


def test_a_search_becomes_an_address(database: str) -> None:
    _, cookie = operator()

    async def scenario(server: Server) -> None:
        told = await server.tab("t", cookie).send(PaymentsState.narrow, form={"search": " maple ", "status": "PAID"})
        assert "/admin/payments?search=maple&status=PAID" in told

    serve(scenario)


def test_the_refund_begins_with_what_is_unspent_and_is_ordered_once(database: str) -> None:
    (_, cookie), (actor, _) = operator(), member()
    purchase = bought(actor)

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, purchase.id)
        assert (state.title, state.can_refund) == ("Starter for $10.00", True)
        await tab.send(PaymentState.ask_refund)
        state = await tab.state(PaymentState)
        assert (state.is_refunding, state.typed) == (True, "10.00")
        form = {"amount": "4.00", "reason": "Bought twice", "beyond_unspent": ""}
        told = await tab.send(PaymentState.refund, form=form)
        assert "$4.00 is on its way back" in told
        await tab.send(PaymentState.refund, form=form)
        state = await tab.state(PaymentState)
        assert [(line.look, line.amount, line.note) for line in state.refunds] == [("REQUESTED", "$4.00", "Ordered here: Bought twice")]
        assert "$6.00 unspent, $6.00 can be refunded" in state.facts["left"]

    serve(scenario)
    assert [(row.amount, row.status, row.beyond_unspent) for row in refunds()] == [(400, RefundStatus.REQUESTED, False)]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"amount": "10.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "a lot"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": "9" * 60}, "amount"),
        ({"reason": "   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_what_cannot_be_refunded_is_told_at_its_field(database: str, typed: dict[str, str], field: str) -> None:
    (_, cookie), (actor, _) = operator(), member()
    purchase = bought(actor)

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, purchase.id)
        await tab.send(PaymentState.ask_refund)
        await tab.send(PaymentState.refund, form={"amount": "5", "reason": "Why not", **typed})
        state = await tab.state(PaymentState)
        assert [name for name, error in state.errors.items() if error] == [field]
        assert (state.is_refunding, state.is_sending) == (True, False)

    serve(scenario)
    assert refunds() == []


def test_what_was_spent_takes_a_decision(database: str) -> None:
    (_, cookie), (actor, _) = operator(), member()
    purchase = bought(actor)
    with db.transaction() as session:
        factories.post_credit(session, actor, -200)

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, purchase.id)
        await tab.send(PaymentState.ask_refund)
        assert (await tab.state(PaymentState)).typed == "8.00"
        form = {"amount": "10", "reason": "Goodwill"}
        await tab.send(PaymentState.refund, form=form)
        assert "$8.00 of this payment is unspent" in (await tab.state(PaymentState)).errors["amount"]
        told = await tab.send(PaymentState.refund, form={**form, "beyond_unspent": True})
        assert "$10.00 is on its way back" in told
        assert not (await tab.state(PaymentState)).can_refund

    serve(scenario)
    assert [(row.amount, row.beyond_unspent) for row in refunds()] == [(1000, True)]


def test_calls_are_let_through_after_a_question(database: str) -> None:
    (_, cookie), (actor, _) = operator(), member(name="Cedar Lane Vets")
    purchase = bought(actor)
    with db.transaction() as session:
        dispute = create_dispute(session, session.merge(purchase))

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, purchase.id)
        assert [(line.look, line.note, line.can_lift) for line in state.disputes] == [("OPEN", "Fraudulent.", True)]
        await tab.send(PaymentState.ask_lift, dispute_id="another")
        assert not (await tab.state(PaymentState)).is_asking
        await tab.send(PaymentState.ask_lift, dispute_id=dispute.id)
        assert "Cedar Lane Vets takes calls again at once" in (await tab.state(PaymentState)).asked.effects[0]
        assert "takes calls again." in await tab.send(PaymentState.confirm, _form={})
        line = (await tab.state(PaymentState)).disputes[0]
        assert (line.can_lift, line.note) == (False, "Fraudulent. Calls were let through by an operator.")

    serve(scenario)
    with db.transaction() as session:
        assert session.get_one(CreditDispute, dispute.id).lifted_at is not None


def test_an_address_of_no_payment_says_so(database: str) -> None:
    _, cookie = operator()

    async def scenario(server: Server) -> None:
        _, state = await opened(server, cookie, "unknown")
        assert state.is_missing

    serve(scenario)


def test_nobody_else_sees_or_moves_anything(database: str) -> None:
    actor, cookie = member()
    purchase = bought(actor)

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, purchase.id)
        assert state.title == ""
        for handler, payload in (
            (PaymentsState.load, {}), (PaymentState.ask_refund, {}), (PaymentState.refund, {"form": {"amount": "1", "reason": "x"}}),
        ):  # fmt: skip
            await tab.send(handler, **payload)
        assert "Starter" not in tab.received()

    serve(scenario)
    assert refunds() == []

"""Statements and charges as pages show them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import col, select

from kametrix import clock, db
from kametrix.models import CreditTransaction
from kametrix.state.charge import ChargeState
from kametrix.state.statements import StatementsState
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, serve
from tests.statement_books import NOW, Books, build


@pytest.fixture
def books(database: str, tmp_path: Path) -> Books:
    return build(tmp_path)


def test_months_are_listed_and_one_opens(books: Books) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab("t", books.cookie, path="/credits/statements")
        await tab.send(StatementsState.load)
        state = await tab.state(StatementsState)
        assert [(month.name, month.note, month.closing) for month in state.months] == [
            ("December 2026", "so far", "$17.73"), ("November 2026", "", "$18.18"), ("October 2026", "", "$10.00"),
        ]  # fmt: skip
        november = state.months[1]
        assert (november.calls, november.used, november.paid) == ("6 calls, 79 minutes", "$11.82", "$20.00")
        one = server.tab("one", books.cookie, path=november.href)
        await one.send(StatementsState.load_month)
        shown = (await one.state(StatementsState)).shown
        assert (shown.title, shown.note) == ("November 2026", "7 rows, days in Europe/Berlin")
        assert [(line.label, line.amount) for line in shown.sum] == [
            ("Balance at the beginning", "$10.00"), ("Payments", "+$20.00"), ("Calls", "−$1.20"), ("Calls in grace", "−$10.62"),
            ("Balance at the end", "$18.18"),
        ]  # fmt: skip
        assert [line.is_end for line in shown.sum] == [False] * 4 + [True]
        assert (shown.files, shown.command) == ("/api/statements/2026-11", "python verify_statement.py statement-2026-11.json")
        assert shown.signed == "All of it is signed, with the checkpoint of 2026-11-30 (UTC)."
        assert [day.day for day in shown.days] == ["1 Nov", "2 Nov", "5 Nov", "6 Nov", "20 Nov", "30 Nov"]
        assert max(day.share for day in shown.days if day.day == "2 Nov") == "100%"
        assert len(next(fact.value for fact in shown.proof if fact.label == "Signature")) == 128

    with clock.at(NOW):
        serve(scenario)


@pytest.mark.parametrize("address", ["/credits/statements/2026-08", "/credits/statements/nonsense", "/credits/statements/2027-01"])
def test_a_month_without_a_statement_says_so(books: Books, address: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab("t", books.cookie, path=address)
        await tab.send(StatementsState.load_month)
        state = await tab.state(StatementsState)
        assert state.is_missing
        assert state.shown.title == ""

    with clock.at(NOW):
        serve(scenario)


def test_a_row_opens_and_another_organizations_does_not(books: Books) -> None:
    with db.transaction() as session:
        row = session.exec(select(CreditTransaction).order_by(col(CreditTransaction.seq))).all()[3]
    with clock.at(NOW):
        _, stranger = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", books.cookie, path=f"/credits/transactions/{row.id}")
        await tab.send(ChargeState.load)
        charge = (await tab.state(ChargeState)).charge
        assert (charge.title, charge.sum) == ("Call in grace of $9.00", "60 min → 60 minutes × $0.15 = $9.00")
        assert charge.statement == "/credits/statements/2026-11"
        assert charge.signed.startswith("Signed with the checkpoint of 2026-11-02")
        theirs = server.tab("theirs", stranger, path=f"/credits/transactions/{row.id}")
        await theirs.send(ChargeState.load)
        state = await theirs.state(ChargeState)
        assert state.is_missing
        assert "$9.00" not in theirs.received()

    with clock.at(NOW):
        serve(scenario)


def test_nothing_yet_is_an_empty_list(database: str) -> None:
    with clock.at(datetime(2026, 11, 20, tzinfo=UTC)):
        actor, cookie = member()
        other, _ = member()
        with db.transaction() as session:
            factories.post_credit(session, other, 5)

        async def scenario(server: Server) -> None:
            tab = server.tab("t", cookie, path="/credits/statements")
            await tab.send(StatementsState.load)
            assert (await tab.state(StatementsState)).months == []

        serve(scenario)
        assert actor.organization_id != other.organization_id

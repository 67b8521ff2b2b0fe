"""The wallet in words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kametrix import db
from kametrix.models import WhenEmpty
from kametrix.services import packs
from kametrix.services.credits import TransactionRow, Wallet
from kametrix.state.credits import CreditsState, ledger_line, wallet_words
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, serve

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _wallet(balance: int, ceiling: int | None, *, has_purchased: bool) -> Wallet:
    return Wallet(balance, max(balance, 0), max(-balance, 0), max(balance, 0) // 15, 15, balance <= 500, ceiling, has_purchased)


@pytest.mark.parametrize(
    ("wallet", "headline", "meaning"),
    [
        (_wallet(0, 300, has_purchased=False), "Your phone is answered all the same", "up to $3.00; $3.00 of that is left"),
        (_wallet(-45, 300, has_purchased=False), "$0.45 used before your first pack", "$2.55 of that is left"),
        (_wallet(-300, 300, has_purchased=False), "Calls are paused until your first pack", "$0.00 of that is left"),
        (_wallet(100, 300, has_purchased=False), "Your phone is answered", "up to $3.00"),
        (_wallet(-135, None, has_purchased=True), "$1.35 of grace in use", "Your next pack pays it back first"),
        (_wallet(-135, 200, has_purchased=True), "$1.35 of grace in use", "until it reaches $2.00"),
        (_wallet(4185, None, has_purchased=True), "Your phone is answered", "no call is turned away"),
        (_wallet(4185, 200, has_purchased=True), "Your phone is answered", "$2.00 of grace"),
        (_wallet(4185, 0, has_purchased=True), "Your phone is answered", "nobody can take the call, as you chose in Billing"),
        (_wallet(14, 0, has_purchased=True), "Your credit is used up", "The next pack lets your agents answer at once"),
        (_wallet(-30, 0, has_purchased=False), "$0.30 of grace in use", "The next pack pays it back first"),
    ],
)
def test_the_number_is_told_with_what_it_means(wallet: Wallet, headline: str, meaning: str) -> None:
    told = wallet_words(wallet)
    assert told[0] == headline
    assert meaning in told[1]


def test_calls_that_are_passed_on_at_zero_are_told_so() -> None:
    passed_on = replace(_wallet(0, 0, has_purchased=True), when_empty=WhenEmpty.FORWARD)
    assert "Callers are connected to your own number" in wallet_words(passed_on)[1]
    assert "callers are connected to your own number" in wallet_words(replace(passed_on, balance=1000))[1]


def test_a_transaction_explains_its_amount() -> None:
    row = TransactionRow("t", "GRACE_USAGE", -75, "Call: 5 min", 30, -45, 45, 0, NOON, "c", 5, 15, None)
    line = ledger_line(row, NOON)
    assert line.why == "5 minutes × $0.15, $0.45 of it grace, $0.30 → −$0.45"
    assert (line.amount, line.is_gain, line.balance, line.href, line.at) == (
        "−$0.75",
        False,
        "−$0.45",
        "/credits/transactions/t",
        "Today, 12:00",
    )
    bought = ledger_line(TransactionRow("t", "PURCHASE", 1000, "Starter", -45, 955, 0, 45, NOON, None, None, None, "by card"), NOON)
    assert (bought.what, bought.why, bought.amount, bought.is_gain, bought.href) == (
        "Starter: by card", "$0.45 paid back grace, −$0.45 → $9.55", "+$10.00", True, "/credits/transactions/t",
    )  # fmt: skip


def test_the_ledger_is_walked_by_address_and_belongs_to_its_organization(database: str) -> None:
    (actor, cookie), (other, other_cookie) = member(), member()
    with db.transaction() as session:
        packs.seed(session)
        for n in range(25):
            factories.post_credit(session, actor, n + 1)
        factories.post_credit(session, other, 7)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits")
        await tab.send(CreditsState.load)
        state = await tab.state(CreditsState)
        assert (state.balance, state.buys, state.is_first_page, len(state.lines)) == ("$3.25", "(~21 min)", True, 20)
        assert [pack.price for pack in state.packs] == ["$10", "$25", "$50", "$100"]
        older = server.tab("older", cookie, path=state.older)
        await older.send(CreditsState.load)
        rest = await older.state(CreditsState)
        assert ([line.amount for line in rest.lines], rest.older, rest.is_first_page) == (
            [f"+$0.0{n}" for n in (5, 4, 3, 2, 1)], "", False,
        )  # fmt: skip
        theirs = server.tab("theirs", other_cookie, path=state.older)
        await theirs.send(CreditsState.load)
        assert [line.amount for line in (await theirs.state(CreditsState)).lines] == ["+$0.07"]

    serve(scenario)

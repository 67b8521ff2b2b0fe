"""Deeds in the console: asked first, told in words, refused in the dialog; a suspended person's open tab is out."""

import os
from typing import Any

import pytest

from kametrix import db
from kametrix.errors import Invalid
from kametrix.models import Agent, PhoneNumber, User, UserStatus
from kametrix.services import site_settings
from kametrix.settings import settings
from kametrix.state import guard
from kametrix.state.admin.agents import AgentsAdminState
from kametrix.state.admin.amounts import cents_of
from kametrix.state.admin.numbers import NumbersState
from kametrix.state.admin.prices import PricesState, rate_question
from kametrix.state.admin.user import UserState
from kametrix.state.admin.users import UsersState
from kametrix.state.calls import CallsState
from tests import factories
from tests.state.admin.people import operator
from tests.state.people import member
from tests.state.processor import Server, serve
from tests.vapi_fake import running


def test_a_suspended_persons_open_tab_is_logged_out(database: str) -> None:
    _, cookie = operator()
    robin, theirs = member()

    async def scenario(server: Server) -> None:
        tab, other = server.tab("t", cookie, path="/admin/users"), server.tab("other", theirs, path="/calls")
        await other.send(CallsState.load)
        await tab.send(UsersState.load)
        await tab.send(UsersState.ask, deed="suspend", user_id=robin.user_id)
        state = await tab.state(UsersState)
        assert "Suspend Dana Whitlock?" in state.asked.title
        assert "go on answering" in " ".join(state.asked.effects)
        told = await tab.send(UsersState.confirm, form={"reason": "Unpaid"})
        assert "is suspended. 1 log-in ended." in told
        assert "/login" in await other.send(CallsState.refresh)

    guard._seen.clear()
    serve(scenario)
    with db.transaction() as session:
        assert session.get_one(User, robin.user_id).status == UserStatus.SUSPENDED


def test_what_is_refused_is_told_in_the_open_confirmation(database: str) -> None:
    person, cookie = operator()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/users")
        await tab.send(UsersState.load)
        await tab.send(UsersState.ask, deed="suspend", user_id=person.user_id)
        await tab.send(UsersState.confirm, form={})
        state = await tab.state(UsersState)
        assert (state.is_asking, state.asked.error) == (True, "You cannot suspend yourself. Another administrator can.")

    serve(scenario)


def test_a_reset_link_is_shown_once(database: str) -> None:
    _, cookie = operator()
    robin, _ = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path=f"/admin/users/{robin.user_id}")
        await tab.send(UserState.load)
        await tab.send(UserState.ask, deed="reset", user_id=robin.user_id)
        await tab.send(UserState.confirm, form={})
        state = await tab.state(UserState)
        assert state.link.startswith("http://localhost:3000/reset?token=")
        await tab.send(UserState.turn_link, is_open=False)
        assert (await tab.state(UserState)).link == ""

    serve(scenario)


def test_an_adjustment_shows_the_balance_before_and_after_and_counts_once(database: str) -> None:
    _, cookie = operator()
    owner, _ = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path=f"/admin/users/{owner.user_id}")
        await tab.send(UserState.load)
        await tab.send(UserState.ask_adjustment, organization_id=owner.organization_id)
        await tab.send(UserState.weigh, amount="5")
        assert (await tab.state(UserState)).effect == "Balance now: $0.00. After this: $5.00."
        for form, field in (
            ({"amount": "0", "reason": "x"}, "amount"),
            ({"amount": "1.005", "reason": "x"}, "amount"),
            ({"amount": "5"}, "reason"),
        ):
            assert "aria-invalid" in await tab.send(UserState.adjust, form=form)
            assert (await tab.state(UserState)).errors[field]
        assert "$0.00 became $5.00" in await tab.send(UserState.adjust, form={"amount": "5", "reason": "Goodwill"})
        await tab.send(UserState.adjust, form={"amount": "5", "reason": "Goodwill"})  # the same form again
        assert (await tab.state(UserState)).organizations[0].balance == "$5.00"

    serve(scenario)


def test_the_pool_is_compared_with_the_provider_between_two_transactions(database: str) -> None:
    _, cookie = operator()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/numbers")
        await tab.send(NumbersState.load)
        await tab.send(NumbersState.sync)
        state = await tab.state(NumbersState)
        assert state.result == "2 added, none updated, none released; the provider lists 2 numbers."
        assert ([row.number for row in state.rows], state.is_syncing) == (["+1 415 555 0101", "+1 415 555 0102"], False)
        vapi.fail("GET", "/phone-number", status=401, body={"message": "Invalid Key"}, times=9)
        assert "toast" in await tab.send(NumbersState.sync)
        vapi.faults.clear()
        await tab.send(NumbersState.sync)  # the lease was given back
        assert "none added" in (await tab.state(NumbersState)).result.lower()

    with running() as vapi:
        os.environ["VAPI_BASE_URL"] = vapi.url
        settings.cache_clear()
        vapi.add_number("+14155550101"), vapi.add_number("+14155550102")
        serve(scenario)


def test_a_price_says_what_it_means_before_it_is_changed(database: str) -> None:
    _, cookie = operator()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/prices")
        await tab.send(PricesState.load)
        await tab.send(PricesState.ask_rate, form={"cents_per_minute": "20"})
        state = await tab.state(PricesState)
        assert state.asked.effects[0] == "A call of 4 min 32 sec will cost $1.00 instead of $0.75."
        await tab.send(PricesState.confirm, _form={})
        for typed in ("0", "1001", "1.5", "", "many"):
            assert "aria-invalid" in await tab.send(PricesState.ask_rate, form={"cents_per_minute": typed})
            assert (await tab.state(PricesState)).errors["cents_per_minute"], typed
        assert "aria-invalid" in await tab.send(PricesState.save, form={"name": "Small", "credits": "many", "price": "5"})

    serve(scenario)
    with db.transaction() as session:
        assert site_settings.cents_per_minute(session) == 20


def test_nothing_is_done_that_is_not_being_asked(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        number = factories.create_phone_number(session, factories.create_agent(session, factories.create_member(session)))
        agent_id = str(number.agent_id)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/numbers")
        for state in (AgentsAdminState, NumbersState):
            await tab.send(state.load)
        await tab.send(NumbersState.ask, deed="off", number_id=number.id)
        await tab.send(AgentsAdminState.ask, deed="off", agent_id=agent_id)
        for state in (AgentsAdminState, NumbersState, PricesState):
            await tab.send(state.turn_decision, is_open=False)
            assert await tab.send(state.confirm, _form={}) == ""

    serve(scenario)
    with db.transaction() as session:
        assert session.get_one(PhoneNumber, number.id).is_enabled
        assert session.get_one(Agent, agent_id).is_active


def test_a_higher_price_is_the_grave_one() -> None:
    assert rate_question(15, 20).is_grave
    assert not rate_question(20, 15).is_grave


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("5", 500), ("$5.00", 500), ("-2.50", -250), ("−$1,000.5", -100_050), ("+3", 300), (" 0.01 ", 1)],
)
def test_money_is_read_as_people_type_it(typed: str, cents: int) -> None:
    assert cents_of(typed, "amount") == cents


@pytest.mark.parametrize("typed", ["", "five", "1.005", "1e3", "--5", "5 000", "NaN", "99999999999999"])
def test_what_is_no_whole_amount_is_told_at_the_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        cents_of(typed, "amount")
    assert "amount" in refused.value.errors


def test_a_filter_stands_in_the_address(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        for place in range(25):
            factories.create_user(session, email=f"person{place}@example.com", status=UserStatus.SUSPENDED)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/users?status=SUSPENDED&role=nonsense")
        await tab.send(UsersState.load)
        state: Any = await tab.state(UsersState)
        assert (state.status, state.role, len(state.rows), state.note) == ("SUSPENDED", "", 20, "25 people found, of 26.")
        assert "status=SUSPENDED" in state.older
        moved = await tab.send(UsersState.narrow, form={"search": " dana & co ", "status": "ACTIVE"})
        assert "/admin/users?search=dana+%26+co&status=ACTIVE" in moved

    serve(scenario)


def test_an_address_with_what_no_text_can_hold_is_read_without_it(database: str) -> None:
    _, cookie = operator()
    with db.transaction() as session:
        factories.create_user(session, email="robin@example.com")

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/admin/users?search=ro%00bin")
        await tab.send(UsersState.load)
        state: Any = await tab.state(UsersState)
        assert [row.email for row in state.rows] == ["robin@example.com"]

    serve(scenario)

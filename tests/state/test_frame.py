"""Words of the frame; who is not signed in gets nothing and comes back to the page asked for."""

import pytest

import kametrix.pages  # noqa: F401  # registers what loads each page
from kametrix import db
from kametrix.models import OrgRole, User
from kametrix.services import sessions
from kametrix.services.access import NOT_ALLOWED
from kametrix.services.organizations import Frame
from kametrix.state.credits import CreditsState
from kametrix.state.frame import FrameState, balance_note, initials, ribbon
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, serve


@pytest.mark.parametrize(
    ("name", "letters"), [("Dana Whitlock", "DW"), ("dana", "D"), ("Ana María de la Cruz", "AC"), ("", ""), ("  李 小龙 ", "李小")]
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("providers", "text"),
    [
        ("", ""),
        (" , ", ""),
        ("Vapi", "Calls are simulated."),
        ("vapi, Stripe", "Calls and payments are simulated."),
        ("Vapi,Stripe,smtp", "Calls, payments and e-mails are simulated."),
        ("Carrier pigeon", "Carrier pigeon are simulated."),
    ],
)
def test_the_ribbon_names_what_is_simulated(providers: str, text: str) -> None:
    assert ribbon(providers) == text


@pytest.mark.parametrize(
    ("balance", "minutes", "paused", "note"),
    [
        (4185, 279, False, "about 279 min"),
        (150_000, 10_000, False, "about 10,000 min"),
        (0, 0, False, "calls are still answered"),
        (-135, 0, False, "$1.35 of grace in use"),
        (-300, 0, True, "calls are paused"),
    ],
)
def test_what_the_balance_means(balance: int, minutes: int, paused: bool, note: str) -> None:
    assert balance_note(Frame("B", "", "", balance, minutes, balance <= 500, paused, 0, ())) == note


def test_a_stranger_is_sent_to_log_in_and_back(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab(path="/calls?status=FAILED")
        told = await tab.send(FrameState.load)
        assert "/login?redirect=/calls" in told
        assert (await tab.state(FrameState)).organization == ""

    serve(scenario)


def test_another_page_is_hidden_until_its_data_arrives_but_a_filter_is_not(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        token = sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")

    async def scenario(server: Server) -> None:
        async def shown_at(path: str) -> str:
            tab = server.tab(cookie=token, path=path)
            await tab.send(FrameState.load)
            return (await tab.state(FrameState)).shown

        assert await shown_at("/calls") == ""
        await server.tab(cookie=token, path="/calls").send(FrameState.arrived, route="/calls")
        assert await shown_at("/calls") == "/calls"
        assert await shown_at("/calls?status=FAILED") == "/calls"
        assert await shown_at("/calls/c1") == ""
        state = await server.tab(cookie=token).state(FrameState)
        assert (state.organization, state.person, state.initials, state.role) == ("Brightside Dental", "Dana Whitlock", "DW", "Owner")

    serve(scenario)


def test_a_page_that_a_role_may_not_load_says_so_itself_without_a_toast(database: str) -> None:
    _, cookie = member(role=OrgRole.AGENT)

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=cookie, path="/credits")
        await tab.send(FrameState.load)
        assert await tab.send(CreditsState.load) == ""
        state = await tab.state(CreditsState)
        assert (state.balance, "credits:read" in (await tab.state(FrameState)).permissions) == ("", False)
        assert NOT_ALLOWED in await tab.send(CreditsState.refresh), "what a page does not offer is answered"

    serve(scenario)

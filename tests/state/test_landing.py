"""The front page tells the prices of this installation, and sample calls that could have been."""

import pytest

from kametrix import db
from kametrix.models import SiteSetting
from kametrix.services.sample_calls import CALLS, SampleCall
from kametrix.state.landing import LandingState, sample_costs
from tests.state.people import member
from tests.state.processor import Server, serve


def test_what_a_sample_costs_follows_from_its_length_and_the_rate() -> None:
    assert sample_costs(15) == {
        "dentist": "1 minute × $0.15 = $0.15",
        "plumber": "2 minutes × $0.15 = $0.30",
        "restaurant": "1 minute × $0.15 = $0.15",
    }
    assert sample_costs(20)["plumber"] == "2 minutes × $0.20 = $0.40"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.key)
def test_a_sample_call_is_one_that_could_have_been(call: SampleCall) -> None:
    """The agent says what it is, both speak in turn, and time moves forward."""
    assert {turn.speaker for turn in call.turns[::2]} == {"agent"}
    assert {turn.speaker for turn in call.turns[1::2]} == {"caller"}
    assert "AI assistant" in call.turns[0].words
    assert "recorded" in call.turns[0].words
    seconds = [turn.second for turn in call.turns]
    assert seconds == sorted(set(seconds))
    assert seconds[-1] < call.seconds


def test_the_rate_an_operator_sets_is_the_one_strangers_are_told(database: str) -> None:
    with db.transaction() as session:
        session.add_all([SiteSetting(key="cents_per_minute", value=20), SiteSetting(key="welcome_ceiling_cents", value=500)])

    async def scenario(server: Server) -> None:
        tab = server.tab()
        await tab.send(LandingState.load)
        state = await tab.state(LandingState)
        assert (state.rate, state.price, state.on_trust, state.is_known) == (20, "$0.20", "$5.00", False)
        assert state.costs["dentist"] == "1 minute × $0.20 = $0.20"

    serve(scenario)


def test_who_is_logged_in_is_shown_the_way_to_the_dashboard(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=cookie)
        await tab.send(LandingState.load)
        assert (await tab.state(LandingState)).is_known

    serve(scenario)

"""The dashboard in words."""

from datetime import UTC, datetime

import pytest

from kametrix import clock, db
from kametrix.models import CallStatus
from kametrix.services.credits import Wallet
from kametrix.services.dashboard import Day, FirstSteps
from kametrix.state.dashboard import DashboardState, balance_note, first_steps, steps_place, story
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, serve

MORNING = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
"""9:00 in Los Angeles."""


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (Day(0, 0, 0, 0), "No calls yet today."),
        (Day(1, 1, 1, 15), "Today: 1 call, 1 minute, $0.15."),
        (Day(8, 7, 25, 435), "Today: 8 calls, 7 answered, 25 minutes, $4.35."),
        (Day(8, 6, 25, 435, 1), "Today: 8 calls, 6 answered, 1 turned away, 25 minutes, $4.35."),
        (Day(1, 0, 0, 0, 1), "Today: 1 call, none answered, 1 turned away."),
        (Day(1, 1, 0, 0), "Today: 1 call."),
    ],
)
def test_todays_story_is_one_sentence(day: Day, words: str) -> None:
    assert story(day) == words


@pytest.mark.parametrize(
    ("wallet", "words"),
    [
        (Wallet(500, 500, 0, 33, 15, True, None, True), "about 33 minutes of calls"),
        (Wallet(-45, 0, 45, 0, 15, True, None, True), "$0.45 of grace in use"),
        (Wallet(0, 0, 0, 0, 15, True, 300, False), "$3.00 left before your first pack"),
        (Wallet(-315, 0, 315, 0, 15, True, 300, False), "$0.00 left before your first pack"),
        (Wallet(30, 30, 0, 2, 15, True, 300, False), "about 2 minutes of calls"),
    ],
)
def test_what_the_balance_means_for_the_next_calls(wallet: Wallet, words: str) -> None:
    assert balance_note(wallet) == words


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    steps = first_steps(FirstSteps(True, False, True, False, False))
    assert [step.is_done for step in steps] == [True, False, True, False, False]
    assert [step.is_next for step in steps] == [False, True, False, False, False]
    assert not any(step.is_next for step in first_steps(FirstSteps(True, True, True, True, True)))


@pytest.mark.parametrize(
    ("done", "place"),
    [
        (FirstSteps(False, False, False, False, False), "first"),
        (FirstSteps(True, True, False, False, False), "first"),
        (FirstSteps(True, True, True, False, False), "later"),
        (FirstSteps(True, True, True, True, False), ""),
    ],
)
def test_the_first_steps_make_room_as_calls_come_in(done: FirstSteps, place: str) -> None:
    assert steps_place(done) == place


def test_a_newcomer_is_greeted_and_a_low_balance_is_told_only_after_calls(database: str) -> None:
    actor, cookie = member(timezone="America/Los_Angeles")

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=cookie)
        await tab.send(DashboardState.load)
        state = await tab.state(DashboardState)
        assert (state.greeting, state.story, state.low_balance, state.steps_place) == (
            "Good morning, Dana", "No calls yet today.", "", "first",
        )  # fmt: skip
        assert (state.active_agents, state.agents_note, state.month_note) == ("0", "nobody answers yet", "since 1 November")
        with db.transaction() as session:
            factories.post_credit(session, actor, 450)
            factories.create_call(session, factories.create_agent(session, actor), status=CallStatus.COMPLETED, billed_minutes=2)
        await tab.send(DashboardState.load)
        state = await tab.state(DashboardState)
        assert state.agents_note == "answering your calls"
        assert state.low_balance == "Low balance: $4.50 (~30 min). You have about 30 minutes of call time remaining."
        assert [row.note for row in state.recent] == ["Front desk"]

    with clock.at(MORNING):
        serve(scenario)

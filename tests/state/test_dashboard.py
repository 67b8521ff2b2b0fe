"""The dashboard in words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from kametrix import clock, db
from kametrix.kametrix import app
from kametrix.models import Agent, CallStatus, Organization, OrgRole, PlatformRole, SyncState, WizardDraft
from kametrix.services.access import Actor, actor_of
from kametrix.services.attention import Attention
from kametrix.services.call_stats import Span
from kametrix.services.credits import Wallet
from kametrix.services.dashboard import Day, Earlier, FirstSteps, Overview
from kametrix.state import live
from kametrix.state.dashboard import (
    DashboardState,
    agents_note,
    balance_note,
    comparison,
    first_steps,
    low_balance,
    span_of,
    steps_place,
    story,
)
from tests import factories
from tests.state.people import logged_in, member
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
        (Day(2, 2, 4, None), "Today: 2 calls, 4 minutes."),
    ],
)
def test_todays_story_is_one_sentence(day: Day, words: str) -> None:
    assert story(day) == words


FRIDAY = date(2026, 11, 13)


@pytest.mark.parametrize(
    ("calls", "earlier", "words"),
    [
        (3, Earlier(FRIDAY, 1), "That is 2 more than last Friday by this time."),
        (3, Earlier(FRIDAY, 4), "That is 1 fewer than last Friday by this time."),
        (3, Earlier(FRIDAY, 3), "That is as many as last Friday by this time."),
        (3, Earlier(date(2026, 11, 19), 2), "That is 1 more than yesterday by this time."),
        (0, Earlier(FRIDAY, 1), "By this time last Friday there was 1 call."),
        (0, Earlier(FRIDAY, 4), "By this time last Friday there were 4 calls."),
        (3, None, ""),
        (0, None, ""),
    ],
)
def test_today_is_compared_in_words(calls: int, earlier: Earlier | None, words: str) -> None:
    assert comparison(Day(calls, calls, 0, 0), earlier, MORNING) == words


@pytest.mark.parametrize(
    ("wallet", "has_calls", "words"),
    [
        (Wallet(501, 501, 0, 33, 15, False, None, True), True, ""),
        (
            Wallet(500, 500, 0, 33, 15, True, None, True),
            False,
            "Low balance: $5.00 (~33 min). You have about 33 minutes of call time remaining.",
        ),
        (
            Wallet(450, 450, 0, 30, 15, True, None, True),
            True,
            "Low balance: $4.50 (~30 min). You have about 30 minutes of call time remaining.",
        ),
        (Wallet(0, 0, 0, 0, 15, True, None, True), True, "Your balance is $0.00 (~0 min)."),
        (Wallet(-45, 0, 45, 0, 15, True, None, True), True, "$0.45 of grace in use. Your next pack pays it back first."),
        (Wallet(0, 0, 0, 0, 15, True, 300, False), False, ""),
        (Wallet(-285, 0, 285, 0, 15, True, 300, False), True, "$2.85 of grace in use. Your next pack pays it back first."),
        (
            Wallet(-286, 0, 286, 0, 15, True, 300, False),
            True,
            "Calls are paused until your next pack. $2.86 of grace is in use; the pack pays it back first.",
        ),
        (Wallet(0, 0, 0, 0, 15, True, 0, True), False, "Calls are paused until your next pack."),
    ],
)
def test_a_low_balance_is_told_from_five_dollars_down(wallet: Wallet, has_calls: bool, words: str) -> None:
    assert low_balance(wallet, has_calls=has_calls) == words


@pytest.mark.parametrize(("asked", "span"), [("30d", Span.MONTH), ("12m", Span.YEAR), ("", Span.WEEK), ("1000y", Span.WEEK)])
def test_the_range_comes_from_the_address(asked: str, span: Span) -> None:
    assert span_of(asked) is span


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


def person(role: OrgRole = OrgRole.OWNER) -> Actor:
    return actor_of(user_id="u", email="dana@example.com", organization_id="o", role=role, platform_role=PlatformRole.USER)


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    steps = first_steps(FirstSteps(True, False, True, False, False), person())
    assert [step.is_done for step in steps] == [True, False, True, False, False]
    assert [step.is_next for step in steps] == [False, True, False, False, False]
    assert not any(step.is_next for step in first_steps(FirstSteps(True, True, True, True, True), person()))


def test_buying_is_a_step_only_for_who_may_buy() -> None:
    nothing = FirstSteps(False, False, False, False, False)
    assert [step.href for step in first_steps(nothing, person())][-1] == "/credits"
    assert "/credits" not in [step.href for step in first_steps(nothing, person(OrgRole.MANAGER))]


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


@pytest.mark.parametrize(
    ("agents", "active", "off", "balance", "note"),
    [
        (0, 0, False, 900, "nobody answers yet"),
        (2, 1, False, 900, "answering your calls"),
        (2, 1, False, None, "switched on"),
        (2, 0, False, 900, "switched off: nobody answers"),
        (2, 2, True, 900, "switched off: nobody answers"),
        (2, 2, False, -300, "calls are paused"),
    ],
)
def test_whether_the_telephone_is_answered(agents: int, active: int, off: bool, balance: int | None, note: str) -> None:
    wallet = None if balance is None else Wallet(balance, max(balance, 0), max(-balance, 0), 0, 15, True, 300, False)
    waits = Attention(off, 0, (), 0, 0, (), waits_for_purchase=False)
    assert agents_note(Overview(MORNING, wallet, agents, active, 0, Day(0, 0, 0, 0), None, [], [], waits, None)) == note


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


def colleague(actor: Actor, role: OrgRole, **columns: Any) -> tuple[Actor, str]:
    with db.transaction() as session:
        other = factories.create_member(session, session.get_one(Organization, actor.organization_id), role=role, **columns)
        return other, logged_in(session, other)


def test_the_range_of_the_address_is_drawn_and_follows_the_calls(database: str) -> None:
    actor, cookie = member(timezone="America/Los_Angeles")
    with db.transaction() as session:
        agent_id = factories.create_agent(session, actor).id

    def call() -> None:
        with db.transaction() as session:
            factories.create_call(session, session.get_one(Agent, agent_id), status=CallStatus.COMPLETED, answered_at=clock.now())

    async def scenario(server: Server) -> None:
        call()
        tab = server.tab(cookie=cookie, path="/dashboard?range=12m")
        await tab.send(DashboardState.load)
        state = await tab.state(DashboardState)
        assert (state.span, state.range_words, state.calls_chart.title, len(state.calls_chart.bars)) == (
            "12m",
            "Last 12 months",
            "Calls by month",
            12,
        )
        assert state.calls_chart.total == "1 call, 1 answered"
        call()
        await live.wake(app, None)  # what was shared is asked anew
        await tab.send(DashboardState.refresh)
        state = await tab.state(DashboardState)
        assert (state.calls_chart.total, state.lines[0].calls) == ("2 calls, 2 answered", "2")

    with clock.at(MORNING):
        serve(scenario)


def test_charts_that_did_not_change_are_not_sent_again(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=cookie)
        await tab.send(DashboardState.load)
        await tab.send(DashboardState.refresh)
        assert tab.received().count("Monday, 0 to 1: No calls") == 1

    serve(scenario)


def test_colleagues_share_what_they_see_but_not_what_waits_for_one_of_them(database: str) -> None:
    dana, danas = member()
    robin, robins = colleague(dana, OrgRole.OWNER, name="Robin Reed")
    with db.transaction() as session:
        session.add(WizardDraft(organization_id=robin.organization_id, user_id=robin.user_id))

    async def scenario(server: Server) -> None:
        for name, cookie in (("dana", danas), ("robin", robins)):
            tab = server.tab(name, cookie=cookie)
            await tab.send(DashboardState.load)
            await tab.send(DashboardState.refresh)
        seen = [await server.tab(name).state(DashboardState) for name in ("dana", "robin")]
        assert [state.greeting.rpartition(" ")[2] for state in seen] == ["Dana", "Robin"]
        assert [[need.title for need in state.needs] for state in seen] == [[], ["Finish setting up your agent"]]

    serve(scenario)


def test_role_agent_is_told_no_money_and_asked_to_set_nothing_up(database: str) -> None:
    owner, _ = member()
    robin, robins = colleague(owner, OrgRole.AGENT)
    with db.transaction() as session:
        factories.post_credit(session, owner, 777)
        agent = factories.create_agent(session, owner, sync_state=SyncState.LIVE)
        factories.create_phone_number(session, agent)
        for handler in (robin.user_id, None):
            given = {"answered_at": clock.now(), "billed_minutes": 3, "credits_used": 45, "handled_by_id": handler}
            factories.create_call(session, agent, status=CallStatus.COMPLETED, **given)

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=robins)
        await tab.send(DashboardState.load)
        state = await tab.state(DashboardState)
        assert state.story == "Today: 1 call, 3 minutes."
        assert (state.balance, state.low_balance, state.steps, state.needs) == ("", "", [], [])
        assert (state.month_title, state.calls_this_month) == ("Your calls this month", "1")
        assert not {money for money in ("$0.45", "$0.90", "$7.77") if money in tab.received()}

    serve(scenario)

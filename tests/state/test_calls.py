"""The list of calls and one call in words, through the guard."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kametrix import clock, db
from kametrix.models import Call, CallStatus, Organization, OrgRole, Transcript
from kametrix.services import call_detail, calls, ledger
from kametrix.services.conversation import Turn
from kametrix.state.call_lists import how_many
from kametrix.state.call_rows import Fact, call_row, call_view, turn_rows
from kametrix.state.calls import CallsState, CallState
from tests import factories
from tests.state.people import logged_in, member
from tests.state.processor import Server, serve

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DETAIL: dict[str, Any] = {
    "id": "c", "caller": "+14155550119", "called": "+14155550100", "agent_id": "a", "agent_name": "Mia", "status": CallStatus.COMPLETED,
    "is_live": False, "is_settled": True, "started_at": NOON, "answered_at": NOON, "ended_at": NOON, "seconds": 272,
    "ended_cause": "customer", "summary": "", "turns": (), "cost": None, "has_recording": False,
}  # fmt: skip
COST = call_detail.Cost(minutes=5, rate=15, cents=75, balance_before=100, balance_after=25, grace_used=0, corrections=())


def _detail(**changes: Any) -> call_detail.CallDetail:
    return call_detail.CallDetail(**{**DETAIL, **changes})


def test_a_cost_is_explained_with_the_balance_before_and_after() -> None:
    view = call_view(_detail(cost=COST), NOON)
    assert view.cost_sentence == "4 min 32 sec → 5 minutes × $0.15 = $0.75"
    assert view.cost_lines == [Fact("This call", "$0.75"), Fact("Balance before", "$1.00"), Fact("Balance after", "$0.25")]
    assert view.headline == "Today, 12:00, 4:32, $0.75"
    assert Fact("Ended by", "The caller hung up") in view.facts


def test_a_corrected_cost_tells_what_was_charged_first() -> None:
    cost = call_detail.Cost(minutes=5, rate=15, cents=75, balance_before=500, balance_after=440, grace_used=0, corrections=(-15,))
    assert [(line.label, line.value) for line in call_view(_detail(cost=cost), NOON).cost_lines[:2]] == [
        ("First charged", "$0.60"), ("Corrected by", "−$0.15"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_live": True, "status": CallStatus.IN_PROGRESS}, "Counted when the call ends"),
        ({"is_settled": False}, "Being worked out"),
        ({"seconds": 0}, "Nobody spoke"),
        ({"seconds": 21, "status": CallStatus.FAILED}, "cost nothing"),
        ({"cost": call_detail.Cost(5, 15, 75, 30, -45, 45, ())}, "$0.45 of it came from grace"),
    ],
)
def test_a_call_without_a_plain_charge_says_why(changes: dict[str, Any], words: str) -> None:
    assert words in call_view(_detail(**changes), NOON).cost_note


def test_turns_last_until_the_next_and_tools_stand_between_them() -> None:
    turns = (
        Turn("agent", "Hello.", 0),
        Turn("tool", "9:30 is free.", 5, "Check availability", failed=True),
        Turn("caller", "Thanks", None),
    )
    rows = turn_rows(_detail(turns=turns, seconds=20))
    assert [(row.seconds, row.lasts, row.at, row.text, row.detail) for row in rows] == [
        (0, 5, "0:00", "Hello.", ""), (5, 1, "0:05", "Check availability did not work", "9:30 is free."), (5, 15, "", "Thanks", ""),
    ]  # fmt: skip
    assert turn_rows(_detail()) == []


@pytest.mark.parametrize("status", list(CallStatus))
def test_every_status_has_words_for_a_call_without_summary(status: CallStatus) -> None:
    row = call_row(calls.CallRow("c", None, "a", "Mia", status, NOON, None, 0, 0, "", None), NOON + timedelta(seconds=9))
    assert row.title == "Unknown caller"
    assert row.summary
    assert (row.at, row.duration, row.elapsed) == (("Now", "0:09", 9) if row.is_live else ("Today, 12:00", "", 0))


def test_a_caller_who_was_turned_away_is_not_told_as_a_fault() -> None:
    row = call_row(calls.CallRow("c", None, "a", "Mia", CallStatus.FAILED, NOON, None, 0, 0, "Turned away: why.", "rejected_by_us"), NOON)
    assert (row.status, row.summary) == ("TURNED_AWAY", "Why.")
    view = call_view(_detail(status=CallStatus.FAILED, ended_cause="rejected_by_us", summary="Turned away: why.", seconds=0), NOON)
    assert (view.status, view.summary, view.is_turned_away) == ("TURNED_AWAY", "Why.", True)
    assert "was not connected" in view.cost_note


def test_the_list_keeps_filter_and_place_in_the_address(database: str) -> None:
    actor, cookie = member(timezone="America/Los_Angeles")
    with db.transaction() as session:
        agent = factories.create_agent(session, actor)
        for n in range(25):
            factories.create_call(session, agent, status=CallStatus.NO_ANSWER, started_at=NOON - timedelta(minutes=n))
        factories.create_call(session, agent, status=CallStatus.COMPLETED, started_at=NOON)
        factories.create_call(session, agent, status=CallStatus.RINGING, started_at=NOON)

    async def scenario(server: Server) -> None:
        async def at(path: str) -> Any:
            tab = server.tab(path, cookie, path=path)
            await tab.send(CallsState.load)
            return await tab.state(CallsState)

        every = await at("/calls")
        assert (len(every.rows), len(every.live_rows), every.newer) == (20, 1, "")
        missed = await at("/calls?status=missed")
        assert ({row.status for row in missed.rows}, missed.live_rows) == ({"NO_ANSWER"}, [])
        assert missed.older.startswith("/calls?status=missed&older=")
        rest = await at(missed.older)
        assert (len(rest.rows), rest.older) == (5, "")
        assert [row.id for row in (await at(rest.newer)).rows] == [row.id for row in missed.rows]
        nonsense = await at("/calls?status=nonsense&agent=x&q=%00")
        assert (nonsense.asked, len(nonsense.rows)) == ({}, 20)
        assert "the way calls ended, the agent and the words" in nonsense.note
        broken = await at("/calls?older=nonsense")
        assert "Start again" in broken.note
        assert broken.rows == []

    with clock.at(NOON):
        serve(scenario)


def test_one_call_is_shown_to_its_organization_and_nobody_else(database: str) -> None:
    (actor, cookie), (_, other_cookie) = member(), member()
    with db.transaction() as session:
        factories.post_credit(session, actor, 100)
        call: Call = factories.create_call(
            session, factories.create_agent(session, actor), status=CallStatus.COMPLETED, duration_seconds=272, settled_at=NOON
        )
        ledger.charge_call(session, call, seconds=272, rate=15)

    async def scenario(server: Server) -> None:
        mine, theirs = server.tab("mine", cookie, path=f"/calls/{call.id}"), server.tab("theirs", other_cookie, path=f"/calls/{call.id}/")
        await mine.send(CallState.load)
        await theirs.send(CallState.load)
        state = await mine.state(CallState)
        assert (state.call.title, state.call.cost_sentence, state.is_missing) == (
            "+1 415 555 0147", "4 min 32 sec → 5 minutes × $0.15 = $0.75", False,
        )  # fmt: skip
        assert (await theirs.state(CallState)).is_missing
        assert "0147" not in theirs.received()

    serve(scenario)


def test_controls_lead_to_addresses_and_a_list_remembers_where_it_came_from(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        agent = factories.create_agent(session, actor)
        given = {"status": CallStatus.COMPLETED, "transcript": "User: a cleaning, please"}
        ids = [factories.create_call(session, agent, started_at=NOON - timedelta(hours=n), **given).id for n in range(3)]
        for call_id in ids:
            messages = [{"role": "agent", "text": "Hello."}, {"role": "caller", "text": "A cleaning, please."}]
            session.add(Transcript(organization_id=actor.organization_id, call_id=call_id, full_text="", messages=messages))

    async def scenario(server: Server) -> None:
        tab = server.tab("list", cookie, path="/calls?q=clean&status=completed&period=7d")
        await tab.send(CallsState.load)
        state = await tab.state(CallsState)
        assert [(chip.label, chip.href) for chip in state.chips] == [
            ("“clean”", "/calls?status=completed&period=7d"),
            ("Completed", "/calls?period=7d&q=clean"),
            ("Last 7 days", "/calls?status=completed&q=clean"),
        ]
        assert (state.how_many, state.export) == ("3 calls", "/api/calls.csv?status=completed&period=7d&q=clean")
        assert {row.query for row in state.rows} == {"?status=completed&period=7d&q=clean"}
        assert [part.text for part in state.rows[0].found if part.is_hit] == ["cleaning"]
        assert "/calls?status=completed&period=7d&q=new+words" in await tab.send(CallsState.search, form={"q": " new words "})
        days = {"agent": "", "period": "7d", "from": "2026-11-01", "to": "", "direction": "", "assigned": "me"}
        assert "/calls?status=completed&q=clean&from=2026-11-01&assigned=me" in await tab.send(CallsState.choose, form=days)

        one = server.tab("one", cookie, path=f"/calls/{ids[1]}?q=clean&status=completed")
        assert "scrollIntoView" in await one.send(CallState.load)
        call = await one.state(CallState)
        assert (call.back, call.newer, call.older) == (
            "/calls?status=completed&q=clean", f"/calls/{ids[0]}?status=completed&q=clean", f"/calls/{ids[2]}?status=completed&q=clean",
        )  # fmt: skip
        assert [bool(turn.found) for turn in call.call.turns] == [False, True]

    with clock.at(NOON):
        serve(scenario)


def test_a_call_is_followed_up_and_role_agent_is_told_what_it_loses(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        robin = factories.create_member(session, session.get_one(Organization, actor.organization_id), role=OrgRole.AGENT, name="Robin")
        theirs = logged_in(session, robin)
        call = factories.create_call(session, factories.create_agent(session, actor), status=CallStatus.COMPLETED)

    async def scenario(server: Server) -> None:
        tab, other = server.tab("owner", cookie, path=f"/calls/{call.id}"), server.tab("robin", theirs, path=f"/calls/{call.id}")
        await tab.send(CallState.load)
        await other.send(CallState.load)
        assert (await other.state(CallState)).is_missing
        assert "Robin is following up on this call." in await tab.send(CallState.assign, member_id=robin.user_id)
        assert (await tab.state(CallState)).call.follower == "Robin"
        await other.send(CallState.load)
        assert not (await other.state(CallState)).is_missing
        told = await other.send(CallState.assign, member_id=actor.user_id)
        assert "you no longer see it" in told
        await other.send(CallState.load)
        assert (await other.state(CallState)).is_missing

    serve(scenario)


@pytest.mark.parametrize(
    ("total", "is_exact", "words"),
    [
        (0, True, ""),
        (1, True, "1 call"),
        (900, True, "900 calls"),
        (400, False, "more than 400 calls"),
        (5000, True, "more than 1,000 calls"),
        (None, False, ""),
    ],
)
def test_how_many_calls_is_told_as_far_as_it_is_known(total: int | None, is_exact: bool, words: str) -> None:
    assert how_many(calls.CallPage([], "", "", total, is_exact)) == words

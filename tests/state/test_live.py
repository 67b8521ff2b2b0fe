"""Live pages: whoever is concerned is woken, once, and nobody else."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from kametrix import db
from kametrix.errors import NotFound
from kametrix.models import CallStatus
from kametrix.services import call_detail, calls, sessions
from kametrix.services import live as announcements
from kametrix.services.access import Actor, allows
from kametrix.state import guard, live
from kametrix.state.calls import CallsState
from kametrix.state.frame import FrameState
from tests import factories
from tests.state.people import logged_in, member
from tests.state.processor import Server, Tab, serve


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """No tab, no snapshot, no session of another test."""
    live._tabs.clear()
    live._snapshots.clear()
    guard._seen.clear()


def _app(server: Server, *tabs: Tab) -> Any:
    """The app as `wake` sees it, with these tabs connected."""
    return SimpleNamespace(
        event_processor=server.processor, event_namespace=SimpleNamespace(token_to_sid={tab.token: "sid" for tab in tabs})
    )


async def _wake(server: Server, changed: set[str] | None, *tabs: Tab) -> int:
    woken = await live.wake(_app(server, *tabs), changed)
    for tab in tabs:
        await tab._idle()
    return woken


def _place_call(actor: Actor) -> None:
    with db.transaction() as session:
        factories.create_call(session, factories.create_agent(session, actor), status=CallStatus.RINGING)


async def _live_rows(tab: Tab) -> int:
    return len((await tab.state(CallsState)).live_rows)


def test_a_change_reaches_the_open_tabs_of_its_organization_alone(database: str) -> None:
    (mine, my_cookie), (theirs, their_cookie) = member(), member()

    async def scenario(server: Server) -> None:
        my_tab, their_tab = server.tab("mine", my_cookie, path="/calls"), server.tab("theirs", their_cookie, path="/calls")
        for tab in (my_tab, their_tab):
            await tab.send(FrameState.load)
            await tab.send(CallsState.load)
        _place_call(mine)
        _place_call(theirs)
        assert await _wake(server, {mine.organization_id}, my_tab, their_tab) == 1
        assert (await _live_rows(my_tab), await _live_rows(their_tab)) == (1, 0)
        assert (await my_tab.state(FrameState)).live_calls == 1
        assert await _wake(server, None, my_tab, their_tab) == 2
        assert await _live_rows(their_tab) == 1

    serve(scenario)


def test_tabs_that_may_see_the_same_ask_the_database_once(database: str) -> None:
    with db.transaction() as session:
        first = factories.create_member(session)
        cookies = [logged_in(session, first) for _ in range(12)]

    async def scenario(server: Server) -> None:
        tabs = [server.tab(f"tab{n}", cookie, path="/calls") for n, cookie in enumerate(cookies)]
        for tab in tabs:
            await tab.send(FrameState.load)
            await tab.send(CallsState.load)
        _place_call(first)
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        event.listen(db.app_engine(), "before_cursor_execute", note)
        try:
            assert await _wake(server, {first.organization_id}, *tabs) == 12
        finally:
            event.remove(db.app_engine(), "before_cursor_execute", note)
        assert [await _live_rows(tab) for tab in tabs] == [1] * 12
        assert len(sent) < 25

    serve(scenario)


def test_a_revoked_session_gets_nothing(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/calls")
        await tab.send(FrameState.load)
        await tab.send(CallsState.load)
        with db.transaction() as session:
            sessions.end(session, guard.session_of({"cookie": f"{sessions.COOKIE}={cookie}"}))
        guard._seen.clear()
        _place_call(actor)
        await _wake(server, {actor.organization_id}, tab)
        assert await _live_rows(tab) == 0
        assert "/login" in str(server.browsers.events["t"])

    serve(scenario)


def test_another_page_follows_what_it_shows_and_the_frame(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/calls")
        await tab.send(FrameState.load)
        await tab.send(CallsState.load)
        assert [name.rpartition(".")[2] for name in live._tabs["t"].events] == ["refresh", "refresh"]
        await tab.send(FrameState.load)
        assert ["frame_state" in name for name in live._tabs["t"].events] == [True]

    serve(scenario)


def test_a_tab_that_lost_its_connection_keeps_its_place_for_an_hour(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/calls")
        await tab.send(FrameState.load)
        assert await _wake(server, {actor.organization_id}) == 0
        assert "t" in live._tabs
        later = live.time.monotonic() + live.KEPT_SECONDS + 1
        monkeypatch.setattr(live.time, "monotonic", lambda: later)
        assert await _wake(server, {actor.organization_id}) == 0
        assert "t" not in live._tabs

    serve(scenario)


def test_many_tabs_leave_room_for_other_events(database: str) -> None:
    turns: list[int] = []

    class Processor:
        count = 0

        async def enqueue(self, _token: str, _event: Any) -> None:
            self.count += 1

    async def scenario() -> None:
        processor = Processor()
        connected = {f"tab{n}": "sid" for n in range(live.SLICE * 4)}
        for token in connected:
            live._tabs[token] = live._Tab("org", ("event",), 0.0)

        async def bystander() -> None:
            while processor.count < len(connected):
                turns.append(processor.count)
                await asyncio.sleep(0)

        app: Any = SimpleNamespace(event_processor=processor, event_namespace=SimpleNamespace(token_to_sid=connected))
        await asyncio.gather(live.wake(app, {"org"}), bystander())

    asyncio.run(scenario())
    assert len(set(turns)) >= 3


def test_what_one_permission_may_see_is_not_shared_with_another(database: str) -> None:
    actor, _ = member()
    other = Actor(actor.user_id, actor.email, actor.organization_id, actor.role, actor.permissions - {"agents:write"})

    @allows("calls:read")
    def scope(_session: Session, who: Actor) -> bool:
        return who.may("agents:write")

    async def scenario() -> None:
        assert (await live.shared(scope, actor), await live.shared(scope, other)) == (True, False)

    asyncio.run(scenario())


def test_a_read_that_failed_is_not_served_again(database: str) -> None:
    actor, _ = member()

    async def scenario() -> None:
        for _ in range(2):
            with pytest.raises(NotFound):
                await live.shared(call_detail.detail, actor, "unknown")
        _place_call(actor)
        assert len(await live.shared(calls.live, actor)) == 1

    asyncio.run(scenario())


@dataclass
class _Counter:
    """An app with one tab, telling when it was woken."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def enqueue(self, _token: str, _event: Any) -> None:
        self.woken.set()

    def app(self) -> Any:
        live._tabs["t"] = live._Tab("org", ("refresh",), live.time.monotonic())
        return SimpleNamespace(event_processor=self, event_namespace=SimpleNamespace(token_to_sid={"t": "sid"}))

    async def next(self, cause: Callable[[], None]) -> None:
        """Wait until `cause` has woken the tab; a hint sent before anybody listens is sent again."""
        self.woken.clear()
        async with asyncio.timeout(15):
            while not self.woken.is_set():
                await asyncio.to_thread(cause)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.woken.wait(), 0.5)


def _listening(scenario: Callable[[_Counter], Awaitable[None]]) -> None:
    async def run() -> None:
        counter = _Counter()
        task = asyncio.create_task(live.listen(counter.app()))
        try:
            await scenario(counter)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(run())


def _announce() -> None:
    announcements.announce("org")
    announcements.flush()


def test_an_announcement_of_another_process_arrives_over_postgresql(database: str) -> None:
    async def scenario(counter: _Counter) -> None:
        await counter.next(_announce)

    _listening(scenario)


def test_listening_goes_on_after_the_connection_was_cut(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.05)

    def cut() -> None:
        with db.app_engine().connect() as connection:
            connection.execute(text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kametrix live'"))

    async def scenario(counter: _Counter) -> None:
        await counter.next(_announce)
        await counter.next(cut)  # being connected again refreshes everybody: hints may have been missed
        await counter.next(_announce)

    _listening(scenario)

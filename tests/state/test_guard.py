"""Every event is refused unless it is declared and allowed; a tab never keeps what was somebody else's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import reflex as rx
from hypothesis import given
from hypothesis import strategies as st
from reflex_base.registry import RegistrationContext
from structlog.testing import capture_logs

import kametrix.kametrix  # noqa: F401  # registers every page and state
from kametrix import db
from kametrix.errors import Conflict
from kametrix.models import OrgRole, User, UserStatus
from kametrix.services import sessions
from kametrix.services.access import NOT_ALLOWED, PERMISSIONS, PUBLIC, SIGNED_IN, Actor
from kametrix.state import guard
from kametrix.state.guard import FRAMEWORK_SAFE, AuthState, allow
from tests import factories
from tests.api.client import unreachable
from tests.state.processor import Server, serve

ROOT = "reflex___state____state"


class Probe(AuthState):
    """Handlers of every kind."""

    secret: str = ""
    count: int = 0

    @rx.event
    @allow("calls:read")
    async def load(self) -> None:
        self.secret = f"calls of {self.actor.organization_id}"

    @rx.event
    @allow(SIGNED_IN)
    def anyone_inside(self) -> None:
        self.count += 1

    @rx.event
    @allow("agents:write")
    def write(self) -> None:
        self.count += 1

    @rx.event
    @allow(PUBLIC)
    def ping(self) -> None:
        self.count += 1

    @rx.event
    @allow(PUBLIC)
    def ask_actor(self) -> None:
        self.count += len(self.actor.user_id)

    @rx.event
    @allow(PUBLIC)
    def fail_in_words(self) -> None:
        self.count = 41
        raise Conflict("Somebody else changed this.")

    @rx.event
    @allow(PUBLIC)
    def fail_with_a_bug(self) -> None:
        raise ValueError("password=hunter2")

    @rx.event
    @allow(PUBLIC)
    def chain(self) -> Any:
        return Probe.load

    @rx.event(background=True)
    @allow(SIGNED_IN)
    async def in_background(self) -> None:
        async with self:
            self.count += 100

    @rx.event
    @allow(PUBLIC)
    def take(self, name: str, is_on: bool, form: dict[str, Any]) -> None:
        self.secret, self.count = f"{name}, {is_on}, {form}", self.count + 1

    def forgotten(self) -> None:
        self.count = 777

    def set_secret(self, value: str) -> None:
        self.secret = value


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    guard._seen.clear()
    guard._rates.clear()
    yield
    guard._seen.clear()


def member(role: OrgRole = OrgRole.OWNER) -> tuple[Actor, str]:
    """A signed-in person and the token of their session."""
    with db.transaction() as session:
        actor = factories.create_member(session, role=role)
        token = sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    return actor, token


def test_every_handler_of_the_product_declares_who_may_send_it() -> None:
    forgotten: list[str] = []
    declared = 0
    for name, registered in RegistrationContext.get().event_handlers.items():
        handler = registered.handler.fn
        place = (handler.__module__, handler.__qualname__)
        if place in FRAMEWORK_SAFE or handler.__qualname__ == "EventHandlerSetVar.setvar" or handler.__module__.startswith("tests."):
            continue
        declared += 1
        if getattr(handler, "access", None) not in PERMISSIONS | {PUBLIC, SIGNED_IN}:
            forgotten.append(name)
    assert forgotten == []
    assert declared > 10


def test_nothing_of_the_framework_is_open_but_what_is_named() -> None:
    ours = ("kametrix.", "tests.")
    found = {
        (fn.__module__, fn.__qualname__)
        for registered in RegistrationContext.get().event_handlers.values()
        if not (fn := registered.handler.fn).__module__.startswith(ours)
    }
    assert found - FRAMEWORK_SAFE <= {("reflex.state", "EventHandlerSetVar.setvar")}


def test_an_unknown_permission_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        allow("calls:delete")


NAMES = ["load", "anyone_inside", "write", "in_background", "forgotten", "set_secret", "setvar"]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_gets_nothing(database: str, name: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab(path="/calls/abc?x=1")
        payload = {"setvar": {"var_name": "secret", "value": "x"}, "set_secret": {"value": "x"}}.get(name, {})
        handler = f"{Probe.get_full_name()}.{name}"
        told = await tab.send(handler, **payload)
        state = await tab.state(Probe)
        assert (state.secret, state.count) == ("", 0)
        assert "/login?redirect=/calls/abc%3Fx%3D1" in told

    serve(scenario)


@pytest.mark.parametrize("name", ["forgotten", "set_secret", "setvar"])
def test_a_member_cannot_reach_what_is_not_declared(database: str, name: str) -> None:
    _, token = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        payload = {"setvar": {"var_name": "secret", "value": "x"}, "set_secret": {"value": "x"}}.get(name, {})
        told = await tab.send(f"{Probe.get_full_name()}.{name}", **payload)
        state = await tab.state(Probe)
        assert (state.secret, state.count) == ("", 0)
        assert NOT_ALLOWED in told

    serve(scenario)


def test_a_member_may_do_what_the_role_allows_and_no_more(database: str) -> None:
    actor, token = member(OrgRole.VIEWER)

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(Probe.load)
        await tab.send(Probe.in_background)
        told = await tab.send(Probe.write)
        state = await tab.state(Probe)
        assert state.secret == f"calls of {actor.organization_id}"
        assert state.count == 100
        assert NOT_ALLOWED in told

    serve(scenario)


def test_a_chained_event_is_guarded_like_any_other(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab()
        told = await tab.send(Probe.chain)
        assert "/login" in told
        assert (await tab.state(Probe)).secret == ""

    serve(scenario)


def test_who_is_on_the_way_in_is_not_sent_there_again(database: str) -> None:
    async def scenario(server: Server) -> None:
        for path in ("/login?redirect=/calls", "/login/", "/signup"):
            assert await server.tab(path=path).send(Probe.load) == ""

    serve(scenario)


def test_a_public_handler_does_not_make_a_person(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab()
        assert "/login" in await tab.send(Probe.ask_actor)
        await tab.send(Probe.ping)
        assert (await tab.state(Probe)).count == 1

    serve(scenario)


@pytest.mark.parametrize("thief", ["nobody", "a stranger", "a garbled cookie"])
def test_a_client_token_alone_shows_nothing_of_its_former_person(database: str, thief: str) -> None:
    actor, token = member()
    other, stranger = member()
    cookie = {"nobody": "", "a stranger": stranger, "a garbled cookie": "x" * 43}[thief]

    async def scenario(server: Server) -> None:
        await server.tab("stolen", token).send(Probe.load)
        server.browsers.deltas.clear()
        tab = server.tab("stolen", cookie)
        await tab.send(f"{ROOT}.hydrate")
        await tab.send(Probe.ping)
        assert actor.organization_id not in tab.received()
        state = await tab.state(Probe)
        assert (state.secret, state.count) == ("", 1)
        await tab.send(Probe.load)
        assert state.secret == (f"calls of {other.organization_id}" if thief == "a stranger" else "")

    serve(scenario)


def change_status(actor: Actor) -> None:
    with db.transaction() as session:
        session.get_one(User, actor.user_id).status = UserStatus.SUSPENDED


def log_out(actor: Actor) -> None:
    with db.transaction() as session:
        sessions.revoke_others(session, actor, "none")


@pytest.mark.parametrize("how", [change_status, log_out])
def test_an_ended_session_ends_the_open_tab_with_its_next_event(database: str, how: Callable[[Actor], None]) -> None:
    actor, token = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(Probe.load)
        how(actor)
        guard._seen.clear()
        assert "/login" in await tab.send(Probe.load)
        assert (await tab.state(Probe)).secret == ""

    serve(scenario)


def test_another_organization_of_the_same_person_starts_with_an_empty_tab(database: str) -> None:
    actor, token = member()
    with db.transaction() as session:
        other = factories.create_member(session)
        session.add(
            factories.UserOrganization(
                user_id=actor.user_id, organization_id=other.organization_id, role=OrgRole.VIEWER, accepted_at=factories.clock.now()
            )
        )

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(Probe.load)
        with db.transaction() as session:
            session.get_one(User, actor.user_id).current_org_id = other.organization_id
        guard._seen.clear()
        await tab.send(Probe.ping)
        state = await tab.state(Probe)
        assert (state.secret, state.count) == ("", 1)
        assert NOT_ALLOWED in await tab.send(Probe.write)

    serve(scenario)


def test_a_database_that_is_too_slow_refuses_the_deed_and_is_logged(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(Probe.load)
        guard._seen.clear()
        monkeypatch.setattr(guard, "LOOKUP_SECONDS", 0)
        with capture_logs() as logs:
            assert guard.BUSY in await tab.send(Probe.write)
        assert "guard.database_too_slow" in [entry["event"] for entry in logs]

    serve(scenario)


def test_an_unreachable_database_refuses_the_deed_and_keeps_the_person(database: str) -> None:
    actor, token = member()

    async def scenario(server: Server) -> None:
        tab = server.tab(cookie=token)
        await tab.send(Probe.load)
        guard._seen.clear()
        with unreachable():
            for handler in (Probe.write, Probe.load, f"{ROOT}.hydrate"):
                told = await tab.send(handler)
                assert "/login" not in told
                assert (guard.BUSY in told) == (handler != f"{ROOT}.hydrate")
            state = await tab.state(Probe)
            assert (state.secret, state.count) == (f"calls of {actor.organization_id}", 0)
        assert guard.BUSY not in await tab.send(Probe.write)
        state = await tab.state(Probe)
        assert (state.secret, state.count) == (f"calls of {actor.organization_id}", 1)

    serve(scenario)


def test_an_unreachable_database_opens_no_tab_to_somebody_else(database: str) -> None:
    actor, token = member()

    async def scenario(server: Server) -> None:
        await server.tab("stolen", token).send(Probe.load)
        server.browsers.deltas.clear()
        guard._seen.clear()
        with unreachable():
            tab = server.tab("stolen", "x" * 43)
            await tab.send(f"{ROOT}.hydrate")
            await tab.send(Probe.ask_actor)
            assert actor.organization_id not in tab.received()
            assert (await tab.state(Probe)).secret == ""

    serve(scenario)


def test_a_tab_that_sends_too_fast_is_not_served_and_others_are(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab, other = server.tab("fast"), server.tab("calm")
        now = guard.time.monotonic()
        guard._rates["fast"] = (0.0, now + 3600)
        await tab.send(Probe.ping)
        await other.send(Probe.ping)
        assert (await tab.state(Probe)).count == 0
        assert (await other.state(Probe)).count == 1

    serve(scenario)


def test_the_rate_allows_a_burst_and_then_what_has_flowed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(guard.time, "monotonic", lambda: now)
    assert [guard.too_fast("t") for _ in range(101)] == [False] * 100 + [True]
    now += 0.1
    assert [guard.too_fast("t") for _ in range(6)] == [False] * 5 + [True]
    now += 3600
    assert [guard.too_fast("t") for _ in range(101)] == [False] * 100 + [True]


def test_an_expected_failure_is_told_in_its_own_words_and_what_changed_is_sent(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab()
        assert "Somebody else changed this." in await tab.send(Probe.fail_in_words)
        assert "41" in tab.received()

    serve(scenario)


def test_a_bug_is_told_in_general(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(server: Server) -> None:
        told = await server.tab().send(Probe.fail_with_a_bug)
        assert "Something went wrong on our side" in told
        assert "hunter2" not in told

    serve(scenario)


def test_an_event_of_the_server_for_an_expired_tab_does_nothing(database: str) -> None:
    async def scenario(server: Server) -> None:
        name = f"{Probe.get_full_name()}.load"
        await (await server.processor.enqueue("expired", guard.Event(name=name))).wait_all()
        assert server.browsers.events.get("expired", []) == []

    serve(scenario)


@pytest.mark.parametrize("others", ["a=b; ", 'theme={"a": 1}; ', "x=[1,2]; broken; ", "=; ;; "])
def test_cookies_of_other_applications_do_not_log_out(others: str) -> None:
    assert guard.session_of({"cookie": f"{others}{guard.COOKIE}=token"}) == guard.token_hash("token")
    assert guard.session_of({"cookie": f"{guard.COOKIE}=token; {others}"}) == guard.token_hash("token")


@given(st.text(max_size=60))
def test_no_cookie_text_breaks_the_guard(cookie: str) -> None:
    if guard.COOKIE not in cookie:
        assert guard.session_of({"cookie": cookie}) == ""


GIVEN: dict[str, Any] = {"name": "Mia", "is_on": True, "form": {"greeting": "Hello"}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None}, {"name": 5}, {"name": ["Mia"]}, {"name": {"a": "b"}}, {"is_on": "true"}, {"is_on": 1}, {"form": None},
        {"form": [["greeting", "Hello"]]}, {"form": {"a": [[[[[["deep"]]]]]]}}, {"more": "x"},
    ],
)  # fmt: skip
def test_a_handler_gets_only_arguments_of_the_types_it_declares(database: str, wrong: dict[str, Any]) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab("tab")
        assert await tab.send(Probe.take, **GIVEN | wrong) == ""
        assert await tab.send(Probe.take, name="Mia") == ""
        assert (await tab.state(Probe)).count == 0
        await tab.send(Probe.take, **GIVEN)
        assert (await tab.state(Probe)).count == 1

    serve(scenario)


def test_what_no_database_keeps_is_taken_out_of_texts_however_deep(database: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab("tab")
        entries = {"__reflex_form_data__": [["gree\x00ting", "Hel\ud83dlo"], ["tags", ["a\x00", "🦷"]]]}
        await tab.send(Probe.take, name="M\x00i\udfffa\n", is_on=False, form=entries)
        assert (await tab.state(Probe)).secret == "Mia\n, False, {'greeting': 'Hello', 'tags': ['a', '🦷']}"

    serve(scenario)


@pytest.mark.parametrize("address", ["/calls?q=\ud800", "/calls/\x00", "/invite?token=\udfff"])
def test_an_address_no_browser_can_have_reaches_no_handler(database: str, address: str) -> None:
    async def scenario(server: Server) -> None:
        tab = server.tab("tab", path=address)
        await tab.send(Probe.ping)
        assert (await tab.state(Probe)).count == 0

    serve(scenario)

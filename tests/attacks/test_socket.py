"""A raw socket against the real server: whatever the pages do not offer must not work either."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import socketio
from reflex_base.registry import RegistrationContext
from sqlmodel import select

import kametrix.kametrix  # noqa: F401  # registers every page and state
from kametrix import db
from kametrix.crypto import new_id
from kametrix.models import Agent, Call, Organization, User
from kametrix.models import Session as LoginSession
from kametrix.services import sessions
from kametrix.services.access import PUBLIC, Actor
from tests import factories
from tests.attacks.conftest import CARELESS, Attacker, Server
from tests.permissions import arguments

ROOT = "reflex___state____state"


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(scenario(), 120)

    asyncio.run(bounded())


def signed_up(**columns: Any) -> tuple[Actor, str]:
    """An owner and the token of their session."""
    with db.transaction() as session:
        actor = factories.create_member(session, **columns)
        token = sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    return actor, token


def handlers(*, public: bool) -> dict[str, list[str]]:
    """Every handler of the product, with the names of its arguments."""
    found: dict[str, list[str]] = {}
    for name, registered in RegistrationContext.get().event_handlers.items():
        handler = registered.handler.fn
        if handler.__module__.startswith("kametrix.") and (getattr(handler, "access", None) == PUBLIC) == public:
            found[name] = list(inspect.signature(handler).parameters)[1:]
    return found


def test_nobody_reaches_any_private_handler(server: Server) -> None:
    async def scenario() -> None:
        for name, parameters in handlers(public=False).items():
            async with Attacker(server, new_id()) as nobody:
                heard = await nobody.send(name, dict.fromkeys(parameters, "x"), path="/agents/1")
                assert "/login?redirect=/agents/1" in heard, name

    assert len(handlers(public=False)) > 10
    run(scenario)


def test_nobody_reads_or_changes_anything_of_another_organization(server: Server) -> None:
    owner, owner_token = signed_up(name="Aurora Vale", email="aurora@example.com")
    with db.transaction() as session:
        session.get_one(Organization, owner.organization_id).name = "Aurora Dental"
        agent = factories.create_agent(session, owner, name="Aurora front desk", greeting="Aurora greets you")
        call = factories.create_call(session, agent, summary="Aurora summary", from_number="+14155557391")
        login = session.exec(select(LoginSession.id).where(LoginSession.user_id == owner.user_id)).one()
    before = everything_of(owner)
    _, stranger = signed_up()

    async def scenario() -> None:
        for name in handlers(public=False):
            async with Attacker(server, new_id(), stranger) as thief:
                for path in (f"/agents/{agent.id}", f"/calls/{call.id}", f"/settings/{login}"):
                    await thief.send(name, arguments(name, path.rpartition("/")[2]), path=path)
                for secret in ("Aurora", "5557391", "555-7391"):
                    assert secret not in thief.heard(), name

    run(scenario)
    assert everything_of(owner) == before
    with db.transaction() as session:
        assert sessions.principal(session, sessions.token_hash(owner_token))


def everything_of(owner: Actor) -> list[Any]:
    """Every row a stranger might have changed."""
    owned = ((Agent, Agent.user_id), (Call, Call.user_id), (LoginSession, LoginSession.user_id), (User, User.id))
    with db.transaction() as session:
        rows: list[Any] = [session.get_one(Organization, owner.organization_id)]
        for model, column in owned:
            rows += session.exec(select(model).where(column == owner.user_id)).all()
        return [row.model_dump(exclude={"last_seen_at", "expires_at"}) for row in rows]


@pytest.mark.parametrize(
    ("method", "payload"),
    [
        ("helper", {}),
        ("set_note", {"value": "mine"}),
        ("setvar", {"var_name": "note", "value": "mine"}),
        ("no_such_thing", {}),
        ("_bind", {}),
    ],
)
def test_what_is_not_declared_does_not_run_even_for_members(server: Server, method: str, payload: dict[str, str]) -> None:
    _, token = signed_up()

    async def scenario() -> None:
        for cookie in ("", token):
            async with Attacker(server, new_id(), cookie) as attacker:
                heard = await attacker.send(f"{CARELESS}.{method}", payload)
                assert "helper ran" not in heard
                assert "mine" not in heard
                if method not in ("no_such_thing", "_bind"):
                    assert ("Your role does not allow this" if cookie else "/login") in heard

    run(scenario)


def test_a_revoked_session_ends_on_the_open_socket(server: Server) -> None:
    actor, token = signed_up()

    async def scenario() -> None:
        async with Attacker(server, new_id(), token) as tab:
            assert actor.email in await tab.send(f"{CARELESS}.remember")
            with db.transaction() as session:
                sessions.revoke_others(session, actor, "none")
            for _ in range(200):
                heard = await tab.send(f"{CARELESS}.remember")
                if "/login" in heard:
                    break
                await asyncio.sleep(0.05)
            assert "/login" in heard
            assert actor.email not in heard

    run(scenario)


@pytest.mark.parametrize("thief", ["nobody", "stranger"])
def test_a_stolen_client_token_shows_nothing(server: Server, thief: str) -> None:
    actor, token = signed_up()
    _, other = signed_up()
    stolen = new_id()

    async def scenario() -> None:
        async with Attacker(server, stolen, token) as tab:
            assert actor.email in await tab.send(f"{CARELESS}.remember")
        async with Attacker(server, stolen, other if thief == "stranger" else "") as attacker:
            await attacker.send(f"{ROOT}.hydrate")
            await attacker.send(f"{ROOT}.hydrate_and_load", {"path": "/dashboard"})
            assert actor.email not in attacker.heard()
            assert actor.organization_id not in attacker.heard()

    run(scenario)


def test_a_stolen_client_token_shows_nothing_while_its_tab_is_open(server: Server) -> None:
    actor, token = signed_up()
    stolen = new_id()

    async def scenario() -> None:
        async with Attacker(server, stolen, token) as tab:
            await tab.send(f"{CARELESS}.remember")
            async with Attacker(server, stolen) as attacker:
                await attacker.send(f"{ROOT}.hydrate")
                await tab.send(f"{CARELESS}.remember")
                assert actor.email not in attacker.heard()

    run(scenario)


def test_pages_of_another_site_cannot_connect(server: Server) -> None:
    _, token = signed_up()

    async def scenario() -> None:
        async with Attacker(server, new_id(), token, headers={"Origin": server.origin}) as own:
            assert "private note" in await own.send(f"{CARELESS}.remember")
        for origin in ("https://evil.example", f"{server.origin}.evil.example", "null"):
            with pytest.raises(socketio.exceptions.ConnectionError):
                async with Attacker(server, new_id(), token, headers={"Origin": origin}):
                    pass

    run(scenario)


def test_a_flood_of_one_tab_is_dropped_and_other_tabs_are_served(server: Server) -> None:
    async def scenario() -> None:
        async with Attacker(server, new_id()) as flood, Attacker(server, new_id()) as calm:
            started = time.monotonic()
            for _ in range(600):
                await flood._emit(f"{CARELESS}.ping", {}, "/")
            await calm.send(f"{CARELESS}.ping")
            await flood.quiet()
            served = str(flood.answers).count("'pings_rx_state_'")
            assert 0 < served <= 100 + 50 * (time.monotonic() - started)

    run(scenario)


@pytest.mark.parametrize("payload", [None, 5, [], {"data": "x" * 200_000}, {"form": {"\x00": "\x00"}}, {"self": 1, "cls": 2}])
def test_a_payload_of_any_shape_does_not_stop_the_server(server: Server, payload: Any) -> None:
    _, token = signed_up()

    async def scenario() -> None:
        async with Attacker(server, new_id(), token) as attacker:
            for name in (f"{CARELESS}.remember", next(iter(handlers(public=False)))):
                await attacker.client.emit("event", {"name": name, "payload": payload, "router_data": {}}, namespace="/_event")
        async with Attacker(server, new_id(), token) as attacker:
            assert "private note" in await attacker.send(f"{CARELESS}.remember")

    run(scenario)

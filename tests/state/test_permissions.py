"""Every event handler × everyone, through the guard: it lets in whom docs/permissions.md says; a stranger changes and sees nothing."""

from typing import Any

import pytest

from kametrix.services.access import PUBLIC
from kametrix.state import guard
from tests.everyone import KINDS, House, build, enter
from tests.permissions import arguments, handlers
from tests.state.processor import Server, serve


class Refusals:
    """The guard's log: what it refused somebody who is logged in."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def warning(self, event: str, *, event_name: str, **_: Any) -> None:
        assert event == "guard.refused"
        self.refused.append(event_name)


async def try_all(server: Server, house: House, kind: str, log: Refusals) -> list[str]:
    """Send every handler once as a fresh person of this kind; returns what did not go as declared."""
    wrong: list[str] = []
    for index, (name, (label, need)) in enumerate(handlers().items()):
        actor, cookie = enter(kind, house)
        path = f"/calls/{house.ids['call_id']}" if index % 2 else f"/agents/{house.ids['agent_id']}"
        tab = server.tab(f"tab{index}", cookie, path=path)
        for value in house.ids.values() if kind == "stranger" else ["unknown"]:
            told = await tab.send(name, **arguments(name, value))
        is_refused = "/login?redirect" in told if actor is None else name in log.refused
        may = need == PUBLIC or (actor is not None and actor.may(need))
        if is_refused == may and not (need == PUBLIC and actor is None):
            wrong.append(f"{label} ({need}) to {kind}: {told}")
        if kind == "stranger" and "Aurora" in tab.received() + told:
            wrong.append(f"{label} shows a stranger {tab.received()}")
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_lets_in_whom_it_declares(database: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Refusals()
    monkeypatch.setattr(guard, "log", log)
    house = build()
    before = house.rows()
    wrong: list[str] = []

    async def scenario(server: Server) -> None:
        wrong.extend(await try_all(server, house, kind, log))

    guard._seen.clear()
    guard._rates.clear()
    serve(scenario)
    assert wrong == []
    if kind in ("anonymous", "stranger", "platform admin"):
        assert house.rows() == before

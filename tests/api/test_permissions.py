"""Every HTTP route × everyone, with real requests and the ids of one organization: whom it lets in is what docs/permissions.md says."""

import re

import httpx
import pytest

from kametrix.services.access import PLATFORM, PUBLIC
from kametrix.services.sessions import COOKIE
from tests.api.client import OWN, browse
from tests.everyone import KINDS, build, enter
from tests.permissions import SIGNED, routes

CLOSED = {route: need for route, need in routes().items() if need not in (PUBLIC, SIGNED)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_route_lets_in_whom_it_declares(database: str, kind: str) -> None:
    house = build()
    before = house.rows()

    async def scenario(client: httpx.AsyncClient) -> None:
        for (method, path), need in CLOSED.items():
            actor, cookie = enter(kind, house)
            client.cookies.clear()
            if cookie:
                client.cookies.set(COOKIE, cookie)
            address = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: house.ids.get(found.group(1), "unknown"), path)
            data = {"organization": house.organization_id, "token": "x" * 43, "name": "Aurora"}
            answer = await client.request(method, address, data=data if method == "POST" else None, headers=OWN)
            told = f"{method} {path} answers {answer.status_code} to {kind}"
            if actor is None:
                assert answer.status_code == 401, told
            elif not actor.may(need):
                assert answer.status_code == 403, told
            elif need == PLATFORM:
                assert answer.status_code == 200, told
            elif kind in ("stranger", "platform admin"):
                assert answer.status_code == 404 or (answer.status_code in (200, 303, 422) and "{" not in path), told
                assert "Aurora" not in answer.text, told
            else:
                assert answer.status_code not in (401, 403, 500), told

    browse(scenario)
    after = house.rows()
    if kind in ("anonymous", "stranger", "platform admin"):
        assert after == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_providers_route_is_for_no_person(database: str, kind: str) -> None:
    house = build()
    _, cookie = enter(kind, house)

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        for (method, path), need in routes().items():
            if need == SIGNED:
                answer = await client.request(method, re.sub(r"\{\w+\}", "x" * 43, path), json={"message": {"type": "hang"}}, headers=OWN)
                assert answer.status_code in (401, 404), path

    browse(scenario)


def test_a_form_of_another_site_does_nothing_for_anybody(database: str) -> None:
    house = build()

    async def scenario(client: httpx.AsyncClient) -> None:
        for (method, path), need in routes().items():
            if method == "POST" and need != SIGNED:
                _, cookie = enter("OWNER", house)
                client.cookies.set(COOKIE, cookie)
                for headers in ({}, {"Origin": "https://evil.example"}):
                    assert (await client.post(path, headers=headers)).status_code == 403, path

    browse(scenario)

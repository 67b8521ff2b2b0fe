"""Logos over HTTP: only from our own pages, only by those who may, only as what we have drawn."""

import httpx
import pytest

from kametrix import db
from kametrix.models import Organization, OrgRole
from kametrix.services.access import Actor
from kametrix.services.sessions import COOKIE
from tests.api.client import OWN, browse
from tests.services.test_branding import opened, picture
from tests.state.people import member


def logo_of(actor: Actor) -> str | None:
    with db.transaction() as session:
        return session.get_one(Organization, actor.organization_id).logo_url


def test_a_logo_is_drawn_anew_and_served_to_anyone_for_ever(database: str) -> None:
    actor, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies[COOKIE] = cookie
        sent = await client.post("/api/logos", content=picture("JPEG", (600, 300)), headers=OWN)
        address = sent.json()["logo"]
        assert (sent.status_code, address) == (200, logo_of(actor))
        client.cookies.clear()
        shown = await client.get(address)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
        assert opened(shown.content).size == (256, 128)
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in shown.headers["content-security-policy"]

    browse(scenario)


@pytest.mark.parametrize("role", [OrgRole.MANAGER, OrgRole.AGENT, OrgRole.VIEWER])
def test_who_may_not_change_settings_changes_no_logo(database: str, role: OrgRole) -> None:
    actor, cookie = member(role=role)

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies[COOKIE] = cookie
        assert (await client.post("/api/logos", content=picture(), headers=OWN)).status_code == 403

    browse(scenario)
    assert logo_of(actor) is None


def test_a_forged_request_changes_nothing(database: str) -> None:
    actor, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/logos", content=picture(), headers=OWN)).status_code == 401
        client.cookies[COOKIE] = cookie
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert (await client.post("/api/logos", content=picture(), headers=headers)).status_code == 403

    browse(scenario)
    assert logo_of(actor) is None


def test_what_we_cannot_draw_is_refused_in_words_and_the_old_logo_stays(database: str) -> None:
    actor, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies[COOKIE] = cookie
        address = (await client.post("/api/logos", content=picture(), headers=OWN)).json()["logo"]
        refused = ((b"<svg/>", 422, "SVG"), (b"x" * 2_050_000, 422, "2 MB"), (b"x" * 2_200_000, 413, "2 MB"), (b"", 422, "empty"))
        for file, status, words in refused:
            answer = await client.post("/api/logos", content=file, headers=OWN)
            assert answer.status_code == status
            assert words in answer.json()["error"]
        assert logo_of(actor) == address

    browse(scenario)


def test_a_logo_is_the_sender_s_own_organization_s(database: str) -> None:
    (actor, cookie), (other, _) = member(), member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies[COOKIE] = cookie
        await client.post(f"/api/logos?organization_id={other.organization_id}", content=picture(), headers=OWN)

    browse(scenario)
    assert (logo_of(actor) is None, logo_of(other)) == (False, None)


@pytest.mark.parametrize("digest", ["0" * 64, "x", "%00", "..%2f..%2fetc", "' or 1=1 --"])
def test_an_unknown_picture_is_not_there(database: str, digest: str) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        assert (await client.get(f"/api/logos/{digest}")).status_code == 404

    browse(scenario)

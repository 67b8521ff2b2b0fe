"""Switching, making and joining organizations over HTTP: full page loads, the cookie, and what a person is told."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.api import organizations
from kametrix.crypto import new_token, token_hash
from kametrix.models import Organization, OrgRole, User, UserOrganization
from kametrix.services import invitations, kept_forms, passwords, sessions, team
from kametrix.services.access import Actor
from kametrix.services.sessions import COOKIE
from tests import factories
from tests.api.client import browse
from tests.api.test_auth import GOOD, cookies_set, post, refused
from tests.state.people import member

ROBIN = {"name": "Robin Vale", "password": GOOD}
BROWSER = {"accept": "text/html,application/xhtml+xml"}


def invited(email: str = "robin@example.com") -> tuple[Actor, str]:
    """An owner who invited this address, and the link's token."""
    with db.transaction() as session:
        owner = factories.create_member(session)
        return owner, invitations.invite(session, owner, email, "MANAGER").token


def who(client: httpx.AsyncClient) -> Any:
    with db.transaction() as session:
        return sessions.principal(session, token_hash(client.cookies.get(COOKIE, "")))


def told(answer: httpx.Response) -> kept_forms.KeptForm:
    return refused(answer, "/invite")


def test_switching_is_a_full_page_load_into_the_other_organization(database: str) -> None:
    actor, cookie = member(role=OrgRole.AGENT)
    with db.transaction() as session:
        other = factories.create_organization(session, name="Whitlock Orthodontics")
        session.add(UserOrganization(user_id=actor.user_id, organization_id=other.id, role=OrgRole.VIEWER, accepted_at=clock.now()))

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        answer = await post(client, "/auth/organization", {"organization": other.id})
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        assert (who(client).actor.organization_id, who(client).actor.role) == (other.id, OrgRole.VIEWER)
        answer = await post(client, "/auth/organization", {"organization": actor.organization_id, "redirect": "//evil.example"})
        assert answer.headers["location"] == "/dashboard"
        assert who(client).actor.organization_id == actor.organization_id

    browse(scenario)


def test_a_browser_that_may_not_gets_a_page_and_who_is_logged_out_the_way_in(database: str) -> None:
    _, cookie = member()
    with db.transaction() as session:
        stranger = factories.create_organization(session)

    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/organization", {"organization": stranger.id}, **BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        client.cookies.set(COOKIE, cookie)
        answer = await post(client, "/auth/organization", {"organization": stranger.id}, **BROWSER)
        assert answer.status_code == 404
        assert "You do not belong to this organization" in answer.text
        assert (await post(client, "/auth/organization", {"organization": stranger.id})).json()["error"]

    browse(scenario)


def test_a_new_organization_is_entered_at_once(database: str) -> None:
    actor, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        answer = await post(client, "/auth/organization/new", {"name": "Whitlock Orthodontics", "timezone": "Europe/Berlin"})
        assert answer.headers["location"] == "/dashboard"
        assert who(client).actor.organization_id != actor.organization_id
        with db.transaction() as session:
            assert session.get_one(Organization, who(client).actor.organization_id).timezone == "Europe/Berlin"

    browse(scenario)


def test_a_name_that_is_wrong_costs_no_attempt_and_too_many_attempts_are_told(database: str) -> None:
    _, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        for _ in range(6):
            kept = refused(await post(client, "/auth/organization/new", {"name": " "}), "/organizations/new")
            assert set(kept.errors) == {"name"}
        for _ in range(2):
            assert (await post(client, "/auth/organization/new", {"name": "Another"})).headers["location"] == "/dashboard"
        for _ in range(3):
            kept = refused(await post(client, "/auth/organization/new", {"name": "One more"}), "/organizations/new")
            assert "not bought credits" in kept.message
            assert kept.values == {"name": "One more"}
        kept = refused(await post(client, "/auth/organization/new", {"name": "One more"}), "/organizations/new")
        assert "Too many attempts" in kept.message

    browse(scenario)


def test_a_new_person_joins_with_a_session_of_their_own(database: str) -> None:
    owner, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/invitation/new", ROBIN | {"token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        assert "HttpOnly" in cookies_set(answer)[COOKIE]
        assert (who(client).actor.organization_id, who(client).actor.role) == (owner.organization_id, OrgRole.MANAGER)
        again = await post(client, "/auth/invitation/new", ROBIN | {"token": token})
        assert urlsplit(again.headers["location"]).path == "/invite"
        assert COOKIE not in cookies_set(again)

    browse(scenario)


def test_a_weak_password_comes_back_with_the_name_and_the_link(database: str) -> None:
    _, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        answer = await post(client, "/auth/invitation/new", {"name": "Robin Vale", "password": "robin1A", "token": token})
        kept = told(answer)
        assert (kept.values, set(kept.errors)) == ({"name": "Robin Vale"}, {"password"})
        assert parse_qs(urlsplit(answer.headers["location"]).query)["token"] == [token]
        assert who(client) is None

    browse(scenario)


def test_the_address_is_the_invited_one_whatever_the_form_says(database: str) -> None:
    _, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/invitation/new", ROBIN | {"token": token, "email": "thief@example.com", "role": "OWNER"})
        with db.transaction() as session:
            assert session.exec(select(User.email).where(User.email == "thief@example.com")).all() == []
        assert (who(client).actor.email, who(client).actor.role) == ("robin@example.com", OrgRole.MANAGER)

    browse(scenario)


def test_an_account_is_not_entered_by_its_invitation(database: str) -> None:
    with db.transaction() as session:
        factories.create_member(session, email="robin@example.com")
    _, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        kept = told(await post(client, "/auth/invitation/new", ROBIN | {"token": token}))
        assert "already an account" in kept.message
        assert who(client) is None

    browse(scenario)


def test_an_account_accepts_with_its_session(database: str) -> None:
    robin, cookie = member()
    owner, token = invited(robin.email)

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        answer = await post(client, "/auth/invitation", {"token": token})
        assert answer.headers["location"] == "/dashboard"
        assert who(client).actor.organization_id == owner.organization_id
        assert "already been used" in told(await post(client, "/auth/invitation", {"token": token})).message

    browse(scenario)


@pytest.mark.parametrize("path", ["/auth/invitation", "/auth/invitation/new"])
def test_a_dead_link_leads_to_its_page(database: str, path: str) -> None:
    _, cookie = member()
    with clock.at(clock.now() - timedelta(days=8)):
        _, expired = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        for token in (expired, new_token(), "garbled", "", "x" * 5000, 'a"b<c>\r\n'):
            client.cookies.set(COOKIE, cookie)
            answer = await post(client, path, ROBIN | {"token": token})
            assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (303, "/invite"), token
            assert "\r" not in answer.headers["location"]

    browse(scenario)


def test_somebody_else_is_not_let_in_and_logs_out_back_to_the_invitation(database: str) -> None:
    _, cookie = member()
    owner, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        assert "another address" in told(await post(client, "/auth/invitation", {"token": token})).message
        answer = await post(client, "/auth/logout", {"redirect": f"/invite?token={token}"})
        assert answer.headers["location"] == f"/invite?token={token}"
        assert who(client) is None
        assert (await post(client, "/auth/logout", {"redirect": "https://evil.example"})).headers["location"] == "/login"
        with db.transaction() as session:
            assert len(team.members(session, owner)) == 1

    browse(scenario)


def test_joining_counts_like_signing_up(database: str) -> None:
    _, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        with db.transaction() as session:
            factories.create_member(session, email="taken@example.com", password_hash=passwords.hashed("another"))
        for _ in range(20):
            await post(client, "/auth/signup", {"name": "X", "email": "taken@example.com", "password": GOOD})
        assert "Too many attempts" in told(await post(client, "/auth/invitation/new", ROBIN | {"token": token})).message

    browse(scenario)


def test_who_was_removed_from_everywhere_logs_in_to_an_organization_of_their_own(database: str) -> None:
    owner, token = invited()

    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/invitation/new", ROBIN | {"token": token})
        robin = who(client).actor
        with db.transaction() as session:
            team.remove(session, owner, robin.user_id)
        assert who(client) is None
        assert (await post(client, "/auth/login", {"email": "robin@example.com", "password": GOOD})).headers["location"] == "/dashboard"
        assert who(client).actor.role == OrgRole.OWNER
        assert who(client).actor.organization_id != owner.organization_id

    browse(scenario)


def test_forms_of_this_kind_come_from_our_own_pages(database: str) -> None:
    _, cookie = member()

    async def scenario(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, cookie)
        for path in ("/auth/organization", "/auth/organization/new", "/auth/invitation", "/auth/invitation/new"):
            assert (await client.post(path, data={"name": "X"}, headers={"Origin": "https://evil.example"})).status_code == 403

    browse(scenario)


def test_open_pages_of_the_team_hear_of_the_new_member(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(organizations, "announce", heard.append)
    robin, cookie = member()
    (one, first), (two, second) = invited(), invited(robin.email)

    async def scenario(client: httpx.AsyncClient) -> None:
        await post(client, "/auth/invitation/new", ROBIN | {"token": first})
        client.cookies.clear()
        client.cookies.set(COOKIE, cookie)
        await post(client, "/auth/invitation", {"token": second})

    browse(scenario)
    assert heard == [one.organization_id, two.organization_id]

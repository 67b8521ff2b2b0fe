"""The team page and the pages beside it, as a person's browser meets them; other people's open tabs feel what is done there."""

import re
from typing import Any

import pytest
from sqlmodel import select

from kametrix import clock, db
from kametrix.models import Organization, OrgRole, User, UserOrganization
from kametrix.services import accounts, invitations, team
from kametrix.services.access import NOT_ALLOWED, Actor
from kametrix.state import guard
from kametrix.state.frame import FrameState
from kametrix.state.guard import START_ANEW
from kametrix.state.invite import InviteState
from kametrix.state.organizations import OrganizationsState
from kametrix.state.team import TeamState
from tests import factories
from tests.state.people import logged_in, member
from tests.state.processor import Server, Tab, serve

PATH = "/settings/team"


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    guard._seen.clear()
    guard._rates.clear()


def colleague(owner: Actor, role: OrgRole, name: str = "Robin Vale", **columns: Any) -> tuple[Actor, str]:
    with db.transaction() as session:
        actor = factories.create_member(session, session.get_one(Organization, owner.organization_id), role=role, name=name, **columns)
        return actor, logged_in(session, actor)


async def page(server: Server, cookie: str, token: str = "tab") -> tuple[Tab, Any]:
    tab = server.tab(token, cookie, path=PATH)
    await tab.send(TeamState.load)
    return tab, await tab.state(TeamState)


def roles(owner: Actor) -> dict[str, OrgRole]:
    with db.transaction() as session:
        return {one.user_id: one.role for one in team.members(session, owner)}


def test_the_page_shows_members_and_what_can_be_done_about_whom(database: str) -> None:
    owner, cookie = member()
    robin, _ = colleague(owner, OrgRole.AGENT)
    _, admin = colleague(owner, OrgRole.ADMIN, "Ada Berg")

    async def scenario(server: Server) -> None:
        _, state = await page(server, cookie)
        assert [(row.name, row.role, row.is_self, row.can_change, row.can_own) for row in state.members] == [
            ("Dana Whitlock", "OWNER", True, False, False), ("Ada Berg", "ADMIN", False, True, True),
            ("Robin Vale", "AGENT", False, True, True),
        ]  # fmt: skip
        assert (state.note, state.members[2].joined, state.members[2].user_id) == ("3 members", "Today", robin.user_id)
        assert state.offered == ["OWNER", "ADMIN", "MANAGER", "AGENT", "VIEWER"]
        _, state = await page(server, admin, "other")
        assert [(row.name, row.can_change, row.can_own) for row in state.members] == [
            ("Dana Whitlock", False, False), ("Ada Berg", False, False), ("Robin Vale", True, False),
        ]  # fmt: skip
        assert state.offered == ["ADMIN", "MANAGER", "AGENT", "VIEWER"]

    serve(scenario)


@pytest.mark.parametrize("role", [OrgRole.MANAGER, OrgRole.AGENT, OrgRole.VIEWER])
def test_who_may_not_change_the_team_sees_no_invitations(database: str, role: OrgRole) -> None:
    owner, _ = member()
    with db.transaction() as session:
        invitations.invite(session, owner, "waiting@example.com", "AGENT")
    _, cookie = colleague(owner, role)

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        assert (state.waiting, [row.can_change for row in state.members]) == ([], [False, False])
        assert "waiting@example.com" not in tab.received()
        assert NOT_ALLOWED in await tab.send(TeamState.invite, form={"email": "x@example.com", "role": "AGENT"})
        assert NOT_ALLOWED in await tab.send(TeamState.remove, _form={})

    serve(scenario)


def test_a_link_is_shown_once_and_not_after_the_dialog(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        await tab.send(TeamState.turn_inviting, is_open=True)
        await tab.send(TeamState.invite, form={"email": "Robin@Example.com", "role": "MANAGER"})
        token = re.fullmatch(r"http://localhost:3000/invite\?token=([\w-]{43})", state.link)
        assert token
        assert state.link_note.startswith("For robin@example.com, as a manager. It works once, until ")
        assert [(row.email, row.role, row.is_expired) for row in state.waiting] == [("robin@example.com", "MANAGER", False)]
        await tab.send(TeamState.turn_inviting, is_open=False)
        assert (state.link, state.is_inviting) == ("", False)
        await tab.send(TeamState.renew, invitation_id=state.waiting[0].id)
        assert state.is_inviting
        assert "no longer works" in state.link_note
        assert state.link.partition("=")[2] != token.group(1)

    serve(scenario)


def test_what_is_wrong_with_an_invitation_is_said_at_its_field(database: str) -> None:
    owner, cookie = member()

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        for form, field in (({"email": "robin", "role": "AGENT"}, "email"), ({"email": owner.email, "role": "AGENT"}, "email")):
            await tab.send(TeamState.invite, form=form)
            assert [name for name, error in state.errors.items() if error] == [field]
            assert (state.link, state.is_sending) == ("", False)
        await tab.send(TeamState.invite, form={"email": "robin@example.com", "role": "OWNER"})
        assert state.errors["role"]

    serve(scenario)


def test_a_demoted_person_loses_the_deed_with_the_next_event_of_an_open_tab(database: str) -> None:
    owner, cookie = member()
    robin, other = colleague(owner, OrgRole.ADMIN)

    async def scenario(server: Server) -> None:
        theirs, _ = await page(server, other, "theirs")
        assert NOT_ALLOWED not in await theirs.send(TeamState.turn_inviting, is_open=True)
        tab, _ = await page(server, cookie)
        await tab.send(TeamState.ask, question="role", user_id=robin.user_id)
        told = await tab.send(TeamState.change_role, form={"role": "VIEWER"})
        assert "Robin Vale is a viewer now." in told
        assert NOT_ALLOWED in await theirs.send(TeamState.invite, form={"email": "x@example.com", "role": "ADMIN"})
        await theirs.send(FrameState.refresh)
        assert "team:write" not in (await theirs.state(FrameState)).permissions

    serve(scenario)


def test_a_removed_persons_open_tab_goes_elsewhere_and_does_not_act_there(database: str) -> None:
    owner, cookie = member()
    robin, other = colleague(owner, OrgRole.ADMIN)
    with db.transaction() as session:
        second = factories.create_organization(session)
        session.add(UserOrganization(user_id=robin.user_id, organization_id=second.id, role=OrgRole.OWNER, accepted_at=clock.now()))

    async def scenario(server: Server) -> None:
        theirs, state = await page(server, other, "theirs")
        assert len(state.members) == 2
        tab, _ = await page(server, cookie)
        await tab.send(TeamState.ask, question="remove", user_id=robin.user_id)
        assert "no longer belongs" in await tab.send(TeamState.remove, _form={})
        assert START_ANEW in await theirs.send(TeamState.invite, form={"email": "x@example.com", "role": "ADMIN"})
        assert (await theirs.state(TeamState)).members == []
        with db.transaction() as session:
            assert session.exec(select(User).where(User.email == "x@example.com")).all() == [], "not done in the other organization"
        await theirs.send(TeamState.load)
        assert [row.name for row in (await theirs.state(TeamState)).members] == ["Robin Vale"]

    serve(scenario)


def test_a_page_loaded_anew_is_in_the_organization_just_switched_to(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        second = factories.create_organization(session, name="Whitlock Orthodontics")
        session.add(UserOrganization(user_id=actor.user_id, organization_id=second.id, role=OrgRole.VIEWER, accepted_at=clock.now()))

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie)
        await tab.send(FrameState.load)
        with db.transaction() as session:
            session.get_one(User, actor.user_id).current_org_id = second.id
        await tab.send("reflex___state____state.hydrate")
        await tab.send(FrameState.load)
        assert (await tab.state(FrameState)).organization == "Whitlock Orthodontics"

    serve(scenario)


def test_handing_over_and_leaving(database: str) -> None:
    owner, cookie = member()
    robin, _ = colleague(owner, OrgRole.AGENT)

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        await tab.send(TeamState.ask, question="leave", user_id=owner.user_id)
        assert "only owner" in await tab.send(TeamState.leave, _form={})
        await tab.send(TeamState.ask, question="transfer", user_id=robin.user_id)
        assert "Robin Vale owns the organization now." in await tab.send(TeamState.transfer, _form={})
        assert roles(owner) == {robin.user_id: OrgRole.OWNER, owner.user_id: OrgRole.ADMIN}
        assert [row.can_change for row in state.members] == [False, False]
        assert START_ANEW in await tab.send(TeamState.leave, _form={})
        assert roles(robin) == {robin.user_id: OrgRole.OWNER}

    serve(scenario)


def test_a_deed_that_fails_is_told_and_closes_its_question(database: str) -> None:
    owner, cookie = member()
    robin, _ = colleague(owner, OrgRole.AGENT)

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        await tab.send(TeamState.ask, question="remove", user_id=robin.user_id)
        with db.transaction() as session:
            team.remove(session, owner, robin.user_id)
        assert "does not belong to the team" in await tab.send(TeamState.remove, _form={})
        assert (state.question, state.is_sending) == ("", False)

    serve(scenario)


def test_nobody_is_asked_about_who_is_not_in_the_list(database: str) -> None:
    owner, cookie = member()

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        for question, user_id in (("remove", "nobody"), ("explode", owner.user_id)):
            await tab.send(TeamState.ask, question=question, user_id=user_id)
            assert state.question == ""
        await tab.send(TeamState.ask_withdrawal, invitation_id="nothing")
        assert state.question == ""

    serve(scenario)


def test_an_invitation_is_withdrawn_after_it_was_asked_about(database: str) -> None:
    owner, cookie = member()
    with db.transaction() as session:
        invitations.invite(session, owner, "waiting@example.com", "AGENT")

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        await tab.send(TeamState.ask_withdrawal, invitation_id=state.waiting[0].id)
        assert "waiting@example.com is withdrawn" in await tab.send(TeamState.withdraw, _form={})
        assert state.waiting == []

    serve(scenario)


def test_the_menu_lists_every_organization_and_searches_many(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("tab", cookie)
        await tab.send(OrganizationsState.turn, is_open=True)
        state = await tab.state(OrganizationsState)
        assert [(row.name, row.role, row.is_current, row.is_primary) for row in state.rows] == [("Brightside Dental", "Owner", True, True)]
        assert not state.is_searched
        with db.transaction() as session:
            for number in range(8):
                other = factories.create_organization(session, name=f"Practice {number}", primary_color="#5b4bd6")
                session.add(UserOrganization(user_id=actor.user_id, organization_id=other.id, role=OrgRole.AGENT, accepted_at=clock.now()))
        await tab.send(OrganizationsState.turn, is_open=True)
        assert (len(state.rows), state.is_searched, state.rows[1].color) == (9, True, "#5b4bd6")

    serve(scenario)


def test_starting_here_is_remembered(database: str) -> None:
    owner, _ = member()
    robin, cookie = colleague(owner, OrgRole.AGENT)
    with db.transaction() as session:
        second = factories.create_organization(session)
        session.add(UserOrganization(user_id=robin.user_id, organization_id=second.id, role=OrgRole.AGENT, accepted_at=clock.now()))
        session.get_one(User, robin.user_id).current_org_id = second.id

    async def scenario(server: Server) -> None:
        tab, state = await page(server, cookie)
        assert (state.is_primary, state.has_others) == (False, True)
        assert "start here" in await tab.send(TeamState.make_primary)
        with db.transaction() as session:
            rows = session.exec(select(UserOrganization).where(UserOrganization.user_id == robin.user_id)).all()
        assert {row.organization_id for row in rows if row.is_primary} == {second.id}

    serve(scenario)


async def opened(server: Server, token: str, cookie: str = "", tab_token: str = "tab") -> Any:
    tab = server.tab(tab_token, cookie, path=f"/invite?token={token}")
    await tab.send(InviteState.load)
    return await tab.state(InviteState)


def test_a_link_offers_each_visitor_their_way_in(database: str) -> None:
    owner, _ = member()
    robin, own = member()
    _, stranger = member()
    with db.transaction() as session:
        made = invitations.invite(session, owner, robin.email, "VIEWER")

    async def scenario(server: Server) -> None:
        state = await opened(server, made.token)
        assert (state.way, state.title, state.note) == ("join", "Join Brightside Dental", "Dana Whitlock invites you as a viewer.")
        assert state.log_in == f"/login?redirect=%2Finvite%3Ftoken%3D{made.token}"
        assert (await opened(server, made.token, own, "own")).way == "accept"
        other = await opened(server, made.token, stranger, "other")
        assert (other.way, other.email) == ("other", robin.email)
        with db.transaction() as session:
            assert len(team.members(session, owner)) == 1, "opening a link accepts nothing"

    serve(scenario)


@pytest.mark.parametrize("kind", ["withdrawn", "used", "garbled"])
def test_a_dead_link_says_which_and_what_to_do(database: str, kind: str) -> None:
    owner, _ = member()
    with db.transaction() as session:
        made = invitations.invite(session, owner, "robin@example.com", "VIEWER")
        if kind == "withdrawn":
            invitations.withdraw(session, owner, invitations.waiting(session, owner)[0].id)
        elif kind == "used":
            invitations.accept_new(session, made.token, accounts.SignUp("R", "", "robin@example.com", "kupfer-Wolke-73-tanzt"))
    token = made.token[:20] if kind == "garbled" else made.token

    async def scenario(server: Server) -> None:
        state = await opened(server, token)
        assert (state.way, state.email) == ("dead", "")
        assert {"withdrawn": "was withdrawn", "used": "already been used", "garbled": "not complete"}[kind] in state.note
        assert state.way_out
        assert ("Brightside" in server.tab().received()) == (kind == "used")
        assert "Whitlock" not in server.tab().received()

    serve(scenario)

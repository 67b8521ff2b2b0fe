"""Who belongs to an organization and how that changes."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.errors import Conflict, Forbidden, KametrixError, NotFound
from kametrix.models import AuditLog, Call, Organization, OrgRole, TransactionType, User, UserOrganization, UserStatus
from kametrix.services import ledger, memberships, organizations, sessions, team
from kametrix.services.access import Actor
from tests import factories

OWNER, ADMIN, MANAGER, AGENT, VIEWER = OrgRole


def together(session: Session, *roles: OrgRole) -> list[Actor]:
    """Members of one organization."""
    organization = factories.create_organization(session)
    return [factories.create_member(session, organization, role=role, name=f"Robin {role.value}") for role in roles]


def roles_of(session: Session, actor: Actor) -> dict[str, OrgRole]:
    rows = session.exec(select(UserOrganization).where(UserOrganization.organization_id == actor.organization_id))
    return {row.user_id: row.role for row in rows}


def told(session: Session, action: str) -> AuditLog:
    return session.exec(select(AuditLog).where(AuditLog.action == action).order_by(col(AuditLog.created_at).desc())).first() or AuditLog()


def test_members_are_the_organizations_own_and_those_who_accepted(session: Session) -> None:
    owner = factories.create_member(session, name="Zoe Adler")
    organization = session.get_one(Organization, owner.organization_id)
    factories.create_member(session, organization, role=AGENT, name="robin")
    factories.create_member(session, organization, role=AGENT, name=None, email="mara@example.com")
    factories.create_member(session)
    waiting = factories.create_user(session)
    session.add(UserOrganization(user_id=waiting.id, organization_id=organization.id, role=ADMIN, invited_at=clock.now()))
    session.flush()
    found = team.members(session, owner)
    assert [(member.name, member.role) for member in found] == [("Zoe Adler", OWNER), ("mara", AGENT), ("robin", AGENT)]


def test_pages_may_read_the_members_but_not_when_others_were_here(database: str) -> None:
    with db.transaction() as session:
        owner, other = together(session, OWNER, AGENT)
        for actor in (owner, other):
            sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    with db.transaction(owner) as session:
        assert [member.last_seen_at is None for member in team.members(session, owner)] == [False, True]
    with db.transaction() as session:
        assert all(member.last_seen_at for member in team.members(session, owner))


@pytest.mark.parametrize("role", [ADMIN, MANAGER, AGENT, VIEWER])
def test_an_owner_gives_every_role_and_it_is_told(session: Session, role: OrgRole) -> None:
    owner, other = together(session, OWNER, MANAGER if role != MANAGER else AGENT)
    assert team.change_role(session, owner, other.user_id, role.value).role == role
    row = told(session, "TEAM_ROLE_CHANGE")
    assert (row.entity_id, row.new_values, row.actor_id) == (other.user_id, {"role": role.value}, owner.user_id)
    assert row.organization_id == owner.organization_id


def test_the_role_one_has_already_is_no_change(session: Session) -> None:
    owner, other = together(session, OWNER, AGENT)
    team.change_role(session, owner, other.user_id, "AGENT")
    assert told(session, "TEAM_ROLE_CHANGE").action is None


@pytest.mark.parametrize("role", ["OWNER", "", "KING", "owner", "PLATFORM"])
def test_an_admin_makes_nobody_an_owner_and_roles_are_not_invented(session: Session, role: str) -> None:
    admin, other, _ = together(session, ADMIN, AGENT, OWNER)
    with pytest.raises(Forbidden):
        team.change_role(session, admin, other.user_id, role)
    assert roles_of(session, admin)[other.user_id] == AGENT


def test_only_an_owner_touches_an_owner(session: Session) -> None:
    admin, owner, second = together(session, ADMIN, OWNER, OWNER)
    with pytest.raises(Forbidden, match="Only an owner"):
        team.change_role(session, admin, owner.user_id, "AGENT")
    with pytest.raises(Forbidden, match="Only an owner"):
        team.remove(session, admin, owner.user_id)
    assert team.change_role(session, owner, second.user_id, "ADMIN").role == ADMIN


@pytest.mark.parametrize("deed", [lambda s, a, u: team.change_role(s, a, u, "AGENT"), team.remove, team.transfer])
def test_nobody_does_it_to_themselves_or_to_strangers(session: Session, deed: Callable[..., object]) -> None:
    owner, stranger = together(session, OWNER)[0], factories.create_member(session)
    with pytest.raises(Forbidden, match="yourself"):
        deed(session, owner, owner.user_id)
    for unknown in (stranger.user_id, "nobody", ""):
        with pytest.raises(NotFound):
            deed(session, owner, unknown)
    assert roles_of(session, stranger) == {stranger.user_id: OWNER}


def test_an_invited_person_is_no_member_yet(session: Session) -> None:
    owner = together(session, OWNER)[0]
    waiting = factories.create_user(session)
    session.add(UserOrganization(user_id=waiting.id, organization_id=owner.organization_id, role=AGENT))
    session.flush()
    for deed in (team.remove, team.transfer):
        with pytest.raises(NotFound):
            deed(session, owner, waiting.id)


def test_removal_ends_the_membership_and_nothing_else(session: Session) -> None:
    owner, other = together(session, OWNER, AGENT)
    elsewhere = factories.create_organization(session, name="Whitlock Orthodontics")
    session.add(UserOrganization(user_id=other.user_id, organization_id=elsewhere.id, role=MANAGER, accepted_at=clock.now()))
    call = factories.create_call(session, factories.create_agent(session, owner), handled_by_id=other.user_id)
    token = sessions.start(session, session.get_one(User, other.user_id), ip_address="", user_agent="")
    session.flush()
    team.remove(session, owner, other.user_id)
    user = session.get_one(User, other.user_id)
    assert (user.status, user.current_org_id, user.deleted_at) == (UserStatus.ACTIVE, elsewhere.id, None)
    assert session.get_one(Call, call.id).handled_by_id == other.user_id
    found = sessions.principal(session, sessions.token_hash(token))
    assert found
    assert (found.actor.organization_id, found.actor.role) == (elsewhere.id, MANAGER)
    membership = memberships.accepted(session, elsewhere.id, other.user_id)
    assert membership
    assert membership.is_primary
    assert told(session, "TEAM_REMOVE").entity_id == other.user_id


def test_who_was_removed_from_everywhere_logs_in_to_an_empty_organization(session: Session) -> None:
    owner, other = together(session, OWNER, AGENT)
    team.remove(session, owner, other.user_id)
    user = session.get_one(User, other.user_id)
    token = sessions.start(session, user, ip_address="", user_agent="")
    session.flush()
    assert sessions.principal(session, sessions.token_hash(token)) is None
    organizations.at_home(session, user)
    found = sessions.principal(session, sessions.token_hash(token))
    assert found
    assert found.actor.role == OWNER
    assert found.actor.organization_id != owner.organization_id


def test_handing_over_makes_an_owner_and_an_admin(session: Session) -> None:
    owner, other = together(session, OWNER, AGENT)
    assert team.transfer(session, owner, other.user_id).role == OWNER
    assert roles_of(session, owner) == {owner.user_id: ADMIN, other.user_id: OWNER}
    row = told(session, "ORGANIZATION_TRANSFER")
    assert (row.old_values, row.new_values) == ({"owner": owner.user_id}, {"owner": other.user_id})
    with pytest.raises(Forbidden):
        team.transfer(session, owner, other.user_id)


def test_several_may_own_and_only_the_last_one_cannot_leave(session: Session) -> None:
    owner, second = together(session, OWNER, ADMIN)
    with pytest.raises(Conflict, match="only owner"):
        organizations.leave(session, owner)
    team.change_role(session, owner, second.user_id, "OWNER")
    organizations.leave(session, owner)
    assert roles_of(session, second) == {second.user_id: OWNER}
    assert told(session, "TEAM_LEAVE").entity_id == owner.user_id


@pytest.mark.parametrize("role", [ADMIN, MANAGER, AGENT, VIEWER])
def test_everybody_else_may_leave(session: Session, role: OrgRole) -> None:
    owner, other = together(session, OWNER, role)
    organizations.leave(session, other)
    assert roles_of(session, owner) == {owner.user_id: OWNER}


def test_a_role_that_changed_meanwhile_acts_no_more(session: Session) -> None:
    owner, second, agent = together(session, OWNER, OWNER, AGENT)
    team.change_role(session, owner, second.user_id, "ADMIN")
    for deed in (lambda: team.remove(session, second, agent.user_id), lambda: organizations.leave(session, second)):
        with pytest.raises(Forbidden, match="changed meanwhile"):
            deed()
    team.remove(session, owner, second.user_id)
    with pytest.raises(Forbidden, match="changed meanwhile"):
        team.change_role(session, second, agent.user_id, "ADMIN")


def at_once(*deeds: Callable[[Session], object]) -> list[str]:
    """Each in a transaction of its own, all together; returns what failed."""
    barrier, failed = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[Session], object]) -> None:
        try:
            with db.transaction() as session:
                barrier.wait(10)
                deed(session)
        except KametrixError as error:
            failed.append(error.message)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return failed


@pytest.mark.parametrize("how", ["demote", "remove", "leave", "hand over"])
def test_two_owners_at_once_leave_one_owner(database: str, how: str) -> None:
    with db.transaction() as session:
        one, two = together(session, OWNER, OWNER)
    deeds: dict[str, Callable[[Session, Actor, Actor], object]] = {
        "demote": lambda session, actor, other: team.change_role(session, actor, other.user_id, "ADMIN"),
        "remove": lambda session, actor, other: team.remove(session, actor, other.user_id),
        "leave": lambda session, actor, other: organizations.leave(session, actor),
        "hand over": lambda session, actor, other: team.transfer(session, actor, other.user_id),
    }
    failed = at_once(lambda session: deeds[how](session, one, two), lambda session: deeds[how](session, two, one))
    with db.transaction() as session:
        assert list(roles_of(session, one).values()).count(OWNER) == 1
    assert len(failed) == (how != "hand over")  # the second hands back what the first has just handed over


def buy(session: Session, actor: Actor) -> None:
    """The organization's first pack."""
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType.PURCHASE, amount=1000, key=f"pi:{actor.organization_id}",
        description="Starter", user_id=actor.user_id, stripe_payment_id=f"pi_{actor.organization_id}",
    )  # fmt: skip


def test_nobody_becomes_owner_of_more_unpaid_organizations_than_one_may_own(session: Session) -> None:
    owner, other = together(session, OWNER, ADMIN)
    for _ in range(memberships.MOST_UNPAID):
        organizations.create(session, other, "Another")
    for deed in (lambda: team.change_role(session, owner, other.user_id, "OWNER"), lambda: team.transfer(session, owner, other.user_id)):
        with pytest.raises(Conflict, match="not bought credits"):
            deed()
    buy(session, owner)
    assert team.change_role(session, owner, other.user_id, "OWNER").role == OWNER

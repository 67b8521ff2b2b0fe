"""The frame tells an organization about itself and nothing about another; a person makes, changes and leaves their organizations."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import Conflict, Invalid, NotFound, TooMany
from kametrix.models import AuditLog, CallStatus, Organization, OrgRole, User, UserOrganization
from kametrix.services import organizations
from kametrix.services.access import Actor
from kametrix.services.memberships import MOST_OWNED, MOST_UNPAID
from tests import factories
from tests.services.test_team import at_once, buy


def test_a_new_organization_stands_at_zero_and_is_still_answered(session: Session) -> None:
    frame = organizations.frame(session, factories.create_member(session))
    assert (frame.organization, frame.balance, frame.minutes) == ("Brightside Dental", 0, 0)
    assert frame.is_low
    assert not frame.is_paused


@pytest.mark.parametrize(
    ("cents", "minutes", "low"), [(4185, 279, False), (501, 33, False), (500, 33, True), (14, 0, True), (-45, 0, True)]
)
def test_balance_in_minutes_and_when_it_is_low(session: Session, cents: int, minutes: int, low: bool) -> None:
    owner = factories.create_member(session)
    factories.post_credit(session, owner, cents)
    frame = organizations.frame(session, owner)
    assert (frame.balance, frame.minutes, frame.is_low) == (cents, minutes, low)


@pytest.mark.parametrize(("cents", "paused"), [(-285, False), (-286, True), (-300, True), (-301, True)])
def test_it_says_so_when_the_ceiling_leaves_no_minute(session: Session, cents: int, paused: bool) -> None:
    owner = factories.create_member(session)
    factories.post_credit(session, owner, cents)
    assert organizations.frame(session, owner).is_paused is paused


def test_live_calls_and_agents_are_the_organizations_own(session: Session) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    agent, other = factories.create_agent(session, owner, name="Front desk"), factories.create_agent(session, stranger, name="Other")
    factories.create_agent(session, owner, name="after hours")
    factories.create_agent(session, owner, name="Gone", deleted_at=clock.now())
    factories.create_call(session, agent, status=CallStatus.IN_PROGRESS)
    factories.create_call(session, agent, status=CallStatus.COMPLETED)
    for _ in range(2):
        factories.create_call(session, other, status=CallStatus.RINGING)
    frame = organizations.frame(session, owner)
    assert frame.live_calls == 1
    assert [name for _, name in frame.agents] == ["after hours", "Front desk"]


@pytest.mark.parametrize("role", list(OrgRole))
def test_every_role_sees_the_frame(session: Session, role: OrgRole) -> None:
    assert organizations.frame(session, factories.create_member(session, role=role)).organization == "Brightside Dental"


def test_who_sees_no_money_is_told_none_in_the_frame(session: Session) -> None:
    owner = factories.create_member(session)
    factories.post_credit(session, owner, -300)
    agent = factories.create_member(session, session.get_one(Organization, owner.organization_id), role=OrgRole.AGENT)
    frame = organizations.frame(session, agent)
    assert (frame.balance, frame.minutes, frame.is_low, frame.is_paused) == (None, 0, False, False)


def create(session: Session, actor: Actor, name: str = "Whitlock Orthodontics") -> str:
    return organizations.create(session, actor, name, "Europe/Berlin")


def names(session: Session, actor: Actor) -> list[tuple[str, str, bool, bool]]:
    found = organizations.belongings(session, actor)
    return [(one.name, one.role.value, one.is_current, one.is_primary) for one in found]


def current(session: Session, actor: Actor) -> str | None:
    return session.get_one(User, actor.user_id).current_org_id


def test_a_new_organization_is_owned_empty_and_current(session: Session) -> None:
    agent = factories.create_member(session, role=OrgRole.AGENT)
    made = create(session, agent, "  Whitlock\t Orthodontics ")
    organization = session.get_one(Organization, made)
    assert (organization.name, organization.timezone, organization.balance_cents) == ("Whitlock Orthodontics", "Europe/Berlin", 0)
    assert current(session, agent) == made
    assert names(session, agent) == [("Brightside Dental", "AGENT", True, True), ("Whitlock Orthodontics", "OWNER", False, False)]
    row = session.exec(select(AuditLog).where(AuditLog.action == "ORGANIZATION_CREATE")).one()
    assert (row.organization_id, row.actor_id) == (made, agent.user_id)


@pytest.mark.parametrize("name", ["", "   ", "\x00\x07", "x" * 101])
def test_a_new_organization_needs_a_name(session: Session, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(session, factories.create_member(session), name)
    assert set(refused.value.errors) == {"name"}


def test_a_zone_nobody_knows_is_utc(session: Session) -> None:
    made = organizations.create(session, factories.create_member(session), "Another", "Mars/Olympus")
    assert session.get_one(Organization, made).timezone == "UTC"


def test_free_ceilings_cannot_be_farmed_by_one_person(session: Session) -> None:
    """Neither by making, nor by deleting and making again; a purchase makes room for one more."""
    owner = factories.create_member(session)
    made = [create(session, owner) for _ in range(MOST_UNPAID - 1)]
    session.get_one(Organization, made[0]).deleted_at = clock.now()
    session.flush()
    with pytest.raises(Conflict, match="not bought credits"):
        create(session, owner)
    buy(session, owner)
    create(session, owner)
    with pytest.raises(Conflict, match="not bought credits"):
        create(session, owner)


def test_one_person_owns_so_many_organizations_and_no_more(session: Session) -> None:
    owner = factories.create_member(session)
    for _ in range(MOST_OWNED - 1):
        made = create(session, owner)
        buy(session, replace(owner, organization_id=made))
    buy(session, owner)
    with pytest.raises(Conflict, match="at most 10"):
        create(session, owner)


def test_organizations_made_in_the_same_moment_are_counted(database: str) -> None:
    with db.transaction() as session:
        owner = factories.create_member(session)
    failed = at_once(*[lambda session: organizations.create(session, owner, "Another")] * 4)
    with db.transaction() as session:
        assert len(organizations.belongings(session, owner)) == MOST_UNPAID
    assert len(failed) == 4 - (MOST_UNPAID - 1)


def test_attempts_to_make_organizations_are_counted(session: Session) -> None:
    owner = factories.create_member(session)
    for _ in range(5):
        organizations.count_new(session, owner)
    with pytest.raises(TooMany):
        organizations.count_new(session, owner)
    organizations.count_new(session, factories.create_member(session))


def test_switching_works_among_ones_own_only(session: Session) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    made = create(session, owner)
    organizations.switch(session, owner, owner.organization_id)
    assert current(session, owner) == owner.organization_id
    organizations.switch(session, owner, made)
    assert current(session, owner) == made
    waiting = UserOrganization(user_id=owner.user_id, organization_id=stranger.organization_id, role=OrgRole.ADMIN)
    session.add(waiting)
    session.flush()
    for unknown in (stranger.organization_id, "nothing", ""):
        for deed in (organizations.switch, organizations.make_primary):
            with pytest.raises(NotFound):
                deed(session, owner, unknown)
    session.get_one(Organization, made).deleted_at = clock.now()
    session.flush()
    with pytest.raises(NotFound):
        organizations.switch(session, owner, made)


def test_one_organization_is_the_primary_one_and_logging_in_starts_there(session: Session) -> None:
    owner = factories.create_member(session)
    made = create(session, owner)
    organizations.make_primary(session, owner, made)
    assert [one.is_primary for one in organizations.belongings(session, owner)] == [False, True]
    organizations.switch(session, owner, owner.organization_id)
    organizations.at_home(session, session.get_one(User, owner.user_id))
    assert current(session, owner) == made


def test_an_account_that_used_up_its_free_organizations_gets_no_further_one(session: Session) -> None:
    """Owning only deleted, unpaid organizations is no way to an endless row of free ceilings."""
    owner = factories.create_member(session)
    for _ in range(MOST_UNPAID - 1):
        create(session, owner)
    for organization in session.exec(select(Organization)):
        organization.deleted_at = clock.now()
    session.flush()
    with pytest.raises(Conflict):
        organizations.at_home(session, session.get_one(User, owner.user_id))


def test_leaving_goes_on_in_another_organization(session: Session) -> None:
    agent = factories.create_member(session, role=OrgRole.AGENT)
    made = create(session, agent)
    organizations.switch(session, agent, agent.organization_id)
    organizations.leave(session, agent)
    assert current(session, agent) == made
    assert names(session, replace(agent, organization_id=made)) == [("Whitlock Orthodontics", "OWNER", True, True)]

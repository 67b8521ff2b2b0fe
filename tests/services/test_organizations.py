"""The frame tells an organization about itself and nothing about another."""

import pytest
from sqlmodel import Session

from kametrix import clock
from kametrix.models import CallStatus, OrgRole
from kametrix.services import organizations
from tests import factories


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
    factories.create_call(session, other, status=CallStatus.RINGING)
    frame = organizations.frame(session, owner)
    assert frame.live_calls == 1
    assert [name for _, name in frame.agents] == ["after hours", "Front desk"]


@pytest.mark.parametrize("role", list(OrgRole))
def test_every_role_sees_the_frame(session: Session, role: OrgRole) -> None:
    assert organizations.frame(session, factories.create_member(session, role=role)).organization == "Brightside Dental"

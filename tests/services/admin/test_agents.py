"""Agents of all organizations: found by what they are called and by what is wrong with them, switched and sent again."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from kametrix.errors import NotFound
from kametrix.models import SyncState
from kametrix.services.access import Actor
from kametrix.services.admin import agents
from kametrix.services.admin.agents import Wanted
from kametrix.services.keyset import Place
from tests import factories
from tests.services.test_agents import jobs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def operator(session: Session) -> Actor:
    return factories.create_operator(session)


def member_of(session: Session, name: str) -> Actor:
    return factories.create_member(session, factories.create_organization(session, name=name), name="Robin Vale")


def listed(session: Session, operator: Actor, wanted: Wanted) -> list[str]:
    return sorted(row.name for row in agents.page(session, operator, wanted, Place()).rows)


def test_agents_are_found_by_their_name_business_and_organization(session: Session, operator: Actor) -> None:
    factories.create_agent(session, member_of(session, "Fjord Group"), name="Mia", business_name="Brightside Dental")
    factories.create_agent(session, member_of(session, "Harbour"), name="Ida", business_name="Harbour Vets")
    for search, found in (
        ("mi", ["Mia"]),
        ("DENTAL", ["Mia"]),
        (" fjord ", ["Mia"]),
        ("harbour", ["Ida"]),
        ("%", []),
        ("", ["Ida", "Mia"]),
    ):
        assert listed(session, operator, Wanted(search=search)) == found, search


def test_filters_narrow_to_whose_agents_they_are_and_what_is_wrong(session: Session, operator: Actor) -> None:
    one, two = member_of(session, "Fjord Group"), member_of(session, "Harbour")
    mia = factories.create_agent(session, one, name="Mia", sync_state=SyncState.LIVE)
    factories.create_phone_number(session, mia)
    factories.create_agent(session, two, name="Ida", sync_state=SyncState.FAILED, is_active=False)
    factories.create_agent(session, one, name="Gone", deleted_at=NOON)
    for wanted in (
        Wanted(organization_id=one.organization_id), Wanted(user_id=one.user_id), Wanted(is_active=True), Wanted(sync=SyncState.LIVE),
    ):  # fmt: skip
        assert listed(session, operator, wanted) == ["Mia"], wanted
    for wanted in (Wanted(is_active=False), Wanted(sync=SyncState.FAILED), Wanted(waiting=True)):
        assert listed(session, operator, wanted) == ["Ida"], wanted


def test_an_agent_is_shown_with_its_person_organization_and_number(session: Session, operator: Actor) -> None:
    mia = factories.create_agent(session, member_of(session, "Fjord Group"), name="Mia")
    factories.create_phone_number(session, mia, number="+14155550101")
    row = agents.detail(session, operator, mia.id).row
    assert (row.person, row.organization, row.number) == ("Robin Vale", "Fjord Group", "+1 415 555 0101")


def test_switching_reaches_the_provider_once_and_only_when_it_changes_something(session: Session, operator: Actor) -> None:
    mia = factories.create_agent(session, member_of(session, "Fjord Group"), is_active=True)
    agents.set_active(session, operator, mia.id, True)
    assert jobs(session, "sync_agent") == []
    assert not agents.set_active(session, operator, mia.id, False).is_active
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [mia.id]


def test_an_agent_that_failed_is_sent_again(session: Session, operator: Actor) -> None:
    mia = factories.create_agent(session, member_of(session, "Fjord Group"), sync_state=SyncState.FAILED, sync_error="Too long.")
    row = agents.retry(session, operator, mia.id)
    assert (row.sync, row.error) == (SyncState.UPDATING, "")
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [mia.id]


def test_a_deleted_agent_is_neither_shown_nor_changed(session: Session, operator: Actor) -> None:
    gone = factories.create_agent(session, member_of(session, "Fjord Group"), deleted_at=NOON)
    for deed in (agents.detail, agents.retry):
        with pytest.raises(NotFound):
            deed(session, operator, gone.id)

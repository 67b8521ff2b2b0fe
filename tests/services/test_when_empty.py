from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import db
from kametrix.errors import Forbidden, Invalid
from kametrix.models import AuditLog, Organization, OrgRole, SyncState, WhenEmpty
from kametrix.services import when_empty
from kametrix.services.access import Actor
from kametrix.services.audit_words import sentence
from tests.factories import create_agent, create_member, create_organization, create_phone_number
from tests.services.test_agents import buy, jobs

MINE = "+4915112345678"


@pytest.fixture
def owner(session: Session) -> Actor:
    actor = create_member(session)
    buy(session, actor)
    return actor


def organization_of(session: Session, owner: Actor) -> Organization:
    return session.get_one(Organization, owner.organization_id)


def test_a_customer_begins_in_grace_without_a_limit(session: Session, owner: Actor) -> None:
    number = create_phone_number(session, create_agent(session, owner, sync_state=SyncState.LIVE)).number
    rules = when_empty.rules(session, owner)
    assert (rules.mode, rules.forwarding_number, rules.ceiling_cents, rules.is_gated) == ("GRACE", "", None, False)
    assert (rules.not_gated, rules.updating, rules.has_purchased) == ((number,), (), True)


def test_a_newcomer_has_the_platforms_limit(session: Session) -> None:
    actor = create_member(session)
    create_phone_number(session, create_agent(session, actor, sync_state=SyncState.LIVE))
    rules = when_empty.rules(session, actor)
    assert (rules.ceiling_cents, rules.is_gated, rules.not_gated, rules.has_purchased) == (300, True, (), False)


def test_an_own_limit_is_told_beside_what_holds(session: Session, owner: Actor) -> None:
    organization_of(session, owner).grace_limit_cents = 2000
    assert (when_empty.rules(session, owner).own_limit_cents, when_empty.rules(session, owner).ceiling_cents) == (2000, 2000)
    when_empty.choose(session, owner, "STOP", "")
    assert (when_empty.rules(session, owner).own_limit_cents, when_empty.rules(session, owner).ceiling_cents) == (2000, 0)


def test_choosing_pushes_every_agent_once(session: Session, owner: Actor) -> None:
    live = [create_agent(session, owner, sync_state=SyncState.LIVE) for _ in range(2)]
    create_agent(session, owner, deleted_at=organization_of(session, owner).created_at)
    numbers = sorted(create_phone_number(session, agent).number for agent in live)
    when_empty.choose(session, owner, "FORWARD", " +49 1511 234 5678 ")
    assert sorted(job["agent_id"] for job in jobs(session, "sync_agent")) == sorted(agent.id for agent in live)
    rules = when_empty.rules(session, owner)
    assert (rules.mode, rules.forwarding_number, rules.ceiling_cents, rules.is_gated) == ("FORWARD", MINE, 0, True)
    assert (rules.not_gated, list(rules.updating)) == ((), numbers)


def test_choosing_the_same_again_pushes_nothing_and_notes_nothing(session: Session, owner: Actor) -> None:
    create_agent(session, owner)
    for _ in range(2):
        when_empty.choose(session, owner, "STOP", MINE)
    assert len(jobs(session, "sync_agent")) == 1
    assert len(session.exec(select(AuditLog).where(AuditLog.action == "CREDITS_WHEN_EMPTY")).all()) == 1


def test_what_was_chosen_is_noted_in_words(session: Session, owner: Actor) -> None:
    when_empty.choose(session, owner, "FORWARD", MINE)
    row = session.exec(select(AuditLog).where(AuditLog.action == "CREDITS_WHEN_EMPTY")).one()
    assert row.old_values == {"when_empty": "GRACE", "forwarding_number": None}
    assert row.new_values == {"when_empty": "FORWARD", "forwarding_number": MINE}
    assert sentence(row.action, "Dana", "", ()) == "Dana changed what happens when no credit is left"


@pytest.mark.parametrize(
    ("mode", "number", "field"),
    [
        ("FORWARD", "", "forwarding_number"),
        ("FORWARD", "   ", "forwarding_number"),
        ("FORWARD", "911", "forwarding_number"),
        ("STOP", "four one five", "forwarding_number"),
        ("GRACE", "+1", "forwarding_number"),
        ("FORWARD", "+" + "1" * 400, "forwarding_number"),
        ("forward", MINE, "mode"),
        ("", MINE, "mode"),
        ("'; drop table call; --", MINE, "mode"),
    ],
)
def test_what_cannot_be_is_told_at_the_field_and_changes_nothing(
    session: Session, owner: Actor, mode: str, number: str, field: str
) -> None:
    create_agent(session, owner)
    with pytest.raises(Invalid) as refused:
        when_empty.choose(session, owner, mode, number)
    assert field in refused.value.errors
    assert organization_of(session, owner).when_empty is WhenEmpty.GRACE
    assert jobs(session, "sync_agent") == []


def test_a_number_of_ones_own_agents_would_ring_for_ever(session: Session, owner: Actor) -> None:
    number = create_phone_number(session, create_agent(session, owner), number="+14155552671").number
    with pytest.raises(Invalid, match="straight back"):
        when_empty.choose(session, owner, "FORWARD", number)
    assert organization_of(session, owner).forwarding_number is None


def test_the_number_goes_only_when_nothing_is_passed_on(session: Session, owner: Actor) -> None:
    when_empty.choose(session, owner, "FORWARD", MINE)
    with pytest.raises(Invalid):
        when_empty.choose(session, owner, "FORWARD", "")
    when_empty.choose(session, owner, "STOP", "")
    assert organization_of(session, owner).forwarding_number is None


@pytest.mark.parametrize("role", [OrgRole.ADMIN, OrgRole.MANAGER, OrgRole.AGENT, OrgRole.VIEWER])
def test_only_an_owner_chooses(session: Session, owner: Actor, role: OrgRole) -> None:
    other = create_member(session, organization_of(session, owner), role=role)
    with pytest.raises(Forbidden):
        when_empty.choose(session, other, "STOP", "")


def test_another_organization_is_untouched(session: Session, owner: Actor) -> None:
    stranger = create_member(session, create_organization(session, when_empty=WhenEmpty.STOP))
    create_agent(session, stranger)
    when_empty.choose(session, owner, "FORWARD", MINE)
    assert when_empty.rules(session, stranger).mode == "STOP"
    assert jobs(session, "sync_agent") == []


def test_pages_may_read_and_choose_with_their_own_login(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        buy(session, actor)
        create_phone_number(session, create_agent(session, actor))
    with db.transaction(actor) as session:
        when_empty.choose(session, actor, "FORWARD", MINE)
        assert when_empty.rules(session, actor).mode == "FORWARD"
    with db.transaction() as session:
        found: Any = session.connection().execute(
            text("select when_empty, forwarding_number from organization where forwarding_number is not null")
        )
        assert found.all() == [("FORWARD", MINE)]
        assert len(jobs(session, "sync_agent")) == 1

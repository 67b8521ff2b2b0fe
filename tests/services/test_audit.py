"""The audit trail names who acted on what."""

from sqlmodel import Session, select

from kametrix import db
from kametrix.models import ActorType, AuditLog
from kametrix.services import audit
from tests import factories


def test_a_person_is_named_with_their_organization(session: Session) -> None:
    actor = factories.create_member(session)
    audit.record(session, actor, "agent.update", entity="agent", entity_id="a1", old={"name": "Mia"}, new={"name": "Ida"})
    row = session.exec(select(AuditLog)).one()
    assert (row.actor_type, row.actor_id, row.actor_email) == (ActorType.USER, actor.user_id, actor.email)
    assert (row.organization_id, row.entity_type, row.entity_id, row.action) == (actor.organization_id, "agent", "a1", "agent.update")
    assert (row.old_values, row.new_values) == ({"name": "Mia"}, {"name": "Ida"})


def test_without_a_person_the_system_acted(session: Session) -> None:
    organization = factories.create_organization(session)
    audit.record(session, None, "number.assign", entity="phone_number", entity_id=None, organization_id=organization.id)
    row = session.exec(select(AuditLog)).one()
    assert (row.actor_type, row.actor_id, row.organization_id) == (ActorType.SYSTEM, None, organization.id)


def test_a_trail_is_read_by_its_own_organization_alone(database: str) -> None:
    with db.transaction() as session:
        mine, theirs = factories.create_member(session), factories.create_member(session)
    for actor in (mine, theirs):
        with db.transaction(actor) as session:
            audit.record(session, actor, "agent.update", entity="agent", entity_id="a1")
    with db.transaction(mine) as session:
        assert [row.actor_id for row in session.exec(select(AuditLog))] == [mine.user_id]

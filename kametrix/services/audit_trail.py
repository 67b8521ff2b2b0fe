"""An organization's own audit trail: who of its people, or of ours, did what to its things."""

from sqlmodel import Session, col, select

from kametrix.models import Agent, AuditLog, Organization, PhoneNumber, User
from kametrix.services import keyset
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.audit_rows import PAGE_SIZE, AuditRow, Wanted, conditions, told
from kametrix.services.keyset import Page, Place


@allows("audit:read")
def page(session: Session, actor: Actor, acts: Wanted, place: Place) -> Page[AuditRow]:
    """A page of the organization's trail, the latest first, narrowed to `acts`. Raises Invalid for a broken cursor."""
    query = scoped(actor, AuditLog).where(*conditions(acts))
    if acts.actor or acts.person:  # else an operator's address could be guessed letter by letter
        query = query.where(col(AuditLog.meta)["operator"].as_boolean().is_not(True))
    found = keyset.listed(session, query, col(AuditLog.created_at), place=place, size=PAGE_SIZE)
    names = _names(session, actor, {row.entity_id for row in found.rows if row.entity_id})
    return Page([told(row, names, for_operator=False) for row in found.rows], found.newer, found.older)


def _names(session: Session, actor: Actor, ids: set[str]) -> dict[str, str]:
    """What the organization's things are called, by id; row security shows of people only those who belong to it."""
    agents = session.exec(scoped(actor, Agent).where(col(Agent.id).in_(ids)))
    numbers = session.exec(scoped(actor, PhoneNumber).where(col(PhoneNumber.id).in_(ids)))
    own = session.exec(select(Organization.id, Organization.name).where(Organization.id == actor.organization_id)).all()
    people = session.exec(select(User.id, User.name, User.email).where(col(User.id).in_(ids))).all()
    found = {agent.id: agent.name for agent in agents} | {number.id: number.number for number in numbers} | dict(own)
    return found | {user_id: name or email for user_id, name, email in people}

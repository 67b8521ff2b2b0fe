"""Who has which telephone number: claimed by agents without one, freed with a cool-down, the longest waiting served first."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session, col, exists, or_, select

from kametrix import clock
from kametrix.models import Agent, CreditTransaction, Organization, PhoneNumber, PhoneStatus, TransactionType
from kametrix.services import credits, queue, sync_requests
from kametrix.services.access import SYSTEM, open_to
from kametrix.settings import settings


@open_to(SYSTEM)
def claim(session: Session, agent: Agent) -> PhoneNumber | None:
    """Give the agent the number that has been free longest; none when none is free or its organization may not have another.

    Before its first purchase an organization has one number (product.md 4.6-4); its row is locked, so two agents made at
    once cannot both take one.
    """
    organization = select(Organization).where(Organization.id == agent.organization_id).with_for_update(key_share=True)
    session.exec(organization).one()
    if not may_have_another(session, agent.organization_id):
        return None
    free = (
        select(PhoneNumber)
        .where(
            PhoneNumber.status == PhoneStatus.AVAILABLE,
            PhoneNumber.available_from <= clock.now(),
            col(PhoneNumber.is_enabled),
            col(PhoneNumber.vapi_phone_id).is_not(None),
        )
        .order_by(col(PhoneNumber.available_from), col(PhoneNumber.created_at), col(PhoneNumber.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    number = session.exec(free).one_or_none()
    if number is not None:
        number.status, number.agent_id, number.organization_id = PhoneStatus.ASSIGNED, agent.id, agent.organization_id
        number.updated_at = clock.now()
        session.flush()
    return number


@open_to(SYSTEM)
def may_have_another(session: Session, organization_id: str) -> bool:
    """Whether the organization has no number yet, or has bought credits once."""
    has_number = select(PhoneNumber.id).where(PhoneNumber.organization_id == organization_id).limit(1)
    return session.exec(has_number).first() is None or credits.has_purchased(session, organization_id)


@open_to(SYSTEM)
def free(session: Session, agent_id: str) -> None:
    """Take the agent's number back: off the air by a job, and claimable again after the cool-down."""
    query = select(PhoneNumber).where(PhoneNumber.agent_id == agent_id).with_for_update()
    number = session.exec(query).one_or_none()
    if number is None:
        return
    number.status, number.agent_id, number.organization_id = PhoneStatus.AVAILABLE, None, None
    number.available_from = clock.now() + timedelta(hours=settings().number_cooldown_hours)
    number.updated_at = clock.now()
    session.flush()
    queue.enqueue(session, "release_number", number_id=number.id)
    queue.enqueue(session, "serve_waiting", at=number.available_from)


@open_to(SYSTEM)
def serve_waiting(session: Session) -> frozenset[str]:
    """Give free numbers to agents without one, oldest agent first; returns the organizations that got one."""
    session.connection().execute(text("select pg_advisory_xact_lock(hashtext('serve_waiting'))"))
    served: set[str] = set()
    while agent := _longest_waiting(session):
        if claim(session, agent) is None:
            break
        sync_requests.request(session, agent)
        served.add(agent.organization_id)
    return frozenset(served)


def _longest_waiting(session: Session) -> Agent | None:
    """The oldest agent without a number whose organization may have one more."""
    numbers = select(PhoneNumber.id)
    purchases = select(CreditTransaction.id).where(CreditTransaction.type == TransactionType.PURCHASE)
    waiting = (
        select(Agent)
        .where(
            col(Agent.deleted_at).is_(None),
            ~exists(numbers.where(PhoneNumber.agent_id == Agent.id)),
            or_(
                ~exists(numbers.where(PhoneNumber.organization_id == Agent.organization_id)),
                exists(purchases.where(CreditTransaction.organization_id == Agent.organization_id)),
            ),
        )
        .order_by(col(Agent.created_at), col(Agent.id))
        .limit(1)
        .with_for_update()
    )
    return session.exec(waiting).one_or_none()

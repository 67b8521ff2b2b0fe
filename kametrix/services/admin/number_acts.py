"""What an operator does with a number: give it, take it, switch it. The provider learns it by a job of the same transaction."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import Conflict, NotFound
from kametrix.models import Agent, PhoneNumber, PhoneStatus
from kametrix.services import audit, number_claims, queue, sync_requests
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.wording import telephone

MEANWHILE: Final = "This number changed hands meanwhile. Nothing was done: look at the list again."


@dataclass(frozen=True)
class Done:
    """The number in words, the agent it was given to or taken from, and whose open pages should look again."""

    number: str
    agent: str
    organizations: tuple[str, ...]


@allows(PLATFORM)
def assign(session: Session, actor: Actor, number_id: str, agent_id: str) -> Done:
    """Give a free number to an agent without one. Raises Conflict when either is taken, off, or unknown to the provider; NotFound."""
    agent = session.exec(select(Agent).where(Agent.id == agent_id).with_for_update()).one_or_none()
    if agent is None or agent.deleted_at is not None:
        raise NotFound("This agent does not exist any more.")
    held = session.exec(select(PhoneNumber.number).where(PhoneNumber.agent_id == agent.id)).first()
    if held:
        raise Conflict(f"{agent.name} has {telephone(held)} already. An agent has one number: release that one first.")
    number = _locked(session, number_id)
    if why := _why_not_free(session, number):
        raise Conflict(why)
    number.status, number.agent_id, number.organization_id = PhoneStatus.ASSIGNED, agent.id, agent.organization_id
    number.updated_at = clock.now()
    session.flush()
    sync_requests.request(session, agent)
    _note(session, actor, "PHONE_ASSIGN", number, agent, new={"number": number.number, "agent": agent.name})
    return Done(telephone(number.number), agent.name, (agent.organization_id,))


@allows(PLATFORM)
def release(session: Session, actor: Actor, number_id: str, *, agent_id: str) -> Done:
    """Take a number from this agent; it rests, then serves whoever waits longest. Raises Conflict when another has it by now."""
    agent = _holder(session, number_id, agent_id)
    number = _locked(session, number_id)
    number_claims.free(session, agent.id)
    _note(session, actor, "PHONE_RELEASE", number, agent, old={"number": number.number, "agent": agent.name})
    return Done(telephone(number.number), agent.name, (agent.organization_id,))


@allows(PLATFORM)
def withdraw(session: Session, actor: Actor, number_id: str, *, agent_id: str) -> Done:
    """Take a number out of the pool, from its agent (`agent_id`, empty without one) too; it stays out until it is switched on again.

    Raises Conflict when it changed hands meanwhile.
    """
    agent = _holder(session, number_id, agent_id) if agent_id else None
    number = _locked(session, number_id)
    if (number.agent_id or "") != agent_id:
        raise Conflict(MEANWHILE)
    if agent is not None:
        number_claims.free(session, agent.id)
    old = {"status": number.status.value, "is_enabled": number.is_enabled}
    number.status, number.is_enabled, number.updated_at = PhoneStatus.RELEASED, False, clock.now()
    session.flush()
    queue.enqueue(session, "release_number", number_id=number.id)
    new = {"status": number.status.value, "is_enabled": False, "number": number.number} | ({"agent": agent.name} if agent else {})
    _note(session, actor, "PHONE_RELEASE", number, agent, old=old, new=new)
    return Done(telephone(number.number), agent.name if agent else "", (agent.organization_id,) if agent else ())


@allows(PLATFORM)
def set_enabled(session: Session, actor: Actor, number_id: str, is_enabled: bool) -> Done:
    """Switch a number: off it is given to nobody, and rings nowhere while it stays with its agent. On, it joins the pool again."""
    holder = session.exec(select(PhoneNumber.agent_id).where(PhoneNumber.id == number_id)).one_or_none()
    agent = session.exec(select(Agent).where(Agent.id == holder).with_for_update()).one_or_none() if holder else None
    number = _locked(session, number_id)
    if number.agent_id != holder:
        raise Conflict(MEANWHILE)
    if number.is_enabled != is_enabled:
        old = {"is_enabled": number.is_enabled, "status": number.status.value}
        number.is_enabled, number.updated_at = is_enabled, clock.now()
        if is_enabled and number.status == PhoneStatus.RELEASED:
            number.status, number.available_from = PhoneStatus.AVAILABLE, clock.now()
        session.flush()
        if agent is not None:
            sync_requests.request(session, agent)
        elif is_enabled:
            queue.enqueue(session, "serve_waiting")
        new = {"is_enabled": is_enabled, "status": number.status.value}
        _note(session, actor, "PHONE_UPDATE", number, agent, old=old, new=new)
    return Done(telephone(number.number), agent.name if agent else "", (agent.organization_id,) if agent else ())


def _holder(session: Session, number_id: str, agent_id: str) -> Agent:
    """The agent that has the number, its row locked: agents are locked before numbers, as everywhere."""
    agent = session.exec(select(Agent).where(Agent.id == agent_id).with_for_update()).one_or_none()
    query = select(PhoneNumber.id).where(PhoneNumber.id == number_id, PhoneNumber.agent_id == agent_id)
    if agent is None or session.exec(query.with_for_update()).first() is None:
        raise Conflict(MEANWHILE)
    return agent


def _locked(session: Session, number_id: str) -> PhoneNumber:
    query = select(PhoneNumber).where(PhoneNumber.id == number_id).with_for_update().execution_options(populate_existing=True)
    number = session.exec(query).one_or_none()
    if number is None:
        raise NotFound("This number is not in the pool.")
    return number


def _why_not_free(session: Session, number: PhoneNumber) -> str:
    if number.agent_id is not None:
        owner = session.exec(select(Agent.name).where(Agent.id == number.agent_id)).one()
        return f"{telephone(number.number)} belongs to {owner} by now. Choose another."
    if number.vapi_phone_id is None:
        return "The telephone provider does not know this number yet, so it would not ring. Add it there, then synchronise."
    if not number.is_enabled or number.status != PhoneStatus.AVAILABLE:
        return "This number is switched off or gone at the provider. Switch it on or synchronise first."
    return ""


def _note(
    session: Session,
    actor: Actor,
    action: str,
    number: PhoneNumber,
    agent: Agent | None,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """In the trail of the organization that got or lost the number, too."""
    organization_id = agent.organization_id if agent else None
    audit.record(
        session,
        actor,
        action,
        entity="phone_number",
        entity_id=number.id,
        old=old,
        new=new,
        organization_id=organization_id,
        by_operator=True,
    )

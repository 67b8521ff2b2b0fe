"""The organization as the frame of every page shows it."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from kametrix.models import Agent, Call, Organization
from kametrix.models.call import LIVE
from kametrix.services.access import SIGNED_IN, Actor, allows
from kametrix.services.credits import headroom
from kametrix.services.money_text import minutes_left
from kametrix.services.site_settings import LOW_BALANCE_CENTS, cents_per_minute

AGENTS_IN_PALETTE = 50


@dataclass(frozen=True)
class Frame:
    """What stands around every page, the same for everyone in the organization.

    Money in cents; `balance` is signed, below zero is grace in use; `minutes` is what the credit buys; `is_paused`: calls are
    declined, because a ceiling leaves no minute.
    """

    organization: str
    balance: int
    minutes: int
    is_low: bool
    is_paused: bool
    live_calls: int
    agents: tuple[tuple[str, str], ...]


@allows(SIGNED_IN)
def frame(session: Session, actor: Actor) -> Frame:
    """The frame of the organization: short reads. `agents` are (id, name), at most 50, by name."""
    live = select(func.count()).where(col(Call.organization_id) == actor.organization_id, col(Call.status).in_(LIVE)).scalar_subquery()
    organization, live_calls = session.exec(select(Organization, live).where(col(Organization.id) == actor.organization_id)).one()
    rate, room = cents_per_minute(session), headroom(session, organization)
    agents = session.exec(
        select(Agent.id, Agent.name)
        .where(col(Agent.organization_id) == actor.organization_id, col(Agent.deleted_at).is_(None))
        .order_by(func.lower(Agent.name), Agent.id)
        .limit(AGENTS_IN_PALETTE)
    ).all()
    return Frame(
        organization=organization.name,
        balance=organization.balance_cents,
        minutes=minutes_left(organization.balance_cents, rate),
        is_low=organization.balance_cents <= LOW_BALANCE_CENTS,
        is_paused=room is not None and room < rate,
        live_calls=live_calls,
        agents=tuple((agent_id, agent_name) for agent_id, agent_name in agents),
    )

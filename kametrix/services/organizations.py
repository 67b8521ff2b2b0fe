"""Organizations of a person: the one they work in, as the frame of every page shows it, and how they make, change and leave them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, exists, select

from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.models import LIVE, Agent, Call, Organization, OrgRole, User, UserOrganization, WhenEmpty
from kametrix.services import audit, disputes, memberships, rate_limits
from kametrix.services.access import SIGNED_IN, SYSTEM, Actor, allows, open_to
from kametrix.services.accounts import clean, zone_or_utc
from kametrix.services.credits import standing
from kametrix.services.money_text import minutes_left
from kametrix.services.site_settings import LOW_BALANCE_CENTS
from kametrix.services.wording import shown_name

AGENTS_IN_PALETTE = 50
LONGEST_NAME = 100


class Pause(StrEnum):
    """Why agents take no calls: no credit is left, callers are passed on in that case, or a payment is disputed."""

    CREDIT = "credit"
    PASSED_ON = "passed on"
    DISPUTE = "dispute"


@dataclass(frozen=True)
class Frame:
    """What stands around every page, the same for everyone in the organization.

    Money in cents; `balance` is signed, below zero is grace in use, none for who may not see it; `minutes` is what the credit buys;
    `is_paused`: agents take no calls, `pause` says why; `is_answering`: nobody switched calls off. `logo` is an
    address on our own server or empty, `color` like #5b4bd6 or empty.
    """

    organization: str
    logo: str
    color: str
    balance: int | None
    minutes: int
    is_low: bool
    is_paused: bool
    live_calls: int
    agents: tuple[tuple[str, str], ...]
    is_answering: bool = True
    pause: Pause = Pause.CREDIT


@dataclass(frozen=True)
class Belonging:
    """An organization a person belongs to. `is_current`: they work in it now; `is_primary`: they start there."""

    id: str
    name: str
    logo: str
    color: str
    role: OrgRole
    is_current: bool
    is_primary: bool


@allows(SIGNED_IN)
def frame(session: Session, actor: Actor) -> Frame:
    """The frame of the organization: short reads. `agents` are (id, name), at most 50, by name."""
    mine = [col(Call.handled_by_id) == actor.user_id] if actor.only_own("calls:read") else []
    live = (
        select(func.count()).where(col(Call.organization_id) == actor.organization_id, col(Call.status).in_(LIVE), *mine).scalar_subquery()
    )
    disputed = exists(disputes.blocking(actor.organization_id))
    asked: Any = select(Organization, live, disputed).where(col(Organization.id) == actor.organization_id)
    organization, live_calls, has_dispute = session.exec(asked).one()
    credit, sees_money = standing(session, organization), actor.may("credits:read")
    is_disputed = sees_money and has_dispute
    agents = session.exec(
        select(Agent.id, Agent.name)
        .where(col(Agent.organization_id) == actor.organization_id, col(Agent.deleted_at).is_(None))
        .order_by(func.lower(Agent.name), Agent.id)
        .limit(AGENTS_IN_PALETTE)
    ).all()
    return Frame(
        organization=organization.name,
        logo=organization.logo_url or "",
        color=organization.primary_color or "",
        balance=organization.balance_cents if sees_money else None,
        minutes=minutes_left(organization.balance_cents, credit.rate) if sees_money else 0,
        is_low=sees_money and organization.balance_cents <= LOW_BALANCE_CENTS,
        is_paused=sees_money and (is_disputed or (credit.headroom is not None and credit.headroom < credit.rate)),
        pause=Pause.DISPUTE if is_disputed else Pause.PASSED_ON if organization.when_empty is WhenEmpty.FORWARD else Pause.CREDIT,
        is_answering=organization.ai_enabled,
        live_calls=live_calls,
        agents=tuple((agent_id, agent_name) for agent_id, agent_name in agents),
    )


@allows(SIGNED_IN)
def belongings(session: Session, actor: Actor) -> list[Belonging]:
    """Every organization the person belongs to, by name. Needs the platform's login: pages see one organization."""
    return [
        Belonging(
            id=organization.id,
            name=organization.name,
            logo=organization.logo_url or "",
            color=organization.primary_color or "",
            role=membership.role,
            is_current=organization.id == actor.organization_id,
            is_primary=membership.is_primary,
        )
        for organization, membership in _belongings(session, actor.user_id)
    ]


def _belongings(session: Session, user_id: str) -> Sequence[tuple[Organization, UserOrganization]]:
    query = select(Organization, UserOrganization).join(UserOrganization, col(UserOrganization.organization_id) == Organization.id)
    query = query.where(UserOrganization.user_id == user_id, col(UserOrganization.accepted_at).is_not(None))
    return session.exec(query.where(col(Organization.deleted_at).is_(None)).order_by(func.lower(Organization.name), Organization.id)).all()


def _membership(session: Session, user_id: str, organization_id: str) -> UserOrganization:
    for organization, membership in _belongings(session, user_id):
        if organization.id == organization_id:
            return membership
    raise NotFound("You do not belong to this organization, or it no longer exists.")


def checked_name(name: str) -> str:
    """The name, trimmed. Raises Invalid when it is empty or too long."""
    fresh = clean(name)
    if wrong := name_error(fresh):
        raise Invalid.fields({"name": wrong})
    return fresh


def name_error(name: str) -> str:
    """What keeps an organization from having this name, in words; empty when nothing does."""
    if not name:
        return "Enter the name of the organization."
    return f"Use at most {LONGEST_NAME} characters." if len(name) > LONGEST_NAME else ""


@allows(SIGNED_IN)
def count_new(session: Session, actor: Actor) -> None:
    """Count an attempt to make an organization, in a transaction before it is made. Raises TooMany."""
    rate_limits.take(session, (rate_limits.NEW_ORGANIZATION, actor.user_id))


@allows(SIGNED_IN)
def create(session: Session, actor: Actor, name: str, timezone: str = "UTC") -> str:
    """A further organization with a wallet of its own; the person owns it and works in it from now on. Returns its id.

    Raises Invalid for the name and Conflict when the person owns as many as one may.
    """
    fresh = checked_name(name)
    memberships.check_ownership(session, actor.user_id)
    organization = memberships.found(session, session.get_one(User, actor.user_id), fresh, zone_or_utc(timezone))
    audit.record(
        session, actor, "ORGANIZATION_CREATE", entity="organization", entity_id=organization.id, organization_id=organization.id,
        new={"name": fresh},
    )  # fmt: skip
    return organization.id


@allows(SIGNED_IN)
def switch(session: Session, actor: Actor, organization_id: str) -> None:
    """Work in another organization of one's own, on every device. Raises NotFound."""
    user = memberships.lock_person(session, actor.user_id)
    user.current_org_id = _membership(session, actor.user_id, organization_id).organization_id


@allows(SIGNED_IN)
def make_primary(session: Session, actor: Actor, organization_id: str) -> None:
    """The organization to start in when there is no other reason for one. Raises NotFound."""
    memberships.lock_person(session, actor.user_id)
    memberships.make_primary(session, _membership(session, actor.user_id, organization_id))


@allows(SIGNED_IN)
def leave(session: Session, actor: Actor) -> None:
    """Give up one's own place in the organization. Raises Conflict for its only owner."""
    organization = memberships.lock_for(session, actor)
    if actor.role == OrgRole.OWNER and memberships.owners(session, organization.id) == 1:
        raise Conflict("You are the only owner. Make somebody else an owner first, then you can leave.")
    memberships.end(session, organization.id, actor.user_id)
    audit.record(session, actor, "TEAM_LEAVE", entity="user", entity_id=actor.user_id, old={"role": actor.role.value})


@open_to(SYSTEM)
def at_home(session: Session, user: User) -> None:
    """Who logs in starts in their primary organization; who was removed from their last one gets an empty one: no account is a dead end.

    Raises Conflict when they own as many as one may.
    """
    mine = _belongings(session, user.id)
    if mine:
        user.current_org_id = next((membership.organization_id for _, membership in mine if membership.is_primary), user.current_org_id)
        return
    memberships.check_ownership(session, user.id)
    organization = memberships.found(session, user, shown_name(user.name, user.email), user.timezone or "UTC")
    audit.record(
        session, None, "ORGANIZATION_CREATE", entity="organization", entity_id=organization.id, organization_id=organization.id,
        new={"name": organization.name, "for": user.id},
    )  # fmt: skip

"""The pool of telephone numbers as the operator sees it, and the agents that wait for one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, exists, select

from kametrix import clock
from kametrix.models import Agent, Organization, PhoneNumber, PhoneStatus
from kametrix.services import keyset
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.keyset import Page, Place

OFFERED: Final = 20
"""Agents without a number that are offered at once; a search finds the rest."""


class Kind(StrEnum):
    """What the list may be narrowed to."""

    FREE = "free"
    ASSIGNED = "assigned"
    RELEASED = "released"
    UNKNOWN = "unknown"
    OFF = "off"


@dataclass(frozen=True)
class NumberRow:
    """A number. `is_known`: the provider has shown it to us; `rests_until`: given to nobody before, unless by the operator."""

    id: str
    number: str
    name: str
    status: PhoneStatus
    agent_id: str
    agent: str
    organization: str
    is_enabled: bool
    is_known: bool
    rests_until: datetime | None


@dataclass(frozen=True)
class NumberList:
    """A page in the order of the numbers, and how many there are of each kind; the key '' counts all."""

    page: Page[NumberRow]
    counts: dict[str, int]


@dataclass(frozen=True)
class Candidate:
    """An agent without a number."""

    id: str
    name: str
    organization: str
    is_active: bool


_IS_KNOWN: Final = col(PhoneNumber.vapi_phone_id).is_not(None)
_IS_ON: Final = col(PhoneNumber.is_enabled)
KINDS: Final[dict[Kind, ColumnElement[bool]]] = {
    Kind.FREE: (col(PhoneNumber.status) == PhoneStatus.AVAILABLE) & _IS_ON & _IS_KNOWN,
    Kind.ASSIGNED: col(PhoneNumber.status) == PhoneStatus.ASSIGNED,
    Kind.RELEASED: col(PhoneNumber.status) == PhoneStatus.RELEASED,
    Kind.UNKNOWN: ~_IS_KNOWN,
    Kind.OFF: ~_IS_ON,
}


@allows(PLATFORM)
def page(session: Session, actor: Actor, kind: Kind | None, search: str, place: Place) -> NumberList:
    """A page of numbers. `search` is part of a number, of its name, or of the agent or organization that has it."""
    query = select(PhoneNumber).where(*_conditions(kind, search))
    found = keyset.listed(session, query, col(PhoneNumber.number), place=place, ascending=True, read=str)
    counted: Any = select(func.count(), *(func.count().filter(condition) for condition in KINDS.values())).select_from(PhoneNumber)
    counts = dict(zip(["", *(kind.value for kind in KINDS)], session.exec(counted).one(), strict=True))
    return NumberList(Page(_rows(session, found.rows), found.newer, found.older), counts)


@allows(PLATFORM)
def candidates(session: Session, actor: Actor, search: str) -> list[Candidate]:
    """Agents without a number, the longest waiting first, whose name or organization contains `search`."""
    held = exists(select(PhoneNumber.id).where(PhoneNumber.agent_id == Agent.id))
    query = select(Agent, Organization.name).join(Organization, col(Organization.id) == Agent.organization_id)
    query = query.where(col(Agent.deleted_at).is_(None), ~held)
    if text := search.strip():
        query = query.where(or_(_contains(Agent.name, text), _contains(Organization.name, text), _contains(Agent.business_name, text)))
    found = session.exec(query.order_by(col(Agent.created_at), col(Agent.id)).limit(OFFERED)).all()
    return [Candidate(agent.id, agent.name, organization, agent.is_active) for agent, organization in found]


def _conditions(kind: Kind | None, search: str) -> list[ColumnElement[bool]]:
    chosen = [KINDS[kind]] if kind else []
    if text := search.strip():
        digits = "".join(character for character in text if character.isdigit())
        owner = select(Agent.id).join(Organization, col(Organization.id) == Agent.organization_id)
        owner = owner.where(Agent.id == PhoneNumber.agent_id, or_(_contains(Agent.name, text), _contains(Organization.name, text)))
        found = [_contains(PhoneNumber.friendly_name, text), exists(owner)]
        chosen.append(or_(*found, *([_contains(PhoneNumber.number, digits)] if digits else [])))
    return chosen


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    return col(column).icontains(text, autoescape=True)


def _rows(session: Session, numbers: list[PhoneNumber]) -> list[NumberRow]:
    ids = {number.agent_id for number in numbers if number.agent_id}
    query = select(Agent.id, Agent.name, Organization.name).join(Organization, col(Organization.id) == Agent.organization_id)
    owners = {agent_id: (name, organization) for agent_id, name, organization in session.exec(query.where(col(Agent.id).in_(ids)))}
    return [_row(number, *owners.get(number.agent_id or "", ("", ""))) for number in numbers]


def _row(number: PhoneNumber, agent: str, organization: str) -> NumberRow:
    rests = number.status == PhoneStatus.AVAILABLE and number.available_from > clock.now()
    return NumberRow(
        id=number.id,
        number=number.number,
        name=number.friendly_name or "",
        status=number.status,
        agent_id=number.agent_id or "",
        agent=agent,
        organization=organization,
        is_enabled=number.is_enabled,
        is_known=number.vapi_phone_id is not None,
        rests_until=number.available_from if rests else None,
    )

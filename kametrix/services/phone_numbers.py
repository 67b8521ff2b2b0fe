"""The pool of telephone numbers, kept equal to what the provider has. Who answers them is ours to say, never the provider's."""

from dataclasses import dataclass, field
from typing import Any, Final

import phonenumbers
from sqlalchemy import text
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.models import Agent, PhoneNumber, PhoneStatus, SyncState
from kametrix.services import audit, number_claims, number_push, queue, sync_requests
from kametrix.services.access import SYSTEM, open_to

SILENT: Final = ("activating", "blocked")
WITHDRAWN: Final = "The telephone provider withdrew this agent's number. It gets another as soon as one is free."


@dataclass(frozen=True)
class SyncCount:
    """What a merge did. `total`: numbers the provider lists; `organizations`: whose pages should refresh."""

    added: int
    updated: int
    released: int
    total: int
    organizations: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class Listed:
    """A number as the provider lists it. Calls to one that does not ring (being activated, blocked) fail."""

    vapi_phone_id: str
    number: str
    friendly_name: str | None
    assistant_id: str | None
    rings: bool


@open_to(SYSTEM)
def missing(session: Session, listed: list[dict[str, Any]]) -> list[str]:
    """Provider ids of numbers in use that the list does not show: ask for each before it is given up, a list may be incomplete."""
    in_use = select(PhoneNumber.vapi_phone_id).where(
        PhoneNumber.status == PhoneStatus.ASSIGNED, col(PhoneNumber.vapi_phone_id).is_not(None)
    )
    return sorted({known for known in session.exec(in_use) if known} - {str(item.get("id")) for item in listed})


@open_to(SYSTEM)
def merge(session: Session, listed: list[dict[str, Any]]) -> SyncCount:
    """Make the pool equal to the provider's list: unknown numbers are added, changed ones updated, vanished ones RELEASED.

    A number that is still being activated or is blocked waits. An agent whose number vanished gets the next
    free one. A number connected otherwise than our database says is pushed again.
    """
    session.connection().execute(text("select pg_advisory_xact_lock(hashtext('number_pool'))"))
    offered = _offered(listed)
    added, kept, updated = 0, set[str](), 0
    for item in offered:
        row = _matching(session, item)
        if not item.rings and (row is None or row.agent_id is None):
            continue  # nobody is given it until it rings; an agent that has it keeps it, its callers know it
        if row is None:
            row = PhoneNumber(number=item.number, vapi_phone_id=item.vapi_phone_id, friendly_name=item.friendly_name)
            session.add(row)
            added += 1
        else:
            updated += _take_over(session, row, item) | _push_again(session, row, item)
        session.flush()
        kept.add(row.id)
    vanished = _vanished(session, kept)
    bereft = {organization for row_id, agent_id in vanished if (organization := _withdraw(session, row_id, agent_id))}
    served = number_claims.serve_waiting(session)
    return SyncCount(added, updated, len(vanished), len(offered), served | bereft)


def e164(number: str | None) -> str | None:
    """The number in E.164, or none when it cannot be one (ITU-T E.164; checked by length per country, not by carrier)."""
    try:
        parsed = phonenumbers.parse(number or "", None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(parsed) else None


def _offered(listed: list[dict[str, Any]]) -> list[Listed]:
    """What can be used of the list, each number once; sorted, so that two merges lock in the same order."""
    found: dict[str, Listed] = {}
    for item in listed:
        number = e164(item.get("number"))
        if number and item.get("id"):
            found[number] = Listed(
                vapi_phone_id=str(item["id"]),
                number=number,
                friendly_name=str(item["name"])[:100] if item.get("name") else None,
                assistant_id=item.get("assistantId") or None,
                rings=item.get("status") not in SILENT,
            )
    return [found[number] for number in sorted(found)]


def _matching(session: Session, item: Listed) -> PhoneNumber | None:
    """The pool's row: by number, which outlives the provider's id (a number may be imported again), else by id."""
    by_number = session.exec(select(PhoneNumber).where(PhoneNumber.number == item.number)).one_or_none()
    by_id = session.exec(select(PhoneNumber).where(PhoneNumber.vapi_phone_id == item.vapi_phone_id)).one_or_none()
    if by_number and by_id and by_number.id != by_id.id:
        by_id.vapi_phone_id = None
        session.flush()
    return by_number or by_id


def _take_over(session: Session, row: PhoneNumber, item: Listed) -> bool:
    """Write what the provider says about the number itself; whether anything changed.

    A number that came back is free again, unless the operator withdrew it.
    """
    news = {"number": item.number, "vapi_phone_id": item.vapi_phone_id, "friendly_name": item.friendly_name}
    changed = {name: value for name, value in news.items() if getattr(row, name) != value}
    if row.status == PhoneStatus.RELEASED and row.is_enabled:
        changed |= {"status": PhoneStatus.AVAILABLE, "available_from": clock.now()}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.updated_at = clock.now()
    if row.agent_id is not None and {"number", "vapi_phone_id"} & changed.keys():
        sync_requests.request(session, session.get_one(Agent, row.agent_id))
    return bool(changed)


def _push_again(session: Session, row: PhoneNumber, item: Listed) -> bool:
    """Push when the provider connects the number otherwise than we do; whether it does."""
    if row.agent_id is None:
        if item.assistant_id is not None:
            queue.enqueue(session, "release_number", number_id=row.id)
        return item.assistant_id is not None
    agent = session.get_one(Agent, row.agent_id)
    wanted = None if not row.is_enabled or number_push.is_gated(session, agent) else agent.vapi_assistant_id
    if agent.sync_state != SyncState.LIVE or wanted == item.assistant_id:
        return False
    sync_requests.push_soon(session, agent.id)
    return True


def _vanished(session: Session, kept: set[str]) -> list[tuple[str, str | None]]:
    """Ids of the numbers the provider no longer has, each with its agent's."""
    known = select(PhoneNumber.id, PhoneNumber.agent_id).where(
        PhoneNumber.status != PhoneStatus.RELEASED, col(PhoneNumber.vapi_phone_id).is_not(None)
    )
    return [(number_id, agent_id) for number_id, agent_id in session.exec(known.order_by(col(PhoneNumber.id))) if number_id not in kept]


def _withdraw(session: Session, number_id: str, agent_id: str | None) -> str | None:
    """Take a number that is gone out of the pool and tell its agent; returns the organization that lost it.

    Locks in the order every other service does, agent before number; claimed this very moment, it is left to the next merge.
    """
    agent = session.exec(select(Agent).where(Agent.id == agent_id).with_for_update()).one_or_none()
    locked = select(PhoneNumber).where(PhoneNumber.id == number_id).with_for_update().execution_options(populate_existing=True)
    row = session.exec(locked).one()
    if row.agent_id != agent_id:
        return None
    organization_id = row.organization_id
    row.status, row.agent_id, row.organization_id, row.updated_at = PhoneStatus.RELEASED, None, None, clock.now()
    if agent is not None:
        agent.sync_state, agent.sync_error = SyncState.FAILED, WITHDRAWN
    audit.record(
        session, None, "PHONE_WITHDRAWN", entity="phone_number", entity_id=row.id, organization_id=organization_id,
        old={"number": row.number, "agent": agent.name if agent else None},
    )  # fmt: skip
    session.flush()
    return organization_id

"""What happens to calls when no credit is left: the owner's choice, and how far it has come to his numbers."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.models import Agent, Organization, PhoneNumber, SyncState, WhenEmpty
from kametrix.services import audit, credits, sync_requests
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.number_push import is_gated
from kametrix.services.phone_numbers import e164


@dataclass(frozen=True)
class Rules:
    """`mode`: a WhenEmpty value. `forwarding_number`: E.164 or empty. `ceiling_cents`: how far below zero calls still start, none: no
    limit. `own_limit_cents`: the organization's own, which counts in grace. `is_gated`: each call asks us before it starts.

    `not_gated`: numbers whose calls start without asking (in grace without a limit: all); a limit cannot hold them. `updating`: numbers
    on their way to the mode; until they arrive the one before holds.
    """

    mode: str
    forwarding_number: str
    ceiling_cents: int | None
    own_limit_cents: int | None
    has_purchased: bool
    is_gated: bool
    not_gated: tuple[str, ...]
    updating: tuple[str, ...]


@allows("credits:read")
def rules(session: Session, actor: Actor) -> Rules:
    """What holds now."""
    organization = _organization(session, actor)
    ceiling = credits.ceiling_of(session, organization)
    numbers = session.exec(
        select(PhoneNumber.number, Agent)
        .join(Agent, col(Agent.id) == PhoneNumber.agent_id)
        .where(PhoneNumber.organization_id == actor.organization_id, col(PhoneNumber.is_enabled))
        .order_by(PhoneNumber.number)
    ).all()
    return Rules(
        mode=organization.when_empty.value,
        forwarding_number=organization.forwarding_number or "",
        ceiling_cents=ceiling,
        own_limit_cents=organization.grace_limit_cents,
        has_purchased=credits.has_purchased(session, organization.id),
        is_gated=ceiling is not None,
        not_gated=tuple(number for number, agent in numbers if not is_gated(session, agent)),
        updating=tuple(number for number, agent in numbers if agent.sync_state is not SyncState.LIVE),
    )


@allows("billing:write")
def choose(session: Session, actor: Actor, mode: str, forwarding_number: str) -> None:
    """Choose what happens at zero; agents are pushed, so that their numbers follow. An empty number is none.

    Raises Invalid with every wrong field. The organization's row is locked before its agents', as everywhere.
    """
    chosen, number = _checked(session, actor, mode, forwarding_number)
    organization = _organization(session, actor, lock=True)
    old: dict[str, Any] = {"when_empty": organization.when_empty.value, "forwarding_number": organization.forwarding_number}
    new: dict[str, Any] = {"when_empty": chosen.value, "forwarding_number": number}
    if old == new:
        return
    organization.when_empty, organization.forwarding_number, organization.updated_at = chosen, number, clock.now()
    session.flush()
    audit.record(session, actor, "CREDITS_WHEN_EMPTY", entity="organization", entity_id=organization.id, old=old, new=new)
    agents = scoped(actor, Agent).where(col(Agent.deleted_at).is_(None)).order_by(col(Agent.id)).with_for_update()
    for agent in session.exec(agents.execution_options(populate_existing=True)).all():
        sync_requests.request(session, agent)


def _checked(session: Session, actor: Actor, mode: str, typed: str) -> tuple[WhenEmpty, str | None]:
    """Mode and number in E.164. Raises Invalid."""
    errors: dict[str, str] = {}
    if mode not in {each.value for each in WhenEmpty}:
        errors["mode"] = "Choose what happens when no credit is left."
    number = e164(typed) if typed.strip() else None
    if typed.strip() and number is None:
        errors["forwarding_number"] = "Write the number with its country code, such as +1 415 555 0100."
    elif number is None and mode == WhenEmpty.FORWARD:
        errors["forwarding_number"] = "Say which number takes the calls."
    elif number and session.exec(scoped(actor, PhoneNumber).where(PhoneNumber.number == number)).first():
        errors["forwarding_number"] = "This is one of your agents' numbers: the call would come straight back. Choose another."
    if errors:
        raise Invalid.fields(errors)
    return WhenEmpty(mode), number


def _organization(session: Session, actor: Actor, *, lock: bool = False) -> Organization:
    query = select(Organization).where(Organization.id == actor.organization_id)
    return session.exec(query.with_for_update(key_share=True).execution_options(populate_existing=True) if lock else query).one()

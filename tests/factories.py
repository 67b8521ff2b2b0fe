"""Rows for tests, one `create_*` per table, with the fewest words; keyword arguments override any column."""

from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.crypto import new_id, new_token, seal, token_hash
from kametrix.models import Agent, Call, Organization, OrgRole, PhoneNumber, PhoneStatus, PlatformRole, User, UserOrganization, WizardDraft
from kametrix.services.access import Actor, actor_of


def create_organization(session: Session, **columns: Any) -> Organization:
    """An empty wallet in UTC."""
    row = Organization(**{"name": "Brightside Dental", "slug": f"org-{new_id()}", **columns})
    session.add(row)
    session.flush()
    return row


def create_user(session: Session, **columns: Any) -> User:
    """A person who cannot log in (no usable password hash)."""
    row = User(**{"email": f"{new_id()}@example.com", "password_hash": "!", "name": "Dana Whitlock", **columns})
    session.add(row)
    session.flush()
    return row


def create_member(
    session: Session,
    organization: Organization | None = None,
    *,
    role: OrgRole = OrgRole.OWNER,
    platform_role: PlatformRole = PlatformRole.USER,
    **columns: Any,
) -> Actor:
    """A person with a membership; returns the actor it makes."""
    organization = organization or create_organization(session)
    user = create_user(session, current_org_id=organization.id, role=platform_role, **columns)
    session.add(UserOrganization(user_id=user.id, organization_id=organization.id, role=role, is_primary=True, accepted_at=clock.now()))
    session.flush()
    return actor_of(user_id=user.id, email=user.email, organization_id=organization.id, role=role, platform_role=platform_role)


def create_operator(session: Session, **organization: Any) -> Actor:
    """An administrator of the platform, with an organization of their own."""
    return create_member(
        session, create_organization(session, name="Kametrix", **organization), name="Olive Berg", platform_role=PlatformRole.ADMIN
    )


def create_agent(session: Session, actor: Actor, *, token: str | None = None, **columns: Any) -> Agent:
    """A live agent. `token` is its webhook token."""
    token, agent_id = token or new_token(), str(columns.pop("id", new_id()))
    given = {
        "name": "Front desk",
        "business_name": "Brightside Dental",
        "greeting": "Hello, this is Mia from Brightside Dental.",
        "system_prompt": "You are Mia, the receptionist of Brightside Dental.",
        "voice_id": "Savannah",
        "vapi_assistant_id": f"asst-{new_id()}",
        **columns,
    }
    row = Agent(
        id=agent_id, organization_id=actor.organization_id, user_id=actor.user_id, webhook_token_hash=token_hash(token),
        webhook_token=seal(token, place=f"agent.webhook_token.{agent_id}"), **given,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def create_phone_number(session: Session, agent: Agent | None = None, **columns: Any) -> PhoneNumber:
    """A free number, or the number of `agent`."""
    number = f"+1415555{int(new_id(), 16) % 10_000:04d}{int(new_id(), 16) % 1000:03d}"
    owned = {"agent_id": agent.id, "organization_id": agent.organization_id, "status": PhoneStatus.ASSIGNED} if agent else {}
    row = PhoneNumber(**{"number": number, "vapi_phone_id": f"pn-{new_id()}", **owned, **columns})
    session.add(row)
    session.flush()
    return row


def create_call(session: Session, agent: Agent, **columns: Any) -> Call:
    """A call that has just been heard of."""
    given = {"vapi_call_id": f"call-{new_id()}", "from_number": "+14155550147", "to_number": "+14155550100", **columns}
    row = Call(organization_id=agent.organization_id, agent_id=agent.id, user_id=agent.user_id, **given)
    session.add(row)
    session.flush()
    return row


def post_credit(session: Session, actor: Actor, amount: int, *, key: str | None = None) -> None:
    """Give or take money by an operator's adjustment."""
    session.execute(
        text("select post_credit(:org, 'ADMIN_ADJUSTMENT', :amount, :key, 'Adjustment', :at, p_user => :person, p_note => 'test')"),
        {"org": actor.organization_id, "amount": amount, "key": key or f"adjust:{new_id()}", "at": clock.now(), "person": actor.user_id},
    )


def create_draft(session: Session, actor: Actor, **columns: Any) -> WizardDraft:
    """An open draft of the wizard, with nothing answered yet."""
    row = WizardDraft(**{"organization_id": actor.organization_id, "user_id": actor.user_id, "answers": {}, **columns})
    session.add(row)
    session.flush()
    return row

"""Everyone who might ask: nobody, a stranger, the five roles, the platform's admin; and an organization with something of everything."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import text

from kametrix import clock, db
from kametrix.crypto import new_token, token_hash
from kametrix.models import Organization, OrganizationLogo, OrgRole, PlatformRole, User, UserOrganization
from kametrix.services.access import PLATFORM, Actor
from tests import factories
from tests.state.people import logged_in

KINDS = ("anonymous", "stranger", *(role.value for role in OrgRole), "platform admin")


@dataclass(frozen=True)
class House:
    """An organization called Aurora, and the ids of what is in it."""

    organization_id: str
    ids: dict[str, str]

    def rows(self) -> dict[str, list[str]]:
        """Every row that names the organization or something in it; who looks in leaves no trace there, except in the audit trail."""
        with db.transaction() as session:
            tables = session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
            wanted = {"needles": [f"%{needle}%" for needle in self.ids.values()]}
            found: dict[str, list[str]] = {}
            for table in set(tables) - {"audit_log", "rate_limit", "session"}:
                query = text(f'select row::text from "{table}" row where row::text like any(:needles) order by 1')
                found[table] = [str(row) for row in session.connection().execute(query, wanted).scalars()]
            return found


def build() -> House:
    """The house, committed."""
    with db.transaction() as session:
        organization = factories.create_organization(session, name="Aurora Dental")
        owner = factories.create_member(session, organization, name="Aurora Vale")
        colleague = factories.create_member(session, organization, role=OrgRole.AGENT, name="Aurora Berg")
        agent = factories.create_agent(session, owner, name="Aurora front desk", business_name="Aurora Dental", greeting="Aurora greets")
        number = factories.create_phone_number(session, agent)
        call = factories.create_call(session, agent, summary="Aurora summary", has_recording=True)
        waiting = factories.create_user(session, email="aurora-waits@example.com")
        invitation = UserOrganization(
            user_id=waiting.id, organization_id=organization.id, role=OrgRole.AGENT, invite_token_hash=token_hash(new_token()),
            invited_at=clock.now(), invite_expires_at=clock.now() + timedelta(days=7),
        )  # fmt: skip
        session.add(invitation)
        session.add(OrganizationLogo(organization_id=organization.id, digest="a" * 64, content_type="image/png", image=b"x"))
        ids = {
            "organization_id": organization.id, "user_id": colleague.user_id, "agent_id": agent.id, "call_id": call.id,
            "number_id": number.id, "invitation_id": invitation.id,
        }  # fmt: skip
        return House(organization.id, ids)


def enter(kind: str, house: House) -> tuple[Actor | None, str]:
    """A fresh person of this kind: who they are and their session cookie."""
    if kind == "anonymous":
        return None, ""
    with db.transaction() as session:
        inside = kind not in ("stranger", "platform admin")
        organization = session.get_one(Organization, house.organization_id) if inside else None
        actor = factories.create_member(session, organization, role=OrgRole(kind) if inside else OrgRole.OWNER)
        if kind == "platform admin":
            session.get_one(User, actor.user_id).role = PlatformRole.ADMIN
            actor = replace(actor, permissions=actor.permissions | {PLATFORM})
        return actor, logged_in(session, actor)

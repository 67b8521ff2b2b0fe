"""Every service for people × every role: what a role may not do is refused, and whoever may only read changes nothing but themselves.

The services are found, not listed: a new one is tested as soon as it is written (a parameter it brings must be given a value here).
"""

import inspect
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.crypto import new_id, new_token, token_hash
from kametrix.errors import Forbidden, KametrixError
from kametrix.models import Call, OrgRole, PlatformRole, User, UserOrganization
from kametrix.services import passwords, sessions, wizard_drafts
from kametrix.services.access import ORGANIZATION_PERMISSIONS, PLATFORM, READ, SIGNED_IN, Actor, actor_of
from kametrix.services.audit_rows import Wanted
from kametrix.services.call_filters import EVERY
from kametrix.services.keyset import Place
from kametrix.services.organization_settings import AgentDefaults
from tests import factories, stripe_facts
from tests.forms import agent_form
from tests.hours import WEEKDAYS
from tests.permissions import SERVICES, Service

GOOD, BETTER = "kupfer-Wolke-73-tanzt", "Zimt-Regen-41-lacht"
OWN_ROWS = {
    "user": "id <> :person",
    "session": "user_id <> :person",
    "audit_log": "false",
    "rate_limit": "false",
    "mail_message": "user_id is distinct from :person",
    "procrastinate_jobs": "task_name <> 'send_mail'",
    "procrastinate_events": "job_id not in (select id from procrastinate_jobs where task_name = 'send_mail')",
    "user_organization": "user_id <> :person",
    "organization": "id in (select organization_id from user_organization where user_id <> :person)",
}
"""What everybody may change of themselves: account, sessions, places in organizations, organizations of their own, mail to oneself.
Of every other table all rows count."""
OF_ONESELF = {"pack_id", "session_id", "current_id"}
"""Parameters that name something of one's own, or on sale for everybody; every other id names a row of the organization."""


@pytest.fixture
def given(session: Session) -> dict[str, Any]:
    """An organization with something of everything, and a value for every parameter of a service."""
    organization = factories.create_organization(session)
    owner = factories.create_member(session, organization)
    agent = factories.create_agent(session, owner)
    factories.create_phone_number(session, agent)
    factories.create_phone_number(session)
    call = factories.create_call(session, agent, has_recording=True)
    colleague = factories.create_member(session, organization, role=OrgRole.AGENT)
    factories.post_credit(session, owner, 500)
    purchase = stripe_facts.bought(session, owner)
    return {
        "pack_id": purchase.credit_pack_id, "purchase": purchase.id,
        "user_id": colleague.user_id, "role": "VIEWER", "email": "robin@example.com",
        "invitation_id": invited(session, organization.id, factories.create_user(session).id, new_token()),
        "organization": organization, "agent_id": agent.id, "call_id": call.id, "ids": {agent.id}, "form": agent_form(), "active": False,
        "timezone": "Asia/Tokyo", "language": "de", "typed": WEEKDAYS, "after_hours_greeting": "Closed.", "defaults": AgentDefaults(),
        "color": "#ff5733", "image": b"\x89PNG",
        "name": "Another Name", "old": GOOD, "new": BETTER, "current_id": "none", "acts": Wanted(), "place": Place(),
        "mode": "STOP", "forwarding_number": "+4915112345678", "enabled": False, "threshold_cents": 500, "monthly_cap_cents": 5000,
        "answers": wizard_drafts.Answers(agent_form()), "step": "hours", "version": 1,
        "transaction_id": session.execute(text("select id from credit_transaction order by created_at desc limit 1")).scalar_one(),
        "month": f"{clock.now():%Y-%m}", "behind": 0, "upto": 1, "zone": ZoneInfo("UTC"),
        "wanted": EVERY, "wants_mail": False, "at": None, "size": 5, "member_id": owner.user_id,
    }  # fmt: skip


def invited(session: Session, organization_id: str, user_id: str, token: str) -> str:
    """An open invitation; returns its id."""
    row = UserOrganization(
        user_id=user_id, organization_id=organization_id, role=OrgRole.AGENT, invite_token_hash=token_hash(token),
        invited_at=clock.now(), invite_expires_at=clock.now() + timedelta(days=7),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def member(session: Session, given: dict[str, Any], role: OrgRole) -> Actor:
    """A member with a password, a second organization, an invitation to a third, and a login session: their ids become values."""
    actor = factories.create_member(session, given["organization"], role=role, password_hash=passwords.hashed(GOOD))
    given["organization_id"], given["token"] = factories.create_organization(session).id, new_token()
    session.add(UserOrganization(user_id=actor.user_id, organization_id=given["organization_id"], role=role, accepted_at=clock.now()))
    invited(session, factories.create_organization(session).id, actor.user_id, given["token"])
    sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    session.get_one(Call, given["call_id"]).handled_by_id = actor.user_id
    session.flush()
    given["draft_id"] = factories.create_draft(session, actor, answers={"description": "A dental practice."}).id
    given["session_id"] = session.execute(text("select id from session where user_id = :id"), {"id": actor.user_id}).scalar_one()
    return actor


def parameters(service: Service) -> list[str]:
    """The names of those without a default, besides session and actor."""
    return [name for name, one in list(inspect.signature(service).parameters.items())[2:] if one.default is one.empty]


def call(session: Session, actor: Actor, service: Service, given: dict[str, Any]) -> Any:
    """With every parameter that has no default."""
    answer = service(session, actor, **{name: given.get(name) for name in parameters(service)})
    session.flush()
    return answer


def everything_else(session: Session, actor: Actor) -> dict[str, list[Any]]:
    """Every row of every table but the person's own."""
    tables = session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
    return {
        table: list(
            session.execute(
                text(f'select row::text from "{table}" row where {OWN_ROWS.get(table, "true")} order by 1'), {"person": actor.user_id}
            )
        )
        for table in tables
    }


@pytest.mark.parametrize("role", list(OrgRole))
@pytest.mark.parametrize("name", SERVICES)
def test_a_role_does_what_it_may_and_nothing_else(session: Session, given: dict[str, Any], name: str, role: OrgRole) -> None:
    service, actor = SERVICES[name], member(session, given, role)
    need = str(getattr(service, "access"))
    before = everything_else(session, actor)
    if actor.may(need):
        call(session, actor, service, given)
    else:
        with pytest.raises(Forbidden):
            call(session, actor, service, given)
    if need in READ | {SIGNED_IN} or not actor.may(need):
        assert everything_else(session, actor) == before


ORGANIZATIONS = [name for name, service in SERVICES.items() if getattr(service, "access") != PLATFORM]


@pytest.mark.parametrize("role", list(OrgRole))
@pytest.mark.parametrize("name", ORGANIZATIONS)
def test_a_stranger_in_the_same_role_gets_and_changes_nothing(session: Session, given: dict[str, Any], name: str, role: OrgRole) -> None:
    """With the ids of another organization: what names a row there is answered as if it did not exist, the rest for one's own."""
    service, stranger = SERVICES[name], factories.create_member(session, role=role, password_hash=passwords.hashed(GOOD))
    member(session, given, role)
    given["organization"].name = "Aurora Dental"
    given["organization_id"] = given["organization"].id
    session.flush()
    before = everything_else(session, stranger)
    before.pop("organization"), before.pop("user_organization")
    names_a_row = {one for one in parameters(service) if one.endswith("_id")} - OF_ONESELF
    answer = answered(session, stranger, service, given)
    if names_a_row:
        assert answer == answered(session, stranger, service, given | dict.fromkeys(names_a_row, new_id())), "as for what does not exist"
    assert "Aurora" not in answer
    assert given["organization"].id not in answer
    after = everything_else(session, stranger)
    assert {table: rows for table, rows in after.items() if table in before and ours(rows, given) != ours(before[table], given)} == {}


def answered(session: Session, actor: Actor, service: Service, given: dict[str, Any]) -> str:
    try:
        return str(call(session, actor, service, given))
    except KametrixError as error:
        return f"{type(error).__name__}: {error.message}"


def ours(rows: list[Any], given: dict[str, Any]) -> list[str]:
    """The rows that name the organization the stranger does not belong to."""
    return [str(row) for row in rows if given["organization"].id in str(row)]


@pytest.mark.parametrize("role", list(OrgRole))
def test_what_runs_the_platform_is_for_its_admins_whatever_their_role_in_an_organization(
    session: Session, given: dict[str, Any], role: OrgRole
) -> None:
    owner = member(session, given, OrgRole.OWNER)
    operator = actor_of(
        user_id=owner.user_id, email=owner.email, organization_id=owner.organization_id, role=role, platform_role=PlatformRole.ADMIN
    )
    platform = {name: service for name, service in SERVICES.items() if getattr(service, "access") == PLATFORM}
    assert platform
    for service in platform.values():
        assert operator.may(getattr(service, "access"))
        with pytest.raises(Forbidden):
            call(session, owner, service, given)


def test_the_services_of_people_are_found() -> None:
    assert {"agents.create", "call_detail.detail", "credits.wallet", "sign_in.change_password"} <= SERVICES.keys()
    assert {getattr(service, "access") for service in SERVICES.values()} - READ - {SIGNED_IN} >= {"agents:write", PLATFORM}


def test_those_who_only_look_hold_no_permission_that_changes_anything() -> None:
    assert ORGANIZATION_PERMISSIONS[OrgRole.VIEWER] == READ - {"audit:read"}
    assert all(need.endswith(":read") for need in READ)


def test_role_agent_sees_no_money_and_changes_only_what_is_theirs(session: Session, given: dict[str, Any]) -> None:
    actor = member(session, given, OrgRole.AGENT)
    changing = actor.permissions - READ
    assert changing == {"calls:write", "leads:write"}
    assert all(actor.only_own(need) for need in (*changing, "calls:read", "leads:read"))
    assert not actor.permissions & {"credits:read", "audit:read"}


def test_roles_stand_above_each_other() -> None:
    """So that 'nobody gives what they lack' is a question of rank between owner, admin, manager and viewer."""
    owner, admin, manager, agent, viewer = (ORGANIZATION_PERMISSIONS[role] for role in OrgRole)
    assert owner > admin > manager > viewer
    assert manager > agent

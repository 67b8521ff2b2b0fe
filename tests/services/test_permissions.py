"""Every service for people × every role: what a role may not do is refused, and whoever may only read changes nothing but themselves.

The services are found, not listed: a new one is tested as soon as it is written (a parameter it brings must be given a value here).
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

import kametrix.services
from kametrix.errors import Forbidden
from kametrix.models import OrgRole, User
from kametrix.services import passwords, sessions
from kametrix.services.access import ORGANIZATION_PERMISSIONS, PUBLIC, READ, SIGNED_IN, SYSTEM, Actor
from tests import factories
from tests.forms import agent_form

Service = Callable[..., Any]
GOOD, BETTER = "kupfer-Wolke-73-tanzt", "Zimt-Regen-41-lacht"
OWN_ROWS = {
    "user": "id <> :person",
    "session": "user_id <> :person",
    "audit_log": "false",
    "rate_limit": "false",
}
"""What everybody may change of themselves; of every other table all rows count."""


def services() -> Iterator[Service]:
    for module in pkgutil.iter_modules(kametrix.services.__path__):
        name = f"kametrix.services.{module.name}"
        for _, function in inspect.getmembers(import_module(name), inspect.isfunction):
            if function.__module__ == name and getattr(function, "access", SYSTEM) not in (SYSTEM, PUBLIC):
                yield function


SERVICES = {f"{service.__module__.rpartition('.')[2]}.{service.__name__}": service for service in services()}


@pytest.fixture
def given(session: Session) -> dict[str, Any]:
    """An organization with something of everything, and a value for every parameter of a service."""
    organization = factories.create_organization(session)
    owner = factories.create_member(session, organization)
    agent = factories.create_agent(session, owner)
    factories.create_phone_number(session, agent)
    factories.create_phone_number(session)
    call = factories.create_call(session, agent, has_recording=True)
    return {
        "organization": organization, "agent_id": agent.id, "call_id": call.id, "form": agent_form(), "active": False,
        "name": "Another Name", "old": GOOD, "new": BETTER, "current_id": "none",
    }  # fmt: skip


def member(session: Session, given: dict[str, Any], role: OrgRole) -> Actor:
    """A member with a password and a login session, whose id becomes the value of `session_id`."""
    actor = factories.create_member(session, given["organization"], role=role, password_hash=passwords.hashed(GOOD))
    sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    session.flush()
    given["session_id"] = session.execute(text("select id from session where user_id = :id"), {"id": actor.user_id}).scalar_one()
    return actor


def call(session: Session, actor: Actor, service: Service, given: dict[str, Any]) -> None:
    """With every parameter that has no default."""
    parameters = list(inspect.signature(service).parameters.values())[2:]
    needed = {parameter.name: given[parameter.name] for parameter in parameters if parameter.default is parameter.empty}
    service(session, actor, **needed)
    session.flush()


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


def test_the_services_of_people_are_found() -> None:
    assert {"agents.create", "calls.detail", "credits.wallet", "sign_in.change_password"} <= SERVICES.keys()
    assert {getattr(service, "access") for service in SERVICES.values()} - READ - {SIGNED_IN} == {"agents:write"}


def test_those_who_only_look_hold_no_permission_that_changes_anything() -> None:
    for role in (OrgRole.VIEWER, OrgRole.AGENT):
        assert ORGANIZATION_PERMISSIONS[role] == READ
    assert all(need.endswith(":read") for need in READ)

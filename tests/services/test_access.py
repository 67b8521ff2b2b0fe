"""Who may do what, and the one way to a row of one's own organization."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from kametrix import db
from kametrix.errors import Forbidden, NotFound
from kametrix.models import Agent, OrgRole
from kametrix.services.access import PERMISSIONS, PUBLIC, SIGNED_IN, SYSTEM, Actor, allows, one, open_to, scoped
from tests.factories import create_agent, create_member


@allows("agents:write")
def write(session: Session, actor: Actor, word: str) -> str:
    return f"{actor.role.value} {word}"


@pytest.mark.parametrize("role", OrgRole)
def test_a_service_refuses_roles_without_its_permission(session: Session, role: OrgRole) -> None:
    actor = create_member(session, role=role)
    if role in (OrgRole.AGENT, OrgRole.VIEWER):
        with pytest.raises(Forbidden, match="Ask an owner"):
            write(session, actor, "wrote")
    else:
        assert write(session, actor, "wrote") == f"{role.value} wrote"


def test_a_declaration_is_there_to_be_read() -> None:
    assert getattr(write, "access", None) == "agents:write"
    assert getattr(open_to(SYSTEM)(lambda: None), "access", None) == SYSTEM


@pytest.mark.parametrize("need", ["agents:sell", SYSTEM, PUBLIC])
def test_a_service_for_people_needs_a_permission_that_exists(need: str) -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        allows(need)


@pytest.mark.parametrize("need", [SIGNED_IN, *sorted(PERMISSIONS)])
def test_what_needs_a_person_cannot_be_open(need: str) -> None:
    with pytest.raises(ValueError, match="needs an actor"):
        open_to(need)


def test_everyone_may_what_is_open_and_only_roles_give_permissions(session: Session) -> None:
    viewer = create_member(session, role=OrgRole.VIEWER)
    assert [viewer.may(need) for need in (PUBLIC, SIGNED_IN, "calls:read", "agents:write", SYSTEM)] == [True, True, True, False, False]


def test_a_row_of_another_organization_does_not_exist(session: Session) -> None:
    mine, theirs = create_member(session), create_member(session)
    agent = create_agent(session, theirs)
    assert session.exec(scoped(mine, Agent)).all() == []
    with pytest.raises(NotFound):
        one(session, mine, Agent, agent.id)
    assert one(session, theirs, Agent, agent.id) is agent


def test_a_row_is_locked_only_on_request(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        agent_id = create_agent(session, actor).id
    taken = select(Agent.id).where(Agent.id == agent_id).with_for_update(nowait=True)
    with db.transaction() as holder, db.transaction() as other:
        one(holder, actor, Agent, agent_id)
        assert other.exec(taken).one() == agent_id
    with db.transaction() as holder:
        one(holder, actor, Agent, agent_id, lock=True)
        with pytest.raises(OperationalError), db.transaction() as other:
            other.exec(taken).one()

"""People at their browsers, for tests of states."""

from typing import Any

from sqlmodel import Session

from kametrix import db
from kametrix.models import OrgRole, User
from kametrix.services import sessions
from kametrix.services.access import Actor
from tests import factories


def logged_in(session: Session, actor: Actor) -> str:
    """A session cookie of this person."""
    return sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")


def member(*, role: OrgRole = OrgRole.OWNER, **organization: Any) -> tuple[Actor, str]:
    """A person of a new organization, logged in, committed: the actor and the cookie."""
    with db.transaction() as session:
        actor = factories.create_member(session, factories.create_organization(session, **organization), role=role)
        return actor, logged_in(session, actor)

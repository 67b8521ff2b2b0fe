"""Operators at their browsers, for tests of the console's states."""

from typing import Any

from kametrix import db
from kametrix.services.access import Actor
from tests import factories
from tests.state.people import logged_in


def operator(**organization: Any) -> tuple[Actor, str]:
    """An administrator of the platform, logged in, committed: the actor and the cookie."""
    with db.transaction() as session:
        actor = factories.create_operator(session, **organization)
        return actor, logged_in(session, actor)

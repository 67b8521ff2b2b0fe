"""The two logins: what each sees."""

from sqlmodel import select

from kametrix import db
from kametrix.models import Agent, Call
from tests import factories


def test_the_app_login_sees_only_the_organization_of_its_transaction(database: str) -> None:
    with db.transaction() as session:
        mine, theirs = factories.create_member(session), factories.create_member(session)
        for actor in (mine, theirs):
            factories.create_call(session, factories.create_agent(session, actor))
    with db.transaction(mine) as session:
        assert {row.organization_id for row in session.exec(select(Call))} == {mine.organization_id}
        assert {row.organization_id for row in session.exec(select(Agent))} == {mine.organization_id}

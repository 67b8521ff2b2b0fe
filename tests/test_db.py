"""The two logins: what each sees."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from kametrix import db, embedded
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


def test_a_connection_closed_by_the_server_while_it_rested_is_replaced(
    cluster: embedded.Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "PING_AFTER_SECONDS", 0.0)
    with db.transaction() as session:
        first = session.connection().scalar(text("select pg_backend_pid()"))
    cluster.execute(f"select pg_terminate_backend({first}, 5000)")
    with db.transaction() as session:
        assert session.connection().scalar(text("select pg_backend_pid()")) != first

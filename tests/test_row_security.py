"""The second line around a tenant: what the login of the pages sees and writes when a query forgets the first."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from kametrix import db, embedded
from kametrix.models import CallStatus, ToolCallResult, Transcript, User
from kametrix.services import audit, ledger, packs, queue, sessions
from kametrix.services.access import Actor
from tests import factories

OF_A_TENANT = ("agent", "phone_number", "call", "transcript", "tool_call_result", "credit_transaction", "audit_log", "user_organization")
FOR_EVERYBODY = ("credit_pack", "site_setting")
Run = Callable[[str], list[tuple[object, ...]]]


def tenant(session: Session) -> Actor:
    """An organization with a row in every table."""
    actor = factories.create_member(session)
    agent = factories.create_agent(session, actor)
    factories.create_phone_number(session, agent)
    call = factories.create_call(session, agent, status=CallStatus.COMPLETED)
    mine = {"organization_id": actor.organization_id}
    session.add_all(
        [
            Transcript(**mine, call_id=call.id, full_text="Hello"),
            ToolCallResult(**mine, agent_id=agent.id, vapi_call_id=call.id, tool_call_id="tool-1", name="check_availability"),
        ]
    )
    sessions.start(session, session.get_one(User, actor.user_id), ip_address="", user_agent="")
    audit.record(session, actor, "AGENT_CREATE", entity="agent", entity_id=agent.id)
    factories.post_credit(session, actor, 30)
    ledger.charge_call(session, call, seconds=60, rate=15)
    session.flush()
    return actor


@pytest.fixture
def tenants(database: str) -> tuple[Actor, Actor]:
    with db.transaction() as session:
        packs.seed(session)
        queue.enqueue(session, "sync_agent", agent_id="x")
        factories.create_phone_number(session)
        return tenant(session), tenant(session)


@pytest.fixture
def pages(cluster: embedded.Cluster, database: str) -> Iterator[Callable[[Actor | None], Run]]:
    """Runs one statement as the login of the pages, in the organization of an actor or in none; nothing of it stays."""
    engine = create_engine(cluster.url(database, "kametrix_app"))

    def as_member(actor: Actor | None) -> Run:
        def run(statement: str) -> list[tuple[object, ...]]:
            with engine.connect() as connection:
                if actor:
                    scope = {"org": actor.organization_id, "person": actor.user_id}
                    connection.execute(text("select set_config('app.org_id', :org, true), set_config('app.user_id', :person, true)"), scope)
                answer = connection.execute(text(statement))
                return [tuple(row) for row in answer] if answer.returns_rows else [(answer.rowcount,)]

        return run

    yield as_member
    engine.dispose()


def test_every_table_is_under_row_security_or_closed_to_pages(tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]) -> None:
    open_ones = pages(None)("""
        select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
        and (has_table_privilege('kametrix_app', oid, 'select') or has_table_privilege('kametrix_app', oid, 'update')
             or has_table_privilege('kametrix_app', oid, 'delete'))""")
    assert open_ones == []


@pytest.mark.parametrize("table", OF_A_TENANT)
def test_pages_see_the_rows_of_one_organization_and_none_without(
    tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run], table: str
) -> None:
    owner, _ = tenants
    is_free = " where status <> 'AVAILABLE'" if table == "phone_number" else ""
    assert pages(None)(f"select 1 from {table}{is_free}") == []
    assert set(pages(owner)(f"select organization_id from {table}{is_free}")) == {(owner.organization_id,)}


def test_pages_see_their_own_organization_people_and_sessions(tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]) -> None:
    owner, _ = tenants
    mine = {"organization": owner.organization_id, '"user"': owner.user_id}
    for table, row_id in mine.items():
        assert pages(owner)(f"select id from {table}") == [(row_id,)]
        assert pages(None)(f"select id from {table}") == []
    assert pages(owner)("select user_id from session") == [(owner.user_id,)]
    assert pages(None)("select user_id from session") == []
    for table in FOR_EVERYBODY:
        pages(None)(f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from webhook_event",
        "select * from rate_limit",
        'select password_hash from "user"',
        "select args from procrastinate_jobs",
        "update procrastinate_jobs set status = 'succeeded'",
        "delete from procrastinate_jobs",
        "select * from procrastinate_workers",
        "select * from alembic_version",
        "select * from agent_by_token('x')",
        "update \"user\" set password_hash = 'x'",
        "update \"user\" set email = 'x@example.com'",
        'update "user" set current_org_id = null',
        "update organization set grace_limit_cents = 100000",
        "update organization set name = 'x'",
        "update phone_number set number = '+14155550100'",
        "update phone_number set vapi_phone_id = 'x'",
        "update phone_number set is_enabled = false",
        "insert into phone_number (id) values ('x')",
        "update call set credits_used = 0",
        "update transcript set full_text = ''",
        "update user_organization set role = 'OWNER'",
        "update session set expires_at = 'infinity'",
        "insert into session (id) values ('x')",
        "delete from agent",
        "delete from phone_number",
    ],
)
def test_pages_neither_read_nor_write_what_no_page_needs(
    tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run], statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        pages(tenants[0])(statement)


def test_pages_change_nothing_of_another_organization(tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]) -> None:
    owner, other = tenants
    for statement in (
        f"update agent set name = 'x' where organization_id = '{other.organization_id}'",
        f"update phone_number set status = 'AVAILABLE', agent_id = null, organization_id = null "
        f"where organization_id = '{other.organization_id}'",
        f"update organization set updated_at = now() where id = '{other.organization_id}'",
        f"update \"user\" set name = 'x' where id = '{other.user_id}'",
        f"delete from session where user_id = '{other.user_id}'",
    ):
        assert pages(owner)(statement) == [(0,)], statement
    for statement in (
        f"update agent set organization_id = '{other.organization_id}'",
        f"update phone_number set organization_id = '{other.organization_id}' where status = 'ASSIGNED'",
        f"insert into audit_log (organization_id, actor_type, action, entity_type, created_at) "
        f"values ('{other.organization_id}', 'user', 'X', 'x', now())",
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            pages(owner)(statement)

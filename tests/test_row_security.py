"""The second line around a tenant: what the login of the pages sees and writes when a query forgets the first."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from kametrix import clock, db, embedded
from kametrix.models import (
    CallStatus,
    Organization,
    OrganizationLogo,
    OrgRole,
    ToolCallResult,
    Transcript,
    User,
    UserOrganization,
    WizardDraft,
)
from kametrix.services import audit, ledger, packs, queue, sessions
from kametrix.services.access import Actor
from tests import factories, suite_rows

OF_A_TENANT = (
    "agent", "phone_number", "call", "transcript", "tool_call_result", "credit_transaction", "audit_log", "user_organization",
    "organization_logo", "wizard_draft", "lead", "calendar_integration", "calendar_booking", "google_sheet_log", "crm_integration",
    "crm_sync_log", "webhook_endpoint", "webhook_delivery", "usage_log", "invoice", "add_on_purchase", "usage_alert", "api_key",
    "data_export_request", "cleanup_log", "scenario", "invitation", "conversation_session", "message", "rehearsal_usage_log",
    "credit_purchase", "credit_refund", "credit_dispute", "auto_recharge", "credit_hold", "ledger_checkpoint",
)  # fmt: skip
FOR_EVERYBODY = ("credit_pack", "site_setting", "plan", "quota_preset")
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
            OrganizationLogo(**mine, digest="0" * 64, content_type="image/png", image=b"x"),
            WizardDraft(**mine, user_id=actor.user_id),
        ]
    )
    suite_rows.of_a_tenant(session, agent, call)
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
        suite_rows.of_everybody(session)
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
        "select * from mail_message",
        "update credit_purchase set status = 'PAID'",
        "update auto_recharge set stripe_payment_method_id = 'pm_1'",
        "insert into ledger_checkpoint default values",
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
        "update organization set status = 'ACTIVE'",
        "update organization set stripe_customer_id = 'x'",
        'select password_reset_token_hash from "user"',
        'select mfa_secret from "user"',
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
        "select access_token from calendar_integration",
        "select refresh_token from calendar_integration",
        "select access_token from crm_integration",
        "select refresh_token from crm_integration",
        "select api_key from crm_integration",
        "select secret from webhook_endpoint",
        "select previous_secret from webhook_endpoint",
        "select key_hash from api_key",
        "select token_hash from invitation",
        "update calendar_integration set refresh_token = 'x'",
        "update crm_integration set webhook_url = 'https://example.com'",
        "update webhook_endpoint set url = 'https://example.com'",
        "update api_key set revoked_at = null",
        "update add_on_purchase set used_call_minutes = 0",
        "update plan set price_in_cents = 0",
        "update invitation set quota = '{\"tokens\": 1}'",
        "update usage_alert set message = 'x'",
        "update invoice set status = 'paid'",
        "insert into invitation (id) values ('x')",
        "insert into cleanup_log (id) values ('x')",
        "delete from wizard_draft",
        "delete from lead",
        "delete from message",
        "delete from cleanup_log",
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
        f"update lead set name = 'x' where organization_id = '{other.organization_id}'",
        f"update calendar_booking set purpose = 'x' where organization_id = '{other.organization_id}'",
        f"update crm_integration set enabled = false where organization_id = '{other.organization_id}'",
        f"update scenario set name = 'x' where organization_id = '{other.organization_id}'",
    ):
        assert pages(owner)(statement) == [(0,)], statement
    for statement in (
        f"update agent set organization_id = '{other.organization_id}'",
        f"update phone_number set organization_id = '{other.organization_id}' where status = 'ASSIGNED'",
        f"update lead set organization_id = '{other.organization_id}'",
        "update scenario set organization_id = null",
        f"insert into audit_log (organization_id, actor_type, action, entity_type, created_at) "
        f"values ('{other.organization_id}', 'user', 'X', 'x', now())",
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            pages(owner)(statement)


def test_a_draft_is_its_persons_own(tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]) -> None:
    owner, _ = tenants
    with db.transaction() as session:
        colleague = factories.create_member(session, session.get_one(Organization, owner.organization_id))
    assert len(pages(owner)("select 1 from wizard_draft")) == 1
    assert pages(colleague)("select 1 from wizard_draft") == []
    assert pages(colleague)("update wizard_draft set step = 'x'") == [(0,)]
    with pytest.raises(DBAPIError, match="row-level security"):
        pages(owner)(f"update wizard_draft set user_id = '{colleague.user_id}'")


def test_who_is_invited_is_nobody_to_the_organization_until_they_accept(
    tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]
) -> None:
    owner, other = tenants
    with db.transaction() as session:
        membership = UserOrganization(user_id=other.user_id, organization_id=owner.organization_id, role=OrgRole.AGENT)
        session.add(membership)
    people = f"select name from \"user\" where id = '{other.user_id}'"
    assert pages(owner)(people) == []
    with db.transaction() as session:
        session.merge(membership).accepted_at = clock.now()
    assert len(pages(owner)(people)) == 1


def test_templates_of_rehearsal_are_read_by_all_and_changed_by_none(
    tenants: tuple[Actor, Actor], pages: Callable[[Actor | None], Run]
) -> None:
    owner, _ = tenants
    with db.transaction() as session:
        session.add(suite_rows.scenario(None, slug="angry-caller"))
    assert pages(owner)("select slug from scenario where organization_id is null") == [("angry-caller",)]
    assert pages(owner)("update scenario set name = 'x' where slug = 'angry-caller'") == [(0,)]


@pytest.mark.parametrize("statement", ["update cleanup_log set records_deleted = 0", "delete from cleanup_log", "delete from invoice"])
def test_the_platform_keeps_its_evidence(cluster: embedded.Cluster, database: str, tenants: tuple[Actor, Actor], statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.transaction() as session:
        session.execute(text(statement))

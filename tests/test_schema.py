"""The schema is what the committed dump says, what the models say, and every revision goes down and up again with data in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlmodel import Session

from kametrix import clock, embedded
from kametrix.models import (
    CallStatus,
    OrganizationLogo,
    RateLimit,
    SiteSetting,
    ToolCallResult,
    TransactionType,
    Transcript,
    WebhookEvent,
    WizardDraft,
)
from kametrix.models import Session as LoginSession
from kametrix.services import audit, ledger, ledger_audit, packs
from tests import factories, suite_rows
from tests.conftest import ROOT
from tests.dump_schema import FILE, dump

REVISIONS = [script.revision for script in ScriptDirectory(str(ROOT / "alembic")).walk_revisions()]
"""Newest first."""
Migrate = Callable[[Callable[..., None], str | None], None]


@pytest.fixture
def migrations(cluster: embedded.Cluster, database: str) -> Migrate:
    """Runs an alembic command on the test's database as the owner."""

    def run(action: Callable[..., None], revision: str | None = None) -> None:
        engine = create_engine(cluster.url(database, "kametrix_owner"))
        config = Config(str(ROOT / "alembic.ini"))
        config.set_main_option("script_location", str(ROOT / "alembic"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            action(config, *([revision] if revision else []))
        engine.dispose()

    return run


@pytest.fixture
def owner(cluster: embedded.Cluster, database: str) -> Iterator[Callable[[], Session]]:
    """Opens sessions that see everything, whatever revision the database is at."""
    engine = create_engine(cluster.url(database, embedded.SUPERUSER))
    yield lambda: Session(engine)
    engine.dispose()


def populate(session: Session) -> None:
    """A row in every table, money moved in both directions."""
    actor = factories.create_member(session)
    agent = factories.create_agent(session, actor)
    factories.create_phone_number(session, agent)
    call = factories.create_call(session, agent, status=CallStatus.COMPLETED)
    mine = {"organization_id": actor.organization_id}
    session.add_all(
        [
            Transcript(**mine, call_id=call.id, full_text="Hello"),
            ToolCallResult(**mine, agent_id=agent.id, vapi_call_id="call-1", tool_call_id="tool-1", name="check_availability"),
            LoginSession(user_id=actor.user_id, token_hash="0" * 64, expires_at=clock.now()),
            RateLimit(key="login:127.0.0.1"),
            SiteSetting(key="cents_per_minute", value=15),
            OrganizationLogo(**mine, digest="0" * 64, content_type="image/png", image=b"x"),
            WizardDraft(**mine, user_id=actor.user_id, answers={"business_name": "Brightside Dental"}),
            WebhookEvent(provider="vapi", dedupe_key="call-1:ended", type="status-update"),
        ]
    )
    suite_rows.of_everybody(session)
    suite_rows.of_a_tenant(session, agent, call)
    audit.record(session, actor, "AGENT_CREATE", entity="agent", entity_id=agent.id)
    packs.seed(session)
    factories.post_credit(session, actor, 1000)  # enough that nobody is warned: that a warning was given is lost on the way down
    ledger.charge_call(session, call, seconds=272, rate=15)
    bought = {"type": TransactionType.PURCHASE, "amount": 1000, "key": "pi:1", "description": "Starter", "stripe_payment_id": "pi_1"}
    ledger.post(session, **mine, **bought)
    session.commit()


def contents(session: Session) -> dict[str, Any]:
    tables = session.scalars(
        text("select tablename from pg_tables where schemaname = 'public' and tablename !~ '^procrastinate|alembic'")
    ).all()
    return {table: session.execute(text(f'select * from "{table}" order by 1')).all() for table in tables}


def test_head_is_what_the_committed_dump_says(cluster: embedded.Cluster, database: str) -> None:
    assert dump(cluster.url(database, embedded.SUPERUSER)) == FILE.read_text(), "run `make schema` and read the difference"


def test_the_models_and_the_migrations_agree(migrations: Migrate) -> None:
    migrations(command.check, None)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_goes_down_and_up_with_data_in_it(
    cluster: embedded.Cluster, database: str, owner: Callable[[], Session], migrations: Migrate, revision: str
) -> None:
    with owner() as session:
        populate(session)
    with owner() as session:
        before = contents(session)
    assert all(before.values())
    migrations(command.downgrade, _below(revision))
    with owner() as session:
        kept = contents(session).keys()
    migrations(command.upgrade, "head")
    assert dump(cluster.url(database, embedded.SUPERUSER)) == FILE.read_text()
    with owner() as session:
        assert contents(session) == {table: rows if table in kept else [] for table, rows in before.items()}
        if revision == REVISIONS[-1]:
            populate(session)
        assert ledger_audit.verify(session).text() == "1 organizations, 3 rows, 0 faults"


@pytest.mark.parametrize("revision", REVISIONS[1:])
def test_going_down_leaves_what_going_up_made(cluster: embedded.Cluster, database: str, migrations: Migrate, revision: str) -> None:
    """The dump at a revision is the same whether it was reached from below or from above."""
    migrations(command.downgrade, revision)
    from_above = dump(cluster.url(database, embedded.SUPERUSER))
    migrations(command.downgrade, "base")
    migrations(command.upgrade, revision)
    assert dump(cluster.url(database, embedded.SUPERUSER)) == from_above


def _below(revision: str) -> str:
    """The revision before, or the empty database."""
    position = REVISIONS.index(revision) + 1
    return REVISIONS[position] if position < len(REVISIONS) else "base"

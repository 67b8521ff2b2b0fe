"""The models and a migrated database hold every table, field, alias, enum, UNIQUE and index the specification demands."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import BigInteger, DateTime, Enum, Integer, create_engine, text
from sqlmodel import Session, SQLModel, select

from kametrix import embedded
from kametrix.models import Call, Organization, PhoneStatus, Transcript, User
from kametrix.services import ledger
from tests import conformance, factories
from tests.conformance import ADDED_VALUES, BEYOND, FIELDS, INDEXED, SPEC, UNIQUE, place, table_of
from tests.dump_schema import FILE as SCHEMA
from tests.dump_schema import dump
from tests.services.test_call_events import claimed
from tests.services.test_settlement import apply, report

SPECIFIED = [(table, field) for table, fields in FIELDS.items() for field in fields]
COUNTED_UP = {"Scenario", "ConversationSession", "Message"}
COLUMNS = [column for table in SQLModel.metadata.sorted_tables for column in table.columns]
SECRET = re.compile(r"token|secret|password|api_key|openai_key|elevenlabs_key|key_hash|code$")
SEALED = {
    "mail_message.secret",
    "agent.webhook_token", "organization.twilio_sub_account_token", "organization.twilio_api_key_secret", "organization.byo_openai_key",
    "organization.byo_elevenlabs_key", "organization.byo_twilio_auth_token", "user.mfa_secret", "calendar_integration.access_token",
    "calendar_integration.refresh_token", "crm_integration.access_token", "crm_integration.refresh_token", "crm_integration.api_key",
    "webhook_endpoint.secret", "webhook_endpoint.previous_secret",
}  # fmt: skip
HASHED = {
    "user.password_hash", "user.email_verification_token_hash", "user.email_verification_code", "user.password_reset_token_hash",
    "user_organization.invite_token_hash", "session.token_hash", "agent.webhook_token_hash", "api_key.key_hash", "invitation.token_hash",
}  # fmt: skip
READ_BY_PAGES = {
    "agent.webhook_token", "agent.webhook_token_hash", "session.token_hash", "user_organization.invite_token_hash",
    *(name for name in SEALED if name.startswith("organization.")),
}  # fmt: skip
"""Which pages may read sealed or as a hash: they read these rows whole."""
NO_SECRETS = {
    "credit_purchase.failure_code",
    "organization.twilio_api_key_sid", "user.password_reset_expires", "call.ai_tokens_used",
    "calendar_integration.token_expires_at", "crm_integration.token_expires_at", "webhook_endpoint.previous_secret_until",
    "lead.postal_code", "rehearsal_usage_log.input_tokens", "rehearsal_usage_log.output_tokens",
}  # fmt: skip
"""Which are only called like one."""
MONEY = re.compile(r"amount|cents|price|cost|balance|credits|_value$|^value$")
NO_CENTS = {"organization.low_balance_told_at", "call.cost", "call.twilio_price"}
"""What providers charge, in dollars with parts of a cent."""
Found = Callable[[str], set[tuple[object, ...]]]


@pytest.fixture
def found(session: Session) -> Found:
    """Asks the catalogues of the migrated database."""
    return lambda query: {tuple(row) for row in session.execute(text(query))}


def test_the_numbers_of_the_specification() -> None:
    assert (len(FIELDS), len(SPECIFIED), len(SPEC["enums"]), len(SPEC["aliases"])) == (29, 475, 31, 15)


def test_every_field_has_its_column_in_the_database(found: Found) -> None:
    stands = found("select table_name::text, column_name::text from information_schema.columns where table_schema = 'public'")
    places = [(table_of(table).name, place(table, field)) for table, field in SPECIFIED]
    assert [(table, at) for table, at in places if at.column is not None and (table, at.column.name) not in stands] == []


@pytest.mark.parametrize("table", FIELDS)
def test_every_field_is_an_attribute_of_its_model(table: str) -> None:
    for field in FIELDS[table]:
        assert hasattr(conformance.model(table), place(table, field).attribute), field


@pytest.mark.parametrize("table", BEYOND)
def test_the_tables_without_specified_fields_stand_too(table: str, found: Found) -> None:
    assert found(f"select count(*) from pg_tables where schemaname = 'public' and tablename = '{table}'") == {(1,)}


def test_ids_are_text_except_those_the_specification_counts_up(found: Found) -> None:
    for table in FIELDS:
        kinds = found(f"""select data_type::text, identity_generation::text from information_schema.columns
            where table_name = '{table_of(table).name}' and column_name = 'id'""")
        assert kinds == {("bigint", "ALWAYS") if table in COUNTED_UP else ("character varying", None)}, table


# Aliases: each rule as it is listed, and what shows that it is kept.


def _the_other_name(table: str, field: str, column: str) -> None:
    columns = table_of(table).columns
    assert column in columns
    assert field not in columns


def _as_hash(table: str, field: str) -> None:
    _the_other_name(table, field, f"{field}_hash")
    column = table_of(table).columns[f"{field}_hash"]
    assert (column.unique, column.type.length) == (True, 64)


def _wallet_of_the_organization(session: Session, field: str) -> None:
    organization = Organization(name="Brightside Dental", slug="x")
    setattr(organization, field, 45)
    person = User(email="dana@example.com", password_hash="!", current_organization=organization)
    assert getattr(person, field) == 45
    assert getattr(User(email="dana@example.com", password_hash="!"), field) == 0
    assert field in Organization.__table__.columns
    assert field not in User.__table__.columns


def _words_are_those_of_the_transcript(session: Session, of_call: str, of_transcript: str) -> None:
    agent = factories.create_agent(session, factories.create_member(session))
    apply(session, claimed(agent, report()))
    call, transcript = session.exec(select(Call)).one(), session.exec(select(Transcript)).one()
    assert getattr(call, of_call)
    assert getattr(call, of_call) == getattr(transcript, of_transcript)


def _the_caller(session: Session) -> None:
    call = factories.create_call(session, factories.create_agent(session, factories.create_member(session)), from_number="+14155550147")
    assert call.phone_number == "+14155550147"


def _signed_balance(session: Session) -> None:
    owner = factories.create_member(session)
    factories.post_credit(session, owner, 30)
    call = factories.create_call(session, factories.create_agent(session, owner))
    ledger.charge_call(session, call, seconds=272, rate=15)
    assert session.scalars(text("select balance_after from credit_transaction order by seq")).all() == [30, -45]


def _life_cycle_and_switch() -> None:
    columns = table_of("PhoneNumber").columns
    assert columns["status"].type.enum_class is PhoneStatus
    assert columns["is_enabled"].type.python_type is bool


def _column_metadata_attribute_meta() -> None:
    having = [table for table, fields in FIELDS.items() if "metadata" in fields]
    assert having == ["AuditLog", "Message"]
    for table in having:
        assert conformance.model(table).meta.property.columns == [table_of(table).columns["metadata"]]


def _two_logs() -> None:
    assert {"unit", "quantity"} <= set(table_of("UsageLog").columns.keys())
    assert {"stream_type", "input_tokens"} <= set(table_of("RehearsalUsageLog").columns.keys())
    assert table_of("UsageLog") is not table_of("RehearsalUsageLog")


ALIASES: dict[str, tuple[str, Callable[[Session], None]]] = {
    "User.avatar": ("avatar_url", lambda _: _the_other_name("User", "avatar", "avatar_url")),
    "User.credit_balance": (
        "property: current organization's credit_balance",
        lambda session: _wallet_of_the_organization(session, "credit_balance"),
    ),
    "User.grace_credits_used": (
        "property: current organization's grace_credits_used",
        lambda session: _wallet_of_the_organization(session, "grace_credits_used"),
    ),
    "User.email_verification_token": ("stored as hash", lambda _: _as_hash("User", "email_verification_token")),
    "User.password_reset_token": ("stored as hash", lambda _: _as_hash("User", "password_reset_token")),
    "Session.token": ("token_hash", lambda _: _as_hash("Session", "token")),
    "Invitation.token": ("token_hash", lambda _: _as_hash("Invitation", "token")),
    "Call.phone_number": ("from_number may carry it; keep a readable phone_number", _the_caller),
    "Call.duration": ("duration_seconds", lambda _: _the_other_name("Call", "duration", "duration_seconds")),
    "Call.summary": (
        "written with transcript.summary in one transaction",
        lambda session: _words_are_those_of_the_transcript(session, "summary", "summary"),
    ),
    "Call.transcript": (
        "written with transcript.full_text in one transaction",
        lambda session: _words_are_those_of_the_transcript(session, "transcript", "full_text"),
    ),
    "*.metadata": ("column name metadata, attribute meta (the ORM reserves metadata)", lambda _: _column_metadata_attribute_meta()),
    "CreditTransaction.balance_after": ("signed balance after the row", _signed_balance),
    "PhoneNumber.status": ("pool life cycle; S2's active/inactive is is_enabled", lambda _: _life_cycle_and_switch()),
    "UsageLog(S3)": ("RehearsalUsageLog", lambda _: _two_logs()),
}


def test_no_alias_beyond_the_listed_ones() -> None:
    assert {alias: rule for alias, (rule, _) in ALIASES.items()} == SPEC["aliases"]
    for name in (*conformance.RENAMED, *conformance.PROPERTIES):
        assert name in ALIASES


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_kept_as_listed(alias: str, session: Session) -> None:
    ALIASES[alias][1](session)


# Enums, uniqueness, indexes


@pytest.mark.parametrize("name", SPEC["enums"])
def test_an_enum_has_its_values_in_the_model_and_in_the_database(name: str, found: Found) -> None:
    kind = conformance.enum_of(name)
    assert {member.value for member in kind} == {*SPEC["enums"][name], *ADDED_VALUES.get(name, ())}
    columns = conformance.columns_with(kind)
    assert columns
    for column in columns:
        check = found(f"""select pg_get_constraintdef(oid) from pg_constraint
            where conrelid = '"{column.table.name}"'::regclass and conname = '{column.type.name}' and contype = 'c'""")
        (definition,) = [str(line) for (line,) in check]
        assert f"({column.name})::text = ANY" in definition
        assert set(re.findall(r"'([^']+)'::", definition)) == {member.value for member in kind}


def test_the_units_of_usage_are_checked_too(found: Found) -> None:
    (check,) = found("select pg_get_constraintdef(oid) from pg_constraint where conname = 'usage_log_unit'")
    assert set(re.findall(r"'([^']+)'::", str(check))) == {"minutes", "messages", "bytes"}


@pytest.mark.parametrize("rule", UNIQUE)
def test_what_must_be_unique_is(rule: str, found: Found) -> None:
    name = conformance.unique_by(rule)
    assert found(f"""select i.indisunique, i.indpred is null from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relname = '{name}'""") == {(True, True)}


@pytest.mark.parametrize("rule", INDEXED)
def test_what_is_searched_is_indexed(rule: str, found: Found) -> None:
    assert found(f"select count(*) from pg_class where relkind = 'i' and relname = '{conformance.index_for(rule)}'") == {(1,)}


def test_what_can_be_deleted_is_found_by_its_references() -> None:
    """Organizations, people, agents, numbers and what was sold are never deleted.

    What refers to anything else is looked up when that goes.
    """
    kept = {"organization", "user", "agent", "phone_number", "credit_pack", "credit_purchase"}
    for table in SQLModel.metadata.sorted_tables:
        first = {index.columns.keys()[0] for index in table.indexes} | {having[0] for _, having, _ in conformance.indexes(table)}
        for key in table.foreign_keys:
            of_ledger = len(key.constraint.columns) > 1 if key.constraint else False
            assert of_ledger or key.column.table.name in kept or key.parent.name in first, key.parent


# Habits of the schema


def test_what_the_models_state_stands_in_the_database(cluster: embedded.Cluster, database: str) -> None:
    """CHECKs, exclusions and generated columns included, which the comparison of the migrations does not see.

    The tables are made anew from the models, beside the functions and types of the migrations.
    """
    url = cluster.url(database, embedded.SUPERUSER)
    engine = create_engine(url)
    with engine.begin() as connection:
        tables = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables)
        connection.execute(text(f"drop table {tables} cascade"))
        SQLModel.metadata.create_all(connection)
    engine.dispose()
    stated = dump(url)
    parts = ("  column ", "  constraint ", "  index ")
    stands = set(SCHEMA.read_text().splitlines())
    assert [line for line in stated.splitlines() if line.startswith(parts) and line not in stands] == []


def test_no_secret_is_kept_as_it_is() -> None:
    """Tokens and codes as hashes, passwords with bcrypt, what must be sent again sealed."""
    named = {str(column) for column in COLUMNS if SECRET.search(column.name)}
    assert named == SEALED | HASHED | NO_SECRETS
    for name in SEALED:
        assert SQLModel.metadata.tables[name.partition(".")[0]].columns[name.partition(".")[2]].type.python_type is str


@pytest.mark.parametrize("name", sorted((SEALED | HASHED) - READ_BY_PAGES))
def test_pages_read_no_secret(name: str, found: Found) -> None:
    table, _, column = name.partition(".")
    assert found(f"""select has_column_privilege('kametrix_app', '"{table}"', '{column}', 'select')""") == {(False,)}


def test_every_moment_knows_its_zone(found: Found) -> None:
    assert [column for column in COLUMNS if isinstance(column.type, DateTime) and not column.type.timezone] == []
    assert found("select table_name from information_schema.columns where data_type = 'timestamp without time zone' "
                 "and table_schema = 'public' and table_name not like 'procrastinate%'") == set()  # fmt: skip


def test_money_is_counted_in_whole_cents() -> None:
    amounts = [column for column in COLUMNS if MONEY.search(column.name) and not column.foreign_keys and "stripe" not in column.name]
    wrong = {str(column) for column in amounts if not isinstance(column.type, Integer | BigInteger)}
    assert wrong == NO_CENTS


def test_what_tells_a_choice_is_an_enum() -> None:
    """A `status`, `role` or `provider` is never free text. (An event's provider is which route it came through.)"""
    choices = [column for column in COLUMNS if column.name in ("status", "role", "provider", "severity", "unit", "direction")]
    assert {str(column) for column in choices if not isinstance(column.type, Enum)} == {"webhook_event.provider"}


def test_the_document_is_up_to_date() -> None:
    assert conformance.FILE.read_text() == conformance.render(), "run `make docs`"

"""Who may touch the ledger (nobody), and what the audit finds when someone who may do everything did."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from kametrix import clock, embedded
from kametrix.models import Call
from kametrix.services import audit, ledger, ledger_audit
from kametrix.services.access import Actor
from tests import factories

Login = Callable[[str], Session]
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
BIGINTS = st.integers(-(2**63), 2**63 - 1)
COLUMNS = "id, organization_id, seq, type, amount, balance_before, balance_after, idempotency_key, description, created_at, prev_hash, hash"
HASHED = "seq, type, amount, balance_before, balance_after, idempotency_key, user_id, call_id, stripe_payment_id, description, created_at"
REHASHED = HASHED.replace("description", "'new'")


@pytest.fixture
def login(cluster: embedded.Cluster, _shared_database: str) -> Iterator[Login]:
    """Opens sessions of a login; nothing they do is kept."""
    with ExitStack() as stack:

        def open_as(role: str) -> Session:
            engine = create_engine(cluster.url(_shared_database, role))
            stack.callback(engine.dispose)
            return stack.enter_context(Session(engine))

        yield open_as


@pytest.fixture
def superuser(login: Login) -> Session:
    return login(embedded.SUPERUSER)


def books(session: Session) -> tuple[Actor, Call]:
    """Three rows: +1000 by an adjustment, a call of 75, +500. And a bystander with a row of his own."""
    actor, bystander = factories.create_member(session), factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, actor))
    factories.post_credit(session, actor, 1_000)
    ledger.charge_call(session, call, seconds=272, rate=15)
    factories.post_credit(session, actor, 500)
    factories.post_credit(session, bystander, 40)
    session.flush()
    run(session)
    return actor, call


def run(session: Session, *statements: str, **values: object) -> None:
    """Statements as one transaction would see them: deferred constraints are checked at the end."""
    for statement in statements:
        session.connection().execute(text(statement), values)
    session.connection().execute(text("set constraints all immediate"))


def unguarded(session: Session, *statements: str, **values: object) -> str:
    """What the audit says after statements that no trigger and no foreign key saw."""
    run(session, "set local session_replication_role = replica", *statements, **values)
    return ledger_audit.verify(session).text()


def test_an_honest_ledger_is_clean(superuser: Session) -> None:
    books(superuser)
    found = ledger_audit.verify(superuser)
    assert found.is_clean
    assert found.text() == "2 organizations, 4 rows, 0 faults"


@pytest.mark.parametrize("role", embedded.ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "update credit_transaction set amount = 5",
        "update credit_transaction set note = 'x'",
        "delete from credit_transaction",
        "truncate credit_transaction cascade",
        "update audit_log set action = 'x'",
        "delete from audit_log",
        "truncate audit_log",
    ],
)
def test_no_login_changes_or_removes_a_row(login: Login, role: str, statement: str) -> None:
    session = login(role)
    if role == "kametrix_owner":
        actor, _ = books(session)
        audit.record(session, actor, "AGENT_CREATE", entity="agent", entity_id=None)
        session.flush()
    with pytest.raises(DBAPIError, match="append-only" if role == "kametrix_owner" else "permission denied"):
        run(session, statement)


@pytest.mark.parametrize("role", ["kametrix_app", "kametrix_platform"])
@pytest.mark.parametrize(
    "statement",
    [
        "update organization set balance_cents = 1000000",
        "update organization set ledger_seq = 1",
        "update organization set ledger_hash = ''",
        "update organization set id = 'another'",
        f"insert into credit_transaction ({COLUMNS}) values ('x', 'x', 1, 'REFUND', -1, 0, -1, 'k', 'd', now(), '', '')",
        "alter table credit_transaction disable trigger append_only",
        "create or replace function ledger_field(value text) returns bytea language sql as 'select null::bytea'",
        "set session_replication_role = replica",
    ],
)
def test_the_product_logins_cannot_write_money_directly(login: Login, role: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
        run(login(role), statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select post_credit('org', 'REFUND', -1, 'k', 'd', now())",
        "update \"user\" set role = 'ADMIN'",
        'update "user" set is_staff = true',
        'update "user" set email_verified = true',
        "update organization set status = 'ACTIVE'",
        "update organization set currency = 'EUR'",
        "update organization set stripe_customer_id = 'cus_1'",
        "update credit_pack set credits = 1000000",
        "update site_setting set value = 0",
    ],
)
def test_the_pages_login_cannot_post_or_raise_its_own_rights(login: Login, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        run(login("kametrix_app"), statement)


def test_the_owner_cannot_change_a_balance_without_a_row(login: Login) -> None:
    session = login("kametrix_owner")
    books(session)
    with pytest.raises(DBAPIError, match="organization_last_row"):
        run(session, "update organization set balance_cents = balance_cents + 1")


ROW_2 = "organization_id = :org and seq = 2"
FOUND = [
    (f"update credit_transaction set description = 'Call: 4 min' where {ROW_2}", ["row 2: its contents do not match its hash"]),
    (f"update credit_transaction set created_at = created_at + interval '1 microsecond' where {ROW_2}", ["row 2: its contents"]),
    (f"update credit_transaction set user_id = null where {ROW_2}", ["row 2: its contents do not match its hash"]),
    (f"update credit_transaction set idempotency_key = 'k' where {ROW_2}", ["row 2: its contents do not match its hash"]),
    (
        f"update credit_transaction set amount = amount + 5, balance_after = balance_after + 5 where {ROW_2}",
        ["row 2: its contents", "row 3: it starts from 925 cents, the row before ended at 930", "the wallet holds 1425", "its rows say 70"],
    ),
    (
        f"delete from credit_transaction where {ROW_2}",
        ["row 3: it follows row 1", "row 3: its link", "row 3: it starts from", "the wallet holds"],
    ),
    ("delete from credit_transaction where organization_id = :org and seq = 1", ["row 2: it follows row 0", "row 2: its link"]),
    ("delete from credit_transaction where organization_id = :org and seq = 3", ["the wallet points to row 3, the last is row 2"]),
    (f"update credit_transaction set prev_hash = sha256('x') where {ROW_2}", ["row 2: its link is not the hash of the row before"]),
    (
        f"update credit_transaction set hash = ledger_hash(prev_hash, organization_id, {REHASHED}), description = 'new' where {ROW_2}",
        ["row 3: its link is not the hash of the row before"],
    ),
    ("update organization set balance_cents = 999999 where id = :org", ["the wallet holds 999999 cents, its rows add up to 1425"]),
    ("update organization set ledger_hash = sha256('x') where id = :org", ["the wallet does not carry the hash of its last row"]),
    ("update call set organization_id = (select min(id) from organization where id <> :org)", ["row 2: it charges call"]),
]


@pytest.mark.parametrize(("statement", "problems"), FOUND)
def test_what_a_superuser_rewrites_is_found_and_named(superuser: Session, statement: str, problems: list[str]) -> None:
    actor, _ = books(superuser)
    found = unguarded(superuser, statement, org=actor.organization_id)
    for problem in problems:
        assert problem in found
    assert all(line.startswith(f"organization {actor.organization_id}") for line in found.splitlines()[1:])


@pytest.mark.parametrize(
    "wallet",
    [
        "(balance_cents, ledger_seq, ledger_hash) = (select balance_after, seq, hash from credit_transaction"
        " where organization_id = :org and seq = 1)",
        "balance_cents = 0, ledger_seq = null, ledger_hash = null",
    ],
)
def test_a_wallet_set_back_to_an_older_row_is_found(login: Login, wallet: str) -> None:
    """The owner may do this within every constraint; the audit finds it and the next posting stops at it."""
    session = login("kametrix_owner")
    actor, _ = books(session)
    run(session, f"update organization set {wallet} where id = :org", org=actor.organization_id)
    assert "the last is row 3" in ledger_audit.verify(session).text()
    with pytest.raises(DBAPIError, match="once_in_sequence"):
        factories.post_credit(session, actor, 1)


def test_a_row_appended_past_the_wallet_is_found(login: Login) -> None:
    session = login("kametrix_owner")
    actor, _ = books(session)
    run(
        session,
        f"insert into credit_transaction ({COLUMNS}) select 'x', :org, 4, 'REFUND', -5, balance_after, balance_after - 5, 'k', 'd', now(),"
        " hash, ledger_hash(hash, :org, 4, 'REFUND', -5, balance_after, balance_after - 5, 'k', null, null, null, 'd', now())"
        " from credit_transaction where organization_id = :org and seq = 3",
        org=actor.organization_id,
    )
    assert "the wallet points to row 3, the last is row 4" in ledger_audit.verify(session).text()


def test_a_call_that_says_another_cost_than_its_rows_is_named(superuser: Session) -> None:
    actor, call = books(superuser)
    call.credits_used = 15
    assert ledger_audit.verify(superuser).faults == [
        ledger_audit.Fault(actor.organization_id, None, f"call {call.id} says it cost 15 cents, its rows say 75")
    ]


def test_a_tail_rewritten_whole_agrees_with_itself(superuser: Session) -> None:
    """The limit of a chain: whoever may switch the guards off and hashes every later row anew is not seen. Keep last hashes elsewhere."""
    actor, _ = books(superuser)
    here = "where organization_id = :org and seq = {seq}"
    link = "coalesce((select p.hash from credit_transaction p where p.organization_id = :org and p.seq = {seq} - 1), prev_hash)"
    again = (
        f"update credit_transaction set description = 'rewritten', prev_hash = {link} {here}",
        f"update credit_transaction set hash = ledger_hash(prev_hash, organization_id, {HASHED}) {here}",
    )
    end = f"update organization set ledger_hash = (select hash from credit_transaction {here.format(seq=3)}) where id = :org"
    found = unguarded(superuser, *(step.format(seq=seq) for seq in (2, 3) for step in again), end, org=actor.organization_id)
    assert found.endswith("0 faults")


def test_the_first_thousand_faults_are_named_and_all_are_counted() -> None:
    found = ledger_audit.Report()
    for number in range(1_002):
        found.note("org", number, "wrong")
    assert (found.fault_count, len(found.faults), found.is_clean) == (1_002, 1_000, False)
    assert found.text().splitlines()[-1] == "... and 2 more"


@pytest.mark.slow
def test_rows_are_streamed_not_held(superuser: Session) -> None:
    def peak(organizations: int, name: str) -> int:
        run(
            superuser,
            "insert into organization (id, name, slug, timezone, language, currency, created_at, updated_at)"
            " select :name || n, 'x', :name || n, 'UTC', 'en', 'USD', now(), now() from generate_series(1, :count) n",
            "select post_credit(o.id, 'REFUND', -1, o.id || ':' || n, 'd', now()) from organization o, generate_series(1, 20) n"
            " where o.id ^@ :name",
            name=name,
            count=organizations,
        )
        tracemalloc.start()
        assert ledger_audit.verify(superuser).is_clean
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    few = peak(150, "few")
    assert peak(300, "many") < 1.3 * few  # 3,000 rows, then 9,000


@settings(max_examples=150)
@given(
    prev=st.binary(min_size=32, max_size=32),
    organization=TEXTS,
    seq=BIGINTS,
    amounts=st.tuples(BIGINTS, BIGINTS, BIGINTS),
    key=TEXTS,
    ids=st.tuples(*[st.none() | TEXTS] * 3),
    description=TEXTS,
    at=st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)),
)
def test_python_and_the_database_compute_the_same_hash(
    session: Session,
    prev: bytes,
    organization: str,
    seq: int,
    amounts: tuple[int, int, int],
    key: str,
    ids: tuple[str | None, str | None, str | None],
    description: str,
    at: datetime,
) -> None:
    fields = (organization, seq, "CORRECTION", *amounts, key, *ids, description, at)
    names = ("organization", "seq", "type", "amount", "before", "after", "key", "user", "call", "payment", "description", "at")
    call = text(f"select ledger_hash(:prev, {', '.join(':' + name for name in names)})")
    theirs = session.connection().execute(call, {"prev": prev, **dict(zip(names, fields, strict=True))}).scalar_one()
    assert ledger_audit.row_hash(prev, *fields) == bytes(theirs)


def test_fields_cannot_run_into_each_other() -> None:
    assert ledger_audit.row_hash(b"", "ab", "c") != ledger_audit.row_hash(b"", "a", "bc")
    assert ledger_audit.row_hash(b"", "") != ledger_audit.row_hash(b"", None)


def test_the_format_stays_what_it_was() -> None:
    """Rows written years ago must still verify: a change of the format needs another name in front."""
    at = datetime(2026, 11, 20, 12, 0, 0, 250, tzinfo=UTC)
    fields = ("org", 1, "PURCHASE", 1000, 0, 1000, "pi:1", "user", None, "pi_1", "Starter", at)
    assert ledger_audit.row_hash(bytes(32), *fields).hex() == "d138d99f5c7e8a926b9c84de73cd0402f13974037374ff58bf97ee84c41ff933"


@settings(max_examples=40)
@given(
    key=TEXTS.filter(lambda key: bool(key.strip(" "))),
    description=TEXTS,
    at=st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
)
def test_any_text_that_was_posted_verifies(session: Session, key: str, description: str, at: datetime) -> None:
    with clock.at(at), session.begin_nested() as point:
        actor = factories.create_member(session)
        ledger.post(
            session, organization_id=actor.organization_id, type=ledger.TransactionType.REFUND, amount=-1, key=key, description=description
        )
        assert ledger_audit.verify(session).faults == []
        point.rollback()

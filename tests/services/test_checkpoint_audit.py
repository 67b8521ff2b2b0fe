"""The tampering matrix: what somebody who may do everything changed before the last checkpoint is found and named.

Each way to cheat is tried three times: as the product's login, which is refused; as a superuser with triggers and constraints off;
and by a superuser who also computes every later hash again, so that the chain agrees with itself.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from kametrix import clock, db, embedded
from kametrix.jobs.checkpoints import take_checkpoints
from kametrix.services import checkpoint_audit, checkpoint_file, ledger_audit
from kametrix.services.ledger_audit import Report
from kametrix.settings import settings
from tests import factories

AT = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
NIGHTS = [datetime(2026, 11, 19, 0, 5, tzinfo=UTC), datetime(2026, 11, 20, 0, 5, tzinfo=UTC)]
HASHED = (
    "organization_id, seq, type, amount, balance_before, balance_after, idempotency_key, user_id, call_id, stripe_payment_id,"
    " description, created_at"
)
COLUMNS = "id, organization_id, seq, type, amount, balance_before, balance_after, idempotency_key, description, created_at, prev_hash, hash"
ROW = "organization_id = :org and seq ="
REHASH = f"""
    update credit_transaction t set balance_before = coalesce(p.balance_after, 0), balance_after = coalesce(p.balance_after, 0) + t.amount,
      prev_hash = coalesce(p.hash, decode(repeat('00', 32), 'hex'))
    from (select :seq as seq) s left join credit_transaction p on p.organization_id = :org and p.seq = s.seq - 1
    where t.organization_id = :org and t.seq = s.seq;
    update credit_transaction set hash = ledger_hash(prev_hash, {HASHED}) where organization_id = :org and seq = :seq"""
UNGUARDED = "set local session_replication_role = replica;" + ";".join(
    f"alter table credit_transaction drop constraint if exists credit_transaction_{check}" for check in ("first", "seq", "sum", "sign")
)
WALLET = """
    update organization set (balance_cents, ledger_seq, ledger_hash) = (select balance_after, seq, hash from credit_transaction
      where organization_id = :org order by seq desc limit 1) where id = :org"""


@pytest.fixture
def books(database: str, tmp_path: Path) -> "Books":
    """Rows 1 to 3 under a checkpoint of the 18th, 4 to 6 under one of the 19th, 7 and 8 under none."""
    os.environ["KAMETRIX_CHECKPOINTS"] = str(tmp_path)
    settings.cache_clear()
    with db.transaction() as session:
        actor, bystander = factories.create_member(session), factories.create_member(session)
    posted = [AT.replace(day=18)] * 3 + [AT] * 3 + [AT.replace(day=20)] * 2
    for number, at in enumerate(posted, 1):
        with clock.at(at), db.transaction() as session:
            factories.post_credit(session, actor, 1_000 if number == 1 else -50 - number)
            factories.post_credit(session, bystander, 7)
        if number in (3, 6):
            with clock.at(NIGHTS[number // 6]):
                take_checkpoints(0)
    return Books(database, actor.organization_id, tmp_path)


class Books:
    def __init__(self, database: str, organization_id: str, folder: Path) -> None:
        self.database, self.organization_id, self.folder = database, organization_id, folder

    def audit(self) -> str:
        """What the audit says."""
        with db.transaction() as session:
            report = ledger_audit.verify(session)
            checkpoint_audit.verify(session, report, self.folder)
        return report.text()

    def checkpoints(self) -> Report:
        """What the checkpoints alone show."""
        report = Report()
        with db.transaction() as session:
            checkpoint_audit.verify(session, report, self.folder)
        return report


def run(session: Session, organization_id: str, *statements: str, seq: int | None = None) -> None:
    for statement in ";".join(statements).split(";"):
        given = {"org": organization_id, "seq": seq}
        session.connection().execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})


@pytest.fixture
def superuser(cluster: embedded.Cluster, books: Books) -> Iterator[Callable[..., None]]:
    """Runs statements that no trigger, no constraint and no row security sees, and commits them; `again`: rehashes from that row."""
    engine = create_engine(cluster.url(books.database, embedded.SUPERUSER))

    def cheat(*statements: str, again: int | None = None) -> None:
        with Session(engine) as session, session.begin():
            run(session, books.organization_id, UNGUARDED, *statements)
            if again is not None:
                query = text("select seq from credit_transaction where organization_id = :org and seq >= :seq order by seq")
                for seq in session.connection().execute(query, {"org": books.organization_id, "seq": again}).scalars().all():
                    run(session, books.organization_id, REHASH, seq=seq)
                run(session, books.organization_id, WALLET)

    yield cheat
    engine.dispose()


def edit(seq: int) -> str:
    return f"update credit_transaction set amount = amount + 40, balance_after = balance_after + 40 where {ROW} {seq}"


def shift(seq: int, by: int) -> str:
    """Renumber the rows from `seq` on, in two steps: their numbers are unique."""
    return (
        f"update credit_transaction set seq = -seq where {ROW.removesuffix(' =')} >= {seq};"
        f"update credit_transaction set seq = -seq + {by} where {ROW.removesuffix('seq =')} seq < 0"
    )


def insert(seq: int) -> str:
    return (
        f"{shift(seq, 1)}; insert into credit_transaction ({COLUMNS}) select 'slipped-in', :org, {seq}, 'REFUND', -300, balance_after,"
        f" balance_after - 300, 'k', 'd', created_at, hash, hash from credit_transaction where {ROW} {seq - 1}"
    )


def delete(seq: int) -> str:
    return f"delete from credit_transaction where {ROW} {seq}"


def swap(one: int, other: int) -> str:
    return (
        f"update credit_transaction set seq = -1 where {ROW} {one}; update credit_transaction set seq = {one} where {ROW} {other};"
        f"update credit_transaction set seq = {other} where {ROW} -1"
    )


PLAIN = {
    "amount edited": (edit(2), "row 2: its contents do not match its hash"),
    "balance edited": (f"update credit_transaction set balance_after = 5 where {ROW} 3", "row 3: its contents do not match its hash"),
    "date edited": (f"update credit_transaction set created_at = created_at - interval '1 day' where {ROW} 5", "row 5: its contents"),
    "row deleted in the middle": (delete(5), "row 6: it follows row 4: rows are missing in between"),
    "first row deleted": (delete(1), "row 2: it follows row 0"),
    "last row deleted": (delete(8), "the wallet points to row 8, the last is row 7"),
    "row inserted": (insert(3), "row 3: its contents do not match its hash"),
    "rows swapped": (swap(2, 5), "row 2: its contents do not match its hash"),
    "wallet reset": (
        "update organization set balance_cents = 0, ledger_seq = null, ledger_hash = null where id = :org",
        "the wallet points to row 0, the last is row 8",
    ),
    "ledger_seq pointed back": ("update organization set ledger_seq = 4 where id = :org", "the wallet points to row 4, the last is row 8"),
    "all rows deleted": (
        "delete from credit_transaction where organization_id = :org",
        "row 3, which it names, is missing",
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_products_login_is_refused(books: Books, name: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.transaction() as session:
        run(session, books.organization_id, PLAIN[name][0])
    assert books.audit().endswith(" 0 faults")


@pytest.mark.parametrize("name", PLAIN)
def test_a_superuser_with_the_guards_off_is_found_and_named(books: Books, superuser: Callable[..., None], name: str) -> None:
    statement, problem = PLAIN[name]
    superuser(statement)
    found = books.audit()
    assert problem in found
    assert all(line.startswith(f"organization {books.organization_id}") for line in found.splitlines()[1:])


REHASHED = [
    ("amount edited", edit(2), 2, "checkpoint of 2026-11-18: rows 1 to 3, one or more of them, changed after it was signed"),
    ("amount edited later", edit(5), 5, "checkpoint of 2026-11-19: rows 4 to 6, one or more of them, changed after it was signed"),
    ("named row edited", edit(6), 6, "checkpoint of 2026-11-19: rows 4 to 6, one or more of them, changed after it was signed: row 6"),
    ("row deleted", f"{delete(2)}; {shift(3, -1)}", 2, "checkpoint of 2026-11-18: rows 1 to 3"),
    ("row inserted", insert(5), 5, "checkpoint of 2026-11-19: rows 4 to 6"),
    ("rows swapped", swap(2, 5), 2, "checkpoint of 2026-11-18: rows 1 to 3"),
    ("end cut off", ";".join(delete(seq) for seq in (5, 6, 7, 8)), 4, "checkpoint of 2026-11-19: row 6, which it names, is missing"),
    ("started anew", "delete from credit_transaction where organization_id = :org and seq > 1", 1, "row 3, which it names, is missing"),
]


@pytest.mark.parametrize(("name", "statement", "again", "problem"), REHASHED, ids=[each[0] for each in REHASHED])
def test_a_superuser_who_hashes_the_tail_again_is_found_and_named(
    books: Books, superuser: Callable[..., None], name: str, statement: str, again: int, problem: str
) -> None:
    superuser(statement, again=again)
    with db.transaction() as session:
        assert ledger_audit.verify(session).is_clean, f"{name}: the chain agrees with itself"
    found = books.audit()
    assert problem in found
    assert all(line.startswith(f"organization {books.organization_id}") for line in found.splitlines()[1:])


@pytest.mark.parametrize("statement", [edit(7), delete(8), insert(8)])
def test_what_is_rehashed_after_the_last_checkpoint_is_not_claimed_until_the_next(
    books: Books, superuser: Callable[..., None], statement: str
) -> None:
    superuser(statement, again=7)
    assert books.audit().endswith(" 0 faults")


def test_a_note_is_beside_the_hash_and_not_claimed(books: Books, superuser: Callable[..., None]) -> None:
    superuser(f"update credit_transaction set note = 'another reason' where {ROW} 2")
    assert books.audit().endswith(" 0 faults")


@pytest.mark.parametrize(
    "statement", ["update ledger_checkpoint set balance = 1", "delete from ledger_checkpoint", "truncate ledger_checkpoint"]
)
def test_the_products_login_changes_no_checkpoint(books: Books, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), db.transaction() as session:
        session.connection().execute(text(statement))


HERE = "where organization_id = :org and day = '2026-11-19'"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (f"update ledger_checkpoint set balance = balance + 1 {HERE}", "2026-11-19: the table says something else than the file"),
        (f"update ledger_checkpoint set signature = decode(repeat('00', 64), 'hex') {HERE}", "the table says something else"),
        (f"delete from ledger_checkpoint {HERE}", "2026-11-19: it is in the file and not in the table"),
        (f"update ledger_checkpoint set day = '2026-11-15' {HERE}", "2026-11-15: it is in the table and not in the file"),
    ],
)
def test_a_checkpoint_edited_or_removed_in_the_table_is_found(
    books: Books, superuser: Callable[..., None], statement: str, problem: str
) -> None:
    superuser(statement)
    found = books.audit()
    assert problem in found
    assert f"organization {books.organization_id}" in found


Lines = list[str]


def other_key(lines: Lines) -> None:
    """The last line again with the signature of somebody else."""
    found = json.loads(lines[-1])
    point = checkpoint_file.Checkpoint(
        found["organization"], datetime.fromisoformat(found["day"]).date(), found["seq"], found["balance"], bytes.fromhex(found["hash"])
    )
    lines[-1] = json.dumps({**found, "signature": Ed25519PrivateKey.generate().sign(point.signed_bytes()).hex()}, separators=(",", ":"))


def unknown_key(lines: Lines) -> None:
    lines[-1] = lines[-1].replace('"key":"local"', '"key":"mine"')


def edited(lines: Lines) -> None:
    found = json.loads(lines[-1])
    lines[-1] = json.dumps({**found, "balance": found["balance"] + 1}, separators=(",", ":"))


def chained_again(lines: Lines) -> None:
    """The first line goes, and every digest after it is made right."""
    del lines[0]
    previous = "0" * 64
    for index, line in enumerate(lines):
        lines[index] = json.dumps({**json.loads(line), "previous": previous}, separators=(",", ":"))
        previous = sha256(lines[index].encode()).hexdigest()


FILE = {
    "line edited": (edited, "its signature does not belong to what the file says"),
    "signed by somebody else": (other_key, "its signature does not belong to what the file says"),
    "signed with an unknown key": (unknown_key, "it is signed with the key mine, which is not ours"),
    "first line removed": (lambda lines: lines.pop(0), "line 1: the line before is not the one it was written after"),
    "line removed in the middle": (lambda lines: lines.pop(2), "line 3: the line before is not the one"),
    "last line removed": (lambda lines: lines.pop(), "it is in the table and not in the file, whose line was removed"),
    "line removed and the digests made right": (chained_again, "it is in the table and not in the file, whose line was removed"),
    "line added": (lambda lines: lines.append(lines[0]), "line 5: the line before is not the one"),
    "line doubled": (lambda lines: lines.insert(1, lines[0]), "line 2: the day of this organization is there twice"),
    "lines swapped": (lambda lines: lines.insert(0, lines.pop(1)), "line 1: the line before is not the one"),
    "spaces added": (lambda lines: lines.insert(0, lines.pop(0) + " "), "line 1: it is not written as it was"),
    "no JSON": (lambda lines: lines.insert(0, "???"), "line 1: it cannot be read"),
    "no object": (lambda lines: lines.insert(0, "[1]"), "line 1: it cannot be read"),
    "emptied": (lambda lines: lines.clear(), "it is in the table and not in the file, whose line was removed"),
}


@pytest.mark.parametrize("name", FILE)
def test_a_file_that_was_touched_is_a_fault(books: Books, name: str) -> None:
    change, problem = FILE[name]
    path = books.folder / "2026-11.jsonl"
    lines = path.read_text().splitlines()
    assert len(lines) == 4
    change(lines)
    path.write_text("".join(f"{line}\n" for line in lines))
    assert problem in books.audit()


def test_a_file_that_is_missing_or_cut_short_is_a_fault(books: Books) -> None:
    path = books.folder / "2026-11.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert "line 4: it cannot be read" in books.audit()
    path.unlink()
    found = books.checkpoints()
    assert found.fault_count == 4
    assert "it is in the table and not in the file" in str(found.faults[0])


def test_honest_books_are_clean_and_counted(books: Books) -> None:
    assert books.audit() == "2 organizations, 16 rows, 4 checkpoints, 0 faults"

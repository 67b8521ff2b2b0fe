"""Checkpoints: once a day per organization whose money moved, the same in the file and in the table, whatever is interrupted."""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock, crypto, db
from kametrix.jobs import checkpoints as job
from kametrix.models import LedgerCheckpoint
from kametrix.services import checkpoint_file, checkpoints, ledger_audit
from kametrix.services.checkpoint_file import Checkpoint
from kametrix.settings import settings as installation
from tests import factories

DAY = date(2026, 11, 19)
EVENING = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 0, 5, tzinfo=UTC)


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Iterator[Path]:
    """The files of this test alone; the fixture `database` puts the environment back."""
    os.environ["KAMETRIX_CHECKPOINTS"] = str(tmp_path / "checkpoints")
    installation.cache_clear()
    return tmp_path / "checkpoints"


def owner(*posted: tuple[int, datetime]) -> factories.Actor:
    with db.transaction() as session:
        actor = factories.create_member(session)
    post(actor, *posted)
    return actor


def post(actor: factories.Actor, *posted: tuple[int, datetime]) -> None:
    for amount, at in posted:
        with clock.at(at), db.transaction() as session:
            factories.post_credit(session, actor, amount)


def take(at: datetime = NIGHT) -> None:
    with clock.at(at):
        job.take_checkpoints(0)


def table() -> list[tuple[str, date, int, int]]:
    with db.transaction() as session:
        rows = session.exec(select(LedgerCheckpoint).order_by("day", "organization_id")).all()
        return [(row.organization_id, row.day, row.seq, row.balance) for row in rows]


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_a_day_that_ended_is_signed_in_file_and_table(folder: Path) -> None:
    actor = owner((1_000, EVENING), (-75, EVENING))
    take()
    assert table() == [(actor.organization_id, DAY, 2, 925)]
    (line,) = lines(folder)
    assert (line["format"], line["day"], line["seq"], line["balance"], line["previous"]) == (
        "kametrix-checkpoint-1", "2026-11-19", 2, 925, "0" * 64,
    )  # fmt: skip
    with db.transaction() as session:
        stored = session.exec(select(LedgerCheckpoint)).one()
        carried = session.connection().execute(text("select hash from credit_transaction where seq = 2")).scalar_one()
    assert bytes.fromhex(line["hash"]) == stored.hash == bytes(carried)
    message = ledger_audit.packed("kametrix-checkpoint-1", actor.organization_id, "2026-11-19", 2, 925, stored.hash.hex())
    assert crypto.is_signed(message, bytes.fromhex(line["signature"]), crypto.public_keys()[line["key"]])
    assert [path.name for path in folder.glob("*.jsonl")] == ["2026-11.jsonl"]


def test_the_bytes_that_are_signed_stay_what_they_were() -> None:
    point = Checkpoint("org", date(2026, 11, 20), 7, -45, bytes(range(32)))
    assert point.signed_bytes() == (
        b"\x00\x00\x00\x15kametrix-checkpoint-1\x00\x00\x00\x03org\x00\x00\x00\x0a2026-11-20\x00\x00\x00\x017\x00\x00\x00\x03-45\x00\x00\x00\x40"
        + bytes(range(32)).hex().encode()
    )


def test_a_second_run_and_a_day_without_movement_write_nothing(folder: Path) -> None:
    owner((5, EVENING))
    take()
    before = (folder / "2026-11.jsonl").read_bytes()
    take()
    take(NIGHT + timedelta(days=3))
    assert (folder / "2026-11.jsonl").read_bytes() == before


def test_days_that_were_missed_are_made_up_for_each_with_its_own_row(folder: Path) -> None:
    moved = owner((1, EVENING - timedelta(days=5)), (2, EVENING - timedelta(days=5)), (4, EVENING - timedelta(days=2)), (8, EVENING))
    other = owner((16, EVENING - timedelta(days=2)), (32, NIGHT))
    take()
    assert sorted(table()) == sorted(
        [
            (moved.organization_id, date(2026, 11, 14), 2, 3),
            (moved.organization_id, date(2026, 11, 17), 3, 7),
            (moved.organization_id, DAY, 4, 15),
            (other.organization_id, date(2026, 11, 17), 1, 16),
        ]
    )
    assert [line["day"] for line in lines(folder)] == ["2026-11-14", "2026-11-17", "2026-11-17", "2026-11-19"]
    take(NIGHT + timedelta(days=1))
    assert (other.organization_id, date(2026, 11, 20), 2, 48) in table()


def test_a_row_of_before_midnight_that_was_committed_after_belongs_to_the_next_day(folder: Path) -> None:
    actor = owner((1, EVENING))
    take()
    post(actor, (2, EVENING + timedelta(hours=3, minutes=59)))  # its clock was read on the 19th
    take()
    assert [row[1:] for row in table()] == [(DAY, 1, 1)]
    take(NIGHT + timedelta(days=1))
    assert [row[1:] for row in table()] == [(DAY, 1, 1), (date(2026, 11, 20), 2, 3)]


def test_rows_out_of_order_in_time_are_cut_by_their_number(folder: Path) -> None:
    """Row 2 is of the new day, row 3 behind it was timed before midnight: the day ends with row 3, and row 2 is before it."""
    owner((1, EVENING), (2, NIGHT - timedelta(minutes=4)), (4, EVENING), (8, NIGHT))
    take()
    assert [row[1:] for row in table()] == [(DAY, 3, 7)]


def test_a_row_timed_in_the_future_keeps_nobody_waiting(folder: Path) -> None:
    actor = owner((1, EVENING), (2, EVENING + timedelta(days=400)), (4, EVENING))
    take()
    assert [row[1:] for row in table()] == [(DAY, 3, 7)]
    post(actor, (8, EVENING + timedelta(days=400)), (16, NIGHT))
    take(NIGHT + timedelta(days=1))
    assert [row[1:3] for row in table()][1:] == [(date(2026, 11, 20), 5)]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("where", ["append", "record"])
def test_a_run_killed_anywhere_leaves_one_checkpoint_a_day(folder: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed just after the line was written, or before the row was; meanwhile money moves on."""
    actor = owner((1, EVENING))
    module = checkpoint_file if where == "append" else checkpoints
    plain: Callable[..., Any] = getattr(module, where)

    def die(*given: Any) -> None:
        if where == "append":
            plain(*given)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, where, die)
        with pytest.raises(Killed):
            take()
    assert table() == []
    post(actor, (2, EVENING))
    take()
    assert [row[1:] for row in table()] == [(DAY, 1, 1)]
    take(NIGHT + timedelta(days=1))
    assert [(line["day"], line["seq"]) for line in lines(folder)] == [("2026-11-19", 1), ("2026-11-20", 2)]
    assert [row[1:3] for row in table()] == [(DAY, 1), (date(2026, 11, 20), 2)]


def test_a_line_left_half_written_never_counted(folder: Path) -> None:
    actor = owner((1, EVENING))
    take()
    whole = (folder / "2026-11.jsonl").read_bytes()
    post(actor, (2, NIGHT))
    (folder / "2026-11.jsonl").write_bytes(whole + b'{"format":"kametrix-chec')
    take(NIGHT + timedelta(days=1))
    assert (folder / "2026-11.jsonl").read_bytes().startswith(whole)
    assert [line.problem for line in checkpoint_file.read(folder)] == ["", ""]


def test_a_month_goes_on_from_the_last_line_of_the_month_before(folder: Path) -> None:
    actor = owner((1, EVENING))
    take()
    post(actor, (2, datetime(2026, 12, 1, 9, 0, tzinfo=UTC)))
    take(datetime(2026, 12, 2, 0, 5, tzinfo=UTC))
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["2026-11.jsonl", "2026-12.jsonl"]
    assert [line.problem for line in checkpoint_file.read(folder)] == ["", ""]
    assert [line.problem for line in checkpoint_file.read(folder, months=1)] == [""]
    (folder / "2026-11.jsonl").unlink()
    assert "the line before" in next(checkpoint_file.read(folder)).problem


def test_a_line_nobody_signed_is_not_copied_into_the_table(folder: Path) -> None:
    actor = owner((1, EVENING))
    forged = checkpoint_file.Signed(Checkpoint(actor.organization_id, DAY, 1, 999, bytes(32)), "local", bytes(64), NIGHT)
    with checkpoint_file.only_writer(folder):
        checkpoint_file.append(folder, [forged])
    take()
    assert [row[1:] for row in table()] == [(DAY, 1, 1)]


def test_many_organizations_are_taken_in_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "BATCH", 3)
    people = [owner((n, EVENING)) for n in range(1, 8)]
    take()
    assert {row[0] for row in table()} == {one.organization_id for one in people}
    assert len(lines(folder)) == 7


def test_writers_wait_for_each_other(folder: Path) -> None:
    for n in range(1, 5):
        owner((n, EVENING))
    with clock.at(NIGHT):
        threads = [Thread(target=job.take_checkpoints, args=(0,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(lines(folder)) == len(table()) == 4
    assert not [line.problem for line in checkpoint_file.read(folder) if line.problem]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 72), st.booleans()), min_size=1, max_size=14))
def test_whatever_is_posted_whenever_every_checkpoint_is_a_row_and_none_contradicts(
    session: Session, steps: list[tuple[int, int, bool]]
) -> None:
    """Hours in any order, runs in between: days rise with rows, each is a row of its organization, one a day."""
    with session.begin_nested() as point:
        people = [factories.create_member(session) for _ in range(3)]
        for who, hour, is_run in steps:
            with clock.at(EVENING + timedelta(hours=hour)):
                factories.post_credit(session, people[who], 10)
                if is_run:
                    checkpoints.record(session, [checkpoint_file.signed(due) for due in checkpoints.due(session, checkpoints.today())])
        rows = session.exec(select(LedgerCheckpoint).order_by("organization_id", "day")).all()
        for before, after in itertools.pairwise(rows):
            assert before.organization_id != after.organization_id or (before.day < after.day and before.seq < after.seq)
        wrong = session.connection().execute(
            text(
                "select count(*) from ledger_checkpoint c left join credit_transaction t on t.organization_id = c.organization_id"
                " and t.seq = c.seq where t.hash is distinct from c.hash or t.balance_after is distinct from c.balance"
            )
        )
        assert wrong.scalar_one() == 0
        point.rollback()

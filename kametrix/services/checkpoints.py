"""Signed checkpoints of the ledger: where each organization stood at the end of a day (UTC), if money moved since the one before.

A checkpoint names a row by its number. Rows of one organization are posted one after the other behind a lock, so what a snapshot
sees is always rows 1 to n without a gap, and none of them ever changes: whatever n is signed stays true. Dates are less firm: the
moment of a row is read before the lock is taken, so a row of 23:59:59 may be committed after midnight, behind rows of the new day.
Such a row belongs to the next checkpoint, and nothing compares a checkpoint with what dates would say today.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.models import LedgerCheckpoint
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.checkpoint_file import Checkpoint, Signed

BATCH: Final = 1_000
_DUE: Final = text("""
    with done as (
      select distinct on (organization_id) organization_id, day, seq from ledger_checkpoint order by organization_id, day desc),
    moved as (
      select o.id, coalesce(done.seq, 0) as seq, done.day from organization o left join done on done.organization_id = o.id
      where o.ledger_seq > coalesce(done.seq, 0)),
    dated as (
      select t.organization_id, t.seq, greatest(moved.day + 1,
          cast(min(t.created_at) over (partition by t.organization_id order by t.seq desc) at time zone 'UTC' as date)) as day
      from moved join credit_transaction t on t.organization_id = moved.id and t.seq > moved.seq),
    ends as (select organization_id, day, max(seq) as seq from dated where day < :today group by organization_id, day)
    select ends.organization_id, ends.day, ends.seq, t.balance_after, t.hash from ends
    join credit_transaction t on t.organization_id = ends.organization_id and t.seq = ends.seq
    order by ends.day, ends.organization_id limit :batch""")
"""A day ends with the last row timed in it, and takes the rows before that along; a row belongs to a day without a checkpoint yet.
So a row timed in the future by a wrong clock is signed with the next one, and keeps nobody waiting."""


@open_to(SYSTEM)
def due(session: Session, today: date) -> list[Checkpoint]:
    """Up to BATCH checkpoints of days that ended before `today` and have none, oldest days first."""
    rows = session.connection().execute(_DUE, {"today": today, "batch": BATCH})
    return [Checkpoint(row.organization_id, row.day, row.seq, row.balance_after, bytes(row.hash)) for row in rows]


@open_to(SYSTEM)
def unknown(session: Session, lines: Sequence[Signed]) -> list[Signed]:
    """Those that stand in the file and not in the table: a run was interrupted between the two, or a row was removed."""
    organizations = {one.checkpoint.organization_id for one in lines}
    days = {one.checkpoint.day for one in lines}
    query = select(LedgerCheckpoint).where(col(LedgerCheckpoint.organization_id).in_(organizations), col(LedgerCheckpoint.day).in_(days))
    known = {(row.organization_id, row.day) for row in session.exec(query)}
    return [one for one in lines if (one.checkpoint.organization_id, one.checkpoint.day) not in known]


@open_to(SYSTEM)
def record(session: Session, lines: Sequence[Signed]) -> None:
    """Copy lines of the file into the table. What the table already says about a day stays."""
    if not lines:
        return
    rows = [
        {
            "id": new_id(), "organization_id": one.checkpoint.organization_id, "day": one.checkpoint.day, "seq": one.checkpoint.seq,
            "balance": one.checkpoint.balance, "hash": one.checkpoint.hash, "key_id": one.key_id, "signature": one.signature,
            "created_at": one.taken_at,
        }
        for one in lines
    ]  # fmt: skip
    session.connection().execute(insert(LedgerCheckpoint).values(rows).on_conflict_do_nothing())


def batches(lines: Iterator[Signed]) -> Iterator[list[Signed]]:
    """BATCH at a time."""
    batch: list[Signed] = []
    for one in lines:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def today() -> date:
    """The day that has not ended (UTC)."""
    return clock.now().date()

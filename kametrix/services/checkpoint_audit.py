"""The audit of the signed checkpoints: file, table and ledger say the same, and the signatures hold.

What was changed, removed or slipped in before a checkpoint was taken is found and named, also when every later hash was computed
again: the row the checkpoint names no longer carries the hash that was signed. What was changed after the last checkpoint is not
claimed, nor what somebody does who holds the signing key or may write the file and the database alike.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, text
from sqlmodel import Session

from kametrix.crypto import public_keys
from kametrix.services import checkpoint_file
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.checkpoint_file import Signed, is_genuine
from kametrix.services.checkpoints import batches
from kametrix.services.ledger_audit import Report

_STANDING: Final = text("""
    select a.organization_id, a.day, a.seq, c.seq as kept_seq, c.balance as kept_balance, c.hash as kept_hash, c.key_id, c.signature,
      t.balance_after, t.hash as row_hash
    from unnest(cast(:organizations as text[]), cast(:days as date[]), cast(:seqs as bigint[])) as a (organization_id, day, seq)
    left join ledger_checkpoint c on c.organization_id = a.organization_id and c.day = a.day
    left join credit_transaction t on t.organization_id = a.organization_id and t.seq = a.seq""")
_ALL: Final = text("select organization_id, day from ledger_checkpoint order by organization_id, day")
_BASE: Final = date(2020, 1, 1).toordinal()


class _Seen:
    """Which days of which organization have a line: a bit a day, so that ten years of ten thousand fit in memory."""

    def __init__(self) -> None:
        self._days: dict[str, int] = {}
        self._proven: dict[str, int] = {}

    def add(self, organization_id: str, day: date) -> bool:
        """False for a day that was there already."""
        bit, before = 1 << max(0, day.toordinal() - _BASE), self._days.get(organization_id, 0)
        self._days[organization_id] = before | bit
        return not before & bit

    def has(self, organization_id: str, day: date) -> bool:
        """Whether the day has a line."""
        return bool(self._days.get(organization_id, 0) >> max(0, day.toordinal() - _BASE) & 1)

    def prove(self, organization_id: str, seq: int) -> None:
        """The rows up to `seq` are as they were signed."""
        self._proven[organization_id] = max(seq, self._proven.get(organization_id, 0))

    def first_doubtful(self, organization_id: str) -> int:
        """The first row no checkpoint confirmed so far."""
        return self._proven.get(organization_id, 0) + 1


@open_to(SYSTEM)
def verify(session: Session, report: Report, folder: Path) -> None:
    """Add to `report` what is wrong with the checkpoints in `folder`, and what they show to be wrong with the ledger."""
    seen, keys = _Seen(), public_keys()
    for batch in batches(_signed_lines(report, folder, seen)):
        report.checkpoints += len(batch)
        for one, standing in zip(batch, _standing(session, batch), strict=True):
            for problem in _problems(one, standing, keys, seen):
                report.note(one.checkpoint.organization_id, None, f"checkpoint of {one.checkpoint.day}: {problem}")
    rows = session.connection().execute(_ALL, execution_options={"yield_per": 1000})
    for organization_id, day in rows:
        if not seen.has(organization_id, day):
            report.note(organization_id, None, f"checkpoint of {day}: it is in the table and not in the file, whose line was removed")


def _signed_lines(report: Report, folder: Path, seen: _Seen) -> Iterator[Signed]:
    for line in checkpoint_file.read(folder):
        if line.problem:
            report.note("", None, f"checkpoint file {line.where}: {line.problem}")
        if line.signed and not seen.add(line.signed.checkpoint.organization_id, line.signed.checkpoint.day):
            report.note("", None, f"checkpoint file {line.where}: the day of this organization is there twice")
        if line.signed:
            yield line.signed


def _standing(session: Session, batch: Sequence[Signed]) -> list[Row[Any]]:
    """For each line its row in the table and the row of the ledger it names, or nulls."""
    points = [one.checkpoint for one in batch]
    asked = {
        "organizations": [point.organization_id for point in points],
        "days": [point.day for point in points],
        "seqs": [point.seq for point in points],
    }
    found = {(row.organization_id, row.day, row.seq): row for row in session.connection().execute(_STANDING, asked)}
    return [found[point.organization_id, point.day, point.seq] for point in points]


def _problems(one: Signed, standing: Row[Any], keys: dict[str, bytes], seen: _Seen) -> Iterator[str]:
    point = one.checkpoint
    if one.key_id not in keys:
        yield f"it is signed with the key {one.key_id}, which is not ours"
    elif not is_genuine(one, keys):
        yield "its signature does not belong to what the file says"
    if standing.kept_seq is None:
        yield "it is in the file and not in the table, whose row was removed (or not written yet: the next run writes it)"
    elif not _agree(one, standing):
        yield "the table says something else than the file"
    if standing.row_hash is None:
        yield f"row {point.seq}, which it names, is missing"
    elif (standing.balance_after, bytes(standing.row_hash)) != (point.balance, point.hash):
        first = seen.first_doubtful(point.organization_id)
        which = f"row {point.seq}" if first >= point.seq else f"rows {first} to {point.seq}, one or more of them,"
        yield f"{which} changed after it was signed: row {point.seq} no longer carries its hash and balance of {point.balance} cents"
    elif is_genuine(one, keys):
        seen.prove(point.organization_id, point.seq)


def _agree(one: Signed, standing: Row[Any]) -> bool:
    kept = (standing.kept_seq, standing.kept_balance, bytes(standing.kept_hash), standing.key_id, bytes(standing.signature))
    return kept == (one.checkpoint.seq, one.checkpoint.balance, one.checkpoint.hash, one.key_id, one.signature)

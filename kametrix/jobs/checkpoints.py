"""The job that takes the day's checkpoints: into the file first, then into the table.

The file counts. A run that is killed in between has written lines and no rows; the next run copies those lines, it never signs the
day again: one day of an organization has one checkpoint, whatever is interrupted.
"""

from pathlib import Path

import structlog

from kametrix.crypto import public_keys
from kametrix.jobs.app import RETRY, jobs, perform
from kametrix.services import checkpoint_file, checkpoints
from kametrix.services.checkpoint_file import Signed
from kametrix.settings import settings

log = structlog.get_logger()


@jobs.task(name="take_checkpoints", queueing_lock="take_checkpoints", lock="take_checkpoints", retry=RETRY)
def take_checkpoints(timestamp: int) -> None:
    """Shortly after midnight (UTC): sign where every ledger stood that moved, also for days that were missed."""
    folder = settings().checkpoints_at
    with checkpoint_file.only_writer(folder):
        healed, taken = _heal(folder), _take(folder)
    log.info("checkpoints.taken", taken=taken, healed=healed, scheduled=timestamp)


def _take(folder: Path) -> int:
    """Batch after batch: sign, write the lines, then the rows."""
    count = 0
    while due := perform(checkpoints.due, checkpoints.today()):
        lines = [checkpoint_file.signed(point) for point in due]
        checkpoint_file.append(folder, lines)
        perform(checkpoints.record, lines)
        count += len(lines)
    return count


def _heal(folder: Path) -> int:
    """Copy the newest lines that have no row into the table; broken and forged ones are for the audit to name."""
    count, keys = 0, public_keys()
    found = (line.signed for line in checkpoint_file.read(folder, months=2) if line.signed and not line.problem)
    for batch in checkpoints.batches(one for one in found if checkpoint_file.is_genuine(one, keys)):
        missing: list[Signed] = perform(checkpoints.unknown, batch)
        perform(checkpoints.record, missing)
        count += len(missing)
    if count:
        log.warning("checkpoints.healed", lines=count)
    return count

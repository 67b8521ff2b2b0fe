"""The file of signed checkpoints, outside the database: lines are added to its end, each with the digest of the line before.

One file per month of writing, `2026-11.jsonl`; the first line of a month carries the digest of the last line of the month before.
So a line that was edited, removed or slipped in breaks the chain, and a missing file is a gap. What the chain cannot show, an end
that was cut off, shows beside the table: its checkpoints have no line.
"""

import fcntl
import json
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from kametrix import clock
from kametrix.crypto import is_signed, sign
from kametrix.services.ledger_audit import packed

FORMAT: Final = "kametrix-checkpoint-1"
START: Final = "0" * 64
"""What the first line of all carries for the line before."""
FILES: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"


@dataclass(frozen=True)
class Checkpoint:
    """Where an organization's ledger stood at the end of a day (UTC): its row `seq`, the balance after it in cents, and its hash."""

    organization_id: str
    day: date
    seq: int
    balance: int
    hash: bytes

    def signed_bytes(self) -> bytes:
        """What is signed: the format's name and the fields, each behind its length, as in the ledger; the hash in hexadecimal."""
        return packed(FORMAT, self.organization_id, self.day.isoformat(), self.seq, self.balance, self.hash.hex())


@dataclass(frozen=True)
class Signed:
    """A checkpoint, who signed it, and when it was taken."""

    checkpoint: Checkpoint
    key_id: str
    signature: bytes
    taken_at: datetime


@dataclass(frozen=True)
class Line:
    """One line of the files: `where` it stands, what it says, or why it cannot be read."""

    where: str
    signed: Signed | None
    problem: str = ""


def signed(checkpoint: Checkpoint) -> Signed:
    """Sign with the newest key. Ed25519 has no chance in it: the same checkpoint and key always give the same signature."""
    key_id, signature = sign(checkpoint.signed_bytes())
    return Signed(checkpoint, key_id, signature, clock.now())


def values(one: Signed) -> dict[str, Any]:
    """A checkpoint as the files, statements and the offline verifier write it."""
    point = one.checkpoint
    return {
        "format": FORMAT, "organization": point.organization_id, "day": point.day.isoformat(), "seq": point.seq,
        "balance": point.balance, "hash": point.hash.hex(), "taken_at": one.taken_at.isoformat(), "key": one.key_id,
        "signature": one.signature.hex(),
    }  # fmt: skip


@contextmanager
def only_writer(folder: Path) -> Generator[None]:
    """Within the block nobody else writes to the folder; it is made when it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def append(folder: Path, checkpoints: Sequence[Signed]) -> None:
    """Add lines to the end; they are on the disk when this returns. Only within `only_writer`.

    A line an interrupted run left half written is dropped first: it never counted, since its row is written after it.
    """
    if not checkpoints:
        return
    newest = max(folder.glob(FILES), default=None)
    if newest:
        _drop_torn_end(newest)
    previous = _last_digest(newest) if newest else START
    path = max(folder / f"{clock.now():%Y-%m}.jsonl", newest or folder)  # a clock set back never writes before what was written
    text = b""
    for one in checkpoints:
        line = _text({**values(one), "previous": previous})
        previous, text = sha256(line).hexdigest(), text + line + b"\n"
    with path.open("ab") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(folder)


def is_genuine(one: Signed, keys: Mapping[str, bytes]) -> bool:
    """Whether one of these public keys signed it."""
    key = keys.get(one.key_id)
    return key is not None and is_signed(one.checkpoint.signed_bytes(), one.signature, key)


def read(folder: Path, *, months: int | None = None) -> Iterator[Line]:
    """Every line in order, and what breaks their chain; of the newest `months` alone, if given. A line that cannot be read has no
    checkpoint."""
    files = sorted(folder.glob(FILES))
    skipped = len(files) - months if months and months < len(files) else 0
    previous = _last_digest(files[skipped - 1]) if skipped else START
    for path in files[skipped:]:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = raw.removesuffix(b"\n")
                yield _line(f"{path.name}, line {number}", line, previous, is_whole=raw.endswith(b"\n"))
                previous = sha256(line).hexdigest()


def _line(where: str, line: bytes, previous: str, *, is_whole: bool) -> Line:
    try:
        found = json.loads(line)
        point = Checkpoint(
            str(found["organization"]),
            date.fromisoformat(found["day"]),
            int(found["seq"]),
            int(found["balance"]),
            bytes.fromhex(found["hash"]),
        )
        taken_at = datetime.fromisoformat(found["taken_at"])
        one = Signed(point, str(found["key"]), bytes.fromhex(found["signature"]), taken_at)
        is_plain = is_whole and _text({**values(one), "previous": found["previous"]}) == line
    except (ValueError, KeyError, TypeError):
        return Line(where, None, "it cannot be read")
    if not is_plain:
        return Line(where, one, "it is not written as it was")
    broken = "the line before is not the one it was written after: lines were removed, added or edited"
    return Line(where, one, "" if found["previous"] == previous else broken)


def _text(found: dict[str, Any]) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode()


def _drop_torn_end(path: Path) -> None:
    """Cut what follows the last line break."""
    with path.open("r+b") as file:
        whole = file.read()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            file.truncate(end)


def _last_digest(path: Path) -> str:
    """The digest of the last line of this file; of an earlier month when it has none."""
    lines = path.read_bytes().splitlines()
    earlier = [other for other in path.parent.glob(FILES) if other < path]
    return sha256(lines[-1]).hexdigest() if lines else _last_digest(max(earlier)) if earlier else START


def _sync_folder(folder: Path) -> None:
    """So that a new file is found after a power cut too."""
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # not every file system lets a folder be synced
        os.fsync(handle)
    os.close(handle)

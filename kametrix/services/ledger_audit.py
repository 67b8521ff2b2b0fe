"""The audit of the ledger: every chain followed and every hash computed again, without the database's own functions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlmodel import Session

from kametrix.services.access import SYSTEM, open_to

NO_HASH: Final = bytes(32)
FORMAT: Final = "kametrix-ledger-1"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_NAMED: Final = 1000
"""Faults named one by one; more are only counted."""

_CHAINS = text("""
    select o.id, o.balance_cents, o.ledger_seq, o.ledger_hash, t.prev_hash, t.hash, t.organization_id, t.seq, t.type, t.amount,
      t.balance_before, t.balance_after, t.idempotency_key, t.user_id, t.call_id, t.stripe_payment_id, t.description, t.created_at
    from organization o left join credit_transaction t on t.organization_id = o.id order by o.id, t.seq""")
_HASHED: Final = slice(6, None)
"""The columns of `_CHAINS` that a hash covers, in its order."""
_CALLS = text("""
    select c.organization_id, c.id, c.credits_used, coalesce(t.cents, 0) as cents
    from call c left join (select call_id, -sum(amount) as cents from credit_transaction group by call_id) t on t.call_id = c.id
    where c.credits_used <> coalesce(t.cents, 0) order by c.organization_id, c.id""")
_STRANGERS = text("""
    select t.organization_id, t.seq, c.id from credit_transaction t join call c on c.id = t.call_id
    where c.organization_id <> t.organization_id order by t.organization_id, t.seq""")


@dataclass(frozen=True)
class Fault:
    """What is wrong, where: row `seq` of the organization, or its wallet or a call when there is none.

    Without an organization the problem says itself where it is.
    """

    organization_id: str
    seq: int | None
    problem: str

    def __str__(self) -> str:
        """One line for people."""
        if not self.organization_id:
            return self.problem
        return f"organization {self.organization_id}{f', row {self.seq}' if self.seq is not None else ''}: {self.problem}"


@dataclass
class Report:
    """What an audit saw and found."""

    organizations: int = 0
    rows: int = 0
    checkpoints: int = 0
    purchases: int = 0
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault_count == 0

    def text(self) -> str:
        """The report for people: a line of figures, then a line per fault."""
        further = {"checkpoints": self.checkpoints, "purchases": self.purchases}
        counts = {"organizations": self.organizations, "rows": self.rows, **{name: count for name, count in further.items() if count}}
        seen = ", ".join(f"{count:,} {name}" for name, count in {**counts, "faults": self.fault_count}.items())
        more = self.fault_count - len(self.faults)
        return "\n".join([seen, *map(str, self.faults), *([f"... and {more:,} more"] if more else [])])

    def note(self, organization_id: str, seq: int | None, problem: str) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < MOST_NAMED:
            self.faults.append(Fault(organization_id, seq, problem))


@open_to(SYSTEM)
def verify(session: Session) -> Report:
    """Check every chain, every wallet and every charged call; rows are streamed, never held together.

    It proves the rows agree with each other and with the wallets. Someone who may switch the guards off and computes every later
    hash again leaves a chain that agrees with itself: against that, keep the last hashes of each day elsewhere.
    """
    report = Report()
    session.flush()
    for _, rows in groupby(_stream(session, _CHAINS), key=lambda row: row.id):
        report.organizations += 1
        _verify_chain(report, rows)
    _verify_calls(session, report)
    return report


def row_hash(prev: bytes, *fields: str | int | datetime | None) -> bytes:
    """SHA-256 over the predecessor's hash, the format's name and the fields, each behind its length in 4 bytes (-1: null)."""
    return sha256(prev + packed(FORMAT, *fields)).digest()


def packed(*fields: str | int | datetime | None) -> bytes:
    """The fields one after another, each behind its length; numbers in decimal, moments in microseconds since 1970."""
    return b"".join(map(_field, fields))


def _field(value: str | int | datetime | None) -> bytes:
    if value is None:
        return (-1).to_bytes(4, signed=True)
    if isinstance(value, datetime):
        value = (value - EPOCH) // timedelta(microseconds=1)
    encoded = str(value).encode()
    return len(encoded).to_bytes(4, signed=True) + encoded


def _stream(session: Session, query: TextClause) -> Iterator[Row[Any]]:
    """The rows of one statement, so of one moment, a thousand at a time."""
    return iter(session.connection().execute(query, execution_options={"yield_per": 1000}))


def _verify_chain(report: Report, rows: Iterator[Row[Any]]) -> None:
    """Follow one organization's rows, then compare its wallet with where they end."""
    end, total, wallet = (0, 0, NO_HASH), 0, None
    for row in rows:
        wallet = row
        if row.seq is not None:  # a wallet without rows comes once, joined to nothing
            report.rows += 1
            for problem in _problems(row, *end):
                report.note(row.id, row.seq, problem)
            end, total = (row.seq, row.balance_after, row.hash), total + row.amount
    if wallet is not None:
        for problem in _wallet_problems(wallet, total, *end):
            report.note(wallet.id, None, problem)


def _problems(row: Row[Any], seq: int, balance: int, link: bytes) -> Iterator[str]:
    if row.seq != seq + 1:
        yield f"it follows row {seq}: rows are missing in between"
    if bytes(row.prev_hash) != bytes(link):
        yield "its link is not the hash of the row before"
    if row.balance_before != balance:
        yield f"it starts from {row.balance_before} cents, the row before ended at {balance}"
    if row.balance_after != row.balance_before + row.amount:
        yield f"{row.balance_before} and {row.amount} do not make {row.balance_after} cents"
    if bytes(row.hash) != row_hash(bytes(row.prev_hash), *row[_HASHED]):
        yield "its contents do not match its hash"


def _wallet_problems(wallet: Row[Any], total: int, seq: int, balance: int, link: bytes) -> Iterator[str]:
    if wallet.balance_cents != total or wallet.balance_cents != balance:
        yield f"the wallet holds {wallet.balance_cents} cents, its rows add up to {total} and end at {balance}"
    if (wallet.ledger_seq or 0) != seq:
        yield f"the wallet points to row {wallet.ledger_seq or 0}, the last is row {seq}"
    if bytes(wallet.ledger_hash or NO_HASH) != bytes(link):
        yield "the wallet does not carry the hash of its last row"


def _verify_calls(session: Session, report: Report) -> None:
    """What a call says it cost against its rows, and rows that charge another organization's call."""
    for row in _stream(session, _CALLS):
        report.note(row.organization_id, None, f"call {row.id} says it cost {row.credits_used} cents, its rows say {row.cents}")
    for row in _stream(session, _STRANGERS):
        report.note(row.organization_id, row.seq, f"it charges call {row.id} of another organization")

"""What a printed statement shows beside the sums: payments and other movements, the first calls, and what signs it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col

from kametrix.crypto import public_keys
from kametrix.models import CreditTransaction
from kametrix.services import statement_proof, statements
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.checkpoint_file import Signed
from kametrix.services.statements import USAGE, Day, Statement

SHOWN: Final = 20
"""Rows of each list; the table for spreadsheets has all of them."""


@dataclass(frozen=True)
class Entry:
    """One row of the ledger; cents. `at` is in the organization's zone."""

    seq: int
    at: datetime
    type: str
    description: str
    amount: int
    balance: int


@dataclass(frozen=True)
class Sheet:
    """A statement as it is printed; each list is cut at SHOWN. `signed` is none while no checkpoint reaches into it."""

    statement: Statement
    days: list[Day]
    movements: list[Entry]
    calls: list[Entry]
    movement_count: int
    signed: Signed | None
    public_key: str


@allows("credits:read")
def sheet(session: Session, actor: Actor, month: str) -> Sheet:
    """What is printed of `month`. Raises NotFound as `statements.statement` does."""
    begun = statement_proof.begin(session, actor, month)
    shown = begun.statement
    signed = [one for one in begun.checkpoints if one.checkpoint.seq > shown.opening.seq]
    return Sheet(
        statement=shown,
        days=statements.days(session, actor, shown.opening.seq, shown.closing.seq, shown.zone),
        movements=_entries(session, actor, shown, calls=False),
        calls=_entries(session, actor, shown, calls=True),
        movement_count=sum(kind.count for kind in shown.kinds if kind.type not in USAGE),
        signed=signed[-1] if signed else None,
        public_key=public_keys().get(signed[-1].key_id, b"").hex() if signed else "",
    )


def _entries(session: Session, actor: Actor, shown: Statement, *, calls: bool) -> list[Entry]:
    kind = col(CreditTransaction.type).in_(USAGE)
    query = scoped(actor, CreditTransaction).where(CreditTransaction.seq > shown.opening.seq, CreditTransaction.seq <= shown.closing.seq)
    rows = session.exec(query.where(kind if calls else ~kind).order_by(col(CreditTransaction.seq)).limit(SHOWN))
    return [
        Entry(row.seq, row.created_at.astimezone(shown.zone), row.type.value, row.description, row.amount, row.balance_after)
        for row in rows
    ]

"""A statement as a proof (JSON) and as a table (CSV), page by page: rows never change, so memory stays flat however many there are.

The proof holds every field a hash covers, from the place the month begins at, and the signed checkpoints around it; where the last
rows of the month were signed together with rows of the next, those follow, so that the signature can be checked at once.
`verify_statement.py` reads it (docs/statements.md).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlmodel import Session, col

from kametrix.crypto import public_keys
from kametrix.models import Call, CreditTransaction
from kametrix.services import statements
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.checkpoint_file import Checkpoint, Signed, values
from kametrix.services.csv_text import line
from kametrix.services.statements import USAGE, Place, Statement

FORMAT: Final = "kametrix-statement-1"
PAGE: Final = 1_000
HEADER: Final = (
    "Row", "Posted", "Kind", "For", "Minutes", "Rate (cents)", "Amount (cents)", "Balance before (cents)",
    "Balance after (cents)", "Grace used (cents)", "Grace repaid (cents)", "Call", "Payment", "Key", "Note", "Hash",
)  # fmt: skip
_AROUND: Final = text("""
    select day, seq, balance, hash, key_id, signature, created_at from ledger_checkpoint c where organization_id = :org
      and (seq > :opening or seq = (select max(seq) from ledger_checkpoint where organization_id = :org and seq <= :opening))
      and seq <= coalesce((select min(seq) from ledger_checkpoint where organization_id = :org and seq >= :closing), :closing)
    order by seq""")


@dataclass(frozen=True)
class Proof:
    """What a proof begins with, and the last row it holds: that of the statement, or of a later checkpoint that signs it."""

    statement: Statement
    checkpoints: tuple[Signed, ...]
    last: int


@dataclass(frozen=True)
class Lines:
    """Some rows as text, and the number after which the next ones come; none at the end."""

    text: str
    after: int | None


@allows("credits:read")
def begin(session: Session, actor: Actor, month: str) -> Proof:
    """The statement of `month` with the checkpoints that sign it. Raises NotFound as `statements.statement` does."""
    shown = statements.statement(session, actor, month)
    around = {"org": actor.organization_id, "opening": shown.opening.seq, "closing": shown.closing.seq}
    rows = session.connection().execute(_AROUND, around)
    found = tuple(
        Signed(
            Checkpoint(actor.organization_id, row.day, row.seq, row.balance, bytes(row.hash)),
            row.key_id,
            bytes(row.signature),
            row.created_at,
        )
        for row in rows
    )
    return Proof(shown, found, max([shown.closing.seq, *(one.checkpoint.seq for one in found)]))


@allows("credits:read")
def proof_lines(session: Session, actor: Actor, behind: int, upto: int) -> Lines:
    """The rows behind `behind` up to `upto` as JSON, each followed by a comma unless it is the last."""
    rows = _page(session, actor, behind, upto)
    end = rows[-1].seq if rows else upto
    texts = ",\n".join(json.dumps(_hashed(row), ensure_ascii=False) for row in rows)
    return Lines(f"{texts},\n" if end < upto else texts, end if end < upto else None)


@allows("credits:read")
def table_lines(session: Session, actor: Actor, behind: int, upto: int, zone: ZoneInfo) -> Lines:
    """The rows behind `behind` up to `upto` as CSV."""
    rows = _page(session, actor, behind, upto)
    ids = {row.call_id for row in rows if row.call_id}
    query = scoped(actor, Call).where(col(Call.id).in_(ids)).with_only_columns(col(Call.id), col(Call.rate_cents_per_minute))
    rates = {row.id: row.rate_cents_per_minute for row in session.connection().execute(query)} if ids else {}
    end = rows[-1].seq if rows else upto
    return Lines("".join(_cells(row, rates.get(row.call_id or ""), zone) for row in rows), end if end < upto else None)


def proof_head(proof: Proof) -> str:
    """Everything but the rows, which are to follow."""
    shown = proof.statement
    names = {one.key_id for one in proof.checkpoints}
    told = {
        "format": FORMAT,
        "organization": {"id": shown.organization_id, "name": shown.name},
        "month": shown.month, "timezone": shown.zone.key, "from": shown.begin.isoformat(), "until": shown.end.isoformat(),
        "is_complete": shown.is_complete, "made_at": shown.made_at.isoformat(),
        "opening": _place(shown.opening), "closing": _place(shown.closing), "summary": _summary(shown),
        "keys": {key_id: key.hex() for key_id, key in public_keys().items() if key_id in names},
        "checkpoints": [_checkpoint(one) for one in proof.checkpoints],
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=1).removesuffix("\n}")


def _page(session: Session, actor: Actor, behind: int, upto: int) -> Sequence[Row[Any]]:
    """Plain rows: making objects of them would take longer than everything else."""
    query = scoped(actor, CreditTransaction).where(CreditTransaction.seq > behind, CreditTransaction.seq <= upto)
    return session.connection().execute(query.order_by(col(CreditTransaction.seq)).limit(PAGE)).all()


def _hashed(row: Row[Any]) -> dict[str, Any]:
    return {
        "seq": row.seq, "type": row.type.value, "amount": row.amount, "balance_before": row.balance_before,
        "balance_after": row.balance_after, "idempotency_key": row.idempotency_key, "user_id": row.user_id, "call_id": row.call_id,
        "stripe_payment_id": row.stripe_payment_id, "description": row.description, "created_at": _moment(row.created_at),
        "hash": bytes(row.hash).hex(),
    }  # fmt: skip


def _moment(at: datetime) -> str:
    return at.astimezone(ZoneInfo("UTC")).isoformat(timespec="microseconds")


def _checkpoint(one: Signed) -> dict[str, Any]:
    """Only what is signed, and by whom."""
    return {name: value for name, value in values(one).items() if name != "taken_at"}


def _place(place: Place) -> dict[str, Any]:
    return {"seq": place.seq, "balance": place.balance, "hash": place.hash.hex()}


def _summary(shown: Statement) -> dict[str, Any]:
    return {
        "rows": shown.rows,
        "kinds": {kind.type: {"count": kind.count, "amount": kind.amount} for kind in shown.kinds},
        "rates": [{"rate": rate.rate, "calls": rate.calls, "minutes": rate.minutes, "amount": rate.amount} for rate in shown.rates],
        "grace_used": shown.grace_used,
        "grace_repaid": shown.grace_repaid,
    }


def _cells(row: Row[Any], rate: int | None, zone: ZoneInfo) -> str:
    is_usage = row.type.value in USAGE and rate
    minutes = -row.amount // rate if is_usage and rate else None
    return line(
        (
            row.seq, row.created_at.astimezone(zone), row.type.value, row.description, minutes, rate if is_usage else None,
            row.amount, row.balance_before, row.balance_after, row.grace_used, row.grace_repaid, row.call_id,
            row.stripe_payment_id, row.idempotency_key, row.note, bytes(row.hash).hex(),
        )
    )  # fmt: skip

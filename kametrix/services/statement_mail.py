"""The month's statement by mail, with the signature that covers it: what the owner holds in hand we cannot change any more."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import NotFound
from kametrix.models import LedgerCheckpoint, MailKind
from kametrix.services import mail
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.statements import Statement, statement_of

BATCH: Final = 200
_ENDED: Final = text("""
    select id, month from (
      select o.id, to_char(date_trunc('month', cast(:now as timestamptz) at time zone o.timezone) - interval '1 month', 'YYYY-MM') as month
      from organization o where o.ledger_seq is not null and o.deleted_at is null and o.id > :after) ended
    where not exists (select from mail_message m where m.organization_id = ended.id and m.kind = 'STATEMENT'
      and m.facts ->> 'month' = ended.month)
    order by id limit :batch""")


@dataclass(frozen=True)
class Ended:
    """A month that has ended by the organization's clock, and whose statement was not mailed."""

    organization_id: str
    month: str


@open_to(SYSTEM)
def ended(session: Session, after: str) -> list[Ended]:
    """Up to BATCH of them, of organizations whose id is beyond `after`."""
    rows = session.connection().execute(_ENDED, {"now": clock.now(), "after": after, "batch": BATCH})
    return [Ended(row.id, row.month) for row in rows]


@open_to(SYSTEM)
def post(session: Session, one: Ended) -> bool:
    """Mail the statement to the owners. False when nothing was posted in the month, or its last row is not signed yet."""
    try:
        shown = statement_of(session, one.organization_id, one.month)
    except NotFound:
        return False
    query = select(LedgerCheckpoint).where(
        LedgerCheckpoint.organization_id == one.organization_id, LedgerCheckpoint.seq >= shown.closing.seq
    )
    signed = session.exec(query.order_by(col(LedgerCheckpoint.seq)).limit(1)).first()
    if not shown.rows or signed is None:
        return False
    key = f"statement:{one.organization_id}:{one.month}"
    mail.post_to_owners(session, one.organization_id, MailKind.STATEMENT, key=key, facts=_facts(shown, signed))
    return True


def _facts(shown: Statement, signed: LedgerCheckpoint) -> dict[str, Any]:
    return {
        "month": shown.month, "opening": shown.opening.balance, "closing": shown.closing.balance, "calls": shown.calls,
        "minutes": shown.minutes, "used": -shown.amount("CALL_USAGE", "GRACE_USAGE"), "paid": shown.amount("PURCHASE"),
        "seq": signed.seq, "hash": bytes(signed.hash).hex(), "signature": bytes(signed.signature).hex(), "key_id": signed.key_id,
    }  # fmt: skip

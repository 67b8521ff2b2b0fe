"""What may be forgotten: expired login sessions, rate limits of past windows, processed messages, mail that is done."""

from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.services import outgoing_mail
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import forget_old

LIMITS_KEPT: Final = timedelta(days=3)
"""Longer than any window or block of a rate limit."""

_SESSIONS = text("delete from session where id in (select id from session where expires_at < :before limit :size for update skip locked)")
_LIMITS = text("""
    delete from rate_limit where key in (
      select key from rate_limit where window_started_at < :before and coalesce(blocked_until, :before) <= :before
      limit :size for update skip locked)""")


@open_to(SYSTEM)
def clean_up(session: Session, *, size: int = 1000) -> int:
    """Remove up to `size` rows of each kind; returns how many went. Call it in transactions of its own until it returns 0."""
    now = clock.now()
    removed = session.connection().execute(_SESSIONS, {"before": now, "size": size}).rowcount
    removed += session.connection().execute(_LIMITS, {"before": now - LIMITS_KEPT, "size": size}).rowcount
    return removed + forget_old(session, size=size) + outgoing_mail.forget_old(session, size=size)

"""Attempts per key, counted in PostgreSQL so that every process sees the same count.

An attempt is counted BEFORE it is made, in a transaction of its own: attempts sent at once cannot slip through together,
and a failed one stays counted. A success gives it back.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import text
from sqlmodel import Session, select

from kametrix import clock
from kametrix.errors import TooMany
from kametrix.models import RateLimit
from kametrix.services.access import PUBLIC, open_to


@dataclass(frozen=True)
class Limit:
    """`attempts` within `window`; the last of them locks the key for `lock`."""

    name: str
    attempts: int
    window: timedelta
    lock: timedelta

    def key(self, subject: str) -> str:
        """The row counting `subject`; what it is (an address, an e-mail) cannot be read from it."""
        return f"{self.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


LOGIN_ACCOUNT = Limit("login-account", 5, timedelta(minutes=15), timedelta(minutes=15))
LOGIN_ADDRESS = Limit("login-address", 5, timedelta(minutes=15), timedelta(minutes=15))
OLD_PASSWORD = Limit("old-password", 5, timedelta(minutes=15), timedelta(minutes=15))
RESET = Limit("password-reset", 10, timedelta(minutes=15), timedelta(minutes=15))
FORGOTTEN_ACCOUNT = Limit("forgotten-account", 4, timedelta(hours=1), timedelta(hours=1))
"""Per address, whether it has an account or not: nobody's inbox is filled."""
FORGOTTEN_NETWORK = Limit("forgotten-network", 20, timedelta(hours=1), timedelta(hours=1))
CONFIRM = Limit("confirm", 20, timedelta(minutes=15), timedelta(minutes=15))
CONFIRM_AGAIN = Limit("confirm-again", 4, timedelta(hours=1), timedelta(hours=1))
"""Per person: links of confirmation sent again."""
SIGN_UP = Limit("sign-up", 20, timedelta(hours=1), timedelta(hours=1))
"""Per address. Twenty, as whole offices and schools share one."""
NEW_ORGANIZATION = Limit("new-organization", 5, timedelta(days=1), timedelta(days=1))
"""Per person."""
INVITE = Limit("invite", 50, timedelta(hours=1), timedelta(hours=1))
"""Per organization: links made, renewed ones too."""
CHECKOUT = Limit("checkout", 20, timedelta(hours=1), timedelta(hours=1))
"""Per organization: purchases begun."""

EXPIRE = text("""
    delete from rate_limit where key = :key
    and case when blocked_until is null then window_started_at <= :window_start else blocked_until <= :now end
""")
TAKE = text("""
    insert into rate_limit as counted (key, window_started_at, attempts, blocked_until)
    values (:key, :now, 1, case when :most <= 1 then cast(:lock_end as timestamptz) end)
    on conflict (key) do update set
        attempts = counted.attempts + 1,
        blocked_until = case when counted.attempts + 1 >= :most then cast(:lock_end as timestamptz) end
    where counted.blocked_until is null
    returning attempts
""")
GIVE_BACK = text("update rate_limit set attempts = greatest(attempts - 1, 0), blocked_until = null where key = :key")
FORGET = text("delete from rate_limit where key = :key")


@open_to(PUBLIC)
def take(session: Session, *attempts: tuple[Limit, str]) -> None:
    """Count one attempt for each (limit, subject). Raises TooMany, counting nothing, when one of them is locked."""
    now = clock.now()
    for limit, subject in sorted(attempts, key=lambda attempt: attempt[0].key(attempt[1])):
        values = {
            "key": limit.key(subject), "now": now, "most": limit.attempts,
            "window_start": now - limit.window, "lock_end": now + limit.lock,
        }  # fmt: skip
        session.connection().execute(EXPIRE, values)
        if session.connection().execute(TAKE, values).first() is None:
            raise _locked(session, limit.key(subject), now)


def in_words(seconds: int) -> str:
    """How long to wait, rounded up: minutes, from two hours on hours."""
    number, unit = (ceil(seconds / 60), "minute") if seconds < 7200 else (ceil(seconds / 3600), "hour")
    return f"{number} {unit}{'s' if number > 1 else ''}"


@open_to(PUBLIC)
def give_back(session: Session, limit: Limit, subject: str) -> None:
    """The attempt succeeded: it does not count, nor does the lock it may have caused."""
    session.connection().execute(GIVE_BACK, {"key": limit.key(subject)})


@open_to(PUBLIC)
def forget(session: Session, limit: Limit, subject: str) -> None:
    """Start anew: the right person came."""
    session.connection().execute(FORGET, {"key": limit.key(subject)})


def _locked(session: Session, key: str, now: datetime) -> TooMany:
    until = session.exec(select(RateLimit.blocked_until).where(RateLimit.key == key)).one()
    seconds = max(1, ceil((until - now).total_seconds())) if until else 1
    return TooMany(f"Too many attempts. Please try again in {in_words(seconds)}.", retry_after=seconds)

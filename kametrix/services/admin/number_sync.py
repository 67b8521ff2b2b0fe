"""Comparing the pool with the provider now, at the operator's wish: the network stands between these transactions.

`begin` takes a lease, so that a second click is told; `merge` or `give_up` gives it back, and after two minutes it ends by itself.
"""

from datetime import timedelta
from typing import Any, Final

from sqlmodel import Session

from kametrix.errors import Conflict, TooMany
from kametrix.services import audit, phone_numbers, rate_limits
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.phone_numbers import SyncCount

LEASE: Final = rate_limits.Limit("number-sync", 1, timedelta(minutes=2), timedelta(minutes=2))
"""One comparison at a time; a crashed one ends by itself after two minutes."""
RUNNING: Final = "A comparison with the provider is running already. Its result appears in a moment."
_ALL: Final = "all"


@allows(PLATFORM)
def begin(session: Session, actor: Actor) -> None:
    """Take the lease. Raises Conflict while somebody else has it."""
    try:
        rate_limits.take(session, (LEASE, _ALL))
    except TooMany as error:
        raise Conflict(RUNNING) from error


@allows(PLATFORM)
def missing(session: Session, actor: Actor, listed: list[dict[str, Any]]) -> list[str]:
    """Provider ids of numbers in use that its list leaves out: each is asked for before it is given up."""
    return phone_numbers.missing(session, listed)


@allows(PLATFORM)
def merge(session: Session, actor: Actor, listed: list[dict[str, Any]]) -> SyncCount:
    """Make the pool equal to the list, and give the lease back."""
    count = phone_numbers.merge(session, listed)
    new = {"added": count.added, "updated": count.updated, "released": count.released, "total": count.total}
    audit.record(session, actor, "PHONE_SYNC", entity="phone_number", entity_id=None, new=new, by_operator=True)
    rate_limits.forget(session, LEASE, _ALL)
    return count


@allows(PLATFORM)
def give_up(session: Session, actor: Actor) -> None:
    """Give the lease back: the provider did not answer."""
    rate_limits.forget(session, LEASE, _ALL)

"""What follows when the balance moves: the owners are warned once, a recharge is begun, a top-up ends both.

A warning needs a call that takes the balance across the line, and none since the last top-up (a purchase, or credits given by
the operator): whoever tops up to less than the line knows where he stands.
"""

from sqlmodel import Session, col, or_, update

from kametrix import clock
from kametrix.models import MailKind, Organization
from kametrix.services import mail, queue, recharge, sync_requests
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.posted import Posted
from kametrix.services.site_settings import LOW_BALANCE_CENTS, cents_per_minute


@open_to(SYSTEM)
def after_charge(session: Session, organization_id: str, posted: Posted) -> None:
    """Warn the owners when a call made the balance low or brought it below zero; begin a recharge. Asks nothing when nothing is crossed.

    In the transaction of the posting, which holds the lock on the wallet.
    """
    if not posted.applied:
        return
    if posted.balance < 0 <= posted.before:
        _warn(session, organization_id, posted, in_grace=True)
    elif posted.balance <= LOW_BALANCE_CENTS < posted.before:
        _warn(session, organization_id, posted, in_grace=False)
    if posted.recharge_below is not None and posted.balance < posted.recharge_below:
        recharge.begin_soon(session, organization_id)


@open_to(SYSTEM)
def after_top_up(session: Session, organization_id: str, *, is_first: bool) -> None:
    """Forget what the owners were told, so that they are told again. The first purchase also ends the newcomer's limits at once."""
    told = or_(col(Organization.low_balance_told_at).is_not(None), col(Organization.grace_told_at).is_not(None))
    forget = update(Organization).where(col(Organization.id) == organization_id, told)
    session.connection().execute(forget.values(low_balance_told_at=None, grace_told_at=None))
    recharge.forgive_failures(session, organization_id)
    if is_first:
        sync_requests.push_organization(session, organization_id)
        queue.enqueue(session, "serve_waiting")


def _warn(session: Session, organization_id: str, posted: Posted, *, in_grace: bool) -> None:
    """One mail per top-up and line. Whoever is told that grace began needs not be told that the balance is low."""
    fresh = {"low_balance_told_at": clock.now(), **({"grace_told_at": clock.now()} if in_grace else {})}
    line = col(Organization.grace_told_at if in_grace else Organization.low_balance_told_at)
    first = update(Organization).where(col(Organization.id) == organization_id, line.is_(None)).values(**fresh)
    if session.connection().execute(first).rowcount:
        facts = {"balance": posted.balance, "rate": cents_per_minute(session), "in_grace": in_grace}
        mail.post_to_owners(session, organization_id, MailKind.LOW_BALANCE, key=f"low_balance:{posted.transaction_id}", facts=facts)

"""Payments their payer's bank takes back: the credits go at once, calls wait, and a won dispute brings both back."""

from sqlmodel import Session, and_, col, exists, or_, select

from kametrix.models import CreditDispute, DisputeStatus, Organization
from kametrix.services.access import SYSTEM, open_to


@open_to(SYSTEM)
def is_blocking(session: Session, organization_id: str) -> bool:
    """Whether calls are declined because of a dispute: while one is open, or was lost and left a debt, until an operator lifts it."""
    indebted = select(Organization.id).where(Organization.id == organization_id, Organization.balance_cents < 0)
    blocking = select(CreditDispute.id).where(
        CreditDispute.organization_id == organization_id,
        col(CreditDispute.lifted_at).is_(None),
        or_(CreditDispute.status == DisputeStatus.OPEN, and_(CreditDispute.status == DisputeStatus.LOST, exists(indebted))),
    )
    return session.exec(blocking.limit(1)).first() is not None

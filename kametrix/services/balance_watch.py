"""What follows when a balance moves: numbers that are no longer held back, and warnings that may be told again."""

from sqlalchemy import update
from sqlmodel import Session, col

from kametrix.models import Organization
from kametrix.services import sync_requests
from kametrix.services.access import SYSTEM, open_to


@open_to(SYSTEM)
def after_top_up(session: Session, organization_id: str, *, is_first: bool) -> None:
    """Credits were bought: warnings may be told again; the first purchase also ends a newcomer's ceiling, which the provider must learn."""
    forget = update(Organization).where(col(Organization.id) == organization_id).values(low_balance_told_at=None, grace_told_at=None)
    session.connection().execute(forget)
    if is_first:
        sync_requests.push_organization(session, organization_id)

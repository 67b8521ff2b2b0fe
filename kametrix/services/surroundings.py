"""What an agent takes from its organization, read fresh: opening hours, their zone, the greeting outside them."""

from sqlmodel import Session, select

from kametrix import clock
from kametrix.models import Organization
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.opening_hours import parsed
from kametrix.services.prompts import Surroundings
from kametrix.services.zones import local


@open_to(SYSTEM)
def of(session: Session, organization_id: str) -> Surroundings:
    """The surroundings of this organization's agents as they are committed now (an earlier read of the row is not trusted)."""
    query = select(Organization).where(Organization.id == organization_id).execution_options(populate_existing=True)
    return around(session.exec(query).one())


def around(organization: Organization) -> Surroundings:
    """The surroundings a row of the organization makes."""
    return Surroundings(
        hours=parsed(organization.business_hours),
        zone=organization.timezone,
        after_hours_greeting=organization.after_hours_greeting or "",
        today=local(clock.now(), organization.timezone).date(),
    )

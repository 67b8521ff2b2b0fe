"""The owner's number that takes a call when no agent may: at zero, if he chose so, and while we cannot be reached."""

from sqlmodel import Session, select

from kametrix.models import Organization, PhoneNumber
from kametrix.services.access import SYSTEM, open_to


@open_to(SYSTEM)
def target(session: Session, organization: Organization) -> str | None:
    """Where calls are passed on to (E.164); none without a number, or when by now it is one of the platform's: the call would come back.

    Needs the platform's login: a tenant sees no other's numbers.
    """
    number = organization.forwarding_number
    if number is None or session.exec(select(PhoneNumber.id).where(PhoneNumber.number == number)).first() is not None:
        return None
    return number

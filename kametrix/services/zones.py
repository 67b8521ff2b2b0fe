"""Days and months as an organization counts them: in its own zone."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from kametrix.models import Organization
from kametrix.services.access import SIGNED_IN, Actor, allows


@allows(SIGNED_IN)
def zone_of(session: Session, actor: Actor) -> ZoneInfo:
    """The zone in which the actor's organization reads its clock."""
    return ZoneInfo(session.exec(select(Organization.timezone).where(col(Organization.id) == actor.organization_id)).one())


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins in `zone`: its first moment, also where clocks change at midnight."""
    return datetime.combine(day, time(), zone)


def start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight before `now` in `zone`."""
    return midnight(now.astimezone(zone).date(), zone)


def start_of_month(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight of the first day of the month of `now` in `zone`."""
    return start_of_day(now, zone).replace(day=1)


def local(at: datetime, zone: str) -> datetime:
    """`at` by the clock of the IANA `zone`."""
    return at.astimezone(ZoneInfo(zone))

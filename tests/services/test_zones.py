"""Days and months as the organization counts them, also when clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from kametrix.services.zones import start_of_day, start_of_month, zone_of
from tests import factories

BERLIN, SAMOA = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")
DECEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "day", "month"),
    [
        (
            datetime(2026, 11, 30, 23, 30, tzinfo=UTC),
            BERLIN,
            datetime(2026, 11, 30, 23, tzinfo=UTC),
            datetime(2026, 11, 30, 23, tzinfo=UTC),
        ),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), BERLIN, datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 9, 30, 22, tzinfo=UTC)),
        (datetime(2026, 3, 29, 12, tzinfo=UTC), BERLIN, datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC)),
        (datetime(2026, 6, 1, 10, 59, tzinfo=UTC), SAMOA, datetime(2026, 5, 31, 11, tzinfo=UTC), datetime(2026, 5, 31, 11, tzinfo=UTC)),
    ],
)
def test_days_and_months_begin_at_local_midnight(now: datetime, zone: ZoneInfo, day: datetime, month: datetime) -> None:
    assert (start_of_day(now, zone), start_of_month(now, zone)) == (day, month)


def test_the_zone_is_the_organizations(session: Session) -> None:
    actor = factories.create_member(session, factories.create_organization(session, timezone="Pacific/Apia"))
    assert zone_of(session, actor) == SAMOA

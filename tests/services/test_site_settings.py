"""Values the operator may change."""

from sqlmodel import Session

from kametrix.models import SiteSetting
from kametrix.services import site_settings


def test_an_empty_table_has_the_specified_values(session: Session) -> None:
    assert (site_settings.cents_per_minute(session), site_settings.welcome_ceiling_cents(session)) == (15, 300)


def test_a_change_applies_at_the_next_use(session: Session) -> None:
    site_settings.cents_per_minute(session)
    session.add_all([SiteSetting(key="cents_per_minute", value=20), SiteSetting(key="welcome_ceiling_cents", value=0)])
    session.flush()
    assert (site_settings.cents_per_minute(session), site_settings.welcome_ceiling_cents(session)) == (20, 0)

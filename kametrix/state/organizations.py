"""The organizations of a person, for the menu, and the form of a new one. Switching and creating are posted to `api/organizations.py`."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from kametrix import db
from kametrix.services import kept_forms, organizations
from kametrix.services.access import SIGNED_IN
from kametrix.services.organizations import Belonging
from kametrix.state import browser_zone
from kametrix.state.guard import AuthState, allow, cookies_of

SEARCHED_FROM = 9
"""With so many organizations the menu offers a search."""


@dataclass(frozen=True)
class OrganizationRow:
    """One organization in the menu, in words."""

    id: str
    name: str
    logo: str
    color: str
    role: str
    is_current: bool
    is_primary: bool


class OrganizationsState(AuthState):
    """`rows` are read when the menu opens; what was read before is shown until then."""

    rows: rx.Field[list[OrganizationRow]] = rx.field(default_factory=list)
    is_loaded: bool = False
    is_searched: bool = False

    @rx.event
    @allow(SIGNED_IN)
    async def turn(self, is_open: bool) -> None:
        """The menu opens or closes."""
        if is_open:
            await self._read()

    async def _read(self) -> None:
        found = await db.run_platform(db.PAGES, organizations.belongings, self.actor)
        self.rows = [row(belonging) for belonging in found]
        self.is_loaded, self.is_searched = True, len(found) >= SEARCHED_FROM


class NewOrganizationState(AuthState):
    """The form of a new organization. `form` changes when a refused one comes back, so that the field takes the kept value."""

    form: str = ""
    name: str = ""
    error: str = ""
    message: str = ""
    zone: str = ""

    @rx.event
    @allow(SIGNED_IN)
    def load(self) -> Any:
        """Show the form, or the one that was refused. Asks the browser for its zone."""
        self.form = str(self.router.url.query_parameters.get("try", ""))
        cookie = cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, "")
        kept = kept_forms.kept(cookie, self.form) if self.form else None
        self.name = kept.values.get("name", "") if kept else ""
        self.error, self.message = (kept.errors.get("name", ""), kept.message) if kept else ("", "")
        return browser_zone.ask(type(self).know_zone, is_wrong=bool(self.error))

    @rx.event
    @allow(SIGNED_IN)
    def know_zone(self, zone: str) -> None:
        """The browser's time zone; checked when the form is posted."""
        self.zone = str(zone)[:64]


def row(belonging: Belonging) -> OrganizationRow:
    """An organization in words."""
    return OrganizationRow(
        belonging.id, belonging.name, belonging.logo, belonging.color, belonging.role.value.capitalize(), belonging.is_current,
        belonging.is_primary,
    )  # fmt: skip

"""The page behind an invitation's link: what it offers whoever holds it. The two ways in are posted to `api/organizations.py`."""

from typing import Any
from urllib.parse import quote

import reflex as rx

from kametrix import db
from kametrix.services import invitations, kept_forms
from kametrix.services.access import PUBLIC
from kametrix.services.invitations import DEAD, LinkState
from kametrix.services.roles import ROLES
from kametrix.state import browser_zone
from kametrix.state.guard import AuthState, allow, cookies_of
from kametrix.state.strength import Meter, measure

FIELDS = ("name", "password")
TITLES = {
    LinkState.USED: "Already used",
    LinkState.EXPIRED: "Expired",
    LinkState.UNKNOWN: "No longer valid",
    LinkState.GARBLED: "Not a whole link",
}
WAYS_OUT = {
    LinkState.USED: "If it was you who accepted it, log in. Otherwise ask whoever sent it for a new link.",
    LinkState.EXPIRED: "A link works for seven days. Ask whoever sent it for a new one.",
    LinkState.UNKNOWN: "Look for a newer link, or ask whoever sent it.",
    LinkState.GARBLED: "Copy all of it from the message you got, or ask whoever sent it for a new one.",
}


class InviteState(AuthState):
    """`way` is what the page offers: '' (not read yet), 'accept' (logged in as the invited person), 'other' (as somebody else),
    'join' (not logged in) or 'dead'."""

    way: str = ""
    token: str = ""
    organization: str = ""
    logo: str = ""
    color: str = ""
    title: str = ""
    note: str = ""
    about: str = ""
    way_out: str = ""
    email: str = ""
    own_email: str = ""
    here: str = ""
    log_in: str = ""
    form: str = ""
    name: str = ""
    message: str = ""
    errors: dict[str, str] = dict.fromkeys(FIELDS, "")
    zone: str = ""
    meter: Meter = Meter()
    _name: str = ""

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> Any:
        """Read what became of the link. Nothing is accepted by opening it."""
        query = self.router.url.query_parameters
        self.token, self.form = str(query.get("token", ""))[:200], str(query.get("try", ""))
        link = await db.run_platform(db.PAGES, invitations.look, self.token)
        self.organization, self.logo, self.color, self.email = link.organization, link.logo, link.color, link.email
        self.here = f"/invite?token={quote(self.token)}"
        self.log_in = f"/login?redirect={quote(self.here, safe='')}"
        self._take_back()
        if link.state != LinkState.OPEN or link.role is None:
            self.way, self.title, self.way_out = "dead", TITLES[link.state], WAYS_OUT[link.state]
            where = f" It was for {link.organization}." if link.organization else ""
            self.note, self.email = DEAD[link.state].partition(". ")[0].rstrip(".") + "." + where, ""
            return None
        self.own_email = self._principal.actor.email if self._principal else ""
        self.way = "join" if not self.own_email else "accept" if self.own_email == link.email else "other"
        self.title = f"Join {link.organization}"
        role, self.about = ROLES[link.role].one, ROLES[link.role].about
        self.note = f"{link.inviter} invites you as {role}." if link.inviter else f"You are invited as {role}."
        return browser_zone.ask(type(self).know_zone, is_wrong=any(self.errors.values()))

    def _take_back(self) -> None:
        cookie = cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, "")
        kept = kept_forms.kept(cookie, self.form) if self.form else None
        self.message, self.name = (kept.message, kept.values.get("name", "")) if kept else ("", "")
        self.errors = {name: kept.errors.get(name, "") if kept else "" for name in FIELDS}
        self._name, self.meter = self.name, Meter()

    @rx.event
    @allow(PUBLIC)
    def know_zone(self, zone: str) -> None:
        """The browser's time zone; checked when the form is posted."""
        self.zone = str(zone)[:64]

    @rx.event
    @allow(PUBLIC)
    def keep_name(self, name: str) -> None:
        """A password made of the name is weak."""
        self._name = str(name)[:200]

    @rx.event
    @allow(PUBLIC)
    async def weigh(self, password: str) -> None:
        """Show the strength of what is typed; the password itself is not kept."""
        self.meter = await measure(str(password), (self.email, self._name))
        self.errors = {**self.errors, "password": ""}

"""The log-in and sign-up pages: what was typed before, what was wrong with it, and how strong a password is.

The forms are posted natively to `api/auth.py`; nothing here signs anybody in.
"""

from typing import Any
from urllib.parse import urlencode

import reflex as rx

from kametrix.services import kept_forms
from kametrix.services.access import PUBLIC
from kametrix.state import browser_zone
from kametrix.state.guard import AuthState, allow, cookies_of
from kametrix.state.strength import Meter, measure

FIELDS = ("name", "business", "email", "password")
GONE = "That did not work, and what you typed is gone. Please try again."
LONGEST_TYPED = 600


class EntryState(AuthState):
    """One tab's log-in or sign-up. `form` changes when a refused form comes back, so that the fields take the kept values."""

    form: str = ""
    message: str = ""
    errors: dict[str, str] = dict.fromkeys(FIELDS, "")
    values: dict[str, str] = dict.fromkeys(FIELDS, "")
    target: str = ""
    other_query: str = ""
    zone: str = ""
    meter: Meter = Meter()
    _typed: rx.Field[dict[str, str]] = rx.field(default_factory=dict)

    @rx.event
    @allow(PUBLIC)
    def load(self) -> Any:
        """Show the form, or the one that was refused; whoever is signed in already goes on. Asks the browser for its zone."""
        query = self.router.url.query_parameters
        if self._principal is not None:
            return rx.redirect("/dashboard")
        self.target = str(query.get("redirect", ""))[:500]
        self.other_query = f"?{urlencode({'redirect': self.target})}" if self.target else ""
        self._show(str(query.get("try", "")))
        return browser_zone.ask(type(self).know_zone, is_wrong=any(self.errors.values()))

    def _show(self, key: str) -> None:
        self.form, self.message, self.meter, self._typed = key, "", Meter(), {}
        self.errors, self.values = dict.fromkeys(FIELDS, ""), dict.fromkeys(FIELDS, "")
        if not key:
            return
        found = kept_forms.kept(cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, ""), key)
        if found is None:
            self.message = GONE
            return
        self.message = found.message
        self.errors |= found.errors
        self.values |= found.values
        self._typed = dict(found.values)

    @rx.event
    @allow(PUBLIC)
    def know_zone(self, zone: str) -> None:
        """The browser's time zone; checked when the form is posted."""
        self.zone = str(zone)[:64]

    @rx.event
    @allow(PUBLIC)
    def keep(self, field: str, value: str) -> None:
        """What a person typed besides the password: a password made of it is weak."""
        if field in FIELDS and field != "password":
            self._typed[field] = str(value)[:LONGEST_TYPED]

    @rx.event
    @allow(PUBLIC)
    async def weigh(self, password: str) -> None:
        """Show the strength of what is typed; the password itself is not kept."""
        self.meter = await measure(str(password), tuple(self._typed.values()))
        self.errors = {**self.errors, "password": ""}

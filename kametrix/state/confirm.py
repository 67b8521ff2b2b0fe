"""The page behind the link that confirms an address. The form is posted natively to `api/mail.py`; opening the page confirms nothing."""

import reflex as rx

from kametrix import db
from kametrix.services import email_confirmation, kept_forms
from kametrix.services.access import PUBLIC
from kametrix.services.email_confirmation import LinkState
from kametrix.state.guard import AuthState, allow, cookies_of


class ConfirmState(AuthState):
    """`way` is what the page offers: '' (not read yet), 'open' (the button), 'done' or 'dead', with `problem` saying why."""

    way: str = ""
    token: str = ""
    form: str = ""
    problem: str = ""
    message: str = ""
    is_signed_in: bool = False

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> None:
        """Say what became of the link."""
        query = self.router.url.query_parameters
        self.token = str(query.get("token", ""))[: email_confirmation.LONGEST_TOKEN]
        self.form, self.message = str(query.get("try", "")), ""
        state = await db.run_platform(db.PAGES, email_confirmation.look, self.token)
        self.is_signed_in = self._principal is not None
        self.way = {LinkState.OPEN: "open", LinkState.DONE: "done"}.get(state, "dead")
        self.problem = email_confirmation.EXPIRED if state == LinkState.EXPIRED else email_confirmation.UNKNOWN
        if self.form and self.way == "open":
            found = kept_forms.kept(cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, ""), self.form)
            self.message = found.message if found else ""

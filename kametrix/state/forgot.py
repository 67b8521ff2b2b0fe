"""The page for a forgotten password. The form is posted natively to `api/mail.py`, whose answer never tells who has an account."""

from typing import Any

import reflex as rx

from kametrix.services import kept_forms
from kametrix.services.access import PUBLIC
from kametrix.services.password_requests import ANSWER
from kametrix.settings import settings
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState, allow, cookies_of


class ForgotState(AuthState):
    """`sent` is the one sentence after the form; `has_mail` is false where no mail server is set up."""

    form: str = ""
    email: str = ""
    message: str = ""
    error: str = ""
    sent: str = ""
    has_mail: bool = True
    is_ready: bool = False

    @rx.event
    @allow(PUBLIC)
    def load(self) -> Any:
        """Show the form, what was wrong with it, or that it was sent."""
        query = self.router.url.query_parameters
        self.form, self.sent = str(query.get("try", "")), ANSWER if query.get("sent") else ""
        self.message, self.error, self.email, self.has_mail = "", "", "", bool(settings().smtp_host)
        found = kept_forms.kept(cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, ""), self.form) if self.form else None
        if found:
            self.message, self.error = found.message, found.errors.get("email", "")
            self.email = found.values.get("email", "")
        self.is_ready = True
        return rx.call_script(TO_FIRST_ERROR) if self.error else None

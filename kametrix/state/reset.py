"""The page behind a reset link. The form is posted natively to `api/auth.py`; nothing here changes a password."""

from typing import Any

import reflex as rx

from kametrix import db
from kametrix.services import kept_forms, password_resets
from kametrix.services.access import PUBLIC
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState, allow, cookies_of
from kametrix.state.strength import Meter, measure


class ResetState(AuthState):
    """`problem` says why the link does not work; `done`: the password was set."""

    token: str = ""
    form: str = ""
    problem: str = ""
    message: str = ""
    error: str = ""
    done: bool = False
    is_ready: bool = False
    meter: Meter = Meter()

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> Any:
        """Say whether the link works, and what was wrong with the form before."""
        query = self.router.url.query_parameters
        self.token, self.form = str(query.get("token", ""))[: password_resets.LONGEST_TOKEN], str(query.get("try", ""))
        self.done, self.meter, self.message, self.error = bool(query.get("done")), Meter(), "", ""
        self.problem = "" if self.done else await db.run_platform(db.PAGES, password_resets.problem, self.token)
        self.is_ready = True
        if not self.form or self.problem:
            return None
        found = kept_forms.kept(cookies_of(self.router_data["headers"]).get(kept_forms.COOKIE, ""), self.form)
        self.message, self.error = (found.message, found.errors.get("password", "")) if found else ("", "")
        return rx.call_script(TO_FIRST_ERROR) if self.error else None

    @rx.event
    @allow(PUBLIC)
    async def weigh(self, password: str) -> None:
        """Show the strength of what is typed; the password itself is not kept."""
        self.meter, self.error = await measure(str(password), ()), ""

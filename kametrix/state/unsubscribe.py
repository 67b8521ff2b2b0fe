"""The page behind 'Unsubscribe' in a message. The form is posted natively to `api/mail.py`; opening the page changes nothing."""

import reflex as rx

from kametrix import db
from kametrix.services import unsubscribing
from kametrix.services.access import PUBLIC
from kametrix.state.guard import AuthState, allow


class UnsubscribeState(AuthState):
    """`way` is what the page offers: '' (not read yet), 'open' (the button), 'done' or 'dead', with `problem` saying why."""

    way: str = ""
    token: str = ""
    problem: str = ""

    @rx.event
    @allow(PUBLIC)
    async def load(self) -> None:
        """Say whether the link is one of ours."""
        query = self.router.url.query_parameters
        self.token = str(query.get("token", ""))[:200]
        self.problem = await db.run_platform(db.PAGES, unsubscribing.problem, self.token)
        self.way = "dead" if self.problem else "done" if query.get("done") else "open"

"""The product with one more state, as a careless colleague would write it."""

import reflex as rx

from kametrix.kametrix import app
from kametrix.services.access import PUBLIC, SIGNED_IN
from kametrix.state.guard import AuthState, allow


class CarelessState(AuthState):
    """A method nobody decorated, a setter, and declared handlers beside them."""

    note: str = ""
    pings: int = 0

    @rx.event
    @allow(SIGNED_IN)
    def remember(self) -> None:
        """Keeps something only this person may read."""
        self.note = f"private note of {self.actor.email}"

    @rx.event
    @allow(PUBLIC)
    def ping(self) -> None:
        """Counts."""
        self.pings += 1

    def helper(self) -> None:
        """Meant for other methods; Reflex would run it for anyone."""
        self.note = "helper ran"

    def set_note(self, value: str) -> None:
        """What `setvar` would call."""
        self.note = value


__all__ = ["app"]

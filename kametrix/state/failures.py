"""What a person sees when a handler fails.

Handlers raise, the app shows: an error of kametrix.errors becomes a toast with its message, a missing session a
redirect to the log-in page, anything else is logged as a bug and told in general. What the handler changed before it
raised is still sent. A form handler catches `Invalid` itself to say `errors` at the fields.
"""

from typing import Any

import reflex as rx
import structlog
from reflex.event import EventSpec

from kametrix.errors import KametrixError, NotSignedIn
from kametrix.state.guard import AuthState

TO_FIRST_ERROR = "setTimeout(() => document.querySelector('[aria-invalid=true]')?.focus(), 60)"
"""A script: the cursor goes to the first field that is wrong, once it is drawn."""
UNEXPECTED = "Something went wrong on our side. What you see is still there; please try again."
log = structlog.get_logger()


def show(exception: Exception) -> list[EventSpec]:
    """The events that tell a person about `exception`: Reflex's handler for every exception of an event handler."""
    show_changes: Any = AuthState.show_changes
    if isinstance(exception, NotSignedIn):
        return [show_changes(), rx.redirect("/login")]
    if isinstance(exception, KametrixError):
        return [show_changes(), rx.toast.error(exception.message)]
    log.error("event.failed", exc_info=exception)
    return [show_changes(), rx.toast.error(UNEXPECTED, id="failed")]

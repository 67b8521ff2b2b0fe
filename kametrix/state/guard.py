"""Default-deny authorisation of every Reflex event, in one place.

Each handler declares who may send it with `@allow(...)`, BELOW `@rx.event`. The guard finds the person by the session
cookie of the websocket, resets the tab's state when the person changed, and refuses what is not declared or not allowed.
"""

import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

import reflex as rx
from reflex.event import Event
from reflex.middleware import Middleware
from reflex.state import StateUpdate
from reflex_base.registry import RegistrationContext

from kametrix import db
from kametrix.crypto import token_hash
from kametrix.errors import NotSignedIn
from kametrix.services.access import PERMISSIONS, PUBLIC, SIGNED_IN, Actor
from kametrix.services.sessions import Principal, principal

COOKIE = "kametrix_session"
CACHE_SECONDS = 2.0
FRAMEWORK_SAFE = frozenset(
    {
        ("reflex.state", "State.hydrate"),
        ("reflex.state", "State.hydrate_and_load"),
        ("reflex.state", "State.set_is_hydrated"),
        ("reflex.state", "OnLoadInternalState.on_load_internal"),
        ("reflex.state", "OnLoadInternalState.set_is_hydrated"),
        ("reflex.state", "UpdateVarsInternalState.update_vars_internal"),
        ("reflex.state", "FrontendEventExceptionState.handle_frontend_exception"),
    }
)

F = TypeVar("F", bound=Callable[..., Any])


def allow(need: str) -> Callable[[F], F]:
    """Declare who may send this event: PUBLIC, SIGNED_IN or a permission. Put it below `@rx.event`."""
    if need not in PERMISSIONS | {PUBLIC, SIGNED_IN}:
        raise ValueError(f"unknown permission {need}")

    def declare(handler: F) -> F:
        setattr(handler, "access", need)
        return handler

    return declare


class AuthState(rx.State):
    """Parent of every state with a person behind it. Nothing here reaches the browser."""

    _principal: Principal | None = None
    _bound: str = ""

    @property
    def actor(self) -> Actor:
        """The person behind this event. Raises NotSignedIn."""
        if self._principal is None:
            raise NotSignedIn("Please log in again.")
        return self._principal.actor


_seen: dict[str, tuple[float, Principal | None]] = {}


async def principal_of(headers: Mapping[str, str]) -> Principal | None:
    """Who holds the session cookie in these headers; looked up at most every two seconds per session."""
    cookies = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", "") or "")
    except CookieError:
        return None
    if COOKIE not in cookies:
        return None
    hashed, now = token_hash(cookies[COOKIE].value), time.monotonic()
    known = _seen.get(hashed)
    if known and known[0] > now:
        return known[1]
    found = await db.run_platform(db.PAGES, principal, hashed)
    for old in [key for key, (until, _) in _seen.items() if until <= now]:
        del _seen[old]
    _seen[hashed] = (now + CACHE_SECONDS, found)
    return found


class EventGuard(Middleware):
    """Runs before every event of every state."""

    async def preprocess(self, app: rx.App, state: rx.State, event: Event) -> StateUpdate | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # every state is an rx.State
        """Refuse, or let the event through with the person attached to `AuthState`."""
        handler = RegistrationContext.get().event_handlers[event.name].handler.fn
        person = await principal_of(state.router_data.get("headers", {}))
        root = state._get_root_state()
        auth = await root.get_state(AuthState)
        session = person.session_id if person else ""
        if auth._bound != session:
            root.reset()
            auth._bound = session
        auth._principal = person
        if (handler.__module__, handler.__qualname__) in FRAMEWORK_SAFE:
            return None
        need = getattr(handler, "access", None)
        if need == PUBLIC or (person and need and person.actor.may(need)):
            return None
        answer = rx.redirect("/login") if person is None else rx.toast.error("Your role does not allow this.")
        return StateUpdate(events=Event.from_event_type(answer))

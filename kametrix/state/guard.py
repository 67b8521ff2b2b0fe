"""Default-deny authorisation of every Reflex event, in one place.

Each handler declares who may send it with `@allow(...)`, BELOW `@rx.event`. The guard finds the person by the session
cookie of the websocket, resets the tab's state when the person changed, and refuses what is not declared or not allowed.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import reflex as rx
import structlog
from reflex.event import Event
from reflex.middleware.middleware import Middleware
from reflex.state import StateUpdate
from reflex_base.registry import RegistrationContext
from starlette.requests import cookie_parser

from kametrix import db
from kametrix.crypto import token_hash
from kametrix.errors import Busy, Invalid, NotSignedIn
from kametrix.services import audit
from kametrix.services.access import NOT_ALLOWED, PERMISSIONS, PLATFORM, PUBLIC, SIGNED_IN, Actor
from kametrix.services.sessions import COOKIE, Principal, principal
from kametrix.state import payload

CACHE_SECONDS = 2.0
"""A revoked session is refused at most this much later."""
LOOKUP_SECONDS = 8.0
"""A database slower than this counts as unreachable."""
EVENTS_PER_SECOND = 50.0
EVENTS_AT_ONCE = 100.0
REMEMBERED = 10_000
"""Tabs whose event rate and sessions whose person are remembered; older ones are dropped beyond it."""
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
PAGE_LOADS = ("State.hydrate", "State.hydrate_and_load")
"""The first event of a page: whoever just switched the organization must see the new one."""
START_ANEW = "window.location.assign('/dashboard')"
BUSY = "We cannot reach our database at the moment. You are still logged in and nothing is lost: please try again."

log = structlog.get_logger()
F = TypeVar("F", bound=Callable[..., Any])


def allow(need: str) -> Callable[[F], F]:
    """Declare who may send this event: PUBLIC, SIGNED_IN or a permission. Put it below `@rx.event`."""
    if need not in PERMISSIONS | {PUBLIC, SIGNED_IN}:
        raise ValueError(f"unknown permission {need}")

    def declare(handler: F) -> F:
        setattr(handler, "access", need)
        return handler

    return declare


_loads: set[Callable[..., Any]] = set()


def loaded_with(*handlers: Callable[..., Any]) -> list[str]:
    """Note the handlers that load a page, and tell which permissions they need.

    A page says itself that it is not for somebody's role, so a refused load is answered without words.
    """
    _loads.update(handlers)
    needs = (getattr(handler, "access", PUBLIC) for handler in handlers)
    return sorted(set(needs) - {PUBLIC, SIGNED_IN})


class AuthState(rx.State):
    """Parent of every state with a person behind it. Nothing here reaches the browser."""

    _principal: Principal | None = None
    _bound: str = ""

    @property
    def actor(self) -> Actor:
        """The person behind this event. Raises NotSignedIn."""
        return self.principal.actor

    @property
    def principal(self) -> Principal:
        """The person behind this event with the login session. Raises NotSignedIn."""
        if self._principal is None:
            raise NotSignedIn("Please log in again.")
        return self._principal

    @rx.event
    @allow(PUBLIC)
    def show_changes(self) -> None:
        """Does nothing: its end sends to the browser what a handler had changed before it failed."""


_seen: dict[str, tuple[float, Principal | None]] = {}
_rates: dict[str, tuple[float, float]] = {}


def cookies_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The cookies the websocket came with, by name; one that another application garbled does not cost the rest."""
    return cookie_parser(headers.get("cookie", "") or "")


def session_of(headers: Mapping[str, str]) -> str:
    """The hash of the session cookie in these headers, empty without one."""
    token = cookies_of(headers).get(COOKIE, "")
    return token_hash(token) if token else ""


async def principal_of(hashed: str, *, anew: bool = False) -> Principal | None:
    """Who holds this session; looked up at most every two seconds, or `anew`. Raises Busy when the database does not answer."""
    if not hashed:
        return None
    now = time.monotonic()
    known = _seen.get(hashed)
    if known and known[0] > now and not anew:
        return known[1]
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await db.run_platform(db.PAGES, principal, hashed)
    except TimeoutError as error:
        log.warning("guard.database_too_slow", seconds=LOOKUP_SECONDS)
        raise Busy(BUSY) from error
    if len(_seen) > REMEMBERED:
        _seen.clear()
    _seen[hashed] = (now + CACHE_SECONDS, found)
    return found


def forget(user_id: str) -> None:
    """Look this person up anew at the next event: their name, role or sessions changed."""
    for hashed, (_, found) in list(_seen.items()):
        if found and found.actor.user_id == user_id:
            del _seen[hashed]


def too_fast(tab: str) -> bool:
    """Count one event of a tab; whether it sends more than 50 a second after the first 100."""
    now = time.monotonic()
    left, at = _rates.get(tab, (EVENTS_AT_ONCE, now))
    left = min(EVENTS_AT_ONCE, left + (now - at) * EVENTS_PER_SECOND)
    if len(_rates) > REMEMBERED:
        _rates.clear()
    _rates[tab] = (max(0.0, left - 1), now)
    return left < 1


class EventGuard(Middleware):
    """Runs before every event of every state."""

    async def preprocess(self, app: rx.App, state: rx.State, event: Event) -> StateUpdate | None:  # pyright: ignore[reportIncompatibleMethodOverride]  # every state is an rx.State
        """Refuse, or let the event through with the person attached to `AuthState`."""
        router: dict[str, Any] = state.router_data
        if "headers" not in router:  # sent by the server to a tab whose state has expired: nobody to act for
            return StateUpdate()
        if too_fast(str(router.get("token", ""))):
            log.warning("guard.too_fast", event_name=event.name)
            return StateUpdate()
        if not payload.is_readable(router):
            log.warning("guard.unreadable", event_name=event.name)
            return StateUpdate()
        handler = RegistrationContext.get().event_handlers[event.name].handler.fn
        is_framework = (handler.__module__, handler.__qualname__) in FRAMEWORK_SAFE
        need = getattr(handler, "access", None)
        hashed = session_of(router["headers"])
        try:
            person = await principal_of(hashed, anew=handler.__qualname__ in PAGE_LOADS and is_framework)
        except Busy:
            await _keep(state, hashed)
            if is_framework:
                return None
            return _read(event, handler) if need == PUBLIC else _answer(rx.toast.error(BUSY, id="busy"))
        moved = await _bind(state, hashed, person)
        if moved and not (is_framework or need == PUBLIC):
            return _answer(rx.call_script(START_ANEW))
        if is_framework:
            return None
        if need == PUBLIC or (person and need and person.actor.may(need)):
            return _read(event, handler)
        if person is None:
            return _to_log_in(str(router.get("asPath") or "/"))
        log.warning("guard.refused", event_name=event.name, user_id=person.actor.user_id)
        if need == PLATFORM:
            with contextlib.suppress(Busy):
                await db.run_platform(db.PAGES, audit.denied, person.actor, handler.__qualname__)
        return StateUpdate() if handler in _loads else _answer(rx.toast.error(NOT_ALLOWED, id="refused"))


def _read(event: Event, handler: Callable[..., Any]) -> StateUpdate | None:
    """Clean what a handler is about to get; what no page of ours sends never reaches it."""
    try:
        arguments = payload.read(handler, event.payload)
    except Invalid as error:
        log.warning("guard.unfit", event_name=event.name, why=error.message)
        return StateUpdate()
    event.payload.update(arguments)
    return None


async def _bind(state: rx.State, hashed: str, person: Principal | None) -> bool:
    """Attach the person; a tab that was someone else's, or theirs in another organization, starts empty. Returns whether it was the latter.

    What was meant for one organization must not be done in another: such a tab loads its page anew.
    """
    root = state._get_root_state()
    auth = await root.get_state(AuthState)
    bound = f"{hashed}/{person.actor.organization_id}" if person else ""
    before = auth._bound
    if before != bound:
        root.reset()
        auth._bound = bound
    auth._principal = person
    return person is not None and before not in ("", bound) and before.partition("/")[0] == hashed


async def _keep(state: rx.State, hashed: str) -> None:
    """Nobody can say now who this is: the same cookie keeps its tab, another one does not get it; no one acts."""
    root = state._get_root_state()
    auth = await root.get_state(AuthState)
    if auth._bound and auth._bound.partition("/")[0] != hashed:
        root.reset()
    auth._principal = None


def _to_log_in(path: str) -> StateUpdate:
    """Log in and come back here; the rest of a page's events, refused after the first has led away, lead nowhere."""
    if path.startswith(("/login", "/signup")):
        return StateUpdate()
    return _answer(rx.redirect(f"/login?redirect={quote(path, safe='/')}", replace=True))


def _answer(event: Any) -> StateUpdate:
    return StateUpdate(events=Event.from_event_type(event))

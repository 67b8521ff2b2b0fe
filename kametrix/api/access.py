"""Every HTTP route declares who may use it; for people this is where that is checked."""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kametrix import db
from kametrix.api.origin import is_own
from kametrix.crypto import token_hash
from kametrix.errors import Forbidden, NotSignedIn
from kametrix.services import audit
from kametrix.services.access import NOT_ALLOWED, PERMISSIONS, PLATFORM, PUBLIC, SIGNED_IN
from kametrix.services.sessions import COOKIE, Principal, principal

Endpoint = Callable[[Request], Awaitable[Response]]

SIGNED: Final = "signed"
"""A provider, proved by the signature or secret of each message; the endpoint verifies the raw bytes."""


def route(path: str, endpoint: Endpoint, methods: Sequence[str], *, access: str) -> Route:
    """A route for `access`: PUBLIC, SIGNED, SIGNED_IN or a permission; `endpoint.access` says it to the tests.

    For the last two the session cookie is checked first and the person is in `request.state.principal`.
    """
    if access not in PERMISSIONS | {PUBLIC, SIGNED, SIGNED_IN}:
        raise ValueError(f"unknown access {access}")
    checked = endpoint if access in (PUBLIC, SIGNED) else _for_people(endpoint, access)
    setattr(checked, "access", access)
    return Route(path, checked, methods=list(methods))


def _for_people(endpoint: Endpoint, need: str) -> Endpoint:
    @wraps(endpoint)
    async def checked(request: Request) -> Response:
        if request.method not in ("GET", "HEAD") and not is_own(request):
            raise Forbidden("This request did not come from our own pages.")
        person = await signed_in(request)
        if person is None:
            raise NotSignedIn("Please log in.")
        if not person.actor.may(need):
            if need == PLATFORM:
                await db.run_platform(db.PAGES, audit.denied, person.actor, request.url.path)
            raise Forbidden(NOT_ALLOWED)
        request.state.principal = person
        return await endpoint(request)

    return checked


async def signed_in(request: Request) -> Principal | None:
    """Who holds the session cookie of this request. Raises Busy when that cannot be found out now."""
    token = request.cookies.get(COOKIE)
    return await db.run_platform(db.PAGES, principal, token_hash(token)) if token else None

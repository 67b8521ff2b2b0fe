"""The HTTP application beside the pages: every route that is not a page, each declaring who may use it."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from kametrix import logs
from kametrix.api import audit, auth, calls, health, logos, mail, organizations, recordings, statements
from kametrix.api.edge import EdgeMiddleware
from kametrix.api.responses import on_bug, on_expected
from kametrix.api.webhooks import stripe, vapi
from kametrix.errors import KametrixError

ROUTES: tuple[BaseRoute, ...] = (
    *health.routes,
    *auth.routes,
    *mail.routes,
    *logos.routes,
    *organizations.routes,
    *recordings.routes,
    *calls.routes,
    *audit.routes,
    *statements.routes,
    *vapi.routes,
    *stripe.routes,
)  # fmt: skip
"""One line per module, in the order they are matched; a module's `routes` are made by `api.access.route`."""


def create() -> Starlette:
    """A fresh application (Reflex mounts its own into the one it is given)."""
    logs.configure()
    return Starlette(routes=list(ROUTES), exception_handlers={KametrixError: on_expected, Exception: on_bug})


app = EdgeMiddleware(create())
"""Webhooks and API alone, for `kametrix api`; the web server mounts a `create()` of its own under the pages."""

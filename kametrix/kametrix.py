"""Composition root: the app, its guard, its HTTP routes, its edge and its live updates."""

from functools import partial

import reflex as rx
from reflex.utils.prerequisites import get_web_dir

from kametrix import pages
from kametrix.api.app import create
from kametrix.api.edge import EdgeMiddleware
from kametrix.components import head
from kametrix.state import failures, live
from kametrix.state.guard import EventGuard

FRONT_END = get_web_dir() / "build" / "client"

app = rx.App(
    stylesheets=head.STYLESHEETS,
    html_lang="en",
    toaster=head.toaster(),
    extra_app_wraps={(5, "Overlay"): lambda _: rx.fragment(head.connection_lost())},
    head_components=head.head_components(),
    backend_exception_handler=failures.show,
    api_transformer=[create(), partial(EdgeMiddleware, front_end=FRONT_END)],
)
app.add_middleware(EventGuard())


async def live_updates() -> None:
    """Runs as long as the web process."""
    await live.listen(app)


app.register_lifespan_task(live_updates)

__all__ = ["app", "pages"]

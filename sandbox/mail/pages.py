"""The inbox: what the product sent, as its reader sees it. HTML is shown in a frame that runs no scripts and loads nothing."""

from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.console.shell import page
from sandbox.console.words import moment
from sandbox.mail.messages import KIND
from sandbox.store import Json

if TYPE_CHECKING:
    from sandbox.app import Sandbox

VIEWS: Final = (("html", "Message"), ("text", "Plain text"), ("headers", "Headers"))
HTML_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""No script, no form, nothing from elsewhere; a link opens a window of its own."""
NEW_WINDOW: Final = '<base target="_blank">'


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """The list, one message, and its HTML for the frame."""

    async def listed(_: Request) -> Response:
        messages = [_line(one) for one in sandbox.store.find(KIND, limit=200)]
        return page("inbox", title="Inbox", active="/inbox", messages=messages)

    async def show(request: Request) -> Response:
        found = sandbox.store.get(KIND, request.path_params["id"])
        if found is None:
            return RedirectResponse("/inbox", 303)
        asked = request.query_params.get("view", "html")
        view = asked if asked in dict(VIEWS) else "html"
        return page("message", title=found["subject"] or "No subject", active="/inbox", message=_line(found), view=view, views=VIEWS)

    async def body(request: Request) -> Response:
        found = sandbox.store.get(KIND, request.path_params["id"])
        html = found["html"].replace("<head>", f"<head>{NEW_WINDOW}", 1) if found else ""
        return HTMLResponse(html, headers={"Content-Security-Policy": HTML_POLICY, "Cache-Control": "no-store"})

    return [Route("/inbox", listed), Route("/inbox/{id}", show), Route("/inbox/{id}/html", body)]


def _line(message: Json) -> Json:
    return {**message, "at": moment(message["createdAt"]), "recipients": ", ".join(message["envelope"]["to"])}

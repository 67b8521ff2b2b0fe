"""Answers for errors: JSON in one shape, `{"error": sentence, "errors": {field: sentence}}`, and a plain page for people."""

from html import escape

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from kametrix.errors import Busy, KametrixError, NotSignedIn, TooMany

log = structlog.get_logger()
UNEXPECTED = "Something went wrong on our side. Nothing was changed; please try again."


def told(error: KametrixError) -> JSONResponse:
    """An expected failure, with when to come back if that is known."""
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, Busy):
        headers["Retry-After"] = "5"
    return JSONResponse({"error": error.message, "errors": error.errors}, status_code=error.status, headers=headers)


async def on_expected(request: Request, error: Exception) -> Response:
    """Starlette's handler for KametrixError: a page, or the way to log in, for a browser that goes there; JSON for everything else."""
    assert isinstance(error, KametrixError)
    if "text/html" not in request.headers.get("accept", ""):
        return told(error)
    return (
        RedirectResponse("/login", 303) if isinstance(error, NotSignedIn) else page("Nothing was done", error.message, status=error.status)
    )


async def on_bug(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything else: logged in full, told in general."""
    endpoint = request.scope.get("endpoint")  # not the address, which may carry a token
    log.error("request.failed", endpoint=getattr(endpoint, "__qualname__", ""), exc_info=error)
    return JSONResponse({"error": UNEXPECTED, "errors": {}}, status_code=500)


def page(title: str, sentence: str, *, status: int) -> Response:
    """A page that needs nothing of the front end, with a way on."""
    body = f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p><p><a href='/'>Go to the start page</a></p>"
    style = "body{font:16px/1.5 system-ui;max-width:36rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}"
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(title)}</title><style>{style}</style>"
    return HTMLResponse(f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>", status_code=status)

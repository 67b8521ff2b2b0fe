"""Answers in JSON for errors: one shape, `{"error": sentence, "errors": {field: sentence}}`."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kametrix.errors import Busy, KametrixError, TooMany

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


async def on_expected(_request: Request, error: Exception) -> Response:
    """Starlette's handler for KametrixError."""
    assert isinstance(error, KametrixError)
    return told(error)


async def on_bug(request: Request, error: Exception) -> Response:
    """Starlette's handler for everything else: logged in full, told in general."""
    log.error("request.failed", path=request.url.path, exc_info=error)
    return JSONResponse({"error": UNEXPECTED, "errors": {}}, status_code=500)

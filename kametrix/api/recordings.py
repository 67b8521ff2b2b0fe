"""Recordings: fetched from the voice provider with our key and passed on, piece by piece, to whoever may hear them.

The provider's key and its short-lived address stay here: a page plays `/api/calls/<id>/recording` from our own origin,
which also works for seeking (ranges are passed on) and ends with the session.
"""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kametrix import db
from kametrix.api.access import route
from kametrix.errors import NotFound, ProviderError
from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiError, VapiNotFound
from kametrix.services import recordings
from kametrix.settings import settings

VAPI: Final = db.Lane("recordings", threads=4, waiting=32)
"""A slow provider delays other listeners, never the pages."""
TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0)
PASSED_ON: Final = ("content-length", "content-range", "accept-ranges", "etag", "last-modified")
GONE: Final = "The voice provider no longer has the recording of this call."
UNAVAILABLE: Final = "The recording cannot be loaded at the moment. Please try again in a minute."

log = structlog.get_logger()


async def recording(request: Request) -> Response:
    """The recording of a call, or the wanted range of it. 404 for an unknown call, another organization's, and without one."""
    wanted = request.headers.get("range", "")
    vapi_call_id = await db.run(recordings.source, request.state.principal.actor, request.path_params["call_id"])
    address = await VAPI.run(_address, vapi_call_id)
    client = httpx.AsyncClient(timeout=TIMEOUT)
    try:
        answer = await client.send(client.build_request("GET", address, headers={"Range": wanted} if wanted else {}), stream=True)
    except httpx.HTTPError as error:
        await client.aclose()
        raise _unavailable(0) from error
    if answer.status_code not in (200, 206, 416):
        await answer.aclose()
        await client.aclose()
        raise _unavailable(answer.status_code)
    return StreamingResponse(_pieces(client, answer), answer.status_code, headers=_headers(answer))


def _address(vapi_call_id: str) -> str:
    with VapiClient(settings().vapi_base_url, settings().vapi_api_key.get_secret_value()) as vapi:
        try:
            return vapi.recording(vapi_call_id)
        except VapiNotFound as error:
            raise NotFound(GONE) from error
        except VapiError as error:  # its words are for the operator, not for who listens
            raise _unavailable(error.provider_status or 0) from error


def _unavailable(status: int) -> ProviderError:
    log.warning("recording.unavailable", status=status)
    return ProviderError(UNAVAILABLE, retryable=True, provider_status=status or None)


async def _pieces(client: httpx.AsyncClient, answer: httpx.Response) -> AsyncIterator[bytes]:
    """What the storage sends, as it arrives; its connection ends with the listener's."""
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()
        await client.aclose()


def _headers(answer: httpx.Response) -> dict[str, str]:
    """Never the storage's own idea of a page: whatever it sends is sound to the browser."""
    kind = answer.headers.get("content-type", "")
    passed = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
    return {**passed, "Content-Type": kind if kind.startswith("audio/") else "audio/wav", "Content-Disposition": "inline"}


routes = (route("/api/calls/{call_id}/recording", recording, ["GET"], access="calls:read"),)

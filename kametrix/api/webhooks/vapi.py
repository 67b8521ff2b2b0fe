"""`POST /api/webhooks/vapi/{token}`: what Vapi tells us about calls. Verified on the raw bytes, durable before it is acknowledged.

The token names the agent, so the tenant never depends on what a message says. Only `assistant-request` and `tool-calls` are
answered with content, from a pool of threads of their own and within 6.5 seconds; everything else is worked off by the worker.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Final, NamedTuple, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kametrix import clock, db
from kametrix.api.access import SIGNED, route
from kametrix.api.responses import told
from kametrix.api.webhooks import batches
from kametrix.crypto import token_hash
from kametrix.errors import Busy, Invalid, NotFound, NotSignedIn
from kametrix.integrations.vapi.authentication import verify
from kametrix.integrations.vapi.events import Message, dedupe_key, parse
from kametrix.integrations.vapi.redaction import redact
from kametrix.services import gate, inbox, tool_calls
from kametrix.services.access import SYSTEM, open_to
from kametrix.services.inbox import Received, own_key
from kametrix.settings import settings

DEADLINE_SECONDS: Final = 6.5
"""Vapi gives up after 7.5 seconds, the way included."""
CACHE_SECONDS: Final = 20.0
CACHE_SIZE: Final = 10_000

T = TypeVar("T")
log = structlog.get_logger()


class Recipient(NamedTuple):
    """Whose webhook address a token is."""

    agent_id: str
    organization_id: str


_recipients: dict[str, tuple[float, Recipient]] = {}


async def receive(request: Request) -> Response:
    """200 when the message is stored; 400 malformed, 401 not from Vapi, 404 unknown token, 413 too large, 503 try again."""
    raw = await request.body()
    try:
        _authenticate(raw, request)
        recipient = await _recipient(request.path_params["token"])
        message = parse(raw)
        match message.type:
            case "assistant-request":
                return JSONResponse(await _in_time(db.run_platform(db.LIVE_CALLS, gate.answer, recipient.agent_id, message)))
            case "tool-calls":
                return await _run_tools(recipient, message, len(raw))
            case _:
                await _store(recipient, message, len(raw))
                return Response(b"{}", media_type="application/json")
    except Invalid as error:
        return JSONResponse({"error": error.message, "errors": {}}, status_code=400)
    except DBAPIError as error:
        log.warning("webhook.database_away", error=type(error).__name__)
        return told(Busy("The message could not be stored. Please send it again."))


def _authenticate(raw: bytes, request: Request) -> None:
    """Raises NotSignedIn unless the request proves to come from Vapi. Before anything is looked up or parsed."""
    known = settings()
    secrets = [known.vapi_webhook_secret.get_secret_value(), known.vapi_webhook_secret_previous.get_secret_value()]
    signing = known.vapi_webhook_hmac_secret.get_secret_value()
    if not verify(raw, request.headers, secrets=secrets, hmac_secret=signing, now=clock.now().timestamp()):
        log.warning("webhook.refused", path="/api/webhooks/vapi", bytes=len(raw))
        raise NotSignedIn("This message does not prove that it comes from Vapi. Nothing was stored.")


async def _recipient(token: str) -> Recipient:
    """The agent behind a token, a deleted one too: its last reports are still owed. Looked up at most every 20 seconds."""
    hashed, now = token_hash(token), time.monotonic()
    known = _recipients.get(hashed)
    if known and known[0] > now:
        return known[1]
    found = await db.run_platform(db.WEBHOOKS, recipient_of, hashed)
    if found is None:
        raise NotFound("There is no agent behind this address.")
    if len(_recipients) >= CACHE_SIZE:
        _recipients.clear()
    _recipients[hashed] = (now + CACHE_SECONDS, found)
    return found


@open_to(SYSTEM)
def recipient_of(session: Session, hashed: str) -> Recipient | None:
    """Agent and organization of a token's hash."""
    row = session.connection().execute(text("select agent_id, organization_id from agent_by_token(:hashed)"), {"hashed": hashed}).first()
    return Recipient(*row) if row else None


async def _store(recipient: Recipient, message: Message, size: int) -> None:
    event = Received(
        provider=inbox.PROVIDER,
        dedupe_key=own_key(recipient.agent_id, dedupe_key(message)),
        type=message.type,
        subject=message.call_id or "",
        organization_id=recipient.organization_id,
        agent_id=recipient.agent_id,
        payload=redact(message.body),
    )
    await batches.store(event, size=size)


async def _run_tools(recipient: Recipient, message: Message, size: int) -> Response:
    """Always 200: Vapi ignores any other answer. What could not be answered in time is an `error` the agent can speak to."""
    run = db.run_platform(db.LIVE_CALLS, tool_calls.answer, recipient.agent_id, message)
    answers, stored = await asyncio.gather(_in_time(run), _in_time(_store(recipient, message, size)), return_exceptions=True)
    for outcome in (answers, stored):
        if isinstance(outcome, Exception):
            log.warning("webhook.tools_failed", error=inbox.describe(outcome))
    given = tool_calls.failures(message) if isinstance(answers, BaseException) else answers
    return JSONResponse({"results": [answer.as_json() for answer in given]})


async def _in_time(work: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(work, DEADLINE_SECONDS)
    except TimeoutError as error:
        raise Busy("There was no answer in time.") from error


routes: list[Route] = [route("/api/webhooks/vapi/{token}", receive, ["POST"], access=SIGNED)]

"""`POST /api/webhooks/stripe`: what Stripe tells us about payments. Verified on the raw bytes, durable before it is acknowledged."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kametrix import clock
from kametrix.api.access import SIGNED, route
from kametrix.api.webhooks.batches import store
from kametrix.errors import Invalid, NotSignedIn
from kametrix.integrations.stripe.events import parse
from kametrix.integrations.stripe.signature import verify
from kametrix.services import payment_events
from kametrix.settings import settings

log = structlog.get_logger()


async def receive(request: Request) -> Response:
    """200 when the event is stored, known or not; 400 no event, 401 not from Stripe or not of now, 413 too large, 503 try again."""
    raw = await request.body()
    known = settings()
    secrets = [known.stripe_webhook_secret.get_secret_value(), known.stripe_webhook_secret_previous.get_secret_value()]
    if not verify(raw, request.headers.get("stripe-signature", ""), secrets=secrets, now=clock.now().timestamp()):
        log.warning("webhook.refused", path="/api/webhooks/stripe", bytes=len(raw))
        raise NotSignedIn("This message does not prove that Stripe has just sent it. Nothing was stored.")
    try:
        await store(payment_events.received(parse(raw)), size=len(raw))
    except Invalid as error:
        return JSONResponse({"error": error.message, "errors": {}}, status_code=400)
    return Response(b"{}", media_type="application/json")


routes: list[Route] = [route("/api/webhooks/stripe", receive, ["POST"], access=SIGNED)]
"""One address for the whole account."""

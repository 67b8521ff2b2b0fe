"""Stripe's REST side: key, version, idempotency and strict parameters around every operation."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault, dropped
from sandbox.store import Json
from sandbox.stripe.errors import API, NO_KEY, StripeError, wrong
from sandbox.stripe.events import API_VERSION
from sandbox.stripe.expand import expanded
from sandbox.stripe.forms import parse
from sandbox.stripe.operations import OPERATIONS, Operation
from sandbox.stripe.records import new_id

if TYPE_CHECKING:
    from sandbox.app import Sandbox

Handler = Callable[[Request], Awaitable[Response]]
IN_FLIGHT = 0.001  # seconds a request with a key takes at least, so that a second one can meet it
FORM = "application/x-www-form-urlencoded"


def routes(sandbox: "Sandbox") -> list[Route]:
    """All of /stripe/v1; unknown routes get Stripe's 404."""
    found = [Route(f"/stripe/v1{of.path}", _guarded(sandbox, of), methods=[of.method]) for of in OPERATIONS]
    unknown = Route("/stripe/v1/{path:path}", _guarded(sandbox, None), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    return [*found, unknown]


def _guarded(sandbox: "Sandbox", of: Operation | None) -> Handler:
    async def answer(request: Request) -> Response:
        told = {"request-id": new_id("req"), "stripe-version": API_VERSION}
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        told |= {"idempotency-key": key} if key else {}
        try:
            with sandbox.stripe.keys.held(key):
                fault = sandbox.faults.take(request)
                if fault and (bad := await _struck(sandbox, fault, told)):
                    return bad
                reply = await _answered(sandbox, of, request, key, told)
        except StripeError as error:
            fault, reply = None, error.response(told)
        return dropped() if fault and fault.kind == "drop_after_write" else reply

    return answer


async def _answered(sandbox: "Sandbox", of: Operation | None, request: Request, key: str, told: dict[str, str]) -> Response:
    _authenticate(request, sandbox.config.stripe_api_key)
    if of is None:
        path = request.url.path.removeprefix("/stripe")
        raise StripeError(404, f"Unrecognized request URL ({request.method}: {path}). Please see https://docs.stripe.com/api.")
    _check_version(request)
    params = await _parameters(request)
    if key:
        await asyncio.sleep(IN_FLIGHT)
    path, now = request.url.path.removeprefix("/stripe"), sandbox.stripe.records.now()
    kept = sandbox.stripe.keys.answered(key, path, params, now)
    if kept:
        return JSONResponse(kept["body"], kept["status"], headers={**told, "idempotent-replayed": "true"})
    checked: Json = of.takes.read(params, "")
    with sandbox.store.transaction():
        status, body = _worked(sandbox, of, request, checked, key, told)
        sandbox.stripe.keys.keep(key, path, params, now, status, body)
    return JSONResponse(body, status, headers=told)


def _worked(sandbox: "Sandbox", of: Operation, request: Request, params: Json, key: str, told: dict[str, str]) -> tuple[int, Json]:
    """Status and body. A refusal is kept with what it wrote: a declined payment exists."""
    account = sandbox.stripe
    account.events.request = {"id": told["request-id"], "idempotency_key": key or None}
    try:
        paths = params.pop("expand", [])
        body = of.work(account, request.path_params.get("id", ""), params)
        return 200, expanded(account.records, body, paths, account.checkout.line_items)
    except StripeError as error:
        return error.status, error.to_json()
    finally:
        account.events.request = {"id": None, "idempotency_key": None}


def _authenticate(request: Request, wanted: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    elif scheme.lower() != "bearer":
        given = ""
    if not given:
        raise StripeError(401, NO_KEY)
    if given != wanted:
        raise StripeError(401, f"Invalid API Key provided: {given[:7]}{'*' * 8}{given[-4:]}")


def _check_version(request: Request) -> None:
    asked = request.headers.get("stripe-version", API_VERSION)
    if asked != API_VERSION:
        raise wrong(f"Invalid Stripe API version: {asked}. This sandbox speaks {API_VERSION} only.")


async def _parameters(request: Request) -> Json:
    if request.method == "GET":
        return parse(request.url.query)
    raw = await request.body()
    if raw and request.headers.get("content-type", FORM).split(";")[0].strip().lower() != FORM:
        raise wrong(f"Invalid request (check that your POST content type is {FORM}).")
    try:
        return parse(raw.decode())
    except UnicodeDecodeError as error:
        raise wrong("Invalid request: the body is not UTF-8.") from error


async def _struck(sandbox: "Sandbox", fault: Fault, told: dict[str, str]) -> Response | None:
    """The wrong answer of a fault in Stripe's shape; None lets the request through."""
    match fault.kind:
        case "401":
            return StripeError(401, "Invalid API Key provided: sk_test_********").response(told)
        case "409":
            return StripeError(409, "This object is being changed by another request.", "lock_timeout").response(told)
        case "429":
            return StripeError(429, "Too many requests.", "rate_limit").response({**told, "retry-after": f"{fault.seconds:g}"})
        case "500":
            return StripeError(500, "An unknown error occurred.", type_=API).response(told)
        case "not_json":
            return PlainTextResponse("<html><body>502 Bad Gateway</body></html>", 502, media_type="text/html")
        case _:
            await sandbox.faults.before(fault)
            return StripeError(504, "Timed out.", type_=API).response(told) if fault.kind == "timeout" else None

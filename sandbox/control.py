"""/_control: what tests and the console drive the sandbox with. Documented in README.md."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import iso, parse
from sandbox.faults import KINDS, Fault
from sandbox.mail.control import handlers as mail_handlers
from sandbox.store import Json
from sandbox.stripe.errors import StripeError
from sandbox.vapi.api import body_of
from sandbox.vapi.choices import BadChoice, choices_from
from sandbox.vapi.errors import ApiError
from sandbox.vapi.personas import IDS

if TYPE_CHECKING:
    from sandbox.app import Sandbox

Handler = Callable[[Request], Awaitable[Json | list[Json] | None]]
Handlers = dict[tuple[str, str], Handler]
LONGEST_WAIT = 120.0


class Wrong(Exception):
    """A control request that makes no sense; the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def routes(sandbox: "Sandbox") -> list[Route]:
    """All of /_control but what control_stripe.py adds."""
    found: list[Route] = []
    for handlers in (
        _of_clock(sandbox),
        _of_state(sandbox),
        _of_numbers(sandbox),
        _of_calls(sandbox),
        _of_lines(sandbox),
        _of_deliveries(sandbox),
        mail_handlers(sandbox, json_of, Wrong),
    ):
        for (method, path), handler in handlers.items():
            found.append(Route(f"/_control{path}", as_json(handler), methods=[method]))
    return found


def as_json(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler as a route: JSON in and out, errors as {"error"}."""

    async def respond(request: Request) -> Response:
        if request.method != "GET" and request.headers.get("content-type", "").split(";")[0] not in ("application/json", ""):
            return JSONResponse({"error": "Send JSON."}, 415)
        try:
            answer = await handler(request)
            return JSONResponse({} if answer is None else answer)
        except (Wrong, BadChoice, ApiError, StripeError) as error:
            return JSONResponse({"error": str(error)}, getattr(error, "status", 400))

    return respond


async def json_of(request: Request) -> Json:
    """The JSON object of a request; an empty body is an empty one. Raises Wrong for anything else."""
    body = await body_of(request) if await request.body() else {}
    if not isinstance(body, dict):
        raise Wrong("The body must be a JSON object.")
    return body


def _of_clock(sandbox: "Sandbox") -> Handlers:
    clock = sandbox.clock

    def told() -> Json:
        return {"now": iso(clock.now()), "frozen": clock.is_frozen, "speed": clock.speed}

    async def read_clock(_: Request) -> Json:
        return told()

    async def set_clock(request: Request) -> Json:
        body = await json_of(request)
        try:
            if body.get("freeze"):
                clock.freeze(parse(body["freeze"]) if isinstance(body["freeze"], str) else None)
            if body.get("thaw"):
                clock.thaw()
            if "advance" in body:
                clock.advance(float(body["advance"]))
            if "speed" in body:
                clock.set_speed(max(0.01, float(body["speed"])))
        except (TypeError, ValueError) as error:
            raise Wrong(f"clock: {error}") from error
        return told()

    return {("GET", "/clock"): read_clock, ("POST", "/clock"): set_clock}


def _of_state(sandbox: "Sandbox") -> Handlers:
    async def reset(_: Request) -> None:
        await sandbox.reset()

    async def add_fault(request: Request) -> list[Json]:
        body = await json_of(request)
        unknown = set(body) - set(Fault.__dataclass_fields__)
        if body.get("kind") not in KINDS or unknown:
            raise Wrong(f"kind: one of {', '.join(KINDS)}; and path, method, times, seconds")
        numbers_fit = all(isinstance(body.get(name, 1), int | float) for name in ("times", "seconds"))
        if not numbers_fit or not all(isinstance(body.get(name, ""), str) for name in ("path", "method")):
            raise Wrong("times and seconds are numbers, path and method texts")
        sandbox.faults.add(Fault(**body))
        return sandbox.faults.listed()

    async def clear_faults(_: Request) -> None:
        sandbox.faults.clear()

    async def put_credential(request: Request) -> Json:
        body = await json_of(request)
        if body.get("type") not in ("bearer", "hmac") or not body.get("id") or not (body.get("token") or body.get("secretKey")):
            raise Wrong("id, type (bearer or hmac), and token or secretKey")
        return sandbox.store.put("credential", body)

    async def assistants(_: Request) -> list[Json]:
        return sandbox.store.find("assistant")

    return {
        ("POST", "/reset"): reset,
        ("POST", "/faults"): add_fault,
        ("DELETE", "/faults"): clear_faults,
        ("POST", "/credentials"): put_credential,
        ("GET", "/assistants"): assistants,
    }


def _of_numbers(sandbox: "Sandbox") -> Handlers:
    async def listed(_: Request) -> list[Json]:
        return sandbox.store.find("phone-number")

    async def add(request: Request) -> Json:
        number = str((await json_of(request)).get("number", ""))
        if not number.startswith("+1") or not number[1:].isdigit() or len(number) != 12 or number[5:8] != "555":
            raise Wrong("number: a fictional US number such as +14155550123")
        if sandbox.store.find("phone-number", number=number):
            raise Wrong("number: already there", 409)
        return sandbox.resources.add_number(number, f"Sandbox number {number[-3:]}")

    async def remove(request: Request) -> None:
        sandbox.store.delete("phone-number", request.path_params["id"])

    return {("GET", "/numbers"): listed, ("POST", "/numbers"): add, ("DELETE", "/numbers/{id}"): remove}


def _of_calls(sandbox: "Sandbox") -> Handlers:
    def scene(request: Request) -> Json:
        found = sandbox.store.get("scene", request.path_params["id"])
        if found is None:
            raise Wrong("no such call", 404)
        return found

    async def place(request: Request) -> Json:
        return {"id": sandbox.caller.place(choices_from(await json_of(request), IDS))}

    async def listed(_: Request) -> list[Json]:
        return sandbox.store.find("scene", limit=100)

    async def get(request: Request) -> Json:
        return scene(request)

    async def wait(request: Request) -> Json:
        scene(request)
        asked = request.query_params.get("seconds", "30")
        seconds = min(float(asked) if asked.isdigit() else 30.0, LONGEST_WAIT)
        try:
            await asyncio.wait_for(sandbox.caller.wait(request.path_params["id"]), seconds)
        except TimeoutError as error:
            raise Wrong("the call is still running", 408) from error
        return scene(request)

    return {("POST", "/calls"): place, ("GET", "/calls"): listed, ("GET", "/calls/{id}"): get, ("GET", "/calls/{id}/wait"): wait}


def _of_lines(sandbox: "Sandbox") -> Handlers:
    async def say(request: Request) -> None:
        text = (await json_of(request)).get("text")
        line = sandbox.caller.live(request.path_params["id"])
        if line is None or not line.is_typed:
            raise Wrong("no such call, it has ended, or its caller follows a script", 409)
        if not isinstance(text, str) or not text.strip():
            raise Wrong("text: what the caller says")
        line.typed.put_nowait(text.strip()[:2000])

    async def hang_up(request: Request) -> None:
        line = sandbox.caller.live(request.path_params["id"])
        if line is None:
            raise Wrong("no such call, or it has ended", 409)
        line.hang_up()

    return {("POST", "/calls/{id}/say"): say, ("POST", "/calls/{id}/hang-up"): hang_up}


def _of_deliveries(sandbox: "Sandbox") -> Handlers:
    async def listed(request: Request) -> list[Json]:
        query: Any = request.query_params
        limit = query.get("limit", "200")
        return sandbox.store.deliveries(query.get("call", ""), query.get("state", ""), int(limit) if limit.isdigit() else 200)

    async def get(request: Request) -> Json:
        found = sandbox.store.delivery(request.path_params["id"])
        if found is None:
            raise Wrong("no such delivery", 404)
        return found

    return {("GET", "/deliveries"): listed, ("GET", "/deliveries/{id:int}"): get}

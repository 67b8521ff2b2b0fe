"""Vapi's REST side: assistants, tools, phone numbers, calls and recordings, strict in what it takes."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.clock import iso, parse
from sandbox.faults import dropped
from sandbox.store import TIME_FILTERS
from sandbox.vapi.errors import WRONG_KEY, ApiError
from sandbox.vapi.fields_assistant import CALL_QUERY, LIST_QUERY
from sandbox.vapi.resources import RESOURCES, Resource

if TYPE_CHECKING:
    from sandbox.app import Sandbox

Handler = Callable[[Request], Awaitable[Response]]


def routes(sandbox: "Sandbox") -> list[Route]:
    """All of /vapi; unknown routes get Vapi's 404."""
    found: list[Route] = []

    def add(path: str, method: str, handler: Handler) -> None:
        found.append(Route(f"/vapi{path}", _guarded(sandbox, handler), methods=[method]))

    for resource in RESOURCES:
        for method, handler in _of(sandbox, resource).items():
            add(f"/{resource.kind}" + ("/{id}" if method.endswith("/id") else ""), method.removesuffix("/id"), handler)
    for path, handler in _of_calls(sandbox).items():
        add(path, "GET", handler)
    found.append(Route("/vapi/call-control/{id}/control", _control(sandbox), methods=["POST"]))
    found.append(Route("/vapi/{path:path}", _guarded(sandbox, _unknown), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    return found


def _guarded(sandbox: "Sandbox", handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        fault = sandbox.faults.take(request)
        if fault and (wrong := await sandbox.faults.before(fault)):
            return wrong
        try:
            if request.headers.get("authorization") != f"Bearer {sandbox.config.api_key}":
                raise ApiError(401, WRONG_KEY)
            reply = await handler(request)
        except ApiError as error:
            reply = error.response()
        return dropped() if fault and fault.kind == "drop_after_write" else reply

    return answer


async def body_of(request: Request) -> Any:
    """The JSON body. Raises ApiError when it is none."""
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise ApiError(400, str(error)) from error


def _of(sandbox: "Sandbox", resource: Resource) -> dict[str, Handler]:
    resources = sandbox.resources

    async def create(request: Request) -> Response:
        return JSONResponse(resources.create(resource, await body_of(request)), 201)

    async def listed(request: Request) -> Response:
        limit, times, _ = query_of(request, LIST_QUERY)
        return JSONResponse(sandbox.store.find(resource.kind, limit, times))

    async def get(request: Request) -> Response:
        return JSONResponse(resources.get(resource, request.path_params["id"]))

    async def update(request: Request) -> Response:
        return JSONResponse(resources.update(resource, request.path_params["id"], await body_of(request)))

    async def delete(request: Request) -> Response:
        return JSONResponse(resources.delete(resource, request.path_params["id"]))

    return {"POST": create, "GET": listed, "GET/id": get, "PATCH/id": update, "DELETE/id": delete}


def _of_calls(sandbox: "Sandbox") -> dict[str, Handler]:
    async def listed(request: Request) -> Response:
        limit, times, equal = query_of(request, CALL_QUERY)
        return JSONResponse(sandbox.store.find("call", limit, times, **equal))

    async def get(request: Request) -> Response:
        return JSONResponse(_call(sandbox, request))

    async def recording(request: Request) -> Response:
        call = _call(sandbox, request)
        if not call.get("recordingUrl"):
            raise ApiError(404, "Recording Not Found")
        return RedirectResponse(sandbox.recordings.signed_url(call["id"]), 302)

    return {"/call": listed, "/call/{id}": get, "/call/{id}/mono-recording": recording, "/call/{id}/stereo-recording": recording}


def _call(sandbox: "Sandbox", request: Request) -> dict[str, Any]:
    found = sandbox.store.get("call", request.path_params["id"])
    if found is None:
        raise ApiError(404, "Call Not Found")
    return found


def _control(sandbox: "Sandbox") -> Handler:
    """The live-call control address: a capability, so it asks for no key."""

    async def control(request: Request) -> Response:
        try:
            body = await body_of(request)
            line = sandbox.caller.live(request.path_params["id"])
            if line is None:
                raise ApiError(404, "Call Not Found")
            if body.get("type") == "end-call":
                line.hang_up("manually-canceled")
            elif body.get("type") == "say" and isinstance(body.get("content"), str):
                line.interject(body["content"], ends=bool(body.get("endCallAfterSpoken")))
            else:
                raise ApiError(400, ["type must be one of the following values: end-call, say"])
        except ApiError as error:
            return error.response()
        return JSONResponse({})

    return control


def query_of(request: Request, allowed: tuple[str, ...]) -> tuple[int, dict[str, str], dict[str, str]]:
    """Limit, time filters and equality filters of a list request. Raises ApiError for anything else."""
    query = dict(request.query_params)
    problems = [f"property {name} should not exist" for name in query if name not in allowed]
    limit = query.pop("limit", "100")
    if not limit.isdigit():
        problems.append("limit must be a number conforming to the specified constraints")
    elif int(limit) > 1000:
        problems.append("limit must not be greater than 1000")
    if problems:
        raise ApiError(400, problems)
    times = {name: _moment(name, text) for name, text in query.items() if name in TIME_FILTERS}
    return int(limit), times, {name: text for name, text in query.items() if name not in TIME_FILTERS}


def _moment(name: str, text: str) -> str:
    try:
        return iso(parse(text))
    except ValueError as error:
        raise ApiError(400, [f"{name} must be a valid ISO 8601 date string"]) from error


async def _unknown(request: Request) -> Response:
    raise ApiError(404, f"Cannot {request.method} {request.url.path.removeprefix('/vapi')}")

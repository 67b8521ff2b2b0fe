"""The console: place a call, follow it, look at what was sent. Works without JavaScript, lives with it."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.console import payments
from sandbox.console.deliveries import described
from sandbox.console.shell import page
from sandbox.console.words import FAULTS, FILTERS, GENERATIONS, LENGTHS, PACES, length_text
from sandbox.mail import pages as mail_pages
from sandbox.store import Json
from sandbox.vapi.choices import BadChoice, choices_from
from sandbox.vapi.personas import IDS, PERSONAS

if TYPE_CHECKING:
    from sandbox.app import Sandbox

HERE = Path(__file__).parent
FONTS = HERE.parents[1] / "assets" / "fonts"
DEFAULTS = {"number": "", "persona": "curious", "pace": "quick", "length": "", "fault": "none", "generation": "a_2026"}
Handler = Callable[[Request], Awaitable[Response]]


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """All pages, their style and their script."""
    return [
        *_placing(sandbox),
        *_calls(sandbox),
        *_deliveries(sandbox),
        *mail_pages.routes(sandbox),
        *payments.routes(sandbox),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Mount("/fonts", StaticFiles(directory=FONTS, check_dir=False)),
    ]


def _placing(sandbox: "Sandbox") -> list[BaseRoute]:
    def start(chosen: Json, error: str = "") -> Response:
        numbers = sorted((_number(sandbox, number) for number in sandbox.store.find("phone-number")), key=lambda row: row["number"])
        answering = [row for row in numbers if row["answers"]]
        first = next(iter(answering or numbers), {"number": ""})
        chosen = {**DEFAULTS, **chosen, "number": chosen.get("number") or first["number"]}
        values: Json = {"paces": PACES, "lengths": LENGTHS, "faults": FAULTS, "generations": GENERATIONS, "personas": PERSONAS}
        scenes = sandbox.store.find("scene", limit=6)
        facts: Json = {"title": "Place a call", "active": "/", "chosen": chosen, "error": error, "scenes": scenes}
        return page("place", 400 if error else 200, numbers=numbers, answering=answering, **values, **facts)

    async def show(request: Request) -> Response:
        return start({name: text for name, text in request.query_params.items() if name in DEFAULTS and text})

    async def place(request: Request) -> Response:
        async with request.form() as form:
            body = {name: str(text) for name, text in form.items() if text and name in DEFAULTS}
        try:
            call_id = sandbox.caller.place(choices_from(body, IDS))
        except BadChoice as error:
            return start(body, f"The call was not placed. {error}.")
        return RedirectResponse(f"/calls/{call_id}", 303)

    return [Route("/", show, methods=["GET"]), Route("/", place, methods=["POST"])]


def _calls(sandbox: "Sandbox") -> list[BaseRoute]:
    async def listed(_: Request) -> Response:
        return page("calls", title="Calls", active="/calls", scenes=sandbox.store.find("scene", limit=100))

    async def show(request: Request) -> Response:
        scene = sandbox.store.get("scene", request.path_params["id"])
        if scene is None:
            return RedirectResponse("/calls", 303)
        call = sandbox.store.get("call", scene["id"]) or {}
        deliveries = [described(delivery) for delivery in reversed(sandbox.store.deliveries(scene["id"]))]
        settled = scene["is_live"] == "no" and all(delivery["state"] != "waiting" for delivery in deliveries)
        recording = f"/calls/{scene['id']}/recording" if call.get("recordingUrl") else ""
        facts: Json = {"title": "Call", "active": "/calls", "scene": scene, "turns": _turns(scene), "recording": recording}
        return page("call", deliveries=deliveries, settled=settled, **facts)

    async def recording(request: Request) -> Response:
        return RedirectResponse(sandbox.recordings.signed_url(request.path_params["id"]).removeprefix(sandbox.config.public), 302)

    async def say(request: Request) -> Response:
        async with request.form() as form:
            text = str(form.get("text") or "").strip()
        line = sandbox.caller.live(request.path_params["id"])
        if line and line.is_typed and text:
            line.typed.put_nowait(text[:2000])
        return RedirectResponse(f"/calls/{request.path_params['id']}", 303)

    async def hang_up(request: Request) -> Response:
        line = sandbox.caller.live(request.path_params["id"])
        if line:
            line.hang_up()
        return RedirectResponse(f"/calls/{request.path_params['id']}", 303)

    return [
        Route("/calls", listed),
        Route("/calls/{id}", show),
        Route("/calls/{id}/recording", recording),
        Route("/calls/{id}/say", say, methods=["POST"]),
        Route("/calls/{id}/hang-up", hang_up, methods=["POST"]),
    ]


def _deliveries(sandbox: "Sandbox") -> list[BaseRoute]:
    async def listed(_: Request) -> Response:
        rows = [described(delivery) for delivery in sandbox.store.deliveries()]
        return page("deliveries", title="Deliveries", active="/deliveries", deliveries=rows)

    async def show(request: Request) -> Response:
        found = sandbox.store.delivery(request.path_params["id"])
        if found is None:
            return RedirectResponse("/deliveries", 303)
        body = json.dumps(json.loads(found["body"]), indent=2, ensure_ascii=False)
        return page("delivery", title="Delivery", active="/deliveries", delivery=described(found), body=body)

    return [Route("/deliveries", listed), Route("/deliveries/{id:int}", show)]


def _number(sandbox: "Sandbox", number: Json) -> Json:
    """A number with who answers it, in words."""
    assistant = sandbox.store.get("assistant", number.get("assistantId") or "")
    if assistant:
        return {**number, "answers": True, "who": f"Answered by {assistant.get('name') or 'an agent'}"}
    if number.get("assistantId"):
        return {**number, "answers": False, "who": "Its agent no longer exists"}
    asked = (number.get("server") or {}).get("url")
    if asked:
        answering = next((one for one in sandbox.store.find("assistant") if (one.get("server") or {}).get("url") == asked), None)
        who = f"{answering.get('name') or 'An agent'}, when Kametrix agrees" if answering else "Kametrix decides who answers"
        return {**number, "answers": True, "who": who}
    return {**number, "answers": False, "who": "No agent yet"}


def _turns(scene: Json) -> list[Json]:
    """What was said and done, and the sandbox's own notes."""
    found: list[Json] = []
    for message in scene["messages"]:
        turn = {"kind": message["role"], "text": message.get("message"), "at": length_text(message["secondsFromStart"])}
        match message["role"]:
            case "bot":
                turn["who"] = "Agent"
            case "user":
                turn["who"] = "Caller"
            case "tool_calls":
                names = ", ".join(call["function"]["name"] for call in message["toolCalls"])
                turn |= {"kind": "tool", "text": f"The agent uses {names}."}
            case _:
                turn |= {"kind": "tool", "text": f"{message.get('name')}: {message.get('result')}"}
        found.append(turn)
    notes = [{"kind": "note", "text": note} for note in scene["notes"]]
    ended = [{"kind": "note", "text": f"{FILTERS['reason'](scene['ended_reason'])}."}] if scene["ended_reason"] else []
    return [*found, *notes, *ended]

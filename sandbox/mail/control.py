"""/_control/mail: what tests read and break of the mail server."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request

from sandbox.mail.messages import KIND
from sandbox.mail.server import KINDS, MailFault
from sandbox.store import Json

if TYPE_CHECKING:
    from sandbox.app import Sandbox

Handlers = dict[tuple[str, str], Callable[[Request], Awaitable[Json | list[Json] | None]]]


def handlers(sandbox: "Sandbox", json_of: Callable[[Request], Awaitable[Json]], wrong: Callable[..., Exception]) -> Handlers:
    """By method and path below /_control. `json_of` reads a body, `wrong` is what a senseless request raises."""

    async def listed(request: Request) -> list[Json]:
        wanted = request.query_params.get("to", "").lower()
        found = sandbox.store.find(KIND, limit=1000)
        return [one for one in found if not wanted or wanted in [address.lower() for address in one["envelope"]["to"]]]

    async def get(request: Request) -> Json:
        found = sandbox.store.get(KIND, request.path_params["id"])
        if found is None:
            raise wrong("no such message", 404)
        return found

    async def clear(_: Request) -> None:
        for one in sandbox.store.find(KIND, limit=100_000):
            sandbox.store.delete(KIND, one["id"])

    async def add_fault(request: Request) -> list[Json]:
        body = await json_of(request)
        if body.get("kind") not in KINDS or set(body) - {"kind", "times"} or not isinstance(body.get("times", 1), int):
            raise wrong(f"kind: one of {', '.join(KINDS)}; and times, a number")
        sandbox.mail_faults.add(MailFault(body["kind"], body.get("times", 1)))
        return sandbox.mail_faults.listed()

    async def clear_faults(_: Request) -> None:
        sandbox.mail_faults.clear()

    return {
        ("GET", "/mail"): listed,
        ("DELETE", "/mail"): clear,
        ("POST", "/mail/faults"): add_fault,
        ("DELETE", "/mail/faults"): clear_faults,
        ("GET", "/mail/{id}"): get,
    }

"""Faults of the REST side, set through /_control: each answers the next matching requests wrongly."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from sandbox.clock import Clock
from sandbox.vapi.errors import ApiError

Kind = Literal["401", "409", "429", "500", "slow", "timeout", "not_json", "drop_after_write"]
KINDS: tuple[Kind, ...] = ("401", "409", "429", "500", "slow", "timeout", "not_json", "drop_after_write")


@dataclass
class Fault:
    """Applies to `times` requests (-1: all) whose method (empty: any) and path prefix fit; `seconds` is Retry-After or the delay."""

    kind: Kind
    path: str = "/vapi/"
    method: str = ""
    times: int = 1
    seconds: float = 5.0


class Faults:
    """The faults still waiting to happen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Another one, behind those already waiting."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """None any more."""
        self._waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Those still waiting."""
        return [asdict(fault) for fault in self._waiting]

    def take(self, request: Request) -> Fault | None:
        """The first that fits this request, used up by one."""
        for fault in self._waiting:
            if request.url.path.startswith(fault.path) and fault.method in ("", request.method):
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
                return fault
        return None

    async def before(self, fault: Fault) -> Response | None:
        """The wrong answer of faults that strike before any work; None lets the request through."""
        match fault.kind:
            case "401":
                return ApiError(401, "Invalid Key.").response()
            case "409":
                return JSONResponse({"error": "assistant_pinned", "message": "The assistant is pinned and cannot be deleted."}, 409)
            case "429":
                return ApiError(429, "Rate limit exceeded", {"Retry-After": f"{fault.seconds:g}"}).response()
            case "500":
                return ApiError(500, "Internal server error").response()
            case "not_json":
                return PlainTextResponse("<html><body>502 Bad Gateway</body></html>", 502, media_type="text/html")
            case "slow":
                await self._clock.sleep(fault.seconds)
            case "timeout":
                await self._clock.sleep(3600)
            case "drop_after_write":
                pass
        return None


def dropped() -> Response:
    """The work is done, the connection breaks before the answer is whole."""

    async def nothing() -> AsyncIterator[bytes]:
        yield b""
        raise ConnectionResetError("connection dropped on purpose by a sandbox fault")

    return StreamingResponse(nothing(), headers={"Content-Length": "1000"}, media_type="application/json")

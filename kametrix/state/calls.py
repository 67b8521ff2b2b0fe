"""The list of calls and the page of one call, both live."""

from urllib.parse import urlencode

import reflex as rx

from kametrix import clock, db
from kametrix.errors import NotFound
from kametrix.models import CallStatus
from kametrix.services import calls
from kametrix.services.zones import zone_of
from kametrix.state import live
from kametrix.state.call_rows import CallView, call_row, call_view
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import CallRow

FILTERS: dict[str, tuple[CallStatus, ...]] = {
    "completed": (CallStatus.COMPLETED,),
    "missed": (CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.CANCELLED),
    "voicemail": (CallStatus.VOICEMAIL,),
    "failed": (CallStatus.FAILED,),
}
"""What `?status=` may say; anything else shows all calls."""


class CallsState(AuthState):
    """One page of calls; the filter and the place in the list stand in the address."""

    status: str = ""
    live_rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    newer: str = ""
    older: str = ""

    @rx.event
    @allow("calls:read")
    async def load(self) -> None:
        """Show what the address asks for."""
        live.follow(self, CallsState.refresh)
        await self._read(db.run)

    @rx.event
    @allow("calls:read")
    async def refresh(self) -> None:
        """Calls changed."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        asked = self.router.url.query_parameters
        status = asked.get("status", "") if asked.get("status") in FILTERS else ""
        place = {name: asked.get(name, "") for name in ("older", "newer")}
        statuses = FILTERS.get(status, ())
        found: calls.CallPage = await run(calls.page, self.actor, statuses=statuses, older_than=place["older"], newer_than=place["newer"])
        is_first = not status and not found.newer
        running: list[calls.CallRow] = await run(calls.live, self.actor) if is_first else []
        now = clock.now().astimezone(await run(zone_of, self.actor))
        self.status = status
        self.live_rows = [call_row(call, now) for call in running]
        self.rows = [call_row(call, now) for call in found.rows]
        self.newer = _address(status, newer=found.newer)
        self.older = _address(status, older=found.older)


def _address(status: str, **place: str) -> str:
    """The address of a neighbouring page; empty where there is none."""
    if not any(place.values()):
        return ""
    return "/calls?" + urlencode({**({"status": status} if status else {}), **place})


class CallState(AuthState):
    """One call, from the first ring to its cost."""

    call: CallView = CallView()
    is_missing: bool = False

    @rx.event
    @allow("calls:read")
    async def load(self) -> None:
        """Show the call named in the address."""
        live.follow(self, CallState.refresh)
        await self._read(db.run)

    @rx.event
    @allow("calls:read")
    async def refresh(self) -> None:
        """The call may have changed."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        call_id = self.router.url.path.rstrip("/").rpartition("/")[2]
        try:
            found: calls.CallDetail = await run(calls.detail, self.actor, call_id)
        except NotFound:
            self.call, self.is_missing = CallView(), True
            return
        self.call, self.is_missing = call_view(found, clock.now().astimezone(found.started_at.tzinfo)), False

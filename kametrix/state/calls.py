"""The list of calls and the page of one call, both live."""

import json
from dataclasses import replace
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from kametrix import clock, db
from kametrix.errors import Invalid, NotFound
from kametrix.services import call_detail, call_filters, calls, follow_ups
from kametrix.services.call_filters import ME, NAMES, Choices, Filter, address
from kametrix.services.live import announce
from kametrix.services.zones import zone_of
from kametrix.state import addresses, call_lists, live
from kametrix.state.call_rows import CallView, call_row, call_view
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import CallRow, Chip, Choice

SHOW_WORDS = "(() => {{ const box = document.getElementById('q'); if (box) box.value = {}; }})()"
"""A script: the search box says what the address says, also after going back."""
TO_FIRST_HIT = "setTimeout(() => document.querySelector('[data-hit]')?.scrollIntoView({ block: 'center' }), 300)"


class CallsState(AuthState):
    """One page of calls; filters and the place in the list stand in the address."""

    asked: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    statuses: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    chips: rx.Field[list[Chip]] = rx.field(default_factory=list)
    agents: rx.Field[list[Choice]] = rx.field(default_factory=list)
    members: rx.Field[list[Choice]] = rx.field(default_factory=list)
    live_rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    newer: str = ""
    older: str = ""
    note: str = ""
    how_many: str = ""
    export: str = ""
    is_own: bool = False

    @rx.event
    @allow("calls:read")
    async def load(self) -> EventSpec:
        """Show what the address asks for."""
        live.follow(self, CallsState.refresh)
        await self._read(db.run)
        return rx.call_script(SHOW_WORDS.format(json.dumps(self.asked.get("q", "")).replace("<", "\\u003c")))

    @rx.event
    @allow("calls:read")
    async def refresh(self) -> None:
        """Calls changed."""
        await self._read(live.shared)

    @rx.event
    @allow("calls:read")
    def search(self, form: dict[str, Any]) -> EventSpec:
        """Look for these words among the calls the filters show."""
        return self._go({**self.asked, "q": str(form.get("q", ""))})

    @rx.event
    @allow("calls:read")
    def choose(self, form: dict[str, Any]) -> EventSpec:
        """Take the filters of the form; what it does not hold stays. Of a period and days, the one that was changed counts."""
        asked = {**self.asked, **{name: str(form[name]) for name in NAMES if name in form}}
        is_old = asked.get("period", "") == self.asked.get("period", "")
        return self._go({**asked, **({"period": ""} if is_old and (asked.get("from") or asked.get("to")) else {})})

    def _go(self, asked: dict[str, str]) -> EventSpec:
        return rx.redirect(addresses.address("/calls", **{name: value.strip() for name, value in asked.items()}))

    async def _read(self, run: live.Run) -> None:
        asked = self.router.url.query_parameters
        choices: Choices = await run(call_filters.choices, self.actor)
        wanted, unusable = call_filters.read(asked, self.actor, choices)
        self.note = call_lists.not_understood(unusable)
        now = clock.now().astimezone(await run(zone_of, self.actor))
        place = {"older_than": asked.get("older", ""), "newer_than": asked.get("newer", "")}
        try:
            found: calls.CallPage = await run(calls.page, self.actor, wanted, **place)
        except Invalid as error:
            found, self.note = calls.CallPage([], "", ""), error.message
        is_first = wanted == call_filters.EVERY and not found.newer
        running: list[calls.CallRow] = await run(calls.live, self.actor) if is_first else []
        query = call_lists.href(wanted, self.actor, "")
        self.live_rows = [call_row(call, now) for call in running]
        self.rows = [call_row(call, now, query=query) for call in found.rows]
        self.how_many = call_lists.how_many(found)
        self._show(wanted, choices, found)

    def _show(self, wanted: Filter, choices: Choices, found: calls.CallPage) -> None:
        """The controls: what is chosen, what can be chosen, where they lead."""
        self.asked = address(wanted, self.actor)
        self.statuses = {name: call_lists.href(replace(wanted, status=name), self.actor) for name in ("", *call_lists.STATUSES)}
        self.chips = call_lists.chips(wanted, self.actor, choices)
        self.agents = [Choice(agent_id, name) for agent_id, name in choices.agents]
        self.members = [Choice(user_id, name) for user_id, name in choices.members if user_id != self.actor.user_id]
        self.newer = call_lists.href(wanted, self.actor, newer=found.newer) if found.newer else ""
        self.older = call_lists.href(wanted, self.actor, older=found.older) if found.older else ""
        self.export = call_lists.href(wanted, self.actor, "/api/calls.csv")
        self.is_own = self.actor.only_own("calls:read")


class CallState(AuthState):
    """One call, from the first ring to its cost, and who follows it up."""

    call: CallView = CallView()
    is_missing: bool = False
    members: rx.Field[list[Choice]] = rx.field(default_factory=list)
    me: str = ""
    is_own: bool = False
    is_sending: bool = False
    back: str = "/calls"
    newer: str = ""
    older: str = ""

    @rx.event
    @allow("calls:read")
    async def load(self) -> EventSpec | None:
        """Show the call named in the address; after a search, the first turn it found."""
        live.follow(self, CallState.refresh)
        self.is_sending = False
        await self._read(db.run)
        return rx.call_script(TO_FIRST_HIT) if any(turn.found for turn in self.call.turns) else None

    @rx.event
    @allow("calls:read")
    async def refresh(self) -> None:
        """The call may have changed."""
        await self._read(live.shared)

    @rx.event
    @allow("calls:write")
    async def assign(self, member_id: str) -> Any:
        """Have this member follow the call up; nobody when empty."""
        member_id = self.actor.user_id if member_id == ME else member_id
        self.is_sending = True
        yield
        try:
            name = await db.run(follow_ups.assign, self.actor, self.call.id, member_id or None)
        finally:
            self.is_sending = False
        announce(self.actor.organization_id)
        if self.is_own and member_id != self.actor.user_id:
            yield rx.toast.success(f"{name or 'Nobody'} is following up on this call now, so you no longer see it.")
            yield rx.redirect("/calls")
            return
        who = "You are" if member_id == self.actor.user_id else f"{name or 'Nobody'} is"
        yield rx.toast.success(f"{who} following up on this call{'' if name else ' now'}.")
        await self._read(db.run)

    async def _read(self, run: live.Run) -> None:
        call_id = self.router.url.path.rstrip("/").rpartition("/")[2]
        choices: Choices = await run(call_filters.choices, self.actor)
        wanted, _ = call_filters.read(self.router.url.query_parameters, self.actor, choices)
        try:
            found: call_detail.CallDetail = await run(call_detail.detail, self.actor, call_id)
        except NotFound:
            self.call, self.is_missing = CallView(), True
            return
        now = clock.now().astimezone(found.started_at.tzinfo)
        self.call, self.is_missing = call_view(found, now, words=wanted.words), False
        self.members = [Choice(user_id, name) for user_id, name in choices.members]
        self.me, self.is_own = self.actor.user_id, self.actor.only_own("calls:write")
        await self._place(run, call_id, wanted)

    async def _place(self, run: live.Run, call_id: str, wanted: Filter) -> None:
        """The list this call was opened from, and its neighbours in it."""
        try:
            newer, older = await run(call_detail.neighbours, self.actor, call_id, wanted)
        except Invalid:
            newer, older, wanted = "", "", replace(wanted, words="")
        self.back = call_lists.href(wanted, self.actor)
        self.newer, self.older = (call_lists.href(wanted, self.actor, f"/calls/{found}") if found else "" for found in (newer, older))

"""The pool of numbers: the list, comparing it with the provider, adding, giving and taking."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.errors import KametrixError
from kametrix.integrations.vapi.client import VapiClient
from kametrix.services import number_list
from kametrix.services.access import PLATFORM
from kametrix.services.admin import number_acts, number_entry, number_sync, numbers
from kametrix.services.admin.numbers import Kind
from kametrix.settings import settings
from kametrix.state.addresses import address, neighbours, place, said
from kametrix.state.admin.base import AdminState, told
from kametrix.state.admin.number_words import Choice, NumberLine, number_line, question, sync_words
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

PROVIDER: Final = db.Lane("provider", threads=2, waiting=4)
"""A slow provider delays other operators, never the pages."""


class NumbersState(AdminState):
    """One page of the pool. `giving`: the number an agent is being chosen for; `candidates`: the agents that may have it."""

    rows: rx.Field[list[NumberLine]] = rx.field(default_factory=list)
    counts: rx.Field[dict[str, int]] = rx.field(default_factory=dict)
    kind: str = ""
    search: str = ""
    key: str = ""
    newer: str = ""
    older: str = ""
    is_syncing: bool = False
    result: str = ""
    giving: NumberLine = NumberLine()
    is_giving: bool = False
    candidates: rx.Field[list[Choice]] = rx.field(default_factory=list)
    problem: str = ""
    is_adding: bool = False
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: {"number": "", "name": ""})

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show what the address asks for."""
        self._settle()
        self.is_giving = self.is_adding = self.is_syncing = False
        self.result = ""
        await self._read()

    async def _read(self) -> None:
        query = said(self, "status", "search")
        kind = query["status"] if query["status"] in set(Kind) else ""
        found = await self._ask(numbers.page, Kind(kind) if kind else None, query["search"], place(self))
        now = await self._now()
        self.kind, self.search, self.key = kind, query["search"], address("", **query)
        self.rows, self.counts = [number_line(row, now) for row in found.page.rows], found.counts
        self.newer, self.older = neighbours("/admin/numbers", query, found.page)

    @rx.event
    @allow(PLATFORM)
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was searched."""
        return rx.redirect(address("/admin/numbers", status=self.kind, search=str(form.get("search", ""))[:200].strip()))

    @rx.event
    @allow(PLATFORM)
    async def sync(self) -> AsyncGenerator[Any]:
        """Compare the pool with the provider; the network stands between two transactions."""
        await self._ask(number_sync.begin)
        self.is_syncing, self.result = True, ""
        yield
        try:
            listed = await PROVIDER.run(_listed)
            listed += await PROVIDER.run(_still_there, await self._ask(number_sync.missing, listed))
            count = await self._ask(number_sync.merge, listed)
        except (KametrixError, asyncio.CancelledError):
            await self._ask(number_sync.give_up)
            raise
        finally:
            self.is_syncing = False
        told((), tuple(count.organizations))
        self.result = sync_words(count)
        await self._read()

    @rx.event
    @allow(PLATFORM)
    def turn_adding(self, is_open: bool) -> None:
        """Open or close the form for one number."""
        self.is_adding, self.errors, self.problem = bool(is_open), {"number": "", "name": ""}, ""

    @rx.event
    @allow(PLATFORM)
    async def add(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Add one number; what is wrong is told at its field."""
        self.is_sending, self.errors, self.problem = True, {"number": "", "name": ""}, ""
        yield
        try:
            added = await self._ask(number_entry.add, str(form.get("number", ""))[:100], str(form.get("name", ""))[:300])
        except KametrixError as error:
            self.errors, self.problem = {**self.errors, **error.errors}, "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_sending = False
        self.is_adding = False
        await self._read()
        yield rx.toast.success(f"{added} is added. It can be given to an agent once the provider lists it.")

    @rx.event
    @allow(PLATFORM)
    async def ask(self, deed: str, number_id: str) -> None:
        """Open the confirmation of a deed, or the choice of an agent."""
        row = next((row for row in self.rows if row.id == number_id), None)
        if row is None:
            return
        if deed == "assign":
            self.giving, self.problem = row, ""
            await self._find("")
            self.is_giving = True
        elif deed in ("release", "withdraw", "off", "on"):
            self._open(question(deed, row))

    @rx.event
    @allow(PLATFORM)
    async def find(self, search: str) -> None:
        """Agents without a number that match what is typed."""
        await self._find(str(search)[:200])

    async def _find(self, search: str) -> None:
        found = await self._ask(numbers.candidates, search)
        self.candidates = [Choice(one.id, one.name, f"{one.organization}{'' if one.is_active else ', switched off'}") for one in found]

    @rx.event
    @allow(PLATFORM)
    def turn_giving(self, is_open: bool) -> None:
        """The choice of an agent was closed."""
        self.is_giving = bool(is_open)

    @rx.event
    @allow(PLATFORM)
    async def give(self, agent_id: str) -> AsyncGenerator[Any]:
        """Give the number to this agent; what stands in the way is told in the dialog."""
        self.is_sending, self.problem = True, ""
        yield
        try:
            done = await self._ask(number_acts.assign, self.giving.id, agent_id)
        except KametrixError as error:
            self.problem = error.message
            return
        finally:
            self.is_sending = False
        self.is_giving = False
        told((), done.organizations)
        await self._read()
        yield rx.toast.success(f"{done.agent} has {done.number}. It rings there in a few seconds.")

    @rx.event
    @allow(PLATFORM)
    async def confirm(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Do what was asked."""
        async for event in self._decide(self._do, self._read):
            yield event

    async def _do(self) -> str:
        done, words = await self._perform(self.asked)
        told((), done.organizations)
        return f"{done.number} {words}."

    async def _perform(self, asked: Asked) -> tuple[number_acts.Done, str]:
        number_id, _, agent_id = asked.subject.partition("/")
        if asked.deed == "release":
            return await self._ask(number_acts.release, number_id, agent_id=agent_id), "is released"
        if asked.deed == "withdraw":
            return await self._ask(number_acts.withdraw, number_id, agent_id=agent_id), "is out of the pool"
        is_on = asked.deed == "on"
        return await self._ask(number_acts.set_enabled, number_id, is_on), "is on again" if is_on else "is off"


def _listed() -> list[dict[str, Any]]:
    with _client() as client:
        return number_list.listed(client)


def _still_there(vapi_phone_ids: list[str]) -> list[dict[str, Any]]:
    with _client() as client:
        return number_list.still_there(client, vapi_phone_ids)


def _client() -> VapiClient:
    return VapiClient(settings().vapi_base_url, settings().vapi_api_key.get_secret_value())

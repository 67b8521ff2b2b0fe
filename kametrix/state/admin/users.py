"""People: the list with its filters in the address, one deed at a time, or one for all that are chosen."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from kametrix.models import PlatformRole, UserStatus
from kametrix.services.access import PLATFORM
from kametrix.services.admin import bulk, users
from kametrix.state.addresses import address, neighbours, place, said
from kametrix.state.admin.acts import PersonActs
from kametrix.state.admin.base import AdminState, told
from kametrix.state.admin.user_words import UserLine, bulk_question, people, user_line
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

FILTERS = ("search", "status", "role", "grace")


@dataclass(frozen=True)
class Skipped:
    """Somebody a bulk act left as they were, and why."""

    name: str
    why: str


class UsersState(PersonActs, AdminState):
    """One page of people. `chosen`: ids of the ticked ones on it; `skipped`: what the last bulk act left out."""

    rows: rx.Field[list[UserLine]] = rx.field(default_factory=list)
    search: str = ""
    status: str = ""
    role: str = ""
    grace: str = ""
    key: str = ""
    note: str = ""
    newer: str = ""
    older: str = ""
    chosen: rx.Field[list[str]] = rx.field(default_factory=list)
    skipped: rx.Field[list[Skipped]] = rx.field(default_factory=list)
    bulk_result: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show what the address asks for."""
        self._settle()
        self.chosen, self.skipped, self.bulk_result = [], [], ""
        await self._read()

    async def _read(self) -> None:
        query = said(self, *FILTERS)
        status = query["status"] if query["status"] in set(UserStatus) else ""
        role = query["role"] if query["role"] in set(PlatformRole) else ""
        wanted = users.Wanted(
            search=query["search"],
            status=UserStatus(status) if status else None,
            role=PlatformRole(role) if role else None,
            in_grace=query["grace"] == "yes",
        )
        found, now = await self._ask(users.page, wanted, place(self)), await self._now()
        self.search, self.status, self.role, self.grace = query["search"], status, role, "yes" if wanted.in_grace else ""
        self.key = address("", **query)
        self.rows = [user_line(row, now) for row in found.page.rows]
        self.newer, self.older = neighbours("/admin/users", query, found.page)
        organizations = "1 organization" if found.organizations == 1 else f"{found.organizations:,} organizations"
        matching = f"{people(found.found)} found, of {found.people:,}." if wanted != users.Wanted() else ""
        self.note = matching or f"{people(found.people)} in {organizations}."

    async def _after(self) -> None:
        self.chosen = []
        await self._read()

    @rx.event
    @allow(PLATFORM)
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was searched and chosen."""
        return rx.redirect(address("/admin/users", **{name: str(form.get(name, ""))[:200].strip() for name in FILTERS}))

    @rx.event
    @allow(PLATFORM)
    def choose(self, user_id: str, is_chosen: bool) -> None:
        """Tick a row, or not."""
        rest = [known for known in self.chosen if known != user_id]
        self.chosen = [*rest, user_id] if is_chosen and any(row.id == user_id for row in self.rows) else rest

    @rx.event
    @allow(PLATFORM)
    def choose_all(self, is_chosen: bool) -> None:
        """Tick every row of this page, or none."""
        self.chosen = [row.id for row in self.rows] if is_chosen else []

    @rx.event
    @allow(PLATFORM)
    def ask_bulk(self, status: str) -> None:
        """Open the confirmation of a deed for all that are ticked."""
        if self.chosen and status in ("ACTIVE", "SUSPENDED"):
            self._open(bulk_question(UserStatus(status), len(self.chosen)))

    async def _do(self, asked: Asked, form: dict[str, Any]) -> str:
        if not asked.deed.startswith("bulk:"):
            return await super()._do(asked, form)
        status = UserStatus(asked.deed.partition(":")[2])
        result = await self._ask(bulk.set_status, tuple(self.chosen), status)
        for done in result.done:
            told((done.user_id,), done.organizations)
        self.skipped = [Skipped(name, why) for name, why in result.skipped]
        did = "suspended" if status == UserStatus.SUSPENDED else "reactivated"
        left = f", {len(result.skipped):,} left as they were" if result.skipped else ""
        self.bulk_result = f"{people(len(result.done))} {did}{left}."
        return self.bulk_result

    def _line(self, user_id: str) -> UserLine | None:
        return next((row for row in self.rows if row.id == user_id), None)

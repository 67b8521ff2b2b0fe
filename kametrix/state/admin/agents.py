"""Agents of all organizations, and one of them in full: what it is told, and whether callers hear it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from kametrix.errors import NotFound
from kametrix.models import SyncState
from kametrix.services.access import PLATFORM
from kametrix.services.admin import agents
from kametrix.services.admin.agents import AgentRow
from kametrix.services.wording import moment
from kametrix.state.addresses import address, neighbours, place, said
from kametrix.state.admin.base import AdminState, told
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

FILTERS = ("search", "active", "sync", "organization", "user", "number")


@dataclass(frozen=True)
class AgentLine:
    """An agent in words; `sync` is LIVE, UPDATING, FAILED or OFF."""

    id: str = ""
    name: str = ""
    business: str = ""
    organization: str = ""
    organization_id: str = ""
    person: str = ""
    user_id: str = ""
    number: str = ""
    sync: str = ""
    error: str = ""
    is_active: bool = True


class AgentsAdminState(AdminState):
    """One page of agents, or the one named in the address."""

    rows: rx.Field[list[AgentLine]] = rx.field(default_factory=list)
    search: str = ""
    active: str = ""
    sync: str = ""
    number: str = ""
    key: str = ""
    of_whom: str = ""
    newer: str = ""
    older: str = ""
    agent: AgentLine = AgentLine()
    greeting: str = ""
    prompt: str = ""
    provider_id: str = ""
    synced: str = ""
    is_missing: bool = False

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show the agents the address asks for."""
        self._settle()
        self.agent = AgentLine()
        await self._read()

    @rx.event
    @allow(PLATFORM)
    async def load_one(self) -> None:
        """Show the agent named in the address."""
        self._settle()
        self.rows = []
        await self._read_one(self.router.url.path.rstrip("/").rpartition("/")[2])

    async def _read(self) -> None:
        query = said(self, *FILTERS)
        sync = query["sync"] if query["sync"] in set(SyncState) else ""
        wanted = agents.Wanted(
            search=query["search"],
            organization_id=query["organization"],
            user_id=query["user"],
            is_active={"yes": True, "no": False}.get(query["active"]),
            sync=SyncState(sync) if sync else None,
            waiting=query["number"] == "none",
        )
        found = await self._ask(agents.page, wanted, place(self))
        self.search, self.active, self.sync, self.number = query["search"], query["active"], sync, query["number"]
        self.key, self.rows = address("", **query), [agent_line(row) for row in found.rows]
        self.newer, self.older = neighbours("/admin/agents", query, found)
        first = self.rows[0] if self.rows else AgentLine()
        self.of_whom = first.organization if query["organization"] else first.person if query["user"] else ""

    async def _read_one(self, agent_id: str) -> None:
        try:
            found = await self._ask(agents.detail, agent_id)
        except NotFound:
            self.agent, self.is_missing = AgentLine(), True
            return
        self.agent, self.is_missing = agent_line(found.row), False
        self.greeting, self.prompt, self.provider_id = found.greeting, found.prompt, found.provider_id or "none yet"
        self.synced = synced_words(found, await self._now())

    @rx.event
    @allow(PLATFORM)
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was searched and chosen; whose agents stays."""
        kept = said(self, "organization", "user")
        chosen = {name: str(form.get(name, ""))[:200].strip() for name in ("search", "active", "sync", "number")}
        return rx.redirect(address("/admin/agents", **kept, **chosen))

    @rx.event
    @allow(PLATFORM)
    def ask(self, deed: str, agent_id: str) -> None:
        """Open the confirmation of a deed."""
        agent = next((row for row in (self.agent, *self.rows) if row.id == agent_id), None)
        if agent and deed in ("on", "off", "retry"):
            self._open(question(deed, agent))

    @rx.event
    @allow(PLATFORM)
    async def confirm(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Do what was asked."""
        async for event in self._decide(self._perform, self._show):
            yield event

    async def _perform(self) -> str:
        if self.asked.deed == "retry":
            done = await self._ask(agents.retry, self.asked.subject)
        else:
            done = await self._ask(agents.set_active, self.asked.subject, self.asked.deed == "on")
        told((), (done.organization_id,))
        return f"{done.name} is being updated. Callers notice in a few seconds."

    async def _show(self) -> None:
        await (self._read_one(self.agent.id) if self.agent.id else self._read())


def agent_line(row: AgentRow) -> AgentLine:
    """An agent in words."""
    return AgentLine(
        id=row.id,
        name=row.name,
        business=row.business,
        organization=row.organization,
        organization_id=row.organization_id,
        person=row.person,
        user_id=row.user_id,
        number=row.number or "No number",
        sync=row.sync.value if row.is_active or row.sync != SyncState.LIVE else "OFF",
        error=row.error,
        is_active=row.is_active,
    )


def question(deed: str, agent: AgentLine) -> Asked:
    """The confirmation: names the agent and says what callers and its organization notice."""
    asked = {
        "off": (
            f"Switch {agent.name} off?",
            [f"Callers of {agent.number} hear that the line takes no calls.", f"{agent.organization} sees that it is off."],
            "Switch off",
        ),
        "on": (f"Switch {agent.name} on?", [f"Callers of {agent.number} are answered again in a few seconds."], "Switch on"),
        "retry": (f"Send {agent.name} again?", ["The provider gets what was last saved. Calls that run go on."], "Send again"),
    }  # fmt: skip
    title, effects, action = asked[deed]
    return Asked(deed, agent.id, title, effects, action, is_grave=deed == "off")


def synced_words(found: agents.AgentDetail, now: datetime) -> str:
    """'Version 4 of 5 reached the provider, Today, 14:12.'."""
    if found.synced_at is None:
        return "No version has reached the provider yet."
    at = moment(found.synced_at.astimezone(now.tzinfo), now)
    return f"Version {found.synced_revision:,} of {found.revision:,} reached the provider: {at}."

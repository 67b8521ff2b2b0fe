"""Agents as cards and one agent's page: what callers hear, on which number, and whether the last change has arrived."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import reflex as rx

from kametrix import clock, db
from kametrix.errors import KametrixError, NotFound
from kametrix.models import SyncState
from kametrix.services import agents, calls
from kametrix.services.call_filters import Filter
from kametrix.services.wording import counted
from kametrix.services.zones import zone_of
from kametrix.settings import settings
from kametrix.state import live
from kametrix.state.call_rows import call_row
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import CallRow

RECENT_CALLS = 5


@dataclass(frozen=True)
class AgentCard:
    """An agent in words. `sync`: LIVE, UPDATING, FAILED or OFF; `sync_note` what that means for callers now."""

    id: str = ""
    name: str = ""
    initial: str = ""
    about: str = ""
    number: str = ""
    number_text: str = ""
    number_note: str = ""
    voice: str = ""
    is_active: bool = True
    sync: str = ""
    sync_note: str = ""
    week: str = ""
    first_message: str = ""
    after_hours_message: str = ""
    prompt: str = ""
    console: str = ""


class AgentsState(AuthState):
    """The cards, or with an id in the address one agent and its last calls."""

    cards: rx.Field[list[AgentCard]] = rx.field(default_factory=list)
    agent: AgentCard = AgentCard()
    calls: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    is_missing: bool = False
    can_write: bool = False
    removing: AgentCard = AgentCard()
    is_removing: bool = False
    is_sending: bool = False

    @rx.event
    @allow("agents:read")
    async def load(self) -> None:
        """Show every agent."""
        live.follow(self, AgentsState.refresh)
        self.can_write, self.is_removing, self.is_sending = self.actor.may("agents:write"), False, False
        await self._read(db.run)

    @rx.event
    @allow("agents:read")
    async def load_one(self) -> None:
        """Show the agent named in the address."""
        live.follow(self, AgentsState.refresh_one)
        self.can_write, self.is_removing, self.is_sending = self.actor.may("agents:write"), False, False
        await self._read_one(db.run)

    @rx.event
    @allow("agents:read")
    async def refresh(self) -> None:
        """Agents may have changed."""
        await self._read(live.shared)

    @rx.event
    @allow("agents:read")
    async def refresh_one(self) -> None:
        """The agent or its calls may have changed."""
        await self._read_one(live.shared)

    async def _read(self, run: live.Run) -> None:
        self.cards = [agent_card(view) for view in await run(agents.all_of, self.actor)]

    async def _read_one(self, run: live.Run) -> None:
        agent_id = self.router.url.path.strip("/").split("/")[1]
        try:
            self.agent, self.is_missing = agent_card(await run(agents.view, self.actor, agent_id)), False
        except NotFound:
            self.agent, self.is_missing = AgentCard(), True
            return
        now = clock.now().astimezone(await run(zone_of, self.actor))
        running = [call for call in await run(calls.live, self.actor) if call.agent_id == agent_id]
        ended: calls.CallPage = await run(calls.page, self.actor, Filter(agent_id=agent_id), size=RECENT_CALLS)
        self.calls = [call_row(call, now) for call in (*running, *ended.rows)]

    @rx.event
    @allow("agents:write")
    async def set_active(self, agent_id: str, is_active: bool) -> AsyncGenerator[None]:
        """Switch an agent on or off; the card says so before the answer is there."""
        card = self._card(agent_id)
        self._put(replace(card, is_active=is_active, sync="UPDATING", sync_note="Switching on…" if is_active else "Switching off…"))
        yield
        try:
            self._put(agent_card(await db.run(agents.set_active, self.actor, agent_id, is_active)))
        except KametrixError:
            self._put(card)
            raise

    @rx.event
    @allow("agents:write")
    async def retry(self, agent_id: str) -> AsyncGenerator[None]:
        """Send the agent to the provider again."""
        card = self._card(agent_id)
        self._put(replace(card, sync="UPDATING", sync_note="Trying again…"))
        yield
        try:
            self._put(agent_card(await db.run(agents.retry, self.actor, agent_id)))
        except KametrixError:
            self._put(card)
            raise

    @rx.event
    @allow("agents:write")
    def ask_removal(self, agent_id: str) -> None:
        """Open the confirmation."""
        self.removing, self.is_removing = self._card(agent_id), True

    @rx.event
    @allow("agents:write")
    def turn_removal(self, is_open: bool) -> None:
        """The confirmation was closed, or opened again."""
        self.is_removing = is_open

    @rx.event
    @allow("agents:write")
    async def remove(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Delete the agent of the confirmation."""
        self.is_sending = True
        yield
        try:
            await db.run(agents.delete, self.actor, self.removing.id)
        finally:
            self.is_sending = self.is_removing = False
        yield rx.toast.success(f"{self.removing.name} was deleted.")
        yield rx.redirect("/agents")
        await self._read(db.run)

    def _card(self, agent_id: str) -> AgentCard:
        """The card on this page. Raises NotFound."""
        for card in (self.agent, *self.cards):
            if card.id == agent_id:
                return card
        raise NotFound("This agent does not exist any more. Please load the page again.")

    def _put(self, card: AgentCard) -> None:
        self.cards = [card if known.id == card.id else known for known in self.cards]
        if self.agent.id == card.id:
            self.agent = card


def agent_card(view: agents.AgentView) -> AgentCard:
    """An agent in words."""
    sync, note = sync_words(view)
    return AgentCard(
        id=view.id,
        name=view.name,
        initial=view.name[:1].upper(),
        about=view.business_name,
        number=view.number or "",
        number_text=view.number_text,
        number_note=view.number_note,
        voice=view.voice_name,
        is_active=view.is_active,
        sync=sync,
        sync_note=note,
        week=f"{counted(view.calls_this_week, 'call')} this week",
        first_message=view.first_message,
        after_hours_message=view.after_hours_message,
        prompt=view.system_prompt,
        console=console_address(view.number or ""),
    )


def sync_words(view: agents.AgentView) -> tuple[str, str]:
    """The state shown, and what callers hear meanwhile."""
    if view.sync_state is SyncState.FAILED:
        return "FAILED", view.sync_error or "The last change did not reach callers. They still hear the version before it."
    if view.sync_state is SyncState.UPDATING:
        waiting = "Sending your last change. Callers hear the version before it for a few seconds more."
        return "UPDATING", waiting if view.synced_at else "Getting ready. It takes calls in a few seconds."
    if not view.is_active:
        return "OFF", "Switched off. Callers hear that the line takes no calls at the moment."
    if not view.is_organization_answering:
        return "OFF", "All calls are stopped in Settings, Organization. Callers hear that nobody takes calls at the moment."
    if not view.is_number_on:
        return "OFF", "We have switched its number off, so nobody answers it. Please ask us why."
    return "LIVE", "Callers hear everything you last saved."


def console_address(number: str) -> str:
    """Where the number can be called without a telephone; empty without such a place."""
    place = settings().test_console_url
    return f"{place.rstrip('/')}/?number={quote(number)}" if place and number else ""

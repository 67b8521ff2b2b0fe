"""Settings of the organization: its name, zone and language, and whether its agents take calls at all."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import clock, db
from kametrix.services import agent_form, organization_settings, texts
from kametrix.services.wording import counted
from kametrix.services.zones import local
from kametrix.state.frame import FrameState
from kametrix.state.guard import AuthState, allow
from kametrix.state.settings_form import SettingsForm
from kametrix.state.settings_pushes import PushesState, saved

FIELDS: Final = ("name", "timezone", "language")


class OrganizationSettingsState(SettingsForm, AuthState):
    """`zone` is the one chosen, `there` its time."""

    zone: str = ""
    there: str = ""
    language_name: str = ""
    is_answering: bool = True
    agents: str = ""
    is_asking: bool = False
    is_switching: bool = False

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read the settings; what was typed and not saved stays."""
        self.is_asking = self.is_switching = False
        self._resume()
        await self._read()

    async def _read(self) -> None:
        profile = await db.run(organization_settings.profile, self.actor)
        self.start = {"name": profile.name, "timezone": profile.timezone, "language": profile.language} | self._typed
        self.language_name = texts.of(profile.language).name
        self.is_answering, self.agents = profile.is_answering, counted(profile.agents, "agent")
        self.zone, self.there = self.start["timezone"], time_there(self.start["timezone"])

    @rx.event
    @allow("organization:write")
    def keep(self, name: str, value: str) -> None:
        """Remember what stands in the field called `name`."""
        if name in FIELDS:
            self._keep(name, str(value)[:1000])
        if name == "timezone" and value in agent_form.zones():
            self.zone, self.there = value, time_there(value)

    @rx.event
    @allow("organization:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save the three fields; errors are told at them."""
        typed = {name: str(form.get(name, ""))[:1000] for name in FIELDS}
        async for events in self._send(typed, self._save):
            yield events

    async def _save(self) -> list[Any]:
        pushed = await db.run(organization_settings.save_profile, self.actor, *self._typed.values())
        return [FrameState.load, PushesState.load, rx.toast.success(saved(pushed))]

    @rx.event
    @allow("organization:write")
    def turn_question(self, is_open: bool) -> None:
        """Open or close the question whether to stop answering."""
        self.is_asking = bool(is_open)

    @rx.event
    @allow("organization:write")
    async def stop(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Turn every caller away from now on."""
        async for events in self._switch(False):
            yield events

    @rx.event
    @allow("organization:write")
    async def resume(self) -> AsyncGenerator[Any]:
        """Take calls again."""
        async for events in self._switch(True):
            yield events

    async def _switch(self, active: bool) -> AsyncGenerator[Any]:
        self.is_switching = True
        yield
        try:
            await db.run(organization_settings.set_answering, self.actor, active)
        finally:
            self.is_switching = self.is_asking = False
        await self._read()
        told = "Calls are answered again." if active else "Calls are no longer answered."
        yield [FrameState.load, PushesState.load, rx.toast.success(told)]


def time_there(zone: str) -> str:
    """'It is Friday, 20 Nov, 14:12 there now.'"""
    now = local(clock.now(), zone)
    return f"It is {now:%A}, {now.day} {now:%b}, {now.hour}:{now.minute:02d} there now."

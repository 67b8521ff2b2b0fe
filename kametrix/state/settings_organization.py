"""Settings of the organization: its name, zone and language, and whether its agents take calls at all."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Invalid, KametrixError
from kametrix.services import agent_form, organization_settings, texts
from kametrix.services.wording import counted
from kametrix.services.zones import local
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.frame import FrameState
from kametrix.state.guard import AuthState, allow
from kametrix.state.settings_pushes import PushesState, saved

FIELDS: Final = ("name", "timezone", "language")


class OrganizationSettingsState(AuthState):
    """`start` holds what the inputs begin with; what is typed is kept here too, so that nothing that goes wrong loses it."""

    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    zone: str = ""
    there: str = ""
    language_name: str = ""
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    problem: str = ""
    is_saving: bool = False
    is_answering: bool = True
    agents: str = ""
    is_asking: bool = False
    is_switching: bool = False
    _typed: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    _organization: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read the settings; what was typed and not saved stays."""
        self.is_saving = self.is_asking = self.is_switching = False
        if self._organization != self.actor.organization_id:
            self._organization, self._typed, self.errors, self.problem = self.actor.organization_id, {}, {}, ""
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
            self._typed = {**self._typed, name: str(value)[:1000]}
            self.start = {**self.start, name: self._typed[name]}  # a page that is loaded again begins with it
        if name == "timezone" and value in agent_form.zones():
            self.zone, self.there = value, time_there(value)

    @rx.event
    @allow("organization:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save the three fields; errors are told at them."""
        self.is_saving, self.errors, self.problem = True, {}, ""
        self._typed = {name: str(form.get(name, ""))[:1000] for name in FIELDS}
        yield
        try:
            pushed = await db.run(organization_settings.save_profile, self.actor, *self._typed.values())
        except Invalid as error:
            self.errors, self.problem = error.errors, "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        except KametrixError as error:
            self.problem = f"{error.message} What you typed is still here."
            return
        finally:
            self.is_saving = False
        self._typed = {}
        await self._read()
        yield [FrameState.load, PushesState.load, rx.toast.success(saved(pushed))]

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

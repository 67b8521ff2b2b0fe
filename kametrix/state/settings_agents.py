"""Settings for new agents: what the form of the next one begins with."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.services import organization_settings, texts, voices
from kametrix.services.organization_settings import AgentDefaults
from kametrix.state.guard import AuthState, allow
from kametrix.state.numbers import whole
from kametrix.state.settings_form import SettingsForm

FIELDS: Final = ("voice_id", "greeting", "personality", "instructions", "max_minutes")


class AgentDefaultsState(SettingsForm, AuthState):
    """`shown` is what `start` says in words, for who may only look."""

    shown: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    own_greeting: str = ""
    language: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read the defaults; what was typed and not saved stays."""
        self._resume()
        await self._read()

    async def _read(self) -> None:
        defaults = await db.run(organization_settings.agent_defaults, self.actor)
        words = texts.of((await db.run(organization_settings.profile, self.actor)).language)
        self.language, self.own_greeting = words.name, words.greeting
        stored = {name: str(getattr(defaults, name)) for name in FIELDS}
        self.start = {**stored, "voice_id": stored["voice_id"] or voices.VOICES[0].id} | self._typed
        self.shown = {
            **stored,
            "voice_id": voices.BY_ID.get(defaults.voice_id, voices.VOICES[0]).name,
            "greeting": defaults.greeting or words.greeting,
            "personality": defaults.personality.capitalize() or "None in particular",
            "instructions": defaults.instructions or "None",
            "max_minutes": f"{defaults.max_minutes} minutes",
        }

    @rx.event
    @allow("organization:write")
    def keep(self, name: str, value: str) -> None:
        """Remember what stands in the field called `name`."""
        if name in FIELDS:
            self._keep(name, str(value)[:10_000])

    @rx.event
    @allow("organization:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save what new agents begin with; errors are told at the fields."""
        typed = {name: str(form.get(name, ""))[:10_000] for name in FIELDS}
        async for events in self._send(typed, self._save):
            yield events

    async def _save(self) -> Any:
        await db.run(organization_settings.save_agent_defaults, self.actor, defaults_of(self._typed))
        return rx.toast.success("Saved. The next new agent begins with this.")


def defaults_of(typed: dict[str, str]) -> AgentDefaults:
    """The form's texts as defaults; what is no number is refused as one."""
    return AgentDefaults(typed["voice_id"], typed["greeting"], typed["personality"], typed["instructions"], whole(typed["max_minutes"]))

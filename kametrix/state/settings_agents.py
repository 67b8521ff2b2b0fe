"""Settings for new agents: what the form of the next one begins with."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.errors import Invalid, KametrixError
from kametrix.services import organization_settings, texts, voices
from kametrix.services.organization_settings import AgentDefaults
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState, allow
from kametrix.state.numbers import whole

FIELDS: Final = ("voice_id", "greeting", "personality", "instructions", "max_minutes")


class AgentDefaultsState(AuthState):
    """`start` holds what the inputs begin with, `shown` the same in words for who may only look."""

    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    shown: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    own_greeting: str = ""
    language: str = ""
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    problem: str = ""
    is_saving: bool = False
    _typed: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    _organization: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read the defaults; what was typed and not saved stays."""
        self.is_saving = False
        if self._organization != self.actor.organization_id:
            self._organization, self._typed, self.errors, self.problem = self.actor.organization_id, {}, {}, ""
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
            self._typed = {**self._typed, name: str(value)[:10_000]}
            self.start = {**self.start, name: self._typed[name]}  # a page that is loaded again begins with it

    @rx.event
    @allow("organization:write")
    async def save(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save what new agents begin with; errors are told at the fields."""
        self.is_saving, self.errors, self.problem = True, {}, ""
        self._typed = {name: str(form.get(name, ""))[:10_000] for name in FIELDS}
        yield
        try:
            await db.run(organization_settings.save_agent_defaults, self.actor, defaults_of(self._typed))
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
        yield rx.toast.success("Saved. The next new agent begins with this.")


def defaults_of(typed: dict[str, str]) -> AgentDefaults:
    """The form's texts as defaults; what is no number is refused as one."""
    return AgentDefaults(typed["voice_id"], typed["greeting"], typed["personality"], typed["instructions"], whole(typed["max_minutes"]))

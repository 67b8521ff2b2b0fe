"""What the forms of settings share: what is typed stands until it is saved, and every error is told."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import reflex as rx

from kametrix.errors import Invalid, KametrixError
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState


class SettingsForm(AuthState, mixin=True):
    """`start` holds what the inputs begin with; what is typed is kept too, so that nothing that goes wrong loses it."""

    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    problem: str = ""
    is_saving: bool = False
    _typed: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    _organization: str = ""

    def _resume(self) -> None:
        """The page is loaded: what was typed for another organization is forgotten."""
        self.is_saving = False
        if self._organization != self.actor.organization_id:
            self._organization, self._typed, self.errors, self.problem = self.actor.organization_id, {}, {}, ""

    def _keep(self, name: str, value: str) -> None:
        """Remember what is typed; a page that is loaded again begins with it."""
        self._typed = {**self._typed, name: value}
        self.start = {**self.start, name: value}

    async def _send(self, typed: dict[str, str], save: Callable[[], Awaitable[Any]]) -> AsyncGenerator[Any]:
        """Save what was `typed`; `save` returns the events that follow. Errors are told at the fields, and nothing is lost."""
        self.is_saving, self.errors, self.problem, self._typed = True, {}, "", typed
        yield
        try:
            events = await save()
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
        yield events

    async def _read(self) -> None:
        """Show what is stored."""

"""What the states of the operator's console share: the platform login, the operator's clock, and one question at a time."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import reflex as rx
from sqlmodel import Session

from kametrix import clock, db
from kametrix.errors import KametrixError
from kametrix.services.access import PLATFORM, Actor
from kametrix.services.live import announce
from kametrix.services.zones import zone_of
from kametrix.state.guard import AuthState, allow, forget
from kametrix.state.rows import Asked

P = ParamSpec("P")
R = TypeVar("R")


class AdminState(AuthState):
    """Parent of every state of the console. `asked` is the deed whose confirmation is open."""

    asked: Asked = Asked()
    is_asking: bool = False
    is_sending: bool = False

    @rx.event
    @allow(PLATFORM)
    def turn_decision(self, is_open: bool) -> None:
        """The confirmation was closed, or opened again."""
        self.is_asking = bool(is_open)

    async def _ask(self, service: Callable[Concatenate[Session, Actor, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call an operator's service in one transaction of the platform login."""
        return await db.run_platform(db.PAGES, service, self.actor, *args, **kwargs)

    async def _now(self) -> datetime:
        """The present moment in the operator's own zone."""
        return clock.now().astimezone(await db.run(zone_of, self.actor))

    def _open(self, asked: Asked) -> None:
        self.asked, self.is_asking, self.is_sending = asked, True, False

    async def _decide(self, do: Callable[[], Awaitable[str]], show: Callable[[], Awaitable[None]]) -> AsyncGenerator[Any]:
        """Do what is being asked, once, then `show` what became of it and say the words of `do`, if any.

        What is refused is told in the confirmation, which stays open.
        """
        if not self.is_asking or self.is_sending:
            return
        self.is_sending = True
        yield
        try:
            words = await do()
        except KametrixError as error:
            self.asked = replace(self.asked, error=error.message)
            return
        finally:
            self.is_sending = False
        self._settle()
        await show()
        if words:
            yield rx.toast.success(words)

    def _settle(self) -> None:
        """Nothing is asked, nothing is being sent: a page begins, or a deed is done."""
        self.is_asking = self.is_sending = False


def told(user_ids: tuple[str, ...], organizations: tuple[str, ...]) -> None:
    """After an act: look these people up anew, and have the open pages of these organizations look again."""
    for user_id in user_ids:
        forget(user_id)
    for organization_id in organizations:
        announce(organization_id)

"""How far a change of settings has come: which agents callers do not hear it from yet."""

from collections.abc import Sequence

import reflex as rx

from kametrix import db
from kametrix.services import organization_settings
from kametrix.services.wording import counted
from kametrix.state import live
from kametrix.state.guard import AuthState, allow


class PushesState(AuthState):
    """`updating` and `failed` are sentences, empty when there is nothing to tell."""

    updating: str = ""
    failed: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read how far it is, and follow it."""
        live.follow(self, PushesState.refresh)
        await self._read(db.run)

    @rx.event
    @allow("organization:read")
    async def refresh(self) -> None:
        """An agent has arrived."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        pushes = await run(organization_settings.pushes, self.actor)
        self.updating = f"{_told(pushes.updating)} being updated. Callers hear it in a moment." if pushes.updating else ""
        self.failed = f"{_told(pushes.failed)} not updated. Look at the agents for the reason." if pushes.failed else ""


def _told(names: Sequence[str]) -> str:
    """'Mia is', '3 agents are'."""
    return f"{names[0]} is" if len(names) == 1 else f"{counted(len(names), 'agent')} are"


def saved(pushed: int) -> str:
    """What a person is told after saving: 'Saved.', 'Saved. 3 agents are being updated.'"""
    if pushed == 0:
        return "Saved."
    return f"Saved. {counted(pushed, 'agent')} {'is' if pushed == 1 else 'are'} being updated."

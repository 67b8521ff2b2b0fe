"""Deeds on one person, for the list and for the person's page: ask, confirm, tell."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from kametrix.errors import NotFound
from kametrix.models import PlatformRole, UserStatus
from kametrix.services.access import PLATFORM
from kametrix.services.admin import user_acts
from kametrix.services.admin.operator import Done
from kametrix.services.wording import counted
from kametrix.settings import settings
from kametrix.state.admin.base import AdminState, told
from kametrix.state.admin.user_words import UserLine, question, role_question
from kametrix.state.guard import allow
from kametrix.state.rows import Asked

DEEDS = ("suspend", "activate", "log_out", "verify", "reset", "staff", "no_staff")


class PersonActs(AdminState, mixin=True):
    """Handlers that each state which shows people gets as its own, so that they find its rows.

    `link` is a reset link, shown once, gone when its dialog closes.
    """

    link: str = ""
    link_for: str = ""

    @rx.event
    @allow(PLATFORM)
    async def ask(self, deed: str, user_id: str) -> None:
        """Open the confirmation of a deed. Raises NotFound when the page no longer shows the person."""
        user = self._line(user_id)
        role = deed.removeprefix("role:")
        if user is None:
            raise NotFound("This page is out of date. Load it again.")
        if deed in DEEDS:
            self._open(question(deed, user))
        elif role in {role.value for role in user_acts.ROLES}:
            self._open(role_question(PlatformRole(role), user))

    @rx.event
    @allow(PLATFORM)
    async def confirm(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Do what was asked."""
        async for event in self._decide(lambda: self._do(self.asked, form), self._after):
            yield event

    @rx.event
    @allow(PLATFORM)
    def turn_link(self, is_open: bool) -> None:
        """The reset link was copied, or not: it is not shown again."""
        if not is_open:
            self.link = self.link_for = ""

    async def _do(self, asked: Asked, form: dict[str, Any]) -> str:
        """Do it and say so."""
        if asked.deed == "reset":
            made = await self._ask(user_acts.reset_link, asked.subject)
            self.link, self.link_for = settings().public_url.rstrip("/") + made.path, f"{made.name} ({made.email})"
            return ""
        done, did = await self._perform(asked, str(form.get("reason", "")))
        told((done.user_id,), done.organizations)
        ended = f" {counted(done.ended, 'log-in')} ended." if done.ended else ""
        return f"{done.name} {did}.{ended}"

    async def _perform(self, asked: Asked, reason: str) -> tuple[Done, str]:
        subject = asked.subject
        match asked.deed:
            case "suspend":
                return await self._ask(user_acts.set_status, subject, UserStatus.SUSPENDED, reason), "is suspended"
            case "activate":
                return await self._ask(user_acts.set_status, subject, UserStatus.ACTIVE), "can log in again"
            case "log_out":
                return await self._ask(user_acts.log_out, subject), "is logged out everywhere"
            case "verify":
                return await self._ask(user_acts.verify_email, subject), "has a confirmed address"
            case "staff" | "no_staff":
                is_staff = asked.deed == "staff"
                return await self._ask(user_acts.set_staff, subject, is_staff), "is staff" if is_staff else "is no longer staff"
            case _:
                role = PlatformRole(asked.deed.removeprefix("role:"))
                return await self._ask(user_acts.set_role, subject, role), "has another role"

    async def _after(self) -> None:
        """Show what became of it."""

    def _line(self, user_id: str) -> UserLine | None:
        """The person as this page shows them."""

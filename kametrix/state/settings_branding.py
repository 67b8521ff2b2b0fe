"""Settings of how an organization shows itself: logo and colour."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.errors import Invalid
from kametrix.services import branding
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.frame import FrameState
from kametrix.state.guard import AuthState, allow

OURS: Final = "#6e56cf"
SEND: Final = """(async () => {
  const input = document.getElementById("logo-file"), file = input.files[0];
  input.value = "";
  if (!file) return ["", ""];
  if (file.size > 2000000) return ["", "The picture is larger than 2 MB. Please save it smaller."];
  try {
    const answer = await fetch("/api/logos", {method: "POST", body: file}), told = await answer.json();
    return [told.logo ?? "", told.error ?? ""];
  } catch { return ["", "The picture did not reach us. Please try again."]; }
})()"""
"""Sends the chosen file and answers [address, what is wrong]. The route knows the person by the session cookie."""


class BrandingState(AuthState):
    """`color` is what stands in the field, `stored` what is saved."""

    name: str = ""
    logo: str = ""
    color: str = ""
    stored: str = ""
    color_error: str = ""
    logo_error: str = ""
    is_sending: bool = False
    is_saving: bool = False
    _organization: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read how the organization shows itself; a colour that was chosen and not saved stays."""
        self.is_sending = self.is_saving = False
        self.color_error = self.logo_error = ""
        await self._read(keep=self.color != self.stored and self._organization == self.actor.organization_id)

    async def _read(self, *, keep: bool) -> None:
        found = await db.run(branding.branding, self.actor)
        self._organization = self.actor.organization_id
        self.name, self.logo, self.stored = found.name, found.logo, found.color
        if not keep:
            self.color = found.color

    @rx.event
    @allow("organization:write")
    def send_logo(self, _chosen: str) -> Any:
        """Send the file that was chosen."""
        self.is_sending, self.logo_error = True, ""
        return rx.call_script(SEND, callback=BrandingState.sent)

    @rx.event
    @allow("organization:write")
    async def sent(self, answer: list[str]) -> Any:
        """The server has answered: show the logo that is stored now, or what was wrong."""
        self.is_sending, (address, wrong) = False, (str(part)[:300] for part in (*answer, "", "")[:2])
        self.logo_error = wrong
        await self._read(keep=True)
        return [FrameState.load, rx.toast.success("Your logo is saved.")] if address and not wrong else None

    @rx.event
    @allow("organization:write")
    async def remove_logo(self) -> Any:
        """Show the first letter instead."""
        self.logo_error = ""
        await db.run(branding.remove_logo, self.actor)
        await self._read(keep=True)
        return [FrameState.load, rx.toast.success("Your logo is removed.")]

    @rx.event
    @allow("organization:write")
    def pick_color(self, color: str) -> Any:
        """Show the colour that was picked on the marks and in the field; it is not saved yet."""
        self._show(color)
        return rx.set_value("color", self.color)

    @rx.event
    @allow("organization:write")
    def type_color(self, color: str) -> Any:
        """Show the colour that is being typed; it is not saved yet."""
        self._show(color)
        return rx.set_value("color-picker", self.color) if branding.COLOR.fullmatch(self.color.lower()) else None

    def _show(self, color: str) -> None:
        self.color, self.color_error = str(color)[:40], ""

    @rx.event
    @allow("organization:write")
    async def save_color(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save the colour in the field; empty is ours."""
        self.is_saving, self.color_error = True, ""
        self.color = str(form.get("color", ""))[:40]
        yield
        try:
            self.color = self.stored = await db.run(branding.save_color, self.actor, self.color)
        except Invalid as error:
            self.color_error = error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_saving = False
        yield [FrameState.load, rx.toast.success("Your color is saved." if self.color else "Your marks are in our violet again.")]

"""The settings page: name, password, and where the person is logged in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Conflict, Invalid
from kametrix.services import accounts, email_confirmation, sessions, sign_in, unsubscribing, zones
from kametrix.services.access import SIGNED_IN
from kametrix.services.sessions import SessionView
from kametrix.services.wording import counted, moment
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.frame import FrameState
from kametrix.state.guard import AuthState, allow, forget
from kametrix.state.strength import Meter, measure

NO_PASSWORD_ERRORS = {"old": "", "new": ""}


@dataclass(frozen=True)
class SessionRow:
    """One login session in words."""

    id: str
    device: str
    where: str
    seen: str
    since: str
    is_current: bool


class AccountState(AuthState):
    """`password_form` changes when a password was changed, so that its fields empty themselves; `revoking` is the device asked about."""

    name: str = ""
    email: str = ""
    is_verified: bool = True
    is_sending: bool = False
    wants_mail: bool = True
    name_error: str = ""
    is_saving_name: bool = False
    password_form: int = 0
    password_errors: dict[str, str] = NO_PASSWORD_ERRORS
    password_message: str = ""
    is_saving_password: bool = False
    meter: Meter = Meter()
    sessions: rx.Field[list[SessionRow]] = rx.field(default_factory=list)
    has_others: bool = False
    revoking: str = ""
    _revoking_id: str = ""
    asks_others: bool = False

    @rx.event
    @allow(SIGNED_IN)
    async def load(self) -> None:
        """Read the account and its sessions."""
        profile = await db.run(accounts.profile, self.actor)
        self.name, self.email, self.name_error = profile.name, profile.email, ""
        self.is_verified, self.wants_mail = profile.is_verified, profile.wants_mail
        self.password_errors, self.password_message, self.meter = dict(NO_PASSWORD_ERRORS), "", Meter()
        self.is_saving_name = self.is_saving_password = self.asks_others = self.is_sending = False
        self.revoking = ""
        await self._read_sessions()

    async def _sessions_changed(self) -> None:
        forget(self.actor.user_id)
        await self._read_sessions()

    async def _read_sessions(self) -> None:
        views = await db.run(sessions.all_of, self.actor, self.principal.session_id)
        zone = await db.run(zones.zone_of, self.actor)
        now = clock.now().astimezone(zone)
        self.sessions = [session_row(view, now) for view in views]
        self.has_others = len(views) > 1

    @rx.event
    @allow(SIGNED_IN)
    async def save_name(self, form: dict[str, Any]) -> Any:
        """Change the name; an error is told at the field."""
        self.name_error, self.is_saving_name = "", True
        yield
        try:
            self.name = (await db.run(accounts.rename, self.actor, str(form.get("name", "")))).name
        except Invalid as error:
            self.name_error = error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_saving_name = False
        forget(self.actor.user_id)
        yield [FrameState.load, rx.toast.success("Your name is saved.")]

    @rx.event
    @allow(SIGNED_IN)
    async def confirm_again(self) -> Any:
        """Have a new link of confirmation sent."""
        self.is_sending = True
        yield
        try:
            await db.run_platform(db.PAGES, email_confirmation.count_again, self.actor)
            email = await db.run_platform(db.PAGES, email_confirmation.send_again, self.actor)
        except Conflict as error:  # confirmed meanwhile, in another tab
            self.is_verified = True
            yield rx.toast.success(error.message)
            return
        finally:
            self.is_sending = False
        yield rx.toast.success(f"A new link is on its way to {email}.")

    @rx.event
    @allow(SIGNED_IN)
    async def choose_mail(self, wanted: bool) -> Any:
        """Have warnings and statements by mail, or not."""
        await db.run_platform(db.PAGES, unsubscribing.choose, self.actor, bool(wanted))
        self.wants_mail = bool(wanted)
        return rx.toast.success("Warnings and statements come by mail." if wanted else "Warnings and statements no longer come by mail.")

    @rx.event
    @allow(SIGNED_IN)
    async def weigh(self, password: str) -> None:
        """Show the strength of what is typed; the password itself is not kept."""
        self.meter = await measure(str(password), (self.email, self.name))

    @rx.event
    @allow(SIGNED_IN)
    async def change_password(self, form: dict[str, Any]) -> Any:
        """Set a new password; errors are told at the fields, and other sessions end."""
        self.password_errors, self.password_message, self.is_saving_password = dict(NO_PASSWORD_ERRORS), "", True
        yield
        try:
            ended = await self._change_password(str(form.get("old", "")), str(form.get("new", "")))
        except Invalid as error:
            self.password_errors |= error.errors
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_saving_password = False
        self.password_form, self.meter = self.password_form + 1, Meter()
        await self._sessions_changed()
        others = f" {counted(ended, 'other session')} ended." if ended else ""
        yield rx.toast.success(f"Your password is changed.{others}")

    async def _change_password(self, old: str, new: str) -> int:
        await db.run_platform(db.PAGES, sign_in.count_old_password, self.actor)
        return await db.run_platform(db.SIGN_IN, sign_in.change_password, self.actor, self.principal.session_id, old, new)

    @rx.event
    @allow(SIGNED_IN)
    def ask_revoke(self, session_id: str) -> None:
        """Open the question whether to end a session."""
        self.revoking = next((row.device for row in self.sessions if row.id == session_id), "")
        self._revoking_id = session_id

    @rx.event
    @allow(SIGNED_IN)
    def turn_revoke(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.revoking = ""

    @rx.event
    @allow(SIGNED_IN)
    async def revoke(self, _form: dict[str, Any]) -> Any:
        """End the session the question is about."""
        device, self.revoking = self.revoking, ""
        await db.run(sessions.revoke, self.actor, self._revoking_id)
        await self._sessions_changed()
        return rx.toast.success(f"{device} is logged out.")

    @rx.event
    @allow(SIGNED_IN)
    def turn_others(self, is_open: bool) -> None:
        """Open or close the question whether to end all other sessions."""
        self.asks_others = bool(is_open)

    @rx.event
    @allow(SIGNED_IN)
    async def revoke_others(self, _form: dict[str, Any]) -> Any:
        """End every session but this one."""
        self.asks_others = False
        ended = await db.run(sessions.revoke_others, self.actor, self.principal.session_id)
        await self._sessions_changed()
        return rx.toast.success(f"{counted(ended, 'other session')} ended.")


def session_row(view: SessionView, now: datetime) -> SessionRow:
    """A session in words, in the zone of `now`."""
    seen = "Active now" if view.is_current else f"Last seen {_within_a_sentence(view.last_seen_at, now)}"
    since = f"Logged in {_within_a_sentence(view.created_at, now)}"
    return SessionRow(view.id, view.device, view.ip_address or "Unknown address", seen, since, view.is_current)


def _within_a_sentence(at: datetime, now: datetime) -> str:
    words = moment(at.astimezone(now.tzinfo), now)
    return words[0].lower() + words[1:]

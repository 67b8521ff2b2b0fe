"""The team page: members with their roles, invitations that wait, and the questions asked before anything changes."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Invalid
from kametrix.models import OrgRole
from kametrix.services import invitations, memberships, organizations, team, zones
from kametrix.services.access import SIGNED_IN, Actor
from kametrix.services.invitations import Invited, Waiting
from kametrix.services.live import announce
from kametrix.services.roles import ROLES
from kametrix.services.team import Member
from kametrix.services.wording import counted, day, moment
from kametrix.settings import settings
from kametrix.state import live
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.frame import FrameState, initials
from kametrix.state.guard import START_ANEW, AuthState, allow, forget

QUESTIONS: Final = ("role", "remove", "transfer", "leave", "primary", "withdraw")
NO_ERRORS: Final = {"email": "", "role": ""}
MAILED: Final = "We sent it to {email}. You can also hand on this link yourself: it is not shown again."
BY_HAND: Final = "It was not sent by mail. Copy the link now and send it yourself: it is not shown again."


@dataclass(frozen=True)
class MemberRow:
    """A member in words. `can_change`: role and membership may be changed by whoever looks; `can_own`: handed over to."""

    user_id: str = ""
    name: str = ""
    initials: str = ""
    email: str = ""
    role: str = ""
    joined: str = ""
    seen: str = ""
    is_self: bool = False
    can_change: bool = False
    can_own: bool = False


@dataclass(frozen=True)
class InvitationRow:
    """An invitation that waits, in words. `note`: by whom, and until when its link works."""

    id: str = ""
    email: str = ""
    role: str = ""
    note: str = ""
    is_expired: bool = False


class TeamState(AuthState):
    """`question` is the deed asked about (one of QUESTIONS, or empty), `asked` or `asked_invitation` whom it is about.

    `link` is an invitation's fresh link: it is here until the dialog closes, and nowhere else.
    """

    members: rx.Field[list[MemberRow]] = rx.field(default_factory=list)
    waiting: rx.Field[list[InvitationRow]] = rx.field(default_factory=list)
    note: str = ""
    offered: rx.Field[list[str]] = rx.field(default_factory=list)
    is_primary: bool = True
    has_others: bool = False
    question: str = ""
    asked: MemberRow = MemberRow()
    asked_invitation: InvitationRow = InvitationRow()
    is_inviting: bool = False
    errors: dict[str, str] = NO_ERRORS
    message: str = ""
    link: str = ""
    link_note: str = ""
    link_way: str = ""
    is_sending: bool = False

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read team and invitations."""
        self.question, self.is_sending = "", False
        self._close()
        live.follow(self, TeamState.refresh)
        await self._read()

    @rx.event
    @allow("organization:read")
    async def refresh(self) -> None:
        """Read them again, after somebody changed them; an open question stays."""
        await self._read()

    async def _read(self) -> None:
        actor = self.actor
        zone = await db.run(zones.zone_of, actor)
        now = clock.now().astimezone(zone)
        found = await db.run_platform(db.PAGES, team.members, actor)
        self.members = [member_row(member, actor, now) for member in found]
        waiting = await db.run_platform(db.PAGES, invitations.waiting, actor) if actor.may("team:write") else []
        self.waiting = [invitation_row(one, now) for one in waiting]
        seats = await db.run(team.seats, actor)
        self.note = counted(len(found), "member") + (f" of {seats:,} your plan allows" if seats is not None else "")
        self.offered = [role.value for role in OrgRole if memberships.may_give(actor.role, role)]
        mine = await db.run_platform(db.PAGES, organizations.belongings, actor)
        self.is_primary = any(one.is_primary for one in mine if one.is_current)
        self.has_others = len(mine) > 1

    @rx.event
    @allow(SIGNED_IN)
    def ask(self, question: str, user_id: str) -> None:
        """Open a question about a member."""
        found = next((row for row in self.members if row.user_id == user_id), None)
        if found and question in QUESTIONS:
            self.asked, self.question = found, question

    @rx.event
    @allow("team:write")
    def ask_withdrawal(self, invitation_id: str) -> None:
        """Open the question whether to withdraw an invitation."""
        found = next((row for row in self.waiting if row.id == invitation_id), None)
        if found:
            self.asked_invitation, self.question = found, "withdraw"

    @rx.event
    @allow(SIGNED_IN)
    def turn(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.question = ""

    @rx.event
    @allow("team:write")
    async def change_role(self, form: dict[str, Any]) -> Any:
        """Give the member asked about the role chosen."""
        async for step in self._do(team.change_role, self.asked.user_id, str(form.get("role", ""))):
            yield step
        found = next((row for row in self.members if row.user_id == self.asked.user_id), self.asked)
        yield rx.toast.success(f"{found.name} is {ROLES[OrgRole(found.role)].one} now.")

    @rx.event
    @allow("team:write")
    async def remove(self, _form: dict[str, Any]) -> Any:
        """End the membership asked about."""
        async for step in self._do(team.remove, self.asked.user_id):
            yield step
        yield rx.toast.success(f"{self.asked.name} no longer belongs to the team.")

    @rx.event
    @allow("organization:own")
    async def transfer(self, _form: dict[str, Any]) -> Any:
        """Hand the organization over to the member asked about."""
        async for step in self._do(team.transfer, self.asked.user_id):
            yield step
        owns = rx.toast.success(f"{self.asked.name} owns the organization now.")
        yield [FrameState.refresh, TeamState.refresh, owns]  # read again as what one is now: an admin

    async def _do(self, service: Any, *arguments: str) -> AsyncGenerator[None, None]:
        """Change somebody's membership: their open tabs feel it with their next event."""
        self.is_sending = True
        yield
        try:
            await db.run_platform(db.PAGES, service, self.actor, *arguments)
        finally:
            self.is_sending, self.question = False, ""
        forget(self.asked.user_id)
        await self._changed()

    async def _changed(self) -> None:
        forget(self.actor.user_id)
        announce(self.actor.organization_id)
        await self._read()

    @rx.event
    @allow(SIGNED_IN)
    async def leave(self, _form: dict[str, Any]) -> Any:
        """Give up one's own place and go on in another organization."""
        self.question, organization_id = "", self.actor.organization_id
        await db.run_platform(db.PAGES, organizations.leave, self.actor)
        forget(self.actor.user_id)
        announce(organization_id)
        return rx.call_script(START_ANEW)

    @rx.event
    @allow(SIGNED_IN)
    async def make_primary(self) -> Any:
        """Start in this organization after logging in."""
        await db.run_platform(db.PAGES, organizations.make_primary, self.actor, self.actor.organization_id)
        self.is_primary = True
        return rx.toast.success("You start here whenever you log in.")

    @rx.event
    @allow("team:write")
    def turn_inviting(self, is_open: bool) -> None:
        """Open the form, or close it; the link it showed is gone then."""
        self._close()
        self.is_inviting = bool(is_open)

    def _close(self) -> None:
        self.is_inviting, self.errors, self.message, self.link, self.link_note, self.link_way = False, dict(NO_ERRORS), "", "", "", ""

    @rx.event
    @allow("team:write")
    async def invite(self, form: dict[str, Any]) -> Any:
        """Make a link for the address and role typed; errors are told at the fields."""
        self.errors, self.is_sending = dict(NO_ERRORS), True
        yield
        try:
            await db.run_platform(db.PAGES, invitations.count_invitation, self.actor)
            email, role = str(form.get("email", "")), str(form.get("role", ""))
            await self._show(await db.run_platform(db.PAGES, invitations.invite, self.actor, email, role))
        except Invalid as error:
            self.errors |= error.errors
            yield rx.call_script(TO_FIRST_ERROR)
        finally:
            self.is_sending = False

    @rx.event
    @allow("team:write")
    async def renew(self, invitation_id: str) -> None:
        """Make a new link for an invitation that waits."""
        await db.run_platform(db.PAGES, invitations.count_invitation, self.actor)
        invited = await db.run_platform(db.PAGES, invitations.renew, self.actor, str(invitation_id))
        self.is_inviting = True
        await self._show(invited)

    async def _show(self, invited: Invited) -> None:
        await self._changed()
        zone = await db.run(zones.zone_of, self.actor)
        until = moment(invited.expires_at.astimezone(zone), clock.now().astimezone(zone))
        self.link = f"{settings().public_url}/invite?token={invited.token}"
        old = "" if invited.is_new else " The link made before no longer works."
        self.link_way = MAILED.format(email=invited.email) if invited.is_mailed else BY_HAND
        self.link_note = f"For {invited.email}, as {ROLES[invited.role].one}. It works once, until {until}.{old}"

    @rx.event
    @allow("team:write")
    async def withdraw(self, _form: dict[str, Any]) -> Any:
        """Take back the invitation asked about."""
        self.question = ""
        email = await db.run_platform(db.PAGES, invitations.withdraw, self.actor, self.asked_invitation.id)
        await self._changed()
        return rx.toast.success(f"The invitation of {email} is withdrawn.")


def member_row(member: Member, actor: Actor, now: datetime) -> MemberRow:
    """A member in words, in the zone of `now`, as `actor` may deal with them."""
    is_self = member.user_id == actor.user_id
    can_change = not is_self and actor.may("team:write") and memberships.may_give(actor.role, member.role)
    seen = "Active now" if is_self else _seen(member.last_seen_at, now)
    joined = day(member.joined_at.astimezone(now.tzinfo), now)
    return MemberRow(
        member.user_id, member.name, initials(member.name), member.email, member.role.value, joined, seen, is_self, can_change,
        can_own=can_change and actor.may("organization:own"),
    )  # fmt: skip


def _seen(at: datetime | None, now: datetime) -> str:
    return day(at.astimezone(now.tzinfo), now) if at else "Not lately"


def invitation_row(waiting: Waiting, now: datetime) -> InvitationRow:
    """An invitation in words, in the zone of `now`."""
    until = waiting.expires_at.astimezone(now.tzinfo)
    is_expired = until <= now
    by = f" Sent by {waiting.inviter}." if waiting.inviter else ""
    note = f"Expired on {day(until, now)}." if is_expired else f"Open until {moment(until, now)}."
    return InvitationRow(waiting.id, waiting.email, waiting.role.value, note + by, is_expired)

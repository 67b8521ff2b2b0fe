"""One person: profile, organizations with their money, agents, calls, log-ins, acts; and the adjustment of credits."""

from collections.abc import AsyncGenerator
from typing import Any

import reflex as rx

from kametrix.crypto import new_id
from kametrix.errors import Invalid, KametrixError, NotFound
from kametrix.services.access import PLATFORM
from kametrix.services.admin import user_acts, user_page
from kametrix.services.wording import dollars, moment
from kametrix.state.admin.acts import PersonActs
from kametrix.state.admin.amounts import cents_of
from kametrix.state.admin.base import AdminState, told
from kametrix.state.admin.user_words import (
    BelongingLine,
    Line,
    UserLine,
    act_lines,
    agent_lines,
    belongings,
    call_lines,
    login_lines,
    user_line,
)
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow

NO_ERRORS = {"amount": "", "reason": ""}


class UserState(PersonActs, AdminState):
    """The person named in the address. `adjusting` is the organization whose credits are being adjusted, `effect` what it would do."""

    user: UserLine = UserLine()
    since: str = ""
    is_missing: bool = False
    organizations: rx.Field[list[BelongingLine]] = rx.field(default_factory=list)
    agents: rx.Field[list[Line]] = rx.field(default_factory=list)
    calls: rx.Field[list[Line]] = rx.field(default_factory=list)
    logins: rx.Field[list[Line]] = rx.field(default_factory=list)
    acts: rx.Field[list[Line]] = rx.field(default_factory=list)
    adjusting: str = ""
    effect: str = ""
    errors: dict[str, str] = NO_ERRORS
    problem: str = ""
    is_adjusting: bool = False
    _organization_id: str = ""
    _cents: int = 0
    _submission: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show the person named in the address."""
        self._settle()
        self.is_adjusting, self.link = False, ""
        await self._after()

    async def _after(self) -> None:
        user_id = self.router.url.path.rstrip("/").rpartition("/")[2]
        try:
            found = await self._ask(user_page.detail, user_id)
        except NotFound:
            self.user, self.is_missing = UserLine(), True
            return
        now = await self._now()
        self.user, self.is_missing = user_line(found.user, now), False
        at = moment(found.created_at.astimezone(now.tzinfo), now)
        self.since = f"{at[0].lower()}{at[1:]}"
        self.organizations, self.agents = belongings(found), agent_lines(found)
        self.calls, self.logins, self.acts = call_lines(found, now), login_lines(found, now), act_lines(found.acts, now)

    @rx.event
    @allow(PLATFORM)
    def ask_adjustment(self, organization_id: str) -> None:
        """Open the form; its submission is counted once however often it is sent."""
        for row in self.organizations:
            if row.id == organization_id:
                self.adjusting, self._organization_id, self._cents, self._submission = row.name, row.id, row.cents, new_id()
                self.effect, self.errors, self.problem, self.is_adjusting = f"Balance now: {row.balance}.", dict(NO_ERRORS), "", True

    @rx.event
    @allow(PLATFORM)
    def turn_adjustment(self, is_open: bool) -> None:
        """The form was closed."""
        self.is_adjusting = bool(is_open)

    @rx.event
    @allow(PLATFORM)
    def weigh(self, amount: str) -> None:
        """Say what the amount typed so far would do."""
        before = f"Balance now: {dollars(self._cents)}."
        try:
            after = self._cents + cents_of(str(amount)[:40], "amount")
        except Invalid:
            self.effect = before
            return
        self.effect = f"Balance now: {dollars(self._cents)}. After this: {dollars(after)}."

    @rx.event
    @allow(PLATFORM)
    async def adjust(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Give or take; errors are told at the fields."""
        self.errors, self.problem, self.is_sending = dict(NO_ERRORS), "", True
        yield
        try:
            amount, reason = cents_of(str(form.get("amount", "")), "amount"), str(form.get("reason", ""))
            done = await self._ask(user_acts.adjust, self._organization_id, amount, reason, self._submission)
        except KametrixError as error:
            self.errors, self.problem = {**NO_ERRORS, **error.errors}, "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_sending = False
        self.is_adjusting = False
        told((), (self._organization_id,))
        await self._after()
        yield rx.toast.success(f"{done.organization}: {dollars(done.before)} became {dollars(done.after)}.")

    def _line(self, user_id: str) -> UserLine | None:
        return self.user if self.user.id == user_id else None

"""What was given up, in words, and the way to have it tried again."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from kametrix.services.access import PLATFORM
from kametrix.services.admin import failed_mail, failures
from kametrix.services.wording import counted, moment
from kametrix.state.admin.base import AdminState
from kametrix.state.guard import allow

MAIL = {
    "WELCOME": "Welcome", "RECEIPT": "Receipt", "LOW_BALANCE": "Low balance", "RECHARGE_FAILED": "Recharge failed",
    "PAYMENT_FAILED": "Payment failed", "DISPUTE_OPENED": "Dispute opened", "STATEMENT": "Statement", "PASSWORD_RESET": "New password",
    "INVITATION": "Invitation",
}  # fmt: skip


@dataclass(frozen=True)
class FailureLine:
    """A message or a job that was given up."""

    id: int
    title: str
    about: str
    error: str
    at: str


@dataclass(frozen=True)
class MailLine:
    """An e-mail that was given up."""

    id: str
    title: str
    about: str
    error: str
    at: str
    can_retry: bool


class FailuresState(AdminState):
    """The newest hundred of each."""

    messages: rx.Field[list[FailureLine]] = rx.field(default_factory=list)
    jobs: rx.Field[list[FailureLine]] = rx.field(default_factory=list)
    mail: rx.Field[list[MailLine]] = rx.field(default_factory=list)

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show what was given up."""
        self._settle()
        found, now = await self._ask(failures.failures), await self._now()
        self.messages = [
            FailureLine(one.id, one.type, one.organization, one.error, moment(one.failed_at.astimezone(now.tzinfo), now))
            for one in found.messages
        ]
        self.jobs = [
            FailureLine(
                job.id, job.name, job.about, f"Tried {counted(job.attempts, 'time')}",
                moment(job.at.astimezone(now.tzinfo), now) if job.at else "",
            )
            for job in found.jobs
        ]  # fmt: skip
        self.mail = [
            MailLine(
                one.id, MAIL.get(one.kind, one.kind), f"{one.to}, tried {counted(one.attempts, 'time')}", one.error,
                moment(one.at.astimezone(now.tzinfo), now), one.can_retry,
            )
            for one in await self._ask(failed_mail.failed_mail)
        ]  # fmt: skip

    @rx.event
    @allow(PLATFORM)
    async def replay(self, event_id: int) -> Any:
        """Have a provider message worked again."""
        await self._ask(failures.replay, int(event_id))
        return [rx.toast.success("It is being worked again."), FailuresState.load]

    @rx.event
    @allow(PLATFORM)
    async def replay_all(self) -> AsyncGenerator[Any]:
        """Have all of them worked again."""
        self.is_sending = True
        yield
        try:
            count = await self._ask(failures.replay_all)
        finally:
            self.is_sending = False
        yield [rx.toast.success(f"{counted(count, 'message')} being worked again."), FailuresState.load]

    @rx.event
    @allow(PLATFORM)
    async def retry(self, job_id: int) -> Any:
        """Start a failed job again."""
        await self._ask(failures.retry_job, int(job_id))
        return [rx.toast.success("It is started again."), FailuresState.load]

    @rx.event
    @allow(PLATFORM)
    async def dismiss(self, job_id: int) -> Any:
        """Stop showing a failed job."""
        await self._ask(failures.dismiss_job, int(job_id))
        return [rx.toast.success("It is dismissed."), FailuresState.load]

    @rx.event
    @allow(PLATFORM)
    async def send_again(self, mail_id: str) -> Any:
        """Have an e-mail sent again."""
        await self._ask(failed_mail.send_again, str(mail_id))
        return [rx.toast.success("It is being sent again."), FailuresState.load]

    @rx.event
    @allow(PLATFORM)
    async def dismiss_mail(self, mail_id: str) -> Any:
        """Stop showing an e-mail that could not be sent."""
        await self._ask(failed_mail.dismiss, str(mail_id))
        return [rx.toast.success("It is dismissed."), FailuresState.load]

"""The console's first page in words: what needs the operator first, then the numbers, each leading to its list."""

from dataclasses import dataclass
from datetime import timedelta

import reflex as rx

from kametrix import clock
from kametrix.services.access import PLATFORM
from kametrix.services.admin import overview
from kametrix.services.admin.overview import Overview, Trade
from kametrix.services.wording import counted, dollars, minutes
from kametrix.state.admin.base import AdminState
from kametrix.state.guard import allow

BACKLOG = timedelta(minutes=1)
"""A provider message that waits longer than this means that no worker runs, or that it cannot keep up."""
FEW_NUMBERS = 3


@dataclass(frozen=True)
class Concern:
    """Something that waits for the operator. `is_grave`: callers or customers feel it now."""

    title: str
    text: str
    href: str
    is_grave: bool


@dataclass(frozen=True)
class Figure:
    """One number and the sentence that puts it in place."""

    value: str = ""
    note: str = ""


class OverviewState(AdminState):
    """Everything the page shows, prepared as words."""

    concerns: rx.Field[list[Concern]] = rx.field(default_factory=list)
    people: Figure = Figure()
    agents: Figure = Figure()
    calls: Figure = Figure()
    numbers: Figure = Figure()
    today: rx.Field[list[Figure]] = rx.field(default_factory=lambda: [Figure()] * 4)
    week: rx.Field[list[Figure]] = rx.field(default_factory=lambda: [Figure()] * 4)

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show the platform as it stands."""
        found = await self._ask(overview.overview)
        self.concerns = concerns(found)
        suspended = f", {found.people.suspended:,} suspended" if found.people.suspended else ""
        self.people = Figure(f"{found.people.users:,}", f"in {counted(found.people.organizations, 'organization')}{suspended}")
        self.agents = Figure(f"{found.agents.total:,}", agents_note(found.agents))
        self.calls = Figure(f"{found.today.calls:,}", f"{found.live_calls:,} live now" if found.live_calls else "none live now")
        self.numbers = Figure(f"{found.numbers.free:,}", f"{found.numbers.assigned:,} assigned, {found.numbers.released:,} released")
        self.today, self.week = trade(found.today), trade(found.week)


def agents_note(found: overview.Agents) -> str:
    """'38 live, 1 updating, 2 not updated, 3 off'."""
    parts = ((found.live, "live"), (found.updating, "updating"), (found.failed, "not updated"), (found.off, "off"))
    return ", ".join(f"{count:,} {word}" for count, word in parts if count) or "nobody has made one yet"


def trade(found: Trade) -> list[Figure]:
    """Calls, minutes, what they cost and what was bought."""
    return [
        Figure(f"{found.calls:,}", "call" if found.calls == 1 else "calls"),
        Figure(f"{found.minutes:,}", minutes(found.minutes).partition(" ")[2] + " billed"),
        Figure(dollars(found.used), "used by calls"),
        Figure(dollars(found.bought), "bought"),
    ]


def concerns(found: Overview) -> list[Concern]:
    """What waits for the operator, the gravest first; empty when all is well."""
    work, agents, numbers = found.work, found.agents, found.numbers
    waited = clock.now() - work.oldest if work.oldest else timedelta()
    listed = (
        (
            waited > BACKLOG,
            f"{counted(work.waiting, 'provider message')} waiting",
            f"The first came {int(waited.total_seconds() // 60):,} min ago. Calls are neither shown nor billed until a worker takes them.",
            "/admin/failures", True,
        ),
        (
            work.failed_messages > 0,
            f"{counted(work.failed_messages, 'provider message')} given up",
            "Each was tried eight times. See why, and have it worked again.",
            "/admin/failures", True,
        ),
        (
            agents.failed > 0,
            f"{counted(agents.failed, 'agent')} not updated",
            "Callers hear the version before the last change.",
            "/admin/agents?sync=FAILED", True,
        ),
        (
            work.failed_jobs > 0,
            f"{counted(work.failed_jobs, 'job')} failed",
            "Work in the background that was given up.",
            "/admin/failures", False,
        ),
        (
            agents.waiting > 0 and numbers.free == 0,
            f"{counted(agents.waiting, 'agent')} without a number",
            "No number is free. Add numbers, or release one.",
            "/admin/numbers", True,
        ),
        (
            0 < numbers.free < FEW_NUMBERS,
            f"{counted(numbers.free, 'free number')} left",
            "New agents are made without a number when none is free.",
            "/admin/numbers", False,
        ),
        (
            numbers.unknown > 0,
            f"{counted(numbers.unknown, 'number')} unknown to the provider",
            "Entered by hand; nobody gets them until a sync finds them.",
            "/admin/numbers?status=unknown", False,
        ),
    )  # fmt: skip
    told = [Concern(title, text, href, grave) for applies, title, text, href, grave in listed if applies]
    return sorted(told, key=lambda concern: not concern.is_grave)

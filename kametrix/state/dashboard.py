"""The dashboard in words."""

from dataclasses import dataclass

import reflex as rx

from kametrix import db
from kametrix.services import dashboard
from kametrix.services.credits import Wallet
from kametrix.services.dashboard import Day, FirstSteps, Overview
from kametrix.services.money_text import balance_text, low_balance_text
from kametrix.services.wording import counted, dollars, minutes
from kametrix.state import live
from kametrix.state.call_rows import call_row
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import CallRow


@dataclass(frozen=True)
class Step:
    """One of a newcomer's first steps; `is_next` is the one to take now, `href` where."""

    icon: str
    title: str
    text: str
    action: str
    href: str
    is_done: bool
    is_next: bool


class DashboardState(AuthState):
    """Everything the dashboard shows, prepared as words."""

    greeting: str = ""
    story: str = ""
    balance: str = ""
    balance_note: str = ""
    low_balance: str = ""
    active_agents: str = ""
    agents_note: str = ""
    calls_this_month: str = ""
    month_note: str = ""
    live_rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    recent: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    troubles: rx.Field[list[dashboard.Trouble]] = rx.field(default_factory=list)
    steps: rx.Field[list[Step]] = rx.field(default_factory=list)
    steps_done: str = ""
    steps_place: str = ""

    @rx.event
    @allow("calls:read")
    async def load(self) -> None:
        """Show the dashboard."""
        live.follow(self, DashboardState.refresh)
        await self._read(db.run)

    @rx.event
    @allow("calls:read")
    async def refresh(self) -> None:
        """Something in the organization changed."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        found: Overview = await run(dashboard.overview, self.actor)
        first_name = (self.principal.name or self.actor.email.partition("@")[0]).split()[0]
        self.greeting = f"{_time_of_day(found.now.hour)}, {first_name}"
        self.story = story(found.today)
        wallet = found.wallet
        self.balance = dollars(wallet.balance)
        self.balance_note = balance_note(wallet)
        self.low_balance = _low_balance(found)
        self.active_agents = f"{found.active_agents} of {found.agents}" if found.active_agents != found.agents else str(found.agents)
        idle = "switched off: nobody answers" if found.agents else "nobody answers yet"
        self.agents_note = "answering your calls" if found.active_agents else idle
        self.calls_this_month = f"{found.calls_this_month:,}"
        self.month_note = f"since 1 {found.now:%B}"
        self.live_rows = [call_row(call, found.now) for call in found.live]
        self.recent = [call_row(call, found.now, with_agent=True) for call in found.recent]
        self.troubles = found.troubles
        self.steps = first_steps(found.steps)
        self.steps_done = f"{sum(step.is_done for step in self.steps)} of {len(self.steps)} done"
        self.steps_place = steps_place(found.steps)


def _time_of_day(hour: int) -> str:
    if 5 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"


def story(today: Day) -> str:
    """'Today: 8 calls, 6 answered, 1 turned away, 25 minutes, $4.35.'"""
    if not today.calls:
        return "No calls yet today."
    parts = [counted(today.calls, "call")]
    if today.answered != today.calls:
        parts.append(f"{today.answered or 'none'} answered")
    if today.turned_away:
        parts.append(f"{today.turned_away} turned away")
    if today.minutes:
        parts += [minutes(today.minutes), dollars(today.cents)]
    return f"Today: {', '.join(parts)}."


def balance_note(wallet: Wallet) -> str:
    """What the balance means for the next calls."""
    if wallet.ceiling_cents is not None and not wallet.has_purchased and wallet.balance <= 0:
        return f"{dollars(max(0, wallet.balance + wallet.ceiling_cents))} left before your first pack"
    return f"{dollars(wallet.grace)} of grace in use" if wallet.grace else f"about {minutes(wallet.minutes)} of calls"


def _low_balance(found: Overview) -> str:
    """The warning of a low balance; a newcomer who never had any is told by the first steps instead."""
    wallet = found.wallet
    if not wallet.is_low or not (found.recent or wallet.has_purchased):
        return ""
    if wallet.grace:
        return f"{dollars(wallet.grace)} of grace in use. Your next pack pays it back first."
    return low_balance_text(wallet.balance, wallet.rate) if wallet.balance else f"Your balance is {balance_text(0, wallet.rate)}."


def steps_place(done: FirstSteps) -> str:
    """Where the first steps stand: 'first' until there was a call, then 'later' until somebody listened to one, then nowhere."""
    if not (done.has_agent and done.has_called):
        return "first"
    return "" if done.has_listened else "later"


def first_steps(done: FirstSteps) -> list[Step]:
    """What to do first, in order; the first that is not done is the next."""
    listed = (
        ("headset", "Create your agent", "One short form. It writes its own greeting.", "Create it", "/agents/new"),
        ("hash", "Get its telephone number", "Your agent gets one on its own, as soon as one is free.", "See your agents", "/agents"),
        ("phone-call", "Call it yourself", "Ask what a caller would ask, and hear how it sounds.", "Call it", "/agents"),
        ("play", "Listen to a call", "Every call is kept with its words, its sound and its cost.", "See your calls", "/calls"),
        (
            "wallet",
            "Buy credit",
            "Calls are answered before you do; what they use comes out of your first pack.",
            "See prices",
            "/credits",
        ),
    )
    taken = (done.has_agent, done.has_number, done.has_called, done.has_listened, done.has_bought)
    first = taken.index(False) if False in taken else -1
    return [Step(*item, is_done=taken[index], is_next=index == first) for index, item in enumerate(listed)]

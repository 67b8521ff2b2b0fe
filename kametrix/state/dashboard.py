"""The dashboard in words."""

from dataclasses import dataclass, replace
from datetime import datetime

import reflex as rx

from kametrix import db
from kametrix.models import WhenEmpty
from kametrix.services import attention, call_stats, dashboard
from kametrix.services.access import Actor
from kametrix.services.call_stats import Span
from kametrix.services.credits import Wallet
from kametrix.services.dashboard import Day, Earlier, FirstSteps, Overview
from kametrix.services.money_text import balance_text, low_balance_text
from kametrix.services.wording import counted, dollars, minutes
from kametrix.state import live
from kametrix.state.attention import Need, needs
from kametrix.state.busiest import HeatRow, heat_map, sentence
from kametrix.state.call_rows import call_row
from kametrix.state.charts import Chart, Line, calls_chart, lines, minutes_chart
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import CallRow

RANGES = {Span.WEEK: "Last 7 days", Span.MONTH: "Last 30 days", Span.QUARTER: "Last 90 days", Span.YEAR: "Last 12 months"}
NOTHING_YET = "Calls appear here as soon as your agents receive them."


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
    """Everything the dashboard shows, prepared as words; the range of its charts stands in the address."""

    greeting: str = ""
    story: str = ""
    balance: str = ""
    balance_note: str = ""
    low_balance: str = ""
    active_agents: str = ""
    agents_note: str = ""
    calls_this_month: str = ""
    month_title: str = ""
    month_note: str = ""
    nothing_yet: str = ""
    has_calls: bool = False
    live_rows: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    recent: rx.Field[list[CallRow]] = rx.field(default_factory=list)
    needs: rx.Field[list[Need]] = rx.field(default_factory=list)
    steps: rx.Field[list[Step]] = rx.field(default_factory=list)
    steps_done: str = ""
    steps_place: str = ""
    span: str = ""
    range_words: str = ""
    calls_chart: Chart = Chart()
    minutes_chart: Chart = Chart()
    lines: rx.Field[list[Line]] = rx.field(default_factory=list)
    heat: rx.Field[list[HeatRow]] = rx.field(default_factory=list)
    busiest: str = ""
    has_hours: bool = False
    _own: attention.Personal | None = None
    _drawn: int = 0

    @rx.event
    @allow("dashboard:read")
    async def load(self) -> None:
        """Show the dashboard."""
        live.follow(self, DashboardState.refresh)
        self._own, self._drawn = await db.run(attention.personal, self.actor), 0
        await self._read(db.run)

    @rx.event
    @allow("dashboard:read")
    async def refresh(self) -> None:
        """Something in the organization changed."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        found: Overview = await run(dashboard.overview, self.actor)
        span = span_of(self.router.url.query_parameters.get("range", ""))
        self._draw(await run(call_stats.statistics, self.actor, span))
        first_name = self.principal.name.split()[0]
        self.greeting = f"{_time_of_day(found.now.hour)}, {first_name}"
        self.story = " ".join(filter(None, (story(found.today), comparison(found.today, found.earlier, found.now))))
        self._tell_numbers(found)
        self.live_rows = [_without_cost(call_row(call, found.now)) for call in found.live]
        self.recent = [_without_cost(call_row(call, found.now, with_agent=True)) for call in found.recent]
        self.needs = needs(found.attention, self._own or attention.Personal(None, is_unverified=False), self.actor, found.now)
        self.steps = first_steps(found.steps, self.actor) if found.steps else []
        self.steps_done = f"{sum(step.is_done for step in self.steps)} of {len(self.steps)} done"
        self.steps_place = steps_place(found.steps) if found.steps else ""

    def _tell_numbers(self, found: Overview) -> None:
        wallet = found.wallet
        self.balance, self.balance_note = (dollars(wallet.balance), balance_note(wallet)) if wallet else ("", "")
        self.low_balance = low_balance(wallet, has_calls=bool(found.recent)) if wallet else ""
        self.active_agents = f"{found.active_agents} of {found.agents}" if found.active_agents != found.agents else str(found.agents)
        self.agents_note = agents_note(found)
        self.calls_this_month = f"{found.calls_this_month:,}"
        self.month_note = f"since 1 {found.now:%B}"
        self.has_calls, sees_own = bool(found.live or found.recent), self.actor.only_own("calls:read")
        self.month_title = "Your calls this month" if sees_own else "Calls this month"
        self.nothing_yet = "Calls appear here as soon as they are assigned to you." if sees_own else NOTHING_YET

    def _draw(self, found: call_stats.Statistics) -> None:
        """The charts; what has not changed is not sent to the browser again."""
        if self._drawn == (drawn := hash(found)):
            return
        self._drawn, self.span, self.range_words = drawn, found.span.value, RANGES[found.span]
        self.calls_chart, self.minutes_chart, self.lines = calls_chart(found), minutes_chart(found), lines(found)
        self.heat, self.busiest, self.has_hours = heat_map(found), sentence(found), found.open_hours is not None


def _without_cost(row: CallRow) -> CallRow:
    """The dashboard's lists show no cost, so none is sent: not everybody sees money."""
    return replace(row, cost="")


def span_of(asked: str) -> Span:
    """What `?range=` says; a week when it says anything else."""
    return next((span for span in Span if span == asked), Span.WEEK)


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
        parts.append(minutes(today.minutes))
    if today.minutes and today.cents is not None:
        parts.append(dollars(today.cents))
    return f"Today: {', '.join(parts)}."


def comparison(today: Day, earlier: Earlier | None, now: datetime) -> str:
    """'That is 2 more than last Friday by this time.'; empty where there is nothing to compare with."""
    if earlier is None:
        return ""
    day = "yesterday" if (now.date() - earlier.day).days == 1 else f"last {earlier.day:%A}"
    if not today.calls:
        return f"By this time {day} there {'was' if earlier.calls == 1 else 'were'} {counted(earlier.calls, 'call')}."
    more = today.calls - earlier.calls
    if not more:
        return f"That is as many as {day} by this time."
    return f"That is {abs(more):,} {'more' if more > 0 else 'fewer'} than {day} by this time."


def balance_note(wallet: Wallet) -> str:
    """What the balance means for the next calls."""
    if wallet.ceiling_cents is not None and not wallet.has_purchased and wallet.balance <= 0:
        return f"{dollars(max(0, wallet.balance + wallet.ceiling_cents))} left before your first pack"
    return f"{dollars(wallet.grace)} of grace in use" if wallet.grace else f"about {minutes(wallet.minutes)} of calls"


def agents_note(found: Overview) -> str:
    """Whether the telephone is answered, and if not why; without the wallet nobody knows whether calls are paused."""
    if not found.agents:
        return "nobody answers yet"
    if found.attention.is_switched_off or not found.active_agents:
        return "switched off: nobody answers"
    if found.wallet is None:
        return "switched on"
    is_disputed = found.attention.money is not None and found.attention.money.declines_calls
    return "calls are paused" if is_disputed or is_paused(found.wallet) else "answering your calls"


def is_paused(wallet: Wallet) -> bool:
    """Whether callers are turned away because a ceiling leaves no minute."""
    return wallet.ceiling_cents is not None and wallet.balance + wallet.ceiling_cents < wallet.rate


def low_balance(wallet: Wallet, *, has_calls: bool) -> str:
    """The warning of a low balance; a newcomer who never had any is told by the first steps instead."""
    if is_paused(wallet):
        repaid = f" {dollars(wallet.grace)} of grace is in use; the pack pays it back first." if wallet.grace else ""
        now = "Callers are connected to your own number" if wallet.when_empty is WhenEmpty.FORWARD else "Calls are paused"
        return f"{now} until your next pack.{repaid}"
    if not wallet.is_low or not (has_calls or wallet.has_purchased):
        return ""
    if wallet.grace:
        return f"{dollars(wallet.grace)} of grace in use. Your next pack pays it back first."
    return low_balance_text(wallet.balance, wallet.rate) if wallet.balance else f"Your balance is {balance_text(0, wallet.rate)}."


def steps_place(done: FirstSteps) -> str:
    """Where the first steps stand: 'first' until there was a call, then 'later' until somebody listened to one, then nowhere."""
    if not (done.has_agent and done.has_called):
        return "first"
    return "" if done.has_listened else "later"


def first_steps(done: FirstSteps, actor: Actor) -> list[Step]:
    """What to do first, in order; the first that is not done is the next. Buying is a step for those who may."""
    listed = [
        (done.has_agent, "headset", "Create your agent", "A few questions, with answers to start from.", "Create it", "/agents/new"),
        (
            done.has_number,
            "hash",
            "Get its telephone number",
            "Your agent gets one on its own, as soon as one is free.",
            "See your agents",
            "/agents",
        ),
        (done.has_called, "phone-call", "Call it yourself", "Ask what a caller would ask, and hear how it sounds.", "Call it", "/agents"),
        (
            done.has_listened,
            "play",
            "Listen to a call",
            "Every call is kept with its words, its sound and its cost.",
            "See your calls",
            "/calls",
        ),
    ]
    if actor.may("billing:write"):
        text = "Calls are answered before you do; what they use comes out of your first pack."
        listed.append((done.has_bought, "wallet", "Buy credit", text, "Buy credits", "/credits"))
    first = next((place for place, (is_done, *_) in enumerate(listed) if not is_done), -1)
    return [Step(*words, is_done=is_done, is_next=place == first) for place, (is_done, *words) in enumerate(listed)]

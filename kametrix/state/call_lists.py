"""A filtered list of calls in words: its address, its chips, how many there are, and what could not be understood."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from kametrix.services.access import Actor
from kametrix.services.call_filters import NOBODY, Choices, Filter, address
from kametrix.services.calls import CallPage
from kametrix.services.wording import counted
from kametrix.state import addresses
from kametrix.state.rows import Chip

STATUSES = {"completed": "Completed", "missed": "Missed", "voicemail": "Voicemail", "failed": "Failed"}
PERIODS = {"today": "Today", "7d": "Last 7 days", "30d": "Last 30 days", "month": "This month"}
DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound"}
PARTS = {
    "status": "the way calls ended",
    "agent": "the agent",
    "period": "the period",
    "from": "the first day",
    "to": "the last day",
    "direction": "the direction",
    "assigned": "who follows up",
    "q": "the words",
}
TOLD = 1_000
"""More calls than this are not told by number."""


def href(wanted: Filter, actor: Actor, path: str = "/calls", **more: str) -> str:
    """The address of this list, or of a page in it."""
    return addresses.address(path, **address(wanted, actor), **more)


def chips(wanted: Filter, actor: Actor, choices: Choices) -> list[Chip]:
    """Each filter in use, with the address without it."""
    agents, members = dict(choices.agents), dict(choices.members)
    days = bool(wanted.first_day or wanted.last_day)
    follower = "Nobody follows up" if wanted.assigned == NOBODY else f"{members.get(wanted.assigned, '')} follows up"
    parts = (
        (wanted.words, f"“{wanted.words}”", replace(wanted, words="")),
        (wanted.status, STATUSES.get(wanted.status, ""), replace(wanted, status="")),
        (wanted.agent_id, agents.get(wanted.agent_id, ""), replace(wanted, agent_id="")),
        (wanted.period, PERIODS.get(wanted.period, ""), replace(wanted, period="")),
        (days, _days(wanted.first_day, wanted.last_day), replace(wanted, first_day=None, last_day=None)),
        (wanted.direction, DIRECTIONS.get(wanted.direction, ""), replace(wanted, direction="")),
        (wanted.assigned, "Assigned to me" if wanted.assigned == actor.user_id else follower, replace(wanted, assigned="")),
    )
    return [Chip(label, href(without, actor)) for is_used, label, without in parts if is_used]


def how_many(found: CallPage) -> str:
    """'12 calls', 'more than 400 calls'; empty where it was not counted."""
    if found.total is None or not found.total:
        return ""
    if found.is_exact and found.total <= TOLD:
        return counted(found.total, "call")
    return f"more than {min(found.total, TOLD):,} calls"


def not_understood(names: Iterable[str]) -> str:
    """Which parts of an address could not be meant; empty when all could."""
    parts = [PARTS[name] for name in names]
    if not parts:
        return ""
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"What this address says about {listed} does not fit, so it was left out."


def _days(first: date | None, last: date | None) -> str:
    if first and last:
        return _day(first) if first == last else f"{_day(first)} to {_day(last)}"
    return f"Since {_day(first)}" if first else f"Until {_day(last)}" if last else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"

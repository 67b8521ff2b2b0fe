"""Which calls a list shows: what an address may ask for, what it means in the organization's zone, and who or what can be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from kametrix.models import Agent, CallDirection, User, UserOrganization
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.wording import shown_name

GROUPS: Final = {
    "completed": ("COMPLETED",),
    "missed": ("NO_ANSWER", "BUSY", "CANCELLED", "REJECTED"),
    "voicemail": ("VOICEMAIL",),
    "failed": ("FAILED",),
}
"""How calls ended, in the groups people ask for. REJECTED: turned away by us, which is missed whatever the row's status."""
PERIODS: Final = ("today", "7d", "30d", "month")
"""Days up to today: today, the last seven, the last thirty, since the first of the month."""
DIRECTIONS: Final = {"inbound": CallDirection.INBOUND, "outbound": CallDirection.OUTBOUND}
NAMES: Final = ("status", "agent", "period", "from", "to", "direction", "assigned", "q")
"""What an address may say."""
LONGEST_WORDS: Final = 200
NOBODY: Final = "nobody"
ME: Final = "me"
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Filter:
    """Which calls. `status` is a key of GROUPS, `direction` of DIRECTIONS; `period` one of PERIODS, else `first_day` to `last_day`,
    both included. `assigned` is a member's user id or NOBODY; `words` as a person typed them. Empty means any.
    """

    status: str = ""
    agent_id: str = ""
    period: str = ""
    first_day: date | None = None
    last_day: date | None = None
    direction: str = ""
    assigned: str = ""
    words: str = ""


EVERY: Final = Filter()


@dataclass(frozen=True)
class Choices:
    """What can be chosen, as (id, name): agents, deleted ones last, and members, by name."""

    agents: tuple[tuple[str, str], ...]
    members: tuple[tuple[str, str], ...]


@allows("calls:read")
def choices(session: Session, actor: Actor) -> Choices:
    """The agents whose calls can be asked for and the people who can follow calls up."""
    found = session.exec(scoped(actor, Agent).order_by(col(Agent.deleted_at).is_not(None), col(Agent.name), col(Agent.id))).all()
    agents = tuple((agent.id, agent.name if agent.deleted_at is None else f"{agent.name} (deleted)") for agent in found)
    return Choices(agents, tuple(sorted(names_of_members(session, actor).items(), key=lambda member: (member[1].lower(), member[0]))))


@allows("calls:read")
def names_of_members(session: Session, actor: Actor) -> dict[str, str]:
    """Who has accepted to belong to the organization: names (or the mailbox) by user id."""
    members = scoped(actor, UserOrganization).where(col(UserOrganization.accepted_at).is_not(None)).subquery()
    people = session.exec(select(User.id, User.name, User.email).join(members, members.c.user_id == User.id)).all()
    return {user_id: shown_name(name, email) for user_id, name, email in people}


def read(asked: Mapping[str, str], actor: Actor, choices: Choices) -> tuple[Filter, tuple[str, ...]]:
    """What an address asks for, and the names of what it says that cannot be meant: those are left out."""
    known = {
        "status": GROUPS,
        "agent": dict(choices.agents),
        "period": PERIODS,
        "direction": DIRECTIONS,
        "assigned": {ME, NOBODY, *dict(choices.members)},
    }
    chosen = {name: asked[name] for name, values in known.items() if asked.get(name, "") in values}
    days = sorted(day for name in ("from", "to") if (day := _day(asked.get(name, ""))))
    words, assigned = clean(asked.get("q", "")), chosen.get("assigned", "")
    wanted = Filter(
        status=chosen.get("status", ""),
        agent_id=chosen.get("agent", ""),
        period=chosen.get("period", ""),
        first_day=days[0] if days and _day(asked.get("from", "")) and "period" not in chosen else None,
        last_day=days[-1] if days and _day(asked.get("to", "")) and "period" not in chosen else None,
        direction=chosen.get("direction", ""),
        assigned=actor.user_id if assigned == ME else assigned,
        words=words,
    )
    understood = {*chosen, *(name for name in ("from", "to") if _day(asked.get(name, ""))), *(["q"] if words else [])}
    return wanted, tuple(name for name in NAMES if asked.get(name, "").strip() and name not in understood)


def address(wanted: Filter, actor: Actor) -> dict[str, str]:
    """The same as an address says it; `read` reads it back."""
    said = {
        "status": wanted.status,
        "agent": wanted.agent_id,
        "period": wanted.period,
        "from": wanted.first_day.isoformat() if wanted.first_day else "",
        "to": wanted.last_day.isoformat() if wanted.last_day else "",
        "direction": wanted.direction,
        "assigned": ME if wanted.assigned == actor.user_id else wanted.assigned,
        "q": wanted.words,
    }
    return {name: value for name, value in said.items() if value}


def span(wanted: Filter, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """From when (included) to when (not included) calls are asked for: whole days in `zone`; none where nothing bounds it."""
    today = now.astimezone(zone).date()
    begins = {"today": today, "7d": today - timedelta(days=6), "30d": today - timedelta(days=29), "month": today.replace(day=1)}
    first = begins.get(wanted.period, wanted.first_day)
    return first and _midnight(first, zone), wanted.last_day and _midnight(wanted.last_day + timedelta(days=1), zone)


def clean(words: str) -> str:
    """What was typed without what nobody types: control characters, surplus spaces, more than a question's length."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())[:LONGEST_WORDS].rstrip()


def _day(said: str) -> date | None:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)

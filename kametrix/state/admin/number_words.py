"""Numbers in words, and what each deed of the operator means for callers and agents before it is done."""

from dataclasses import dataclass
from datetime import datetime

from kametrix.services.admin.numbers import NumberRow
from kametrix.services.phone_numbers import SyncCount
from kametrix.services.wording import counted, moment, telephone
from kametrix.settings import settings
from kametrix.state.rows import Asked


@dataclass(frozen=True)
class NumberLine:
    """A number in words; `state` is a PhoneStatus, OFF, or UNKNOWN."""

    id: str = ""
    number: str = ""
    name: str = ""
    status: str = ""
    state: str = ""
    agent_id: str = ""
    agent: str = ""
    note: str = ""
    is_enabled: bool = True
    can_assign: bool = False


@dataclass(frozen=True)
class Choice:
    """An agent without a number."""

    id: str
    name: str
    note: str


def number_line(row: NumberRow, now: datetime) -> NumberLine:
    """A number in words."""
    notes = (
        row.organization,
        "" if row.is_known else "The provider does not know it yet",
        f"Rests until {moment(row.rests_until.astimezone(now.tzinfo), now)}" if row.rests_until else "",
    )
    return NumberLine(
        id=row.id,
        number=telephone(row.number),
        name=row.name,
        status=row.status.value,
        state="OFF" if not row.is_enabled else "UNKNOWN" if not row.is_known else row.status.value,
        agent_id=row.agent_id,
        agent=row.agent,
        note=". ".join(filter(None, notes)),
        is_enabled=row.is_enabled,
        can_assign=row.status == "AVAILABLE" and row.is_enabled and row.is_known,
    )


def question(deed: str, row: NumberLine) -> Asked:
    """The confirmation: names the number and says what callers, the agent and the pool notice."""
    stops = f"Callers of {row.number} no longer reach {row.agent}." if row.agent_id else "Nobody answers it now."
    another = f"{row.agent} gets another number as soon as one is free." if row.agent_id else ""
    kept = "Calls that were made stay, with their costs."
    asked: dict[str, tuple[str, tuple[str, ...], str, bool]] = {
        "release": (f"Release {row.number}?", (stops, another, resting(), kept), "Release", True),
        "withdraw": (
            f"Take {row.number} out of the pool?",
            (stops, another, "It is given to nobody until you switch it on again.", kept), "Take it out", True,
        ),
        "off": (
            f"Switch {row.number} off?",
            (
                f"Callers hear that it is out of service. {row.agent} keeps it for later." if row.agent_id else "It is given to nobody.",
                "You can switch it on again at any time.",
            ),
            "Switch off", True,
        ),
        "on": (
            f"Switch {row.number} on?",
            (f"{row.agent} answers it again in a few seconds." if row.agent_id else "It joins the pool, and may be given at once.",),
            "Switch on", False,
        ),
    }  # fmt: skip
    title, effects, action, is_grave = asked[deed]
    return Asked(deed, f"{row.id}/{row.agent_id}", title, [effect for effect in effects if effect], action, is_grave)


def resting() -> str:
    """What becomes of a released number, and when."""
    hours = settings().number_cooldown_hours
    return f"It rests for {counted(hours, 'hour')} and then serves others." if hours else "It may serve others at once."


def sync_words(count: SyncCount) -> str:
    """'2 added, 1 updated, none released; the provider lists 23 numbers.'."""
    parts = ((count.added, "added"), (count.updated, "updated"), (count.released, "released"))
    done = ", ".join(f"{number or 'none'} {word}" for number, word in parts)
    return f"{done[0].upper()}{done[1:]}; the provider lists {counted(count.total, 'number')}."

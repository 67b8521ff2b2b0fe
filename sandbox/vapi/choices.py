"""What the person at the console (or a test) chooses for a call."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Pace = Literal["instant", "quick", "real"]
Generation = Literal["a_2026", "b_classic", "c_legacy"]
Trouble = Literal["none", "duplicate", "reorder", "delay_report", "drop_report", "drop_everything", "fail_answer"]
PACES, GENERATIONS, TROUBLES = get_args(Pace), get_args(Generation), get_args(Trouble)
WALL_SHARE: dict[Pace, float] = {"instant": 0.0, "quick": 0.2, "real": 1.0}
TYPED, SCRIPT = "typed", "script"
LONGEST = 12 * 3600


class BadChoice(ValueError):
    """A choice that makes no call; the message says which and why."""


@dataclass(frozen=True)
class Choices:
    """`length` is in seconds on the call's own clock (None: as long as the talk takes); `copies` and `delay` belong to
    the faults duplicate and delay_report; `lines` is the caller's own script (persona "script")."""

    number: str
    caller: str = "+14155550147"
    persona: str = "curious"
    lines: tuple[str, ...] = ()
    pace: Pace = "quick"
    length: float | None = None
    generation: Generation = "a_2026"
    fault: Trouble = "none"
    copies: int = 3
    delay: float = 30.0

    @property
    def wall_share(self) -> float:
        """How much of a spoken second is really waited for."""
        return WALL_SHARE[self.pace]

    def to_json(self) -> dict[str, Any]:
        """For the store and /_control."""
        return asdict(self)


def choices_from(body: Any, personas: tuple[str, ...]) -> Choices:
    """Choices out of JSON. Raises BadChoice naming the first thing that does not fit."""
    if not isinstance(body, dict) or not isinstance(body.get("number"), str):
        raise BadChoice("number: which telephone number to call, as +1415…")
    unknown = sorted(set(body) - set(Choices.__dataclass_fields__))
    if unknown:
        raise BadChoice(f"unknown: {', '.join(unknown)}")
    if not isinstance(body.get("lines") or [], list) or not isinstance(body.get("caller") or "", str):
        raise BadChoice("lines: a list of what the caller says; caller: a telephone number")
    lines = tuple(str(line)[:2000] for line in body.get("lines") or ())
    persona = str(body.get("persona") or (SCRIPT if lines else "curious"))
    for name, allowed in (("persona", personas), ("pace", PACES), ("generation", GENERATIONS), ("fault", TROUBLES)):
        chosen = persona if name == "persona" else body.get(name)
        if chosen is not None and chosen not in allowed:
            raise BadChoice(f"{name}: one of {', '.join(allowed)}")
    try:
        numbers = {name: float(body[name]) for name in ("length", "copies", "delay") if body.get(name) not in (None, "")}
    except (TypeError, ValueError) as error:
        raise BadChoice("length, copies and delay are numbers") from error
    if not 1 <= numbers.get("length", 1) <= LONGEST or not 1 <= numbers.get("copies", 1) <= 50 or not 0 <= numbers.get("delay", 0) <= 3600:
        raise BadChoice("length: 1 to 43200 seconds; copies: 1 to 50; delay: 0 to 3600 seconds")
    text = {name: body[name] for name in ("caller", "pace", "generation", "fault") if body.get(name)}
    if "copies" in numbers:
        numbers["copies"] = int(numbers["copies"])
    return Choices(number=body["number"], persona=persona, lines=lines, **text, **numbers)  # pyright: ignore[reportArgumentType]  # checked above

"""Password strength while typing, off the event loop and in a lane of its own: it cannot crowd out log-ins or pages."""

from dataclasses import dataclass

from kametrix import db
from kametrix.errors import Busy
from kametrix.services import passwords

LANE = db.Lane("strength", threads=1, waiting=50)
LONGEST_INPUT = 5000


@dataclass(frozen=True)
class Meter:
    """`score` 0..4 fills the bar (−1: nothing typed), `words` say what it means and what is missing."""

    score: int = -1
    words: str = ""


async def measure(password: str, inputs: tuple[str, ...]) -> Meter:
    """The meter for what was typed so far; an empty one when the server has more urgent work."""
    if not password:
        return Meter()
    try:
        return await LANE.run(_measure, password[:LONGEST_INPUT], inputs)
    except Busy:
        return Meter()


def _measure(password: str, inputs: tuple[str, ...]) -> Meter:
    found, problem = passwords.strength(password, inputs), passwords.problem(password, inputs)
    score = min(found.score, passwords.STRONG_ENOUGH - 1) if problem else found.score
    return Meter(score, f"{passwords.LABELS[score]}. {problem}".strip())

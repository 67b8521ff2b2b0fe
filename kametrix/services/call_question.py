"""Filters and words as one question to the column `call.search`: a tsquery of marks and lexemes, safe for whatever was typed."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import Invalid
from kametrix.services.access import Actor, allows
from kametrix.services.call_filters import DIRECTIONS, GROUPS, NOBODY, Filter, span
from kametrix.services.zones import zone_of

FEWEST_DIGITS: Final = 3
NUMBER: Final = re.compile(r"[+(]?[0-9][0-9 ()./+-]*")
LAST_WORD: Final = re.compile(r"(?:^|[^!])'(?:[^']|'')*'$")
_WORDS: Final = text("select cast(websearch_to_tsquery('simple', :words) as text)")


@dataclass(frozen=True)
class Question:
    """What a call must have. `marks` (things calls are filtered by) and `words` are tsqueries as text, empty when any will do.

    `own`: the person to whom it must be assigned, where that is all somebody may see.
    """

    marks: str
    words: str
    since: datetime | None
    until: datetime | None
    own: str

    @property
    def wanted(self) -> str:
        """Both."""
        return both(self.marks, self.words)


@allows("calls:read")
def question(session: Session, actor: Actor, wanted: Filter) -> Question:
    """Raises Invalid when there is nothing in the words to search for."""
    is_bounded = wanted.period or wanted.first_day or wanted.last_day
    since, until = span(wanted, clock.now(), zone_of(session, actor)) if is_bounded else (None, None)
    marks = (
        [mark("=", status) for status in GROUPS.get(wanted.status, ())],
        [mark("@", wanted.agent_id)] if wanted.agent_id else [],
        [mark(">", DIRECTIONS[wanted.direction])] if wanted.direction else [],
        [mark("%", "" if wanted.assigned == NOBODY else wanted.assigned)] if wanted.assigned else [],
    )
    words = any_of(_words(session, wanted.words)) if wanted.words else ""
    own = actor.user_id if actor.only_own("calls:read") else ""
    return Question(both(*(any_of(group) for group in marks)), words, since, until, own)


def mark(sign: str, value: str) -> str:
    """One lexeme as a tsquery says it, whatever is in it. The signs are explained in the migration call_search."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{sign}{escaped}'"


def any_of(parts: list[str]) -> str:
    """One of these."""
    return f"({' | '.join(parts)})" if parts else ""


def both(*parts: str) -> str:
    """All of these that say something."""
    return " & ".join(part for part in parts if part)


def _words(session: Session, words: str) -> list[str]:
    """As web searches understand them; the last word also finds what begins with it. A telephone number finds its calls too."""
    asked: str = session.connection().execute(_WORDS, {"words": words}).scalar_one()
    begins = LAST_WORD.search(asked) and not words.endswith('"')
    number = mark("*", _digits(words)) + ":*" if len(_digits(words)) >= FEWEST_DIGITS else ""
    found = [part for part in (number, asked and f"({asked}{':*' if begins else ''})") if part]
    if not found:
        raise Invalid("There is no word in this to search for. Type a word that was said, or part of a number.")
    return found


def _digits(words: str) -> str:
    """The digits of a telephone number in any spelling, without the zeros before it; empty for anything else."""
    return re.sub(r"\(0\)|[^0-9]", "", words).lstrip("0")[:15] if NUMBER.fullmatch(words) else ""

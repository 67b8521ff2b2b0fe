"""Numbers entered by the operator: one by hand, or many lines at once; the provider's next list makes them known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.errors import Conflict, Invalid
from kametrix.models import Agent, PhoneNumber
from kametrix.services import audit
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.phone_numbers import e164
from kametrix.services.wording import telephone

MOST_LINES: Final = 10_000
MOST_BYTES: Final = 1_000_000
LONGEST_NAME: Final = 100
NOT_E164: Final = "Write it with a plus and the country, like +14155550123."
HEADING: Final = re.compile(r"(phone|telephone|tel|number|phone_number)\b", re.IGNORECASE)
SEPARATORS: Final = re.compile(r"[\s().\-\u2010-\u2015/]")
E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_CHUNK: Final = 2_000


@dataclass(frozen=True)
class Rejected:
    """A line that was not taken: its number in the text, what stood there, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What became of every line that was not blank: added, known before (or twice in the text), or not a number."""

    added: int
    known: tuple[Rejected, ...]
    invalid: tuple[Rejected, ...]


@allows(PLATFORM)
def add(session: Session, actor: Actor, number: str, name: str) -> str:
    """Add one number, free as soon as the provider lists it. Returns it in words. Raises Invalid, and Conflict for a known one."""
    found, label = _typed(number), " ".join(name.split())
    errors = {} if found else {"number": NOT_E164}
    if len(label) > LONGEST_NAME:
        errors["name"] = f"Use at most {LONGEST_NAME} characters."
    if errors or not found:
        raise Invalid.fields(errors)
    if not _insert(session, {found: label}):
        raise Conflict(_known(session, found))
    row_id = session.exec(select(PhoneNumber.id).where(PhoneNumber.number == found)).one()
    new = {"number": found, "name": label}
    audit.record(session, actor, "PHONE_CREATE", entity="phone_number", entity_id=row_id, new=new, by_operator=True)
    return telephone(found)


@allows(PLATFORM)
def import_lines(session: Session, actor: Actor, text: str) -> Imported:
    """Add every line `number[,name]`, all in one transaction; a heading and blank lines are passed over.

    Raises Invalid for more than 10,000 lines or 1 MB, and when nothing is there; then nothing was added.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise Invalid.fields({"lines": "This is more than 1 MB. Split it; nothing was added."})
    lines = [(place, line.strip()) for place, line in enumerate(text.splitlines(), 1) if line.strip()]
    if lines and HEADING.match(lines[0][1].strip("\ufeff\"' ")):
        lines = lines[1:]
    if not lines:
        raise Invalid.fields({"lines": "Enter at least one number."})
    if len(lines) > MOST_LINES:
        raise Invalid.fields({"lines": f"{len(lines):,} lines are more than {MOST_LINES:,}. Split them; nothing was added."})
    wanted, known, invalid = _read(lines)
    added = _insert(session, {number: name for number, (_, name) in wanted.items()})
    known += [Rejected(place, number, "In the pool already.") for number, (place, _) in wanted.items() if number not in added]
    told = {"added": len(added), "known": len(known), "invalid": len(invalid)}
    audit.record(session, actor, "PHONE_IMPORT", entity="phone_number", entity_id=None, new=told, by_operator=True)
    return Imported(len(added), tuple(sorted(known, key=lambda one: one.line)), tuple(invalid))


def _read(lines: list[tuple[int, str]]) -> tuple[dict[str, tuple[int, str]], list[Rejected], list[Rejected]]:
    """Each number once with its line and name, the lines that repeat one, and those that hold none."""
    wanted: dict[str, tuple[int, str]] = {}
    twice: list[Rejected] = []
    invalid: list[Rejected] = []
    for place, line in lines:
        first, _, rest = line.partition(next((mark for mark in (",", ";", "\t") if mark in line), ","))
        number, name = _typed(first.strip("\ufeff\"' ")), " ".join(rest.strip("\"' ").split())
        if number is None:
            invalid.append(Rejected(place, line[:60], NOT_E164))
        elif len(name) > LONGEST_NAME:
            invalid.append(Rejected(place, line[:60], f"The name is longer than {LONGEST_NAME} characters."))
        elif number in wanted:
            twice.append(Rejected(place, number, f"Stands in line {wanted[number][0]:,} already."))
        else:
            wanted[number] = (place, name)
    return wanted, twice, invalid


def _typed(text: str) -> str | None:
    """A number as people write it, with spaces, dots, dashes and brackets but nothing else; none when it is not one."""
    plain = SEPARATORS.sub("", text)
    return e164(plain) if E164.fullmatch(plain) else None


def _insert(session: Session, wanted: dict[str, str]) -> set[str]:
    """Add those that are not there; returns them."""
    now = clock.now()
    rows = [
        {"id": new_id(), "number": number, "friendly_name": name or None, "available_from": now, "created_at": now, "updated_at": now}
        for number, name in sorted(wanted.items())
    ]
    added: set[str] = set()
    for chunk in _chunks(rows):
        query = insert(PhoneNumber).values(chunk).on_conflict_do_nothing(index_elements=["number"]).returning(col(PhoneNumber.number))
        added |= set(session.connection().execute(query).scalars())
    return added


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


def _known(session: Session, number: str) -> str:
    query = select(Agent.name).join(PhoneNumber, col(PhoneNumber.agent_id) == Agent.id).where(PhoneNumber.number == number)
    owner = session.exec(query).one_or_none()
    return f"{telephone(number)} is in the pool already{f': it belongs to {owner}' if owner else ''}."

"""Passwords: what is accepted (product decision 15), how strong one is, hashing with bcrypt. Slow: never on the event loop."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import bcrypt
from zxcvbn import zxcvbn

from kametrix.settings import settings

SHORTEST = 8
"""Characters."""
LONGEST = 72
"""UTF-8 bytes: bcrypt takes no more."""
STRONG_ENOUGH = 3
"""Of zxcvbn's scores 0..4."""
MEASURED = 72
"""Characters: zxcvbn takes no more."""
WORDS = re.compile(r"[^\W_]{3,}")
LABELS = ("Very weak", "Weak", "Fair", "Good", "Strong")


@dataclass(frozen=True)
class Strength:
    """`score` 0..4 as zxcvbn gives it, its name, and the first thing that would help (empty when nothing has to)."""

    score: int
    label: str
    hint: str


def strength(password: str, inputs: tuple[str, ...]) -> Strength:
    """How hard `password` is to guess for someone who knows `inputs` (e-mail, names)."""
    known = [word for text in inputs for word in (text[:MEASURED], *WORDS.findall(text[:MEASURED]))]
    if not password:
        return Strength(0, LABELS[0], "")
    found: dict[str, Any] = dict(zxcvbn(password[:MEASURED], user_inputs=known))
    score = int(found["score"])
    return Strength(score, LABELS[score], "" if score >= STRONG_ENOUGH else _hint(found["feedback"]))


def problem(password: str, inputs: tuple[str, ...]) -> str:
    """What keeps `password` from being accepted, in words; empty when nothing does. Lengths first: a long one costs no work."""
    if len(_raw(password)) > LONGEST:
        return f"Use at most {LONGEST} characters (some letters and symbols count as two to four)."
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters."
    if missing := _missing(password):
        return f"Add {missing}."
    found = strength(password, inputs)
    return "" if found.score >= STRONG_ENOUGH else f"Too easy to guess. {found.hint}"


def hashed(password: str) -> str:
    """The bcrypt hash. Raises ValueError above 72 bytes."""
    return bcrypt.hashpw(_raw(password), bcrypt.gensalt(settings().bcrypt_rounds)).decode()


def matches(password: str, stored: str | None) -> bool:
    """Whether `stored` was made from `password`. Takes the same time when there is nothing to compare with."""
    raw = _raw(password)
    given = raw if len(raw) <= LONGEST else b""
    found = bcrypt.checkpw(given, (stored or _nobody()).encode())
    return found and stored is not None and given == raw


@cache
def _nobody() -> str:
    return hashed("nobody has this password")


def _missing(password: str) -> str:
    wanted = (("a capital letter", str.isupper), ("a small letter", str.islower), ("a digit", str.isdigit))
    missing = [name for name, is_kind in wanted if not any(map(is_kind, password))]
    return " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1] if missing else "")))


def _hint(feedback: dict[str, Any]) -> str:
    said = [feedback["warning"], *feedback["suggestions"]]
    text = next(filter(None, said), "Three or four words that do not belong together are hard to guess")
    return text if text.endswith(".") else f"{text}."


def _raw(password: str) -> bytes:
    """Half characters, which a browser never sends, are bytes like others."""
    return password.encode("utf-8", "surrogatepass")

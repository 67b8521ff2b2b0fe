"""What a search found, marked in the text: plain segments, never markup, so that nothing a caller says can become part of a page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

SNIPPET: Final = 160
"""Characters of a snippet, about."""
BEFORE: Final = 50
"""Of which so many stand before the first hit."""
_PARTS: Final = re.compile(r'-?"[^"]*"?|\S+')
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True)
class Segment:
    """A piece of text, and whether it is what was searched for."""

    text: str
    is_hit: bool = False


Terms = re.Pattern[str]
"""Finds the words a search asks for."""


def terms(words: str) -> Terms | None:
    """What in `words` can be marked: everything but what is excluded, and the 'or' between; the last word may go on. None if nothing."""
    parts = _PARTS.findall(words)
    wanted = [part for part in parts if not part.startswith("-") and part.lower() != "or"]
    found = [re.escape(word) for part in wanted for word in _WORD.findall(part)]
    if not found:
        return None
    if parts[-1] == wanted[-1] and not words.endswith('"'):
        found[-1] += r"\w*"
    return re.compile(rf"\b(?:{'|'.join(found)})\b", re.IGNORECASE)


def marked(text: str, wanted: Terms) -> list[Segment]:
    """`text` in segments, the hits among them."""
    segments: list[Segment] = []
    done = 0
    for hit in wanted.finditer(text):
        segments += [Segment(text[done : hit.start()])] if hit.start() > done else []
        segments.append(Segment(hit.group(), is_hit=True))
        done = hit.end()
    return [*segments, *([Segment(text[done:])] if text[done:] else [])]


def hits(text: str, wanted: Terms) -> int:
    """How many different words of the search are in `text`."""
    return len({word.lower() for word in wanted.findall(text)})


def snippet(messages: Iterable[dict[str, Any]], summary: str, wanted: Terms) -> tuple[Segment, ...]:
    """The turn with the most of what was searched for (else the summary), cut to its surroundings; empty when none has any."""
    said = (str(message.get("text", "")) for message in messages if message.get("role") != "tool")
    count, best = max(((hits(text, wanted), text) for text in said), key=lambda found: found[0], default=(0, ""))
    return tuple(cut(best if count else summary, wanted)) if count or wanted.search(summary) else ()


def cut(text: str, wanted: Terms) -> list[Segment]:
    """About SNIPPET characters around the first hit, marked."""
    hit = wanted.search(text)
    first = hit.start() if hit else 0
    start = _after_space(text, first - BEFORE, first) if first > BEFORE else 0
    end = start + SNIPPET
    piece = text[start:end] if len(text) <= end else (text[start:end].rsplit(None, 1) or [""])[0]
    return marked(f"{'… ' if start else ''}{piece}{' …' if start + len(piece) < len(text) else ''}", wanted)


def _after_space(text: str, start: int, limit: int) -> int:
    """Where the next word begins, so that none is cut."""
    space = text.find(" ", start, limit)
    return space + 1 if space >= 0 else start

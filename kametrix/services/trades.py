"""Trades: what a business of a kind usually offers and is asked, as a start an owner corrects.

The words live in `trade_texts/<language>/<key>.toml`, read on first use. A fact nobody can know for the owner is a blank
(`[price]`, found by `agent_form.blanks`) or is left out; greeting and end message may hold the form's placeholders.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from kametrix.services import texts
from kametrix.services.agent_form import Faq

ICONS: Final = {
    "dentist": "smile",
    "doctor": "stethoscope",
    "physiotherapy": "activity",
    "veterinary": "paw-print",
    "hair": "scissors",
    "beauty": "sparkles",
    "fitness": "dumbbell",
    "restaurant": "utensils",
    "hotel": "bed-double",
    "plumbing": "wrench",
    "electrician": "zap",
    "car_workshop": "car",
    "cleaning": "spray-can",
    "lawyer": "scale",
    "tax": "calculator",
    "real_estate": "building",
    "photographer": "camera",
    "shop": "store",
}
"""Every trade in the order it is offered, with the name of its lucide icon."""
ENOUGH, LEAD = 2, 2
"""Points a description needs to speak of a trade, and how far ahead of every other trade it must be."""


@dataclass(frozen=True)
class Trade:
    """One kind of business. `names` call it, `hints` are things it does: patterns of words, `*` standing for any letters."""

    key: str
    title: str
    icon: str
    services: tuple[str, ...]
    hours: str
    faqs: tuple[Faq, ...]
    policies: str
    description: str
    greeting: str
    end_call_message: str
    names: tuple[str, ...]
    hints: tuple[str, ...]


@cache
def trades(language: str) -> tuple[Trade, ...]:
    """All trades in `language`, English for one we do not speak."""
    spoken = language if language in texts.LANGUAGES else "en"
    return tuple(_read(spoken, key, icon) for key, icon in ICONS.items())


def trade_of(text: str, language: str) -> Trade | None:
    """The trade a description speaks of; None when it names none, or several."""
    said = " ".join(re.findall(r"\w+", text.casefold()))
    points = sorted(((_points(trade, said), trade.key) for trade in trades(language)), reverse=True)
    (best, key), (second, _) = points[0], points[1]
    return by_key(key, language) if best >= ENOUGH and best - second >= LEAD else None


def by_key(key: str, language: str) -> Trade | None:
    """The trade with this key."""
    return next((trade for trade in trades(language) if trade.key == key), None)


@cache
def general(language: str) -> Trade:
    """What fits any business."""
    return _read(language if language in texts.LANGUAGES else "en", "general", "store")


def _points(trade: Trade, said: str) -> int:
    """Three for a name of the trade, one for each thing it does."""
    named = 3 if any(_pattern(name).search(said) for name in trade.names) else 0
    return named + sum(1 for hint in trade.hints if _pattern(hint).search(said))


@cache
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\b" + words.replace("*", r"\w*") + r"\b")


def _read(language: str, key: str, icon: str) -> Trade:
    source = files("kametrix.services").joinpath("trade_texts", language, f"{key}.toml")
    told: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    return Trade(
        key=key,
        icon=icon,
        title=told["title"],
        services=tuple(told["services"]),
        hours=told["hours"],
        faqs=tuple(Faq(pair["question"], pair["answer"]) for pair in told["faqs"]),
        policies=told["policies"].strip(),
        description=told["description"],
        greeting=told["greeting"],
        end_call_message=told["end_call_message"],
        names=tuple(told["names"]),
        hints=tuple(told["hints"]),
    )

"""Money, numbers, days and other people's words as e-mails write them, in English and German."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

LONGEST_NAME: Final = 80
MONTHS: Final = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
SIGNS: Final = {"usd": "$", "eur": "€", "gbp": "£"}
MINUTES: Final = {"en": ("minute", "minutes"), "de": ("Minute", "Minuten")}
_JOINED: Final = re.compile(r"(?<=\S)([./:@])(?=\S)")


def filters(language: str, zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    """What templates of this language call: money, number, minutes, minutes_of, day, month, named."""

    def grouped(count: int) -> str:
        text = f"{count:,}"
        return text.replace(",", ".") if language == "de" else text

    def money(cents: int, currency: str = "usd") -> str:
        """-135 -> '−$1.35', in German '−1,35 $'. Currencies without a sign of their own carry their code."""
        code, sign = currency.lower(), "−" if cents < 0 else ""
        whole, rest = divmod(abs(cents), 100)
        if language == "de":
            return f"{sign}{grouped(whole)},{rest:02d} {SIGNS.get(code, code.upper())}"
        return f"{sign}{SIGNS.get(code, f'{code.upper()} ')}{grouped(whole)}.{rest:02d}"

    def minutes_of(count: int) -> str:
        return f"{grouped(count)} {MINUTES[language][count != 1]}"

    def minutes(cents: int, rate: int) -> str:
        """How long a balance lasts at `rate` cents a minute."""
        return minutes_of(max(cents, 0) // rate if rate > 0 else 0)

    def day(iso: str) -> str:
        """The day of a moment, in the reader's zone."""
        return _day(datetime.fromisoformat(iso).astimezone(zone).date(), language)

    def month(text: str) -> str:
        """'2026-11' -> 'November 2026'."""
        year, _, number = text.partition("-")
        return f"{MONTHS[language][int(number) - 1]} {int(year)}"

    return {
        "money": money, "number": grouped, "minutes": minutes, "minutes_of": minutes_of, "day": day, "month": month, "named": named,
    }  # fmt: skip


def named(text: str | None, otherwise: str = "") -> str:
    """Words somebody chose, in one line of at most 80 characters, of which no mail program makes a link: mail in our name must not
    carry other people's addresses."""
    line = " ".join((text or "").split())
    short = line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"
    return _JOINED.sub("\\1\u200b", short) or otherwise


def _day(at: date, language: str) -> str:
    return f"{at.day}{'.' if language == 'de' else ''} {MONTHS[language][at.month - 1]} {at.year}"

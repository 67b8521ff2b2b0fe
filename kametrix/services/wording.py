"""Money, lengths, moments and telephone numbers as people read them: the same words on every page and in every e-mail."""

from datetime import datetime, timedelta

import phonenumbers


def dollars(cents: int, *, signed: bool = False) -> str:
    """-135 -> '−$1.35'; with `signed` a gain carries a plus."""
    sign = "−" if cents < 0 else "+" if signed and cents > 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def minutes(count: int) -> str:
    """1 -> '1 minute', 1200 -> '1,200 minutes'."""
    return f"{count:,} minute" if count == 1 else f"{count:,} minutes"


def counted(count: int, noun: str) -> str:
    """(1, 'call') -> '1 call', (7, 'call') -> '7 calls'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def clock(seconds: int) -> str:
    """161 -> '2:41', 3725 -> '1:02:05'."""
    hours, rest = divmod(max(seconds, 0), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def length(seconds: int) -> str:
    """272 -> '4 min 32 sec', 45 -> '45 sec', 60 -> '1 min'."""
    whole, rest = divmod(max(seconds, 0), 60)
    parts = [f"{whole:,} min"] if whole else []
    return " ".join([*parts, f"{rest} sec"] if rest or not whole else parts)


def moment(at: datetime, now: datetime) -> str:
    """`at` seen from `now`, both in the reader's zone: 'Today, 14:12', 'Yesterday, 9:05', '12 Nov, 8:01', '12 Nov 2025, 8:01'."""
    return f"{day(at, now)}, {at.hour}:{at.minute:02d}"


def day(at: datetime, now: datetime) -> str:
    """The day of `at` seen from `now`, both in the reader's zone."""
    if at.date() == now.date():
        return "Today"
    if at.date() == now.date() - timedelta(days=1):
        return "Yesterday"
    return f"{at.day} {at:%b}" if at.year == now.year else f"{at.day} {at:%b %Y}"


def telephone(number: str | None, *, missing: str = "") -> str:
    """An E.164 number in groups ('+1 415 555 0147'); anything else as it is; `missing` when there is none."""
    if not number:
        return missing
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")


def shown_name(name: str | None, email: str) -> str:
    """How a person is called: by name, else by the first part of the e-mail."""
    return name or email.partition("@")[0]

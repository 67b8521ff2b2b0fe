"""CSV that a spreadsheet shows and never runs (OWASP, "CSV Injection"): texts that begin like a formula get an apostrophe."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

FORMULA: Final = tuple("=+-@\t\r\n|%＝＋－＠")
INNER: Final = re.compile(r"([;\t\r\n]\s*+)([=+\-@|%＝＋－＠]?)")
"""Where a cell would begin for a spreadsheet that separates by semicolons or tabs, as those of half the world do."""
E164: Final = re.compile(r"\+[0-9]{1,15}")


def line(values: Iterable[str | int | datetime | None]) -> str:
    """One line, ended by CRLF (RFC 4180). Whole numbers stay numbers, moments become ISO 8601, none becomes an empty cell."""
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue()


def _cell(value: str | int | datetime | None) -> str | int:
    if value is None or isinstance(value, int):
        return "" if value is None else value
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else value.replace("\x00", "")
    inert = INNER.sub(lambda found: f"{found[1]}'{found[2]}" if found[2] else found[0], text)
    return f"'{inert}" if text.lstrip().startswith(FORMULA) and not E164.fullmatch(text) else inert

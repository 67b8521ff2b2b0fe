"""Money as an operator types it."""

import re
from typing import Final

from kametrix.errors import Invalid

MONEY: Final = re.compile(r"([+\-−]?)\s*\$?\s*([0-9][0-9,]{0,11})(?:\.([0-9]{1,2}))?")


def cents_of(text: str, field: str) -> int:
    """'5', '$5.00', '-2.50', '−$1,000' -> cents. Raises Invalid at `field` for anything else, also for parts of a cent."""
    found = MONEY.fullmatch(text.strip())
    if found is None:
        raise Invalid.fields({field: "Give an amount like 5.00 or -2.50, in whole cents."})
    sign, whole, part = found.groups()
    cents = int(whole.replace(",", "")) * 100 + int((part or "").ljust(2, "0"))
    return -cents if sign in ("-", "−") else cents


def whole(text: str, field: str) -> int:
    """'1,000' -> 1000. Raises Invalid at `field`."""
    plain = text.strip().replace(",", "")
    if not re.fullmatch("[0-9]{1,9}", plain):
        raise Invalid.fields({field: "Give a whole number."})
    return int(plain)

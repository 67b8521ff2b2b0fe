"""Form-encoded parameters: `a[b][0][c]=v` becomes nested objects and lists of texts (docs.stripe.com/api, read 2026-11-20)."""

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import wrong

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
MOST_FIELDS = 2000


def parse(text: str) -> dict[str, Any]:
    """The parameters of a body or a query. Raises StripeError when the names do not nest."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise wrong(f"Invalid request body: {error}") from error
    found: dict[str, Any] = {}
    for name, value in pairs:
        _put(found, name, value)
    return {name: _settled(value) for name, value in found.items()}


def _put(found: dict[str, Any], name: str, value: str) -> None:
    match = NAME.fullmatch(name)
    if not match:
        raise wrong(f"Invalid parameter name: {name[:100]}", name[:100])
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    place = found
    for step, then in zip(path, [*path[1:], None], strict=True):
        key = step or str(len(place))  # `a[]=v` appends
        if then is None:
            place[key] = value
            return
        inner = place.setdefault(key, {})
        if not isinstance(inner, dict):
            raise wrong(f"Invalid parameter name: {name[:100]}", match[1])
        place = inner


def _settled(value: Any) -> Any:
    """Objects whose keys are all numbers are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_settled(value[key]) for key in sorted(value, key=int)]
    return {key: _settled(inner) for key, inner in value.items()}

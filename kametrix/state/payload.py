"""What an event brings along, read before any handler sees it: Reflex passes on whatever a raw socket sends."""

from collections.abc import Callable, Mapping
from functools import cache
from inspect import signature
from types import UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from kametrix import storable
from kametrix.errors import Invalid

DEEPEST: Final = 5
"""Levels of lists and objects within an argument; a form's entries are three deep."""


def read(handler: Callable[..., Any], payload: Any) -> dict[str, Any]:
    """The handler's arguments, without characters no database keeps.

    Raises Invalid unless it is given all of them, nothing else, and each as declared: in JSON's types, so `true` is no number.
    """
    declared = _declared(handler)
    given = cast("dict[str, Any]", payload) if isinstance(payload, dict) else None
    if given is None or given.keys() != declared.keys() or any(type(given[name]) not in types for name, types in declared.items()):
        raise Invalid("This event does not fit its handler.")
    try:
        return {name: storable.value(value, deepest=DEEPEST) for name, value in given.items()}
    except ValueError as error:
        raise Invalid("This event is nested too deeply.") from error


def is_readable(router: Mapping[str, Any]) -> bool:
    """Whether the address the event comes from can be one of a browser, which spells out what no text can hold."""
    return not any(storable.UNSTORABLE.search(str(router.get(part, ""))) for part in ("asPath", "pathname"))


@cache
def _declared(handler: Callable[..., Any]) -> dict[str, frozenset[type]]:
    """The types of each argument after `self`."""
    hints = get_type_hints(handler)
    return {name: _types(hints[name]) for name in list(signature(handler).parameters)[1:]}


def _types(hint: Any) -> frozenset[type]:
    """`str | bool` are two, `dict[str, Any]` is `dict`."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return frozenset(get_origin(kind) or kind for kind in kinds)

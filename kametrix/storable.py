"""What PostgreSQL keeps of a text: all but NUL and lone surrogates (scripts make those where they cut a text within an emoji)."""

import re
from typing import Any, Final, cast

UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def text(given: str) -> str:
    """The text without what cannot be kept."""
    return UNSTORABLE.sub("", given)


def value(given: Any, *, deepest: int) -> Any:
    """A value of JSON with all its texts so; raises ValueError where lists and objects are nested deeper than `deepest`."""

    def kept(part: Any, levels: int) -> Any:
        if isinstance(part, str):
            return text(part)
        if not isinstance(part, dict | list):
            return part
        if levels == 0:
            raise ValueError(f"it is nested deeper than {deepest} levels")
        if isinstance(part, list):
            return [kept(item, levels - 1) for item in cast("list[Any]", part)]
        return {text(key): kept(item, levels - 1) for key, item in cast("dict[str, Any]", part).items()}

    return kept(given, deepest)

"""What a person typed into a form that was refused, kept for a moment in a sealed cookie of their own browser. Never a password."""

import json
from dataclasses import dataclass, field
from typing import Any

from kametrix.crypto import new_id, seal, unseal
from kametrix.errors import Misconfigured

COOKIE = "kametrix_form"
SECONDS = 120
"""How long the browser keeps it."""
LONGEST_VALUE = 600
"""Bytes kept of a value, so that the cookie stays below the 4 kB browsers take."""


@dataclass(frozen=True)
class KeptForm:
    """`message` is about the whole form, `errors` about fields, `values` what was typed. `key` names this try in the address."""

    message: str = ""
    errors: dict[str, str] = field(default_factory=dict[str, str])
    values: dict[str, str] = field(default_factory=dict[str, str])
    key: str = field(default_factory=new_id)

    def sealed(self) -> str:
        """The cookie's value."""
        values = {name: _cut(value) for name, value in self.values.items()}
        content = {"message": self.message, "errors": self.errors, "values": values}
        return seal(json.dumps(content, ensure_ascii=False), place=_place(self.key))


def kept(cookie: str, key: str) -> KeptForm | None:
    """The form of this try; none when the cookie is gone or belongs to another try."""
    try:
        content: dict[str, Any] = json.loads(unseal(cookie, place=_place(key)))
    except Misconfigured:
        return None
    return KeptForm(key=key, **content)


def _place(key: str) -> str:
    return f"cookie.form.{key}"


def _cut(value: str) -> str:
    return value.encode("utf-8", "replace")[:LONGEST_VALUE].decode("utf-8", "ignore")

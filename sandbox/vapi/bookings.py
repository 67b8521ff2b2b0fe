"""Appointments through the tools an assistant declares: which tool, and arguments out of its JSON schema."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.store import Json

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?")
NAME = re.compile(r"(?:my name is|this is|i am|i'm|mein name ist|ich heiße|ich bin)\s+([^\W\d_]+(?:\s+[^\W\d_]+)?)", re.IGNORECASE)


@dataclass
class Bookings:
    """Looks for free times, then books one of those it was told."""

    tools: list[Json]
    caller: str
    now: datetime
    slots: list[str] = field(default_factory=list[str])

    def look(self) -> tuple[str, str, Json] | None:
        """The call that asks for free times; without such a tool, the call that books; None without either."""
        tool = self._tool("availab", "free", "slots") or self._tool("book", "appointment", "schedule")
        return self._call(tool, {}) if tool else None

    def book(self, heard: str) -> tuple[str, str, Json] | None:
        """The call that books the slot the caller chose (by its hour, else the first)."""
        tool = self._tool("book", "appointment", "schedule")
        if not tool or not self.slots:
            return None
        name = NAME.search(heard)
        hours = [slot for slot in self.slots if re.search(rf"\b{int(slot[11:13]) % 12 or 12}\b", heard)]
        return self._call(tool, {"start": (hours or self.slots)[0], "name": name[1] if name else heard.strip(" .!")[:80]})

    def offered(self, told: str) -> bool:
        """Whether a result names times that can still be booked; they are remembered."""
        found = MOMENT.findall(told)
        is_offer = bool(found) and not self.slots
        self.slots = found if is_offer else []
        return is_offer

    def _tool(self, *parts: str) -> Json | None:
        functions = [tool for tool in self.tools if tool.get("type") == "function" and tool.get("function")]
        return next(
            (tool for part in parts for tool in functions if part in tool["function"]["name"] and "cancel" not in tool["function"]["name"]),
            None,
        )

    def _call(self, tool: Json, known: Json) -> tuple[str, str, Json]:
        function = tool["function"]
        properties = (function.get("parameters") or {}).get("properties") or {}
        filled = {name: self._fill(name, known) for name in properties}
        return f"call_{uuid.uuid4().hex[:24]}", function["name"], {name: value for name, value in filled.items() if value is not None}

    def _fill(self, name: str, known: Json) -> Any:
        tomorrow = (self.now + timedelta(days=1)).date().isoformat()
        for sign, value in (
            ("phone", self.caller),
            ("email", None),
            ("name", known.get("name")),
            ("duration", 30),
            ("days", 7),
            ("date", tomorrow),
            ("start", known.get("start")),
            ("slot", known.get("start")),
            ("time", known.get("start")),
        ):
            if sign in name:
                return value
        return "As the caller asked" if name in ("reason", "notes", "summary") else None

"""Many numbers at once: what became of every line is told; what was typed stays in the form."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from kametrix.errors import KametrixError
from kametrix.services.access import PLATFORM
from kametrix.services.admin import number_entry
from kametrix.services.admin.number_entry import Rejected
from kametrix.services.wording import counted
from kametrix.state.admin.base import AdminState
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow

SHOWN = 200


@dataclass(frozen=True)
class RejectedLine:
    """A line that was not taken."""

    line: str
    text: str
    why: str


class NumberImportState(AdminState):
    """The form and the result of the last import; `more` says how many lines are not listed."""

    error: str = ""
    problem: str = ""
    is_done: bool = False
    added: str = ""
    known: str = ""
    invalid: str = ""
    rejected: rx.Field[list[RejectedLine]] = rx.field(default_factory=list)
    more: str = ""

    @rx.event
    @allow(PLATFORM)
    def load(self) -> None:
        """An empty form."""
        self._settle()
        self.error, self.problem, self.is_done, self.rejected, self.more = "", "", False, [], ""

    @rx.event
    @allow(PLATFORM)
    async def send(self, form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Add the lines; nothing is added when there are too many."""
        self.error, self.problem, self.is_sending, self.is_done = "", "", True, False
        yield
        try:
            done = await self._ask(number_entry.import_lines, str(form.get("lines", "")))
        except KametrixError as error:
            self.error, self.problem = error.errors.get("lines", ""), "" if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        finally:
            self.is_sending = False
        self.added, self.known, self.invalid = f"{done.added:,}", f"{len(done.known):,}", f"{len(done.invalid):,}"
        listed = [*done.invalid, *done.known]
        self.rejected = [_line(one) for one in listed[:SHOWN]]
        self.more = f"and {counted(len(listed) - SHOWN, 'more line')}" if len(listed) > SHOWN else ""
        self.is_done = True


def _line(one: Rejected) -> RejectedLine:
    return RejectedLine(f"Line {one.line:,}", one.text, one.why)

"""The page of opening hours: rows of the week and of special days, the greeting outside them, and what callers hear when.

Everything typed is kept here until it is saved, so that an error, a lost connection or a look at another page loses nothing.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Invalid, KametrixError
from kametrix.services import opening_hours, organization_settings, prompts, texts
from kametrix.services.agent_form import AgentForm, named
from kametrix.services.opening_hours import MAX_RANGES, MAX_SPECIAL
from kametrix.services.opening_words import special_told, state_told
from kametrix.services.organization_settings import Hours
from kametrix.services.zones import local
from kametrix.state import hours_rows
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState, allow
from kametrix.state.hours_rows import DayRow, PictureRow, RangeRow, SpecialRow
from kametrix.state.settings_pushes import PushesState, saved

WEEKDAYS: Final = opening_hours.DAYS[:5]


class HoursState(AuthState):
    """`has_hours`: hours are told. `moment` is the moment asked about by the clock of `zone`, empty for now."""

    has_hours: bool = False
    week: rx.Field[list[DayRow]] = rx.field(default_factory=list)
    special: rx.Field[list[SpecialRow]] = rx.field(default_factory=list)
    greeting: str = ""
    greeting_error: str = ""
    special_error: str = ""
    problem: str = ""
    picture: rx.Field[list[PictureRow]] = rx.field(default_factory=list)
    coming: rx.Field[list[str]] = rx.field(default_factory=list)
    zone: str = "UTC"
    used: str = ""
    moment: str = ""
    told: str = ""
    heard: str = ""
    is_kept: bool = False
    is_saving: bool = False
    is_asking: bool = False
    drawn: int = 0
    _changed: bool = False
    _sample: AgentForm | None = None
    _organization: str = ""

    @rx.event
    @allow("organization:read")
    async def load(self) -> None:
        """Read the hours; changes that are not saved stay as they were left."""
        self.is_saving = self.is_asking = False
        found = await db.run(organization_settings.hours, self.actor)
        self.zone, self.used, self._sample = found.zone, used(found), found.sample
        self.is_kept = self._changed and self._organization == self.actor.organization_id
        if not self.is_kept:
            self._begin(found)
        self._look()

    @rx.event
    @allow("organization:write")
    async def start_over(self) -> None:
        """Forget what is not saved."""
        self._begin(await db.run(organization_settings.hours, self.actor))
        self._look()

    def _begin(self, found: Hours) -> None:
        self._organization, self._changed, self.is_kept = self.actor.organization_id, False, False
        self.has_hours, self.greeting = found.hours is not None, found.after_hours_greeting
        self.week, self.special = hours_rows.week_rows(found.hours), hours_rows.special_rows(found.hours)
        self.greeting_error = self.special_error = self.problem = ""
        self.drawn += 1

    @rx.event
    @allow("organization:write")
    def begin(self) -> Any:
        """Tell opening hours, beginning with a usual week."""
        self.has_hours = True
        self._change()
        return rx.call_script("setTimeout(() => document.querySelector('main form select')?.focus(), 60)")

    @rx.event
    @allow("organization:write")
    def set_time(self, key: str, edge: str, value: str) -> None:
        """Take a time somebody typed: `edge` is start or end of the range called `key`."""
        if edge in ("start", "end"):
            self._each_range(lambda one: replace(one, **{edge: str(value)[:5], "error": ""}) if one.key == key else one)

    @rx.event
    @allow("organization:write")
    def add_range(self, place: str) -> None:
        """One more range: on the weekday or special day called `place`."""

        def longer(ranges: list[RangeRow]) -> list[RangeRow]:
            if len(ranges) >= MAX_RANGES:
                return ranges
            return [*ranges, RangeRow(start=ranges[-1].end, end="") if ranges else RangeRow()]

        self._each_place(place, longer)

    @rx.event
    @allow("organization:write")
    def remove_range(self, key: str) -> None:
        """One range less; a day without any is closed."""
        self.week = [replace(day, ranges=[one for one in day.ranges if one.key != key]) for day in self.week]
        self.special = [replace(day, ranges=[one for one in day.ranges if one.key != key]) for day in self.special]
        self._change()

    @rx.event
    @allow("organization:write")
    def set_kind(self, place: str, kind: str) -> None:
        """Make a day closed, open at times, or open day and night."""
        kinds = {"closed": [], "always": [RangeRow(start="00:00", end="00:00")], "open": [RangeRow()]}
        if kind in kinds:
            self._each_place(place, lambda _: kinds[kind])

    @rx.event
    @allow("organization:write")
    def copy_monday(self) -> None:
        """Give Tuesday to Friday the hours of Monday."""
        monday = self.week[0].ranges if self.week else []
        self.week = [
            replace(day, ranges=[RangeRow(start=one.start, end=one.end) for one in monday]) if day.key in WEEKDAYS[1:] else day
            for day in self.week
        ]
        self._change()

    @rx.event
    @allow("organization:write")
    def add_special(self) -> Any:
        """One more special day, closed to begin with."""
        if len(self.special) >= MAX_SPECIAL:
            return None
        row = SpecialRow()
        self.special = [*self.special, row]
        self._change()
        return rx.call_script(f"setTimeout(() => document.getElementById('first-{row.key}')?.focus(), 60)")

    @rx.event
    @allow("organization:write")
    def set_special(self, key: str, name: str, value: str) -> None:
        """Take what somebody typed of a special day: first, last or label."""
        if name in ("first", "last", "label"):
            change = {name: str(value)[:200], f"{name}_error": ""}
            self.special = [replace(one, **change) if one.key == key else one for one in self.special]
            self._change()

    @rx.event
    @allow("organization:write")
    def remove_special(self, key: str) -> None:
        """One special day less."""
        self.special = [one for one in self.special if one.key != key]
        self._change()

    @rx.event
    @allow("organization:write")
    def keep_greeting(self, value: str) -> None:
        """Remember the greeting that is being typed."""
        self.greeting, self.greeting_error = str(value)[:10_000], ""
        self._change()

    @rx.event
    @allow("organization:read")
    def ask_about(self, moment: str) -> None:
        """Show what callers hear at this moment, by the clock of the business; empty for now."""
        self.moment = str(moment)[:16]
        self._look()

    @rx.event
    @allow("organization:write")
    async def save(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save; every error is told at its place."""
        self.is_saving, self.problem = True, ""
        yield
        async for events in self._save(hours_rows.typed(self.week, self.special) if self.has_hours else None):
            yield events

    @rx.event
    @allow("organization:write")
    def turn_question(self, is_open: bool) -> None:
        """Open or close the question whether to tell no hours any more."""
        self.is_asking = bool(is_open)

    @rx.event
    @allow("organization:write")
    async def remove(self, _form: dict[str, Any]) -> AsyncGenerator[Any]:
        """Tell no opening hours any more."""
        async for events in self._save(None):
            yield events

    async def _save(self, hours: dict[str, Any] | None) -> AsyncGenerator[Any]:
        try:
            pushed = await db.run(organization_settings.save_hours, self.actor, hours, self.greeting)
        except Invalid as error:
            self.week, self.special, self.special_error = hours_rows.with_errors(self.week, self.special, error.errors)
            self.greeting_error = error.errors.get("after_hours_greeting", "")
            self.problem = "Nothing is saved yet. Please look at what is marked below." if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        except KametrixError as error:
            self.problem = f"{error.message} What you changed is still here."
            return
        finally:
            self.is_saving = self.is_asking = False
        self._begin(await db.run(organization_settings.hours, self.actor))
        self._look()
        yield [PushesState.load, rx.toast.success(saved(pushed))]

    def _each_range(self, change: Callable[[RangeRow], RangeRow]) -> None:
        self.week = [replace(day, ranges=[change(one) for one in day.ranges]) for day in self.week]
        self.special = [replace(day, ranges=[change(one) for one in day.ranges]) for day in self.special]
        self._change()

    def _each_place(self, place: str, change: Callable[[list[RangeRow]], list[RangeRow]]) -> None:
        self.week = [replace(day, ranges=change(day.ranges)) if day.key == place else day for day in self.week]
        self.special = [replace(day, ranges=change(day.ranges)) if day.key == place else day for day in self.special]
        self._change()

    def _change(self) -> None:
        self._changed = True
        self._look()

    def _look(self) -> None:
        """Draw the picture and say what callers hear, as far as what stands here can be understood."""
        if not self.has_hours:
            self.told, self.heard = "", self._hears(is_open=True)
            return
        try:
            hours = hours_rows.valid(self.week, self.special)
        except Invalid:
            self.told, self.heard = "Some times are not complete yet.", ""
            return
        zone = ZoneInfo(self.zone)
        at = asked(self.moment, zone)
        self.picture = hours_rows.picture(hours)
        self.coming = [
            special_told(one, texts.ENGLISH.opening) for one in hours.special if one.last >= local(clock.now(), self.zone).date()
        ]
        self.told = state_told(hours, at, zone)
        self.heard = self._hears(is_open=opening_hours.is_open(hours, at, zone))

    def _hears(self, *, is_open: bool) -> str:
        form = self._sample
        if form is None:
            return ""
        greeting = form.greeting if is_open or not self.greeting.strip() else self.greeting
        spoken = named(greeting, agent=form.name, business=form.business_name)
        return prompts.first_message(spoken, form.language, discloses_ai=form.discloses_ai, records_calls=form.records_calls)


def asked(moment: str, zone: ZoneInfo) -> datetime:
    """The moment somebody chose by the clock of `zone`; now when it is empty, no moment, or of another century."""
    try:
        at = datetime.fromisoformat(moment).replace(tzinfo=zone)
    except ValueError:
        return clock.now()
    return at if opening_hours.is_plausible(at.date()) else clock.now()


def used(found: Hours) -> str:
    """Which agents go by these hours, in a sentence."""
    if not found.using and not found.not_using:
        return "Your agents will go by them."
    if not found.using:
        return "No agent goes by them: each has opening hours of its own."
    go = "goes" if len(found.using) == 1 else "go"
    told = f"{_listed(found.using)} {go} by them."
    if not found.not_using:
        return told
    have, its = ("has", "its") if len(found.not_using) == 1 else ("have", "their")
    return f"{told} {_listed(found.not_using)} {have} hours of {its} own."


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more agents"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

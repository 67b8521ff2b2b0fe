"""The form in which an agent is changed. The browser holds what is being typed; the state keeps a copy of every field, so
that an error, a lost connection or a look at another page loses nothing, and speaks it in the preview.

The form knows which saved one it was made from. When somebody saved another meanwhile, both are there to be chosen from.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.crypto import new_token
from kametrix.errors import Conflict, Invalid, KametrixError, NotFound
from kametrix.services import agent_form, agents, prompts, texts
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import AuthState, allow
from kametrix.state.numbers import whole
from kametrix.state.rows import FaqRow

TEXTS: Final = ("name", "business_name", "description", "services", "hours", "greeting", "end_call_message", "policies", "instructions")
"""Fields of free text, called as in AgentForm; `services` holds one per line."""
CHOICES: Final = ("voice_id", "language", "timezone", "personality")
NUMBERS: Final = ("max_minutes",)
FIELDS: Final = (*TEXTS, *CHOICES, *NUMBERS)
SWITCHES: Final = ("discloses_ai", "records_calls")
OF_ROWS: Final = re.compile(r"(question|answer)-([0-9]{1,4})")
LONGEST: Final = 10_000
"""Characters kept of one field: more than any may hold, so that the error can say by how much."""
EMPTY_ROWS: Final = 1
BLANK: Final = "…"
TO_CONFLICT: Final = "setTimeout(() => document.getElementById('conflict')?.focus(), 60)"


@dataclass(frozen=True)
class Preview:
    """What a caller would hear: the first words, a question of theirs, its answer, the last words; what is `unfilled` yet."""

    first: str = ""
    question: str = ""
    answer: str = ""
    last: str = ""
    unfilled: str = ""


class AgentFormState(AuthState):
    """`start` holds the values the inputs begin with; `errors` what is wrong, by field.

    `version` names the saved form this one was made from, `conflict` says who saved another. `drawn` is new when the browser
    must draw every input anew: it would restore them on a reload. `is_theirs`: the form shows what was saved meanwhile.
    """

    editing: str = ""
    title: str = ""
    version: str = ""
    drawn: str = ""
    conflict: str = ""
    is_theirs: bool = False
    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    switched: rx.Field[dict[str, bool]] = rx.field(default_factory=dict)
    zone: str = ""
    faqs: rx.Field[list[FaqRow]] = rx.field(default_factory=list)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    problem: str = ""
    preview: Preview = Preview()
    is_kept: bool = False
    is_missing: bool = False
    is_sending: bool = False
    _typed: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    _mine: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    _address: str = ""

    @rx.event
    @allow("agents:write")
    async def load(self) -> Any:
        """Open the form; one that was left half filled is shown as it was left."""
        address = self.router.url.path.rstrip("/")
        self.is_sending = False
        if address == self._address and self._mine:
            return None
        if address == self._address and self._typed:
            rows = self.faqs
            self._begin(self._form(self._values()))
            self.is_kept, self.drawn = True, self.drawn if self.faqs == rows else new_token()
            return None
        return await self._open(address)

    @rx.event
    @allow("agents:write")
    async def start_over(self) -> Any:
        """Forget what was typed."""
        return await self._open(self.router.url.path.rstrip("/"))

    async def _open(self, address: str) -> Any:
        self._address, self._typed, self._mine, self.drawn = address, {}, {}, new_token()
        self.editing = address.split("/")[2]
        self.problem, self.conflict, self.errors, self.is_kept, self.is_missing, self.is_theirs = "", "", {}, False, False, False
        try:
            form = await db.run(agents.form_of, self.actor, self.editing)
        except NotFound:
            self.is_missing = True
            return
        self.title, self.version = form.name, agents.version_of(form)
        self._begin(form)

    @rx.event
    @allow("agents:write")
    async def see_theirs(self) -> None:
        """Show what was saved meanwhile; what was typed here is kept to return to."""
        mine = self._values()
        await self._open(self._address)
        self._mine, self.is_theirs = mine, True

    @rx.event
    @allow("agents:write")
    def return_to_mine(self) -> None:
        """Show what was typed here again; saving it now replaces what was seen."""
        self._typed, self._mine, self.is_theirs, self.drawn = self._mine, {}, False, new_token()
        self._begin(self._form(self._typed))

    @rx.event
    @allow("agents:write")
    async def save_mine(self) -> AsyncGenerator[Any]:
        """Save what was typed here in place of what was saved meanwhile."""
        self.version = agents.version_of(await db.run(agents.form_of, self.actor, self.editing))
        async for events in self._send(self._typed, self.version):
            yield events

    def _begin(self, form: AgentForm) -> None:
        self.start = {name: str(getattr(form, name)) for name in FIELDS if name != "services"} | {"services": "\n".join(form.services)}
        self.switched = {name: getattr(form, name) for name in SWITCHES}
        self.zone = form.timezone
        pairs = [pair for pair in form.faqs if pair.question or pair.answer]
        rows = [FaqRow(str(index), pair.question, pair.answer) for index, pair in enumerate(pairs)]
        self.faqs = rows + [FaqRow(str(len(rows) + index)) for index in range(max(0, EMPTY_ROWS - len(rows)))]
        self._typed = {name: value for name, value in self._typed.items() if not OF_ROWS.fullmatch(name)}
        for row in rows if self._typed else ():
            self._typed |= {f"question-{row.key}": row.question, f"answer-{row.key}": row.answer}
        self.preview = preview(form)

    @rx.event
    @allow("agents:write")
    def keep(self, name: str, value: str | bool) -> None:
        """Remember what is being typed in the field called `name`."""
        self._keep(name, value)

    def _keep(self, name: str, value: str | bool) -> None:
        if name not in FIELDS + SWITCHES and not (OF_ROWS.fullmatch(name) and len(self._typed) < 200):
            return
        self._typed[name] = value if isinstance(value, bool) else str(value)[:LONGEST]
        self._show(name, self._typed[name])
        self.preview = preview(self._form(self._values()))

    def _show(self, name: str, value: str | bool) -> None:
        """Have a page that is loaded again begin with `value`: a field never takes another first value later."""
        if name in SWITCHES:
            self.switched = {**self.switched, name: bool(value)}
        elif name in FIELDS:
            self.start = {**self.start, name: str(value)}
        else:
            part, key = name.split("-", 1)
            self.faqs = [replace(row, **{part: str(value)}) if row.key == key else row for row in self.faqs]

    @rx.event
    @allow("agents:write")
    def choose_zone(self, zone: str) -> None:
        """Take the zone the person chose; one nobody knows stays as it is."""
        if zone in agent_form.zones():
            self.zone = self._typed["timezone"] = zone

    @rx.event
    @allow("agents:write")
    def choose_language(self, language: str) -> list[Any]:
        """Take the language; first and last words that are still the old one's own become the new one's."""
        before = self._form(self._values())
        self._keep("language", language)
        old, new = texts.of(before.language), texts.of(language)
        own = {"greeting": (old.greeting, new.greeting), "end_call_message": (old.end_call, new.end_call)}
        changed = {
            name: words
            for name, (untouched, words) in own.items()
            if getattr(before, name).strip() in (untouched, agent_form.filled(before, untouched))
        }
        for name, words in changed.items():
            self._keep(name, words)
        return [rx.set_value(name, words) for name, words in changed.items()]

    @rx.event
    @allow("agents:write")
    def add_faq(self) -> Any:
        """One more question, ready to be typed."""
        if len(self.faqs) >= agent_form.MAX_FAQS:
            return None
        key = str(max((int(row.key) for row in self.faqs), default=-1) + 1)
        self.faqs = [*self.faqs, FaqRow(key)]
        return rx.call_script(f"setTimeout(() => document.getElementById('question-{key}')?.focus(), 60)")

    @rx.event
    @allow("agents:write")
    def remove_faq(self, key: str) -> None:
        """One question less."""
        self.faqs = [row for row in self.faqs if row.key != key]
        self._typed |= {f"question-{key}": "", f"answer-{key}": ""}
        self.preview = preview(self._form(self._values()))

    @rx.event
    @allow("agents:write")
    async def submit(self, sent: dict[str, Any]) -> AsyncGenerator[Any]:
        """Save. What is wrong is told at each field and everything typed stays."""
        typed: dict[str, Any] = {name: str(value)[:LONGEST] for name, value in sent.items() if name in FIELDS or OF_ROWS.fullmatch(name)}
        typed |= {name: bool(sent.get(name)) for name in SWITCHES}
        async for events in self._send(typed, str(sent.get("version", ""))[:100]):
            yield events

    async def _send(self, typed: dict[str, Any], version: str) -> AsyncGenerator[Any]:
        self.is_sending, self.errors, self.problem, self.conflict, self._typed = True, {}, "", "", typed
        yield
        try:
            saved = await db.run(
                agents.update, self.actor, self.router.url.path.rstrip("/").split("/")[2], self._form(typed), version=version
            )
        except Invalid as error:
            self._tell(error.errors)
            self.problem = "Nothing is saved yet. Please look at what is marked below." if error.errors else error.message
            yield rx.call_script(TO_FIRST_ERROR)
            return
        except Conflict as error:
            self.conflict = error.message
            yield rx.call_script(TO_CONFLICT)
            return
        except KametrixError as error:
            self.problem = f"{error.message} What you typed is still here."
            return
        finally:
            self.is_sending = False
        self._typed, self._mine, self.is_theirs = {}, {}, False
        yield rx.toast.success(f"{saved.name} is saved.")
        yield rx.redirect(f"/agents/{saved.id}")

    def _values(self) -> dict[str, Any]:
        """Every field as it stands now: what was typed over what the form began with."""
        rows = {f"{kind}-{row.key}": getattr(row, kind) for row in self.faqs for kind in ("question", "answer")}
        return {**self.start, **self.switched, **rows, **self._typed}

    def _form(self, values: Mapping[str, Any]) -> AgentForm:
        fields: dict[str, Any] = {name: str(values.get(name, "")) for name in (*TEXTS, *CHOICES)}
        fields |= {name: bool(values.get(name)) for name in SWITCHES} | {name: whole(str(values.get(name, ""))) for name in NUMBERS}
        fields["services"] = tuple(filter(str.strip, fields["services"].splitlines()))
        fields["faqs"] = tuple(Faq(str(values[f"question-{key}"]), str(values.get(f"answer-{key}", ""))) for key in _keys(values))
        return AgentForm(**fields)

    def _tell(self, errors: Mapping[str, str]) -> None:
        """Put each error at its field. A row that the browser sent and this state has forgotten is made again."""
        rows = {
            key: FaqRow(key, str(self._typed[f"question-{key}"]), str(self._typed.get(f"answer-{key}", ""))) for key in _keys(self._typed)
        }
        told: dict[str, str] = {}
        for place, message in errors.items():
            name, *inside = place.split(".")
            if name == "faqs" and inside:
                key = list(rows)[int(inside[0])]
                rows[key] = replace(rows[key], **{f"{inside[1]}_error": message})
            else:
                told.setdefault(name, f"Line {int(inside[0]) + 1}: {message}" if inside else message)
        known = {row.key: row for row in self.faqs}
        self.faqs = [
            replace(row, question=known[key].question, answer=known[key].answer) if key in known else row for key, row in rows.items()
        ]
        self.errors = told


def _keys(values: Mapping[str, Any]) -> list[str]:
    """The rows of questions among these fields, in their order."""
    return [name.removeprefix("question-") for name in values if name.startswith("question-")]


def preview(form: AgentForm) -> Preview:
    """The beginning and the end of a call as the form stands; a name that is not there yet is a blank to fill."""
    form = replace(form, name=form.name or BLANK, business_name=form.business_name or BLANK)
    spoken = agent_form.filled(form, form.greeting)
    first = prompts.first_message(spoken, form.language, discloses_ai=form.discloses_ai, records_calls=form.records_calls)
    answered = (pair for pair in form.faqs if pair.question.strip() and pair.answer.strip() and not agent_form.blanks(pair.answer))
    asked = next(answered, Faq("", ""))
    last = agent_form.filled(form, form.end_call_message)
    return Preview(first, asked.question, asked.answer, last, agent_form.unfilled_in_short(form))

"""The answers of the wizard and the draft they are kept in. Every tab holds its own answers; the draft in the database has a
version, and a tab that would overwrite what another one saved asks first."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import reflex as rx

from kametrix import clock, db
from kametrix.errors import Conflict, KametrixError
from kametrix.services import agent_form, prompts, wizard_drafts
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.wizard_drafts import Answers, Draft
from kametrix.services.wording import moment
from kametrix.services.zones import zone_of
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import FaqRow
from kametrix.state.wizard_questions import BY_KEY, ORDER, QUESTION_OF, REVIEW, place_of, wrong_with
from kametrix.state.wizard_review import SummaryRow, summary

REST_SECONDS: Final = 1.5
"""How long after the last key the draft is saved."""
BLANK: Final = "…"


@dataclass(frozen=True)
class Choice:
    """A question a caller may ask in the preview."""

    key: str
    text: str


class DraftState(AuthState):
    """`start` and `pairs` hold what the inputs are drawn with, `drawn` grows when they must be drawn anew.

    `heard` is the part of the call the open question is about. `saving` is one of '', 'waiting', 'saved', 'failed', 'conflict'; `conflict`
    says what another tab did to the draft.
    """

    question: str = ORDER[0]
    reached: int = 0
    drawn: int = 0
    start: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    switched: rx.Field[dict[str, bool]] = rx.field(default_factory=dict)
    pairs: rx.Field[list[FaqRow]] = rx.field(default_factory=list)
    trade: str = ""
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=dict)
    can_create: bool = False
    summary: rx.Field[dict[str, list[SummaryRow]]] = rx.field(default_factory=dict)
    first_words: str = ""
    last_words: str = ""
    heard: str = ""
    asked: str = ""
    asked_text: str = ""
    answer_text: str = ""
    callers_ask: rx.Field[list[Choice]] = rx.field(default_factory=list)
    saving: str = ""
    saved: str = ""
    house_hours: str = ""
    conflict: str = ""
    notice: str = ""
    has_draft: bool = False
    _form: AgentForm | None = None
    _blank: AgentForm | None = None
    _pairs: tuple[tuple[str, Faq], ...] = ()
    _draft_id: str = ""
    _version: int = 0
    _typed_at: float = 0.0
    _is_waiting: bool = False
    _is_dirty: bool = False

    @property
    def form(self) -> AgentForm:
        """The answers as they stand. Raises Conflict in a tab whose state has expired."""
        if self._form is None:
            raise Conflict("This page was open for a long time. Please load it again: everything that was saved is there.")
        return replace(self._form, faqs=tuple(pair for _, pair in self._pairs))

    @rx.event(background=True)
    @allow("agents:write")
    async def save_soon(self) -> None:
        """Save once nothing was typed for a moment."""
        rest = REST_SECONDS
        while rest > 0:
            await asyncio.sleep(rest)
            async with self:
                rest = self._typed_at + REST_SECONDS - time.monotonic()
                if rest <= 0:
                    self._is_waiting = False
                    await self._save()

    @rx.event
    @allow("agents:write")
    async def save_now(self) -> None:
        """Try again to save."""
        await self._save()

    @rx.event
    @allow("agents:write")
    async def take_theirs(self) -> None:
        """Go on with what the other tab saved."""
        await self._read()

    @rx.event
    @allow("agents:write")
    async def keep_mine(self) -> None:
        """Put this tab's answers over what the other tab saved."""
        draft = await db.run(wizard_drafts.resume, self.actor)
        self._draft_id, self._version = (draft.id, draft.version) if draft else ("", 0)
        self.conflict, self._is_dirty = "", True
        await self._save()

    async def _read(self, *, was_typing: bool = False) -> None:
        """Begin with the saved draft, or with a blank form. `was_typing`: inputs that are drawn may be behind what was just saved."""
        draft = await db.run(wizard_drafts.resume, self.actor)
        start = await db.run(wizard_drafts.start, self.actor)
        self._blank, self.house_hours = start.form, start.house_hours
        self.conflict, self.errors, self.has_draft = "", {}, draft is not None
        self._is_dirty = self._is_waiting = False
        if draft is None:
            self._draft_id, self._version, self.saving, self.saved, self.notice = "", 0, "", "", ""
            self._begin(Answers(start.form), ORDER[0])
            return
        is_same = self._form is not None and not was_typing and (draft.id, draft.version) == (self._draft_id, self._version)
        self._draft_id, self._version, self.saving = draft.id, draft.version, "saved"
        now = clock.now().astimezone(await db.run(zone_of, self.actor))
        self.saved = f"Saved {_spoken(moment(draft.saved_at.astimezone(now.tzinfo), now))}"
        self.notice = _notice(draft)
        if is_same:  # the page was loaded again, or only its connection was lost and a hand is on the keys
            self._draw(anew=False)
        else:
            self._begin(draft.answers, draft.step)

    def _begin(self, answers: Answers, step: str) -> None:
        self.question = step if step in ORDER else ORDER[0]
        self.reached = max(place_of(answers.reached), place_of(self.question))
        self.trade, self.asked = answers.trade, ""
        self._set(answers.form)
        self.drawn += 1

    def _set(self, form: AgentForm) -> None:
        """Show this form. Every input is drawn anew, but for cards: theirs is the choice just made, and the focus stays on it."""
        self._form = form
        pairs = [pair for pair in form.faqs if pair.question or pair.answer] or [Faq("", "")]
        self._pairs = tuple((str(index), pair) for index, pair in enumerate(pairs))
        self._draw(anew=not BY_KEY[self.question].has_cards)

    def _draw(self, *, anew: bool = True) -> None:
        """The inputs begin with what stands in the form now; without `anew` those that are drawn stay."""
        form, self.drawn = self.form, self.drawn + anew
        texts = {name: value for name in QUESTION_OF if isinstance(value := getattr(form, name), str)}
        self.start = texts | {"services": "\n".join(form.services)}
        self.switched = {name: value for name in QUESTION_OF if isinstance(value := getattr(form, name), bool)}
        told = {} if anew else {row.key: row for row in self.pairs}
        self.pairs = [replace(told.get(key, FaqRow(key)), question=pair.question, answer=pair.answer) for key, pair in self._pairs]
        self._show()

    def _show(self) -> None:
        """What depends on the answers: the preview, the review, whether an agent can be made of them."""
        form = self.form
        named = replace(form, name=form.name.strip() or BLANK, business_name=form.business_name.strip() or BLANK)
        spoken = agent_form.filled(named, form.greeting)
        first = prompts.first_message(spoken, form.language, discloses_ai=form.discloses_ai, records_calls=form.records_calls)
        asked = [Choice(key, pair.question) for key, pair in self._pairs if pair.question.strip()]
        chosen = self.asked if self.asked in {choice.key for choice in asked} else next((choice.key for choice in asked), "")
        pair, errors = dict(self._pairs).get(chosen, Faq("", "")), wrong_with(form)
        self._put(first_words=first, last_words=agent_form.filled(named, form.end_call_message), callers_ask=asked, asked=chosen)
        self._put(asked_text=pair.question, answer_text=pair.answer.strip() or BLANK, can_create=not errors)
        answer = self.answer_text if pair.question.strip() else spoken
        matters = {"faqs": answer, "end_call_message": self.last_words, "disclosures": first}
        self._put(heard=matters.get(self.question, spoken))
        if self.question == REVIEW:
            self._put(summary=summary(form, self.trade, errors, self.house_hours))

    def _put(self, **values: Any) -> None:
        """Set what is new; what stays as it was is not sent to the browser again."""
        for name, value in values.items():
            if getattr(self, name) != value:
                setattr(self, name, value)

    def _changed(self) -> Any:
        """The answers changed: show them, and save them soon."""
        self._is_dirty, self._typed_at, self.saving = True, time.monotonic(), "waiting"
        self._show()
        if self._is_waiting:
            return None
        self._is_waiting = True
        return DraftState.save_soon

    async def _save(self) -> bool:
        """Keep the answers now; whether they are kept. What another tab saved meanwhile stays, and the person is asked."""
        if self.conflict or not self._is_dirty:
            return not self.conflict
        reached = ORDER[min(self.reached, len(ORDER) - 1)]
        answers = Answers(self.form, self.trade, reached)
        try:
            draft = await db.run(wizard_drafts.save, self.actor, answers, self.question, self._draft_id, self._version)
        except KametrixError as error:
            is_conflict = isinstance(error, Conflict)
            self.saving, self.saved = "conflict" if is_conflict else "failed", f"Not saved: {error.message}"
            self.conflict = error.message if is_conflict else ""
            return False
        self._draft_id, self._version, self._is_dirty, self.has_draft = draft.id, draft.version, False, True
        self.saving, self.saved = "saved", "Saved just now"
        self._draw(anew=False)  # should the page be loaded again, its inputs begin with this
        return True

    def _tell(self, errors: Mapping[str, str]) -> None:
        """Put each error at its field."""
        self.errors, rows = {}, list(self.pairs)
        for place, message in errors.items():
            name, *inside = place.split(".")
            if name == "faqs" and inside:
                at = int(inside[0])
                rows[at] = replace(rows[at], **{f"{inside[1]}_error": message})
            else:
                self.errors.setdefault(name, f"Line {int(inside[0]) + 1}: {message}" if inside else message)
        self.pairs = rows


def _spoken(at: str) -> str:
    """'Today, 14:03' -> 'today, 14:03'; a date stays as it is."""
    return at[0].lower() + at[1:] if at.startswith(("Today", "Yesterday")) else at


def _notice(draft: Draft) -> str:
    if draft.is_partial:
        return "This draft was begun in another version of the wizard. Everything that could be read is here: please look it over."
    if draft.was_interrupted:
        return "Making this agent was interrupted. Nothing is lost: look it over and create it."
    return "You go on where you left off."

"""The wizard for a new agent: one question at a time, forth and back, until an agent is made of the answers."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, Final

import reflex as rx

from kametrix import db
from kametrix.errors import Conflict, Invalid, KametrixError
from kametrix.services import agent_form, suggestions, texts, trades, voices, wizard_drafts
from kametrix.services.agent_form import Faq
from kametrix.state.failures import TO_FIRST_ERROR
from kametrix.state.guard import allow
from kametrix.state.rows import FaqRow
from kametrix.state.wizard_draft import DraftState
from kametrix.state.wizard_questions import FIRST_OF, ORDER, REVIEW, first_wrong, place_of, wrong_at, wrong_with

TYPED: Final = ("name", "business_name", "description", "hours", "greeting", "end_call_message", "policies")
"""Fields of one free text, called as in AgentForm."""
SWITCHES: Final = ("discloses_ai", "records_calls")
ZONE_OF_BROWSER: Final = "Intl.DateTimeFormat().resolvedOptions().timeZone"
TO_QUESTION: Final = """setTimeout(() => {
  const ask = document.getElementById('ask');
  if (ask?.contains(document.activeElement)) return;
  scrollTo({top: 0});
  (ask?.querySelector('input[type=radio]:checked') ?? ask?.querySelector('[data-first], input:not([type=hidden]), textarea, select')
    ?? ask?.querySelector('h2'))?.focus({preventScroll: true});
}, 60)"""
"""A script: the cursor goes to the question that has just come, once it is drawn."""


class WizardState(DraftState):
    """`returns`: the person came from the review to change one answer. `making` is what is going on: '', 'saving', 'making', 'made'."""

    returns: bool = False
    is_starting_over: bool = False
    abandoned: str = ""
    problem: str = ""
    making: str = ""
    number: str = ""

    @rx.event
    @allow("agents:write")
    async def load(self) -> Any:
        """Go on with the person's draft, or begin."""
        self.returns, self.problem, self.making, self.number, self.abandoned, self.is_starting_over = False, "", "", "", "", False
        was_typing = self._is_dirty
        if await self._save():
            await self._read(was_typing=was_typing)
        return self._ask_zone()

    def _ask_zone(self) -> Any:
        """The browser's own zone, for a person whose organization has not told its own."""
        if self.has_draft or self.form.timezone != "UTC":
            return None
        return rx.call_script(ZONE_OF_BROWSER, callback=WizardState.guess_zone)

    @rx.event
    @allow("agents:write")
    def guess_zone(self, zone: str) -> None:
        """Take the browser's zone, unless something was typed meanwhile. That alone begins no draft."""
        if zone in agent_form.zones() and not self.has_draft and not self._is_dirty:
            self._set(replace(self.form, timezone=zone))

    @rx.event
    @allow("agents:write")
    def keep(self, name: str, value: str | bool) -> Any:
        """Remember what is being typed in the input called `name`."""
        return self._changed() if self._take(name, value) else None

    def _take(self, name: str, value: Any) -> bool:
        """Put one input's value into the answers; whether that changed them. Unknown names change nothing."""
        before, kind, key = self.form, *name.partition("-")[::2]
        if name in TYPED:
            self._form = replace(before, **{name: str(value)[: wizard_drafts.LONGEST]})
        elif name == "services":
            self._form = replace(before, services=tuple(str(value)[: wizard_drafts.LONGEST].splitlines())[: wizard_drafts.MOST_LINES])
        elif name in SWITCHES:
            self._form = replace(before, **{name: bool(value)})
        elif kind in ("question", "answer") and key in dict(self._pairs):
            typed = {kind: str(value)[: wizard_drafts.LONGEST]}
            self._pairs = tuple((each, replace(pair, **typed) if each == key else pair) for each, pair in self._pairs)
            self.asked = key if self.form != before else self.asked
        return self.form != before

    @rx.event
    @allow("agents:write")
    def choose_zone(self, zone: str) -> Any:
        """Take the zone; one nobody knows changes nothing."""
        if zone not in agent_form.zones():
            return None
        self._form = replace(self.form, timezone=zone)
        self.start = {**self.start, "timezone": zone}
        return self._changed()

    @rx.event
    @allow("agents:write")
    def choose_voice(self, voice_id: str) -> Any:
        """Take the voice; an agent that still has the old one's name takes the new one's."""
        form, new = self.form, voices.BY_ID.get(voice_id)
        if new is None:
            return None
        old = voices.BY_ID.get(form.voice_id)
        is_own = old is not None and form.name.strip() == old.name
        self._form = replace(form, voice_id=voice_id, name=new.name if is_own else form.name)
        self.start = {**self.start, "voice_id": voice_id, "name": self.form.name}
        return self._changed()

    @rx.event
    @allow("agents:write")
    def choose_language(self, language: str) -> Any:
        """Take the language; words that are still ours in the old one become ours in the new one."""
        form = self.form
        if language not in texts.LANGUAGES:
            return None
        form = suggestions.translated(form, _own_words(form.language), _own_words(language))
        if (old := trades.by_key(self.trade, form.language)) and (new := trades.by_key(self.trade, language)):
            form = suggestions.translated(form, suggestions.of_trade(old), suggestions.of_trade(new))
        self._set(replace(form, language=language))
        return self._changed()

    @rx.event
    @allow("agents:write")
    def use_house_hours(self) -> Any:
        """No hours of its own: the agent tells those of the organization, also when they change."""
        self._set(replace(self.form, hours=""))
        return self._changed()

    @rx.event
    @allow("agents:write")
    def ask_in_preview(self, key: str) -> None:
        """A caller asks this question in the preview."""
        self.asked = key
        self._show()

    @rx.event
    @allow("agents:write")
    def add_pair(self) -> Any:
        """One more question, ready to be typed."""
        if len(self._pairs) >= agent_form.MAX_FAQS:
            return None
        key = str(max((int(each) for each, _ in self._pairs), default=-1) + 1)
        self._pairs, self.pairs = (*self._pairs, (key, Faq("", ""))), [*self.pairs, FaqRow(key)]
        return rx.call_script(f"setTimeout(() => document.getElementById('question-{key}')?.focus(), 60)")

    @rx.event
    @allow("agents:write")
    def remove_pair(self, key: str) -> Any:
        """One question less."""
        self._pairs = tuple((each, pair) for each, pair in self._pairs if each != key)
        self.pairs = [row for row in self.pairs if row.key != key]
        return self._changed()

    @rx.event
    @allow("agents:write")
    async def go_on(self, sent: dict[str, Any]) -> Any:
        """To the next question, or back to the review; what is wrong here is told at its field instead."""
        for name, value in sent.items():
            if name not in SWITCHES and self._take(name, value):
                self._is_dirty = True
        if wrong := wrong_at(self.question, wrong_with(self.form)):
            self._tell(wrong)
            return [*filter(None, [self._changed()]), rx.call_script(TO_FIRST_ERROR)]
        return await self._go(REVIEW if self.returns else ORDER[min(place_of(self.question) + 1, len(ORDER) - 1)])

    @rx.event
    @allow("agents:write")
    async def go_back(self) -> Any:
        """To the question before."""
        return await self._go(ORDER[max(place_of(self.question) - 1, 0)])

    @rx.event
    @allow("agents:write")
    async def go_to_step(self, step: str) -> Any:
        """To the first question of a step that was reached already."""
        question = FIRST_OF.get(step, "")
        return await self._go(question) if question and place_of(question) <= self.reached else None

    @rx.event
    @allow("agents:write")
    async def skip_to_review(self) -> Any:
        """Straight to the review: everything an agent needs is there."""
        return await self._go(REVIEW) if self.can_create else None

    @rx.event
    @allow("agents:write")
    async def edit(self, question: str) -> Any:
        """From the review to one question, and back to the review afterwards."""
        if question not in ORDER:
            return None
        moved = await self._go(question)
        self.returns = question != REVIEW
        return moved

    async def _go(self, question: str) -> Any:
        self.question, self.errors, self.problem, self.returns = question, {}, "", False
        self.reached, self._is_dirty = max(self.reached, place_of(question)), True
        self._draw()
        await self._save()
        return rx.call_script(TO_QUESTION)

    @rx.event
    @allow("agents:write")
    def ask_start_over(self, is_open: bool) -> None:
        """Open or close the confirmation."""
        self.is_starting_over = is_open

    @rx.event
    @allow("agents:write")
    async def start_over(self, _form: dict[str, Any]) -> Any:
        """Throw the draft away and begin anew; it can be brought back."""
        self.is_starting_over = False
        thrown = self._draft_id
        if thrown:
            await db.run(wizard_drafts.abandon, self.actor, thrown, self._version)
        await self._read()
        self.returns, self.abandoned = False, thrown
        return self._ask_zone() or rx.call_script(TO_QUESTION)

    @rx.event
    @allow("agents:write")
    async def bring_back(self) -> None:
        """Go on with the draft that was thrown away."""
        thrown, self.abandoned = self.abandoned, ""
        await db.run(wizard_drafts.restore, self.actor, thrown)
        await self._read()

    @rx.event
    @allow("agents:write")
    async def create(self) -> AsyncGenerator[Any]:
        """Make the agent. What is wrong leads to its question; sent twice, it makes one."""
        if self.making:
            return
        self.making, self.problem, self._is_dirty = "saving", "", True
        yield
        try:
            async for step in self._make():
                yield step
        except Invalid as error:
            yield await self._lead(error)
        except Conflict as error:
            self.conflict = error.message
        except KametrixError as error:
            self.problem = f"{error.message} Your answers are still here."
        finally:
            self._stop_making()

    def _stop_making(self) -> None:
        """Also after a fault of ours: what is not made can be tried again."""
        if self.making != "made":
            self.making = ""

    async def _make(self) -> AsyncGenerator[Any]:
        if not await self._save():
            return
        await db.run(wizard_drafts.submit, self.actor, self._draft_id, self._version)
        self.making = "making"
        yield
        view = await db.run(wizard_drafts.publish, self.actor, self._draft_id, self._version)
        self.making, self.number, self.has_draft = "made", view.number_text, False
        yield rx.redirect(f"/agents/{view.id}")

    async def _lead(self, error: Invalid) -> Any:
        """To the first question that is wrong, with the errors at its fields."""
        moved = await self._go(question := first_wrong(error.errors))
        self.returns = question != REVIEW
        self._tell(wrong_at(question, error.errors))
        self.problem = "" if error.errors and question != REVIEW else error.message
        return moved


def _own_words(language: str) -> dict[str, str]:
    """What an agent says first and last in this language when nobody wrote anything else."""
    words = texts.of(language)
    return {"greeting": words.greeting, "end_call_message": words.end_call}

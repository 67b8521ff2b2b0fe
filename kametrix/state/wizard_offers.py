"""Texts the wizard offers: a trade's template and "write it for me". They fill what is empty, with undo, and ask before they
replace what somebody typed."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final

import reflex as rx
from reflex_base.registry import RegistrationContext

from kametrix import db
from kametrix.errors import Conflict, KametrixError
from kametrix.services import composer, suggestions, trades
from kametrix.services.access import Actor
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.composer import Brief, Written
from kametrix.services.wording import counted
from kametrix.settings import settings
from kametrix.state.guard import allow
from kametrix.state.wizard_draft import DraftState

LABELS: Final = {
    "description": "What it does",
    "services": "Services",
    "hours": "Opening hours",
    "faqs": "Questions and answers",
    "policies": "Rules",
    "greeting": "First words",
    "end_call_message": "Last words",
}
"""What is offered, and how it is called."""
TICK_SECONDS: Final = 0.25
"""How often the page is told how far the writing is."""
NO_TRADE: Final = "other"

_writing: dict[tuple[str, str], asyncio.Task[None]] = {}
"""What is being written in this process, by organization and person: one thing at a time for each."""


@dataclass(frozen=True)
class OfferRow:
    """A text the person may take in place of theirs; `verb` is what taking it does."""

    field: str
    label: str
    mine: str
    offered: str
    verb: str


class OffersState(DraftState):
    """`source` says where the offers come from, `done` what was filled in while `done_at` was asked; `progress` what the writing is at,
    `written_text` what has been written so far."""

    offers: rx.Field[list[OfferRow]] = rx.field(default_factory=list)
    source: str = ""
    done: str = ""
    done_at: str = ""
    can_undo: bool = False
    is_writing: bool = False
    progress: str = ""
    written_text: str = ""
    failure: str = ""
    _offered: tuple[tuple[str, Any], ...] = ()
    _before: AgentForm | None = None
    _after: AgentForm | None = None

    @rx.event
    @allow("agents:write")
    def forget_offers(self) -> None:
        """The page was opened anew."""
        self._ask(())
        self.done = self.failure = self.source = ""
        self._before, self._after, self.can_undo = None, None, False

    @rx.event
    @allow("agents:write")
    def choose_trade(self, key: str) -> Any:
        """Take a trade's template; the one chosen before gives way where nobody changed it."""
        ours, trade = self._ours(), trades.by_key(key, self.form.language)
        self.trade, self.done = trade.key if trade else NO_TRADE, ""
        self._ask(())
        if trade is None:
            return self._changed()
        values = suggestions.of_trade(trade) | ({"hours": ""} if self.house_hours else {})
        return self._offer(values, ours, source=f"From our template “{trade.title}”")

    @rx.event
    @allow("agents:write")
    def take(self, field: str) -> Any:
        """The offer replaces what the person typed in this field."""
        offered = dict(self._offered)
        if field not in offered:
            return None
        before = self.form
        self._set(suggestions.accepted(before, field, offered[field]))
        self._ask(tuple(each for each in self._offered if each[0] != field))
        self._can_undo(before, f"{LABELS[field]}: taken from the suggestion.")
        return self._changed()

    @rx.event
    @allow("agents:write")
    def keep_own(self, field: str) -> None:
        """The person's own text stays."""
        self._ask(tuple(each for each in self._offered if each[0] != field))

    @rx.event
    @allow("agents:write")
    def undo(self) -> Any:
        """Take back what was filled in last, but for what was changed since."""
        if self._before is None or self._after is None:
            return None
        self._set(suggestions.undone(self.form, replace(self._before), replace(self._after)))
        self._before, self._after, self.can_undo, self.done = None, None, False, ""
        return self._changed()

    @rx.event(background=True)
    @allow("agents:write")
    async def write(self) -> Any:
        """Have questions, rules and first and last words written: shown as they come, offered when they are complete."""
        async with self:
            actor, brief, tab = self.actor, self._brief(), self.router.session.client_token
            place = (actor.organization_id, actor.user_id)
            if place in _writing:
                raise Conflict("Your texts are being written already, perhaps in another tab. Wait for them, or cancel there.")
            so_far: list[Written] = []
            task = _writing[place] = asyncio.ensure_future(_compose(actor, brief, so_far))
            self.is_writing, self.failure, self.progress, self.written_text = True, "", "Reading your answers…", ""
        try:
            await self._watch(task, so_far, tab)
        finally:
            task.cancel()
            _writing.pop(place, None)
        async with self:
            self.is_writing, self.written_text = False, ""
            return self._finish(task, so_far)

    async def _watch(self, task: asyncio.Task[None], so_far: list[Written], tab: str) -> None:
        """Tell the page how far it is, until it is done, cancelled, or nobody looks any more."""
        was_there, told = _is_there(tab), None
        while not (await asyncio.wait({task}, timeout=TICK_SECONDS))[0]:
            if was_there and not _is_there(tab):
                task.cancel()
            if so_far and so_far[0] != told:
                told = so_far[0]
                async with self:
                    self.progress, self.written_text = _progress(told), _as_text(told)

    def _finish(self, task: asyncio.Task[None], so_far: list[Written]) -> Any:
        if task.cancelled():
            self.failure = "Stopped. Nothing was changed."
            return None
        error = task.exception()
        if isinstance(error, KametrixError):  # what came before it is worth having
            self.failure = error.message if so_far else f"{error.message} Nothing was changed."
        elif error is not None:
            self.failure = "This did not work. Nothing was changed; please try again."
            raise error
        return self._offer(_of_written(so_far[0]), self._ours(), source=_source(so_far[0])) if so_far else None

    @rx.event
    @allow("agents:write")
    def stop_writing(self) -> None:
        """Stop it, wherever this person started it."""
        task = _writing.get((self.actor.organization_id, self.actor.user_id))
        if task:
            task.cancel()

    @rx.event
    @allow("agents:write")
    def leave(self) -> None:
        """The page is left: nobody waits for what is being written here."""
        if self.is_writing:
            self.stop_writing()

    def _brief(self) -> Brief:
        form = self.form
        trade = "" if self.trade == NO_TRADE else self.trade
        return Brief(form.language, form.business_name, form.description, form.name, form.services, form.hours, trade)

    def _ours(self) -> list[dict[str, Any]]:
        """What stands in the form although nobody typed it: the start, and the template of the chosen trade."""
        form, trade = self._blank or self.form, trades.by_key(self.trade, self.form.language)
        return [{name: getattr(form, name) for name in LABELS}, *([suggestions.of_trade(trade)] if trade else [])]

    def _offer(self, values: Mapping[str, Any], ours: list[dict[str, Any]], *, source: str) -> Any:
        """Fill what is empty or `ours`; ask about the rest."""
        before = self.form
        offer = suggestions.offered(before, values, ours=ours)
        self.source = source
        if offer.filled:
            self._set(offer.form)
        self._can_undo(before, _told(source, offer))
        self.can_undo = bool(offer.filled)
        self._ask(tuple((name, values[name]) for name in offer.asked))
        return self._changed()

    def _can_undo(self, before: AgentForm, done: str) -> None:
        self._before, self._after, self.can_undo, self.done, self.done_at = before, self.form, True, done, self.question

    def _ask(self, offered: tuple[tuple[str, Any], ...]) -> None:
        self._offered = offered
        self.offers = [
            OfferRow(name, LABELS[name], _text(getattr(self.form, name)), _text(value), "Add these" if name == "faqs" else "Use this")
            for name, value in offered
        ]


def _told(source: str, offer: suggestions.Offer) -> str:
    """What became of an offer."""
    filled = f" Filled in: {', '.join(_counted(name, offer.form) for name in offer.filled)}." if offer.filled else ""
    kept = f" Yours stay: {', '.join(LABELS[name].lower() for name in offer.asked)}; the suggestions stand above." if offer.asked else ""
    return f"{source}.{filled}{kept}" if filled or kept else f"{source}: everything it would say stands here already."


def _of_written(written: Written) -> dict[str, Any]:
    return {name: getattr(written, name) for name in ("faqs", "policies", "greeting", "end_call_message")}


async def _compose(actor: Actor, brief: Brief, so_far: list[Written]) -> None:
    """Write; `so_far` holds the newest piece."""
    await db.run_platform(db.PAGES, composer.count, actor)
    async with aclosing(composer.write(brief)) as pieces:
        async for piece in pieces:
            so_far[:] = [piece]


def _is_there(tab: str) -> bool:
    """Whether this tab is connected."""
    namespace = RegistrationContext.get().app.event_namespace
    return namespace is not None and tab in namespace.token_to_sid


def _source(written: Written) -> str:
    return f"Written by {settings().llm_model}" if written.source == "model" else "Written from our templates"


def _progress(written: Written) -> str:
    if written.end_call_message:
        return "Nearly done…"
    if written.greeting:
        return "Writing the last words…"
    if written.policies:
        return "Writing the first words…"
    return f"Writing questions and answers ({len(written.faqs)} so far)…"


def _as_text(written: Written) -> str:
    return "\n\n".join(filter(None, map(_text, (written.faqs, written.policies, written.greeting, written.end_call_message))))


def _text(value: Any) -> str:
    """A field's value as it is read."""
    if isinstance(value, tuple):
        return "\n".join(f"{part.question} {part.answer}" if isinstance(part, Faq) else str(part) for part in value)
    return str(value)


def _counted(name: str, form: AgentForm) -> str:
    if name == "faqs":
        return counted(len(form.faqs), "question")
    return f"{len(form.services)} services" if name == "services" else LABELS[name].lower()

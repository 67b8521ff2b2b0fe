"""Drafts of the wizard: what a person has answered so far, kept until it is an agent or thrown away.

DRAFT → SUBMITTED → PUBLISHED, DRAFT ↔ ABANDONED, and SUBMITTED → DRAFT when making the agent did not succeed. One draft per
person and organization is open (a partial unique index); closed ones stay. A draft is its person's own, for nobody else.
"""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from kametrix import clock
from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.models import DraftStatus, WizardDraft
from kametrix.services import agent_form, agents, audit, prompts, surroundings
from kametrix.services.access import Actor, allows, scoped
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.wording import moment
from kametrix.services.zones import zone_of

FORMAT: Final = 1
"""The shape of `answers` written today: the fields of AgentForm by name, `trade` and `reached`."""
LARGEST: Final = 600_000
"""Bytes of JSON a draft may have: more than the longest form that could be saved."""
LONGEST: Final = 10_000
"""Characters read of one text: more than any field may hold, so that its error can say by how much."""
MOST_LINES: Final = 200
"""Services read of a draft: more than a form may hold."""
MOST: Final = 1_000_000
"""The largest number read."""
_WAITING: Final = (DraftStatus.DRAFT, DraftStatus.SUBMITTED)
"""No agent was made of it yet."""
_CLOSED: Final = {
    DraftStatus.SUBMITTED: "The agent of this draft is being made in another tab.",
    DraftStatus.PUBLISHED: "The agent of this draft was made in another tab.",
    DraftStatus.ABANDONED: "This draft was thrown away in another tab.",
}


@dataclass(frozen=True)
class Answers:
    """`form` as it stands, right or not; `trade` the template taken, `reached` the furthest question."""

    form: AgentForm
    trade: str = ""
    reached: str = ""


@dataclass(frozen=True)
class Draft:
    """A saved draft. `step` is the open question. `is_partial`: some of it could not be read by this version of the product.

    `was_interrupted`: its agent was about to be made and is not.
    """

    id: str
    version: int
    step: str
    answers: Answers
    saved_at: datetime
    is_partial: bool = False
    was_interrupted: bool = False


@dataclass(frozen=True)
class Start:
    """What the wizard begins with. `house_hours`: the organization's opening hours, told by an agent without hours of its own."""

    form: AgentForm
    house_hours: str


@allows("agents:write")
def start(session: Session, actor: Actor) -> Start:
    """A blank form with what the organization has told about itself."""
    form = agents.blank(session, actor)
    return Start(form, prompts.shared_hours(form, surroundings.of(session, actor.organization_id)))


@allows("agents:write")
def resume(session: Session, actor: Actor) -> Draft | None:
    """The draft this person goes on with, if any; one whose agent was not finished is open again."""
    waiting = col(WizardDraft.status).in_(_WAITING)
    mine = scoped(actor, WizardDraft).where(WizardDraft.user_id == actor.user_id, waiting)
    row = session.exec(mine.order_by(col(WizardDraft.status), col(WizardDraft.updated_at).desc()).with_for_update()).first()
    if row is None:
        return None
    interrupted = row.status is DraftStatus.SUBMITTED
    if interrupted:
        _open(session, row)
    return _draft(session, actor, row, was_interrupted=interrupted)


@allows("agents:write")
def save(session: Session, actor: Actor, answers: Answers, step: str, draft_id: str, version: int) -> Draft:
    """Keep the answers over the `version` they were made from; with an empty `draft_id` as a new draft. The same sent twice is saved once.

    Raises Conflict when the draft was changed or closed elsewhere since, Invalid when there is more than a draft can hold.
    """
    content = _content(answers)
    row = _own(session, actor, draft_id) if draft_id else _open_draft(session, actor)
    if row is None:
        return _draft(session, actor, _begin(session, actor, content, step))
    if row.version != version and (row.status, row.answers, row.step) == (DraftStatus.DRAFT, content, step):
        return _draft(session, actor, row)
    if row.status not in _WAITING or row.version != version:
        raise _changed(session, actor, row)
    if row.status is DraftStatus.SUBMITTED:  # making its agent failed, and the answers were changed before trying again
        _open(session, row)
    row.answers, row.step, row.format = content, step, FORMAT
    row.version, row.updated_at = row.version + 1, clock.now()
    return _draft(session, actor, row)


@allows("agents:write")
def abandon(session: Session, actor: Actor, draft_id: str, version: int) -> None:
    """Throw the draft away; `restore` brings it back. Raises Conflict when it was changed or made into an agent since, NotFound."""
    row = _own(session, actor, draft_id)
    if row.status is DraftStatus.ABANDONED:
        return
    if row.status is not DraftStatus.DRAFT or row.version != version:
        raise _changed(session, actor, row)
    row.status, row.updated_at = DraftStatus.ABANDONED, clock.now()
    audit.record(session, actor, "DRAFT_ABANDON", entity="wizard_draft", entity_id=row.id)


@allows("agents:write")
def restore(session: Session, actor: Actor, draft_id: str) -> Draft:
    """Open a draft that was thrown away. Raises Conflict when another one was begun since, NotFound."""
    row = _own(session, actor, draft_id)
    if row.status is DraftStatus.ABANDONED:
        if _open_draft(session, actor):
            raise Conflict("You have begun another draft since. Start over there first, then bring this one back.")
        _open(session, row)
        audit.record(session, actor, "DRAFT_RESTORE", entity="wizard_draft", entity_id=row.id)
    if row.status is not DraftStatus.DRAFT:
        raise _changed(session, actor, row)
    return _draft(session, actor, row)


@allows("agents:write")
def submit(session: Session, actor: Actor, draft_id: str, version: int) -> None:
    """Close the draft for its agent to be made. Raises Invalid with every wrong field (the draft stays open), Conflict, NotFound."""
    row = _own(session, actor, draft_id)
    if row.status in (DraftStatus.SUBMITTED, DraftStatus.PUBLISHED):
        return
    if row.status is not DraftStatus.DRAFT or row.version != version:
        raise _changed(session, actor, row)
    form = agent_form.checked(_draft(session, actor, row).answers.form)
    prompts.compose(form, surroundings.of(session, actor.organization_id))
    row.status, row.updated_at = DraftStatus.SUBMITTED, clock.now()


@allows("agents:write")
def publish(session: Session, actor: Actor, draft_id: str, version: int) -> agents.AgentView:
    """Make the draft's agent, in one transaction with the note that it was made; sent twice, it makes one. Raises as `submit` does."""
    row = _own(session, actor, draft_id)
    if row.status is DraftStatus.ABANDONED or (row.status is not DraftStatus.PUBLISHED and row.version != version):
        raise _changed(session, actor, row)
    view = agents.create(session, actor, _draft(session, actor, row).answers.form, submission=row.id)
    row.status, row.agent_id, row.updated_at = DraftStatus.PUBLISHED, view.id, clock.now()
    return view


def read(stored: Any, start: AgentForm) -> tuple[Answers, bool]:
    """Answers from whatever was stored, and whether all of it could be read. What is missing or broken is as in `start`."""
    known = _entries(stored)
    values = {field.name: _value(field.name, known.get(field.name), getattr(start, field.name)) for field in fields(AgentForm)}
    broken = [name for name in values if name in known and values[name] is None]
    form = AgentForm(**{name: getattr(start, name) if value is None else value for name, value in values.items()})
    notes = {name: known.get(name) for name in ("trade", "reached")}
    told = {name: value[:40] for name, value in notes.items() if isinstance(value, str)}
    return Answers(form, **told), isinstance(stored, dict) and not broken


def _value(name: str, value: Any, start: Any) -> Any:
    """What was stored for a field, of the field's type; None when it is of no use."""
    if name == "services":
        return tuple(item[:LONGEST] for item in _items(value)[:MOST_LINES] if isinstance(item, str)) if isinstance(value, list) else None
    if name == "faqs":
        return tuple(filter(None, map(_faq, _items(value)[: agent_form.MAX_FAQS]))) if isinstance(value, list) else None
    if isinstance(start, bool | int):
        return value if type(value) is type(start) and abs(value) <= MOST else None
    return value[:LONGEST] if isinstance(value, str) else None


def _faq(value: Any) -> Faq | None:
    pair = _entries(value)
    question, answer = pair.get("question", ""), pair.get("answer", "")
    readable = isinstance(question, str) and isinstance(answer, str) and (question or answer)
    return Faq(question[:LONGEST], answer[:LONGEST]) if readable else None


def _entries(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _content(answers: Answers) -> dict[str, Any]:
    """As it is stored. Raises Invalid when that is too much."""
    form = answers.form
    plain = {field.name: getattr(form, field.name) for field in fields(AgentForm)}
    pairs = [{"question": _clean(pair.question), "answer": _clean(pair.answer)} for pair in form.faqs if pair.question or pair.answer]
    content = {name: _clean(value) if isinstance(value, str) else value for name, value in plain.items()}
    content |= {"services": [_clean(service) for service in form.services], "faqs": pairs}
    content |= {"trade": answers.trade[:40], "reached": answers.reached[:40]}
    if len(json.dumps(content, ensure_ascii=False).encode()) > LARGEST:
        raise Invalid("This is more than a draft can hold. It is still on this page: please shorten the longest texts.")
    return content


def _clean(typed: str) -> str:
    return agent_form.UNREADABLE.sub("", typed)


def _begin(session: Session, actor: Actor, content: dict[str, Any], step: str) -> WizardDraft:
    row = WizardDraft(organization_id=actor.organization_id, user_id=actor.user_id, answers=content, step=step, format=FORMAT)
    _open(session, row)
    return row


def _open(session: Session, row: WizardDraft) -> None:
    """Make this the open draft. Raises Conflict when another tab opened one between our look and now."""
    try:
        with session.begin_nested():
            row.status, row.updated_at = DraftStatus.DRAFT, clock.now()
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise Conflict("A draft was begun in another tab just now.") from error


def _own(session: Session, actor: Actor, draft_id: str) -> WizardDraft:
    """This person's draft, locked. Raises NotFound, also for a colleague's."""
    mine = scoped(actor, WizardDraft).where(WizardDraft.id == draft_id, WizardDraft.user_id == actor.user_id)
    row = session.exec(mine.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("This draft does not exist any more.")
    return row


def _open_draft(session: Session, actor: Actor) -> WizardDraft | None:
    mine = scoped(actor, WizardDraft).where(WizardDraft.user_id == actor.user_id, WizardDraft.status == DraftStatus.DRAFT)
    return session.exec(mine.with_for_update()).one_or_none()


def _changed(session: Session, actor: Actor, row: WizardDraft) -> Conflict:
    zone, now = zone_of(session, actor), clock.now()
    at, today = row.updated_at.astimezone(zone), now.astimezone(zone)
    when = f"at {at.hour}:{at.minute:02d}" if at.date() == today.date() else f"on {moment(at, today)}"
    return Conflict(_CLOSED.get(row.status, f"This draft was changed in another tab {when}."))


def _draft(session: Session, actor: Actor, row: WizardDraft, *, was_interrupted: bool = False) -> Draft:
    answers, is_whole = read(row.answers, agents.blank(session, actor))
    is_partial = not is_whole or row.format != FORMAT
    return Draft(row.id, row.version, row.step, answers, row.updated_at, is_partial, was_interrupted)

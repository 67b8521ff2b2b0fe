"""Drafts of the wizard: one open for each person, never overwritten unseen, never lost, made into an agent once."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.errors import Conflict, Forbidden, Invalid, KametrixError, NotFound
from kametrix.models import Agent, AuditLog, DraftStatus, OrgRole, WizardDraft
from kametrix.services import agent_form as rules
from kametrix.services import agents, audit, wizard_drafts
from kametrix.services.access import Actor
from kametrix.services.agent_form import AgentForm, Faq
from kametrix.services.wizard_drafts import Answers, read
from tests import factories
from tests.forms import agent_form

FORM = agent_form()
NOON = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)


@pytest.fixture
def actor(session: Session) -> Actor:
    return factories.create_member(session)


def begin(session: Session, actor: Actor, **fields: Any) -> wizard_drafts.Draft:
    return wizard_drafts.save(session, actor, Answers(agent_form(**fields)), "hours", "", 0)


def rows(session: Session, actor: Actor) -> list[WizardDraft]:
    session.flush()
    return list(session.exec(select(WizardDraft).where(col(WizardDraft.user_id) == actor.user_id).order_by(col(WizardDraft.created_at))))


def test_what_was_answered_is_found_again_as_it_was(session: Session, actor: Actor) -> None:
    form = agent_form(
        description="", faqs=(Faq("Half a pair?", ""), Faq("", "Only an answer.")), services=("Cleaning ", ""), voice_id="gone"
    )
    wizard_drafts.save(session, actor, Answers(form, "dentist", "voice_id"), "faqs", "", 0)
    session.expire_all()
    draft = wizard_drafts.resume(session, actor)
    assert draft is not None
    assert (draft.answers, draft.step, draft.version) == (Answers(form, "dentist", "voice_id"), "faqs", 1)
    assert (draft.is_partial, draft.was_interrupted) == (False, False)


def test_a_later_save_over_the_same_version_is_a_conflict_that_says_when(session: Session) -> None:
    actor = factories.create_member(session, factories.create_organization(session, timezone="Europe/Berlin"))
    first = begin(session, actor)
    with clock.at(NOON):
        wizard_drafts.save(session, actor, Answers(agent_form(name="Theirs")), "name", first.id, first.version)
    with clock.at(NOON + timedelta(minutes=5)), pytest.raises(Conflict, match=r"changed in another tab at 13:03\.$"):
        wizard_drafts.save(session, actor, Answers(agent_form(name="Mine")), "name", first.id, first.version)
    with clock.at(NOON + timedelta(days=3)), pytest.raises(Conflict, match=r"on 20 Nov, 13:03\.$"):
        wizard_drafts.save(session, actor, Answers(agent_form(name="Mine")), "name", first.id, first.version)
    kept = wizard_drafts.resume(session, actor)
    assert kept is not None
    assert kept.answers.form.name == "Theirs"


def test_the_same_save_sent_twice_is_one(session: Session, actor: Actor) -> None:
    first, again = begin(session, actor), begin(session, actor)
    assert (first.id, first.version) == (again.id, again.version)
    saved = [wizard_drafts.save(session, actor, Answers(agent_form(name="Jo")), "name", first.id, 1) for _ in range(2)]
    assert [draft.version for draft in saved] == [2, 2]


def test_a_second_tab_that_begins_does_not_overwrite_the_first(session: Session, actor: Actor) -> None:
    begin(session, actor)
    with pytest.raises(Conflict):
        begin(session, actor, name="Other")
    assert len(rows(session, actor)) == 1


def test_two_tabs_that_begin_at_once_make_one_draft(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def tab(name: str) -> None:
        gate.wait()
        try:
            with db.transaction(actor) as session:
                begin(session, actor, name=name)
            outcomes.append("saved")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=tab, args=(f"Tab {index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 3 + ["saved"]


def test_started_over_is_put_away_can_come_back_and_is_told(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    wizard_drafts.abandon(session, actor, draft.id, draft.version)
    wizard_drafts.abandon(session, actor, draft.id, draft.version)
    assert wizard_drafts.resume(session, actor) is None
    with pytest.raises(Conflict, match="thrown away"):
        wizard_drafts.save(session, actor, Answers(FORM), "name", draft.id, draft.version)
    with pytest.raises(Conflict, match="thrown away"):
        wizard_drafts.publish(session, actor, draft.id, draft.version)
    assert wizard_drafts.restore(session, actor, draft.id).answers.form == FORM
    assert wizard_drafts.resume(session, actor) is not None
    acts = session.exec(select(AuditLog.action).where(col(AuditLog.actor_id) == actor.user_id)).all()
    assert sorted(acts) == ["DRAFT_ABANDON", "DRAFT_RESTORE"]


def test_a_newer_draft_is_not_pushed_aside_by_the_one_brought_back(session: Session, actor: Actor) -> None:
    old = begin(session, actor)
    wizard_drafts.abandon(session, actor, old.id, old.version)
    begin(session, actor, name="New")
    with pytest.raises(Conflict, match="another draft"):
        wizard_drafts.restore(session, actor, old.id)


def test_a_stale_tab_throws_nothing_away(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    wizard_drafts.save(session, actor, Answers(agent_form(name="Jo")), "name", draft.id, draft.version)
    with pytest.raises(Conflict):
        wizard_drafts.abandon(session, actor, draft.id, draft.version)


def test_closed_drafts_pile_up_without_a_limit(session: Session, actor: Actor) -> None:
    for close in (_abandon, _publish) * 3:
        close(session, actor, begin(session, actor))
    assert [row.status for row in rows(session, actor)] == [DraftStatus.ABANDONED, DraftStatus.PUBLISHED] * 3


def _abandon(session: Session, actor: Actor, draft: wizard_drafts.Draft) -> None:
    wizard_drafts.abandon(session, actor, draft.id, draft.version)


def _publish(session: Session, actor: Actor, draft: wizard_drafts.Draft) -> None:
    wizard_drafts.submit(session, actor, draft.id, draft.version)
    wizard_drafts.publish(session, actor, draft.id, draft.version)


def test_an_agent_is_made_once_and_the_draft_knows_it(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    wizard_drafts.submit(session, actor, draft.id, draft.version)
    assert rows(session, actor)[0].status is DraftStatus.SUBMITTED
    views = [wizard_drafts.publish(session, actor, draft.id, draft.version) for _ in range(3)]
    wizard_drafts.submit(session, actor, draft.id, draft.version)
    assert len({view.id for view in views}) == 1
    row = rows(session, actor)[0]
    assert (row.status, row.agent_id) == (DraftStatus.PUBLISHED, views[0].id)
    assert [agent.name for agent in session.exec(select(Agent).where(col(Agent.user_id) == actor.user_id))] == ["Mia"]
    with pytest.raises(Conflict, match="was made in another tab"):
        wizard_drafts.save(session, actor, Answers(FORM), "name", draft.id, draft.version)


def test_a_crash_before_the_agent_is_made_opens_the_draft_again_and_makes_one(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    wizard_drafts.submit(session, actor, draft.id, draft.version)
    again = wizard_drafts.resume(session, actor)
    assert again is not None
    assert (again.id, again.was_interrupted, again.answers.form) == (draft.id, True, FORM)
    assert rows(session, actor)[0].status is DraftStatus.DRAFT
    _publish(session, actor, again)
    assert len(session.exec(select(Agent).where(col(Agent.user_id) == actor.user_id)).all()) == 1


def test_a_crash_while_it_is_made_leaves_neither_agent_nor_note(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session)
        draft = begin(session, actor)
    with db.transaction(actor) as session:
        wizard_drafts.submit(session, actor, draft.id, draft.version)

    def power_cut(*_: Any, **__: Any) -> Any:
        raise RuntimeError("power cut")

    def published() -> None:
        with db.transaction(actor) as session:
            wizard_drafts.publish(session, actor, draft.id, draft.version)

    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", power_cut)
        with pytest.raises(RuntimeError):
            published()
    with db.transaction(actor) as session:
        assert session.exec(select(Agent)).all() == []
        assert wizard_drafts.resume(session, actor) is not None
        wizard_drafts.publish(session, actor, draft.id, draft.version)
    with db.transaction(actor) as session:
        assert len(session.exec(select(Agent)).all()) == 1


def test_an_agent_is_not_made_of_answers_another_tab_changed(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    wizard_drafts.save(session, actor, Answers(agent_form(name="Jo")), "name", draft.id, draft.version)
    for act in (wizard_drafts.submit, wizard_drafts.publish):
        with pytest.raises(Conflict):
            act(session, actor, draft.id, draft.version)


def test_a_draft_with_errors_stays_open_and_tells_all(session: Session, actor: Actor) -> None:
    draft = begin(session, actor, description="", faqs=(Faq("Open on Sunday?", ""),))
    with pytest.raises(Invalid) as refused:
        wizard_drafts.submit(session, actor, draft.id, draft.version)
    assert set(refused.value.errors) == {"description", "faqs.0.answer"}
    assert rows(session, actor)[0].status is DraftStatus.DRAFT


def test_a_draft_without_a_place_in_the_prompt_stays_open(session: Session, actor: Actor) -> None:
    draft = begin(session, actor, faqs=tuple(Faq(f"Question {index}?", "x" * 1400) for index in range(40)))
    with pytest.raises(Invalid, match="All texts together"):
        wizard_drafts.submit(session, actor, draft.id, draft.version)
    assert rows(session, actor)[0].status is DraftStatus.DRAFT


ACTS: dict[str, Callable[[Session, Actor, str], Any]] = {
    "save": lambda session, actor, draft: wizard_drafts.save(session, actor, Answers(FORM), "name", draft, 1),
    "abandon": lambda session, actor, draft: wizard_drafts.abandon(session, actor, draft, 1),
    "restore": lambda session, actor, draft: wizard_drafts.restore(session, actor, draft),
    "submit": lambda session, actor, draft: wizard_drafts.submit(session, actor, draft, 1),
    "publish": lambda session, actor, draft: wizard_drafts.publish(session, actor, draft, 1),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_draft_is_its_persons_own(session: Session, act: str) -> None:
    organization = factories.create_organization(session)
    actor, colleague = (factories.create_member(session, organization) for _ in range(2))
    draft = begin(session, actor, name="Private")
    for other in (colleague, factories.create_member(session)):
        with pytest.raises(NotFound):
            ACTS[act](session, other, draft.id)
        assert wizard_drafts.resume(session, other) is None
    assert rows(session, actor)[0].version == 1


@pytest.mark.parametrize("role", [OrgRole.AGENT, OrgRole.VIEWER])
def test_who_may_not_create_agents_has_no_drafts(session: Session, role: OrgRole) -> None:
    looker = factories.create_member(session, role=role)
    for act in (lambda: wizard_drafts.resume(session, looker), lambda: begin(session, looker)):
        with pytest.raises(Forbidden):
            act()


def test_more_than_a_draft_can_hold_is_refused_and_what_was_there_stays(session: Session, actor: Actor) -> None:
    draft = begin(session, actor)
    huge = agent_form(faqs=tuple(Faq("ä" * 9_999, "ö" * 9_999) for _ in range(50)))
    with pytest.raises(Invalid, match="more than a draft can hold"):
        wizard_drafts.save(session, actor, Answers(huge), "faqs", draft.id, draft.version)
    kept = wizard_drafts.resume(session, actor)
    assert kept is not None
    assert kept.answers.form == FORM


def test_the_longest_form_that_can_become_an_agent_fits(session: Session, actor: Actor) -> None:
    longest = {name: "漢" * limit for name, limit in rules.LIMITS.items()}
    form = agent_form(
        **longest, services=("漢" * rules.MAX_SERVICE,) * rules.MAX_SERVICES,
        faqs=tuple(Faq("漢" * rules.MAX_QUESTION, "漢" * rules.MAX_ANSWER) for _ in range(rules.MAX_FAQS)),
    )  # fmt: skip
    assert wizard_drafts.save(session, actor, Answers(form), "faqs", "", 0).answers.form == form


def test_characters_no_database_keeps_are_dropped(session: Session, actor: Actor) -> None:
    form = agent_form(name="Mi\x00a\ud800", services=("a\x00",), faqs=(Faq("\x00Q", "A\udfff"),))
    saved = wizard_drafts.save(session, actor, Answers(form, "den\x00tist"[:3]), "name", "", 0).answers.form
    assert (saved.name, saved.services, saved.faqs) == ("Mia", ("a",), (Faq("Q", "A"),))


def test_a_draft_of_an_older_version_is_read_as_far_as_it_can_be(session: Session, actor: Actor) -> None:
    old = {
        "business_name": "Aurora",
        "greeting": 7,
        "services": ["Cuts", 5, None],
        "faqs": [{"question": "Open?"}, "x"],
        "gone": {"a": [1]},
    }
    factories.create_draft(session, actor, answers=old, format=0, step="a question of old")
    draft = wizard_drafts.resume(session, actor)
    assert draft is not None
    blank = agents.blank(session, actor)
    wanted = replace(blank, business_name="Aurora", services=("Cuts",), faqs=(Faq("Open?", ""),))
    assert (draft.answers.form, draft.is_partial) == (wanted, True)
    saved = wizard_drafts.save(session, actor, draft.answers, "hours", draft.id, draft.version)
    assert not saved.is_partial
    assert rows(session, actor)[0].format == wizard_drafts.FORMAT


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
KEYS = ("name", "services", "faqs", "discloses_ai", "language", "timezone", "voice_id", "trade", "reached", "greeting", "other")
PAIRS = st.lists(st.fixed_dictionaries({}, optional={"question": JSON, "answer": JSON}) | JSON, max_size=3)
STORED = JSON | st.dictionaries(st.sampled_from(KEYS), JSON | PAIRS, max_size=8)


def test_a_draft_of_another_version_is_said_to_be_one_though_all_of_it_can_be_read(session: Session, actor: Actor) -> None:
    factories.create_draft(session, actor, answers={"business_name": "Aurora"}, format=wizard_drafts.FORMAT + 1)
    draft = wizard_drafts.resume(session, actor)
    assert draft is not None
    assert (draft.is_partial, draft.answers.form.business_name) == (True, "Aurora")


@given(STORED)
@settings(max_examples=100)
def test_no_stored_answers_whatever_cannot_be_read(stored: Any) -> None:
    start = agent_form()
    answers, _ = read(stored, start)
    form = answers.form
    for name in ("name", "business_name", "description", "hours", "voice_id", "greeting", "policies", "language", "timezone"):
        assert isinstance(getattr(form, name), str)
    assert isinstance(form.discloses_ai, bool)
    assert all(isinstance(service, str) for service in form.services)
    assert all(isinstance(pair, Faq) and isinstance(pair.question + pair.answer, str) for pair in form.faqs)
    assert len(form.faqs) <= rules.MAX_FAQS
    if isinstance(stored, dict) and isinstance(stored.get("name"), str):
        assert form.name == stored["name"]


class TwoTabs(RuleBasedStateMachine):
    """Two tabs of one person against a model: what is saved, by whom, and which draft is open."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.actor = factories.create_member(self.session)
        self.tabs: list[tuple[str, int, AgentForm]] = [("", 0, FORM), ("", 0, FORM)]
        self.truth: AgentForm | None = None
        self.thrown: list[tuple[str, AgentForm]] = []
        self.interrupted: dict[str, AgentForm] = {}
        self.published = 0
        self.names = 0

    def _row(self) -> WizardDraft | None:
        self.session.flush()
        self.session.expire_all()
        mine = select(WizardDraft).where(col(WizardDraft.user_id) == self.actor.user_id, WizardDraft.status == DraftStatus.DRAFT)
        return self.session.exec(mine).one_or_none()

    @rule(tab=st.integers(0, 1))
    def type(self, tab: int) -> None:
        self.names += 1
        draft_id, version, form = self.tabs[tab]
        self.tabs[tab] = (draft_id, version, replace(form, name=f"Name {self.names}"))

    @rule(tab=st.integers(0, 1))
    def save(self, tab: int) -> None:
        draft_id, version, form = self.tabs[tab]
        row = self._row()
        fits = row is None if not draft_id else row is not None and (row.id, row.version) == (draft_id, version)
        if row is None and draft_id in self.interrupted:
            fits = self.session.get_one(WizardDraft, draft_id).version == version
        same = row is not None and (not draft_id or row.id == draft_id) and form == self.truth
        try:
            draft = wizard_drafts.save(self.session, self.actor, Answers(form), "name", draft_id, version)
        except Conflict:
            assert not fits
            assert not same
            return
        assert fits or same
        self.interrupted.pop(draft.id, None)
        self.truth, self.tabs[tab] = form, (draft.id, draft.version, form)

    def _resume(self) -> tuple[str, int, AgentForm] | None:
        draft = wizard_drafts.resume(self.session, self.actor)
        if draft and self.truth is None:
            self.truth = self.interrupted.pop(draft.id)
            assert draft.was_interrupted
        assert (draft.answers.form if draft else None) == self.truth
        return (draft.id, draft.version, draft.answers.form) if draft else None

    @rule(tab=st.integers(0, 1))
    def take_theirs(self, tab: int) -> None:
        self.tabs[tab] = self._resume() or ("", 0, FORM)

    @rule(tab=st.integers(0, 1))
    def keep_mine(self, tab: int) -> None:
        draft_id, version, _ = self._resume() or ("", 0, FORM)
        form = self.tabs[tab][2]
        saved = wizard_drafts.save(self.session, self.actor, Answers(form), "name", draft_id, version)
        self.truth, self.tabs[tab] = form, (saved.id, saved.version, form)

    @precondition(lambda self: self.truth is not None)
    @rule(tab=st.integers(0, 1))
    def start_over(self, tab: int) -> None:
        draft_id, version, _ = self.tabs[tab]
        row = self._row()
        try:
            wizard_drafts.abandon(self.session, self.actor, draft_id, version)
        except (Conflict, NotFound):
            return
        if row and row.id == draft_id:
            assert row.version == version, "a stale tab threw away what it had not seen"
            assert self.truth is not None
            self.thrown.append((draft_id, self.truth))
            self.truth = None
        self.tabs[tab] = ("", 0, FORM)

    @precondition(lambda self: self.thrown)
    @rule()
    def bring_back(self) -> None:
        draft_id, form = self.thrown[-1]
        try:
            draft = wizard_drafts.restore(self.session, self.actor, draft_id)
        except Conflict:
            assert self.truth is not None
            return
        assert draft.answers.form == form
        self.thrown.pop()
        self.truth = form

    @rule(tab=st.integers(0, 1), crash=st.booleans())
    def create(self, tab: int, crash: bool) -> None:
        draft_id, version, _ = self.tabs[tab]
        row = self._row()
        is_open = row is not None and row.id == draft_id
        try:
            wizard_drafts.submit(self.session, self.actor, draft_id, version)
            if is_open and self.truth is not None:
                self.interrupted[draft_id], self.truth = self.truth, None
            if crash:
                return
            wizard_drafts.publish(self.session, self.actor, draft_id, version)
        except KametrixError:
            return
        if self.interrupted.pop(draft_id, None):
            self.published += 1

    @invariant()
    def one_open_draft_and_every_agent_once(self) -> None:
        statuses = [row.status for row in rows(self.session, self.actor)]
        assert statuses.count(DraftStatus.DRAFT) <= 1
        agents_made = self.session.exec(select(Agent).where(col(Agent.user_id) == self.actor.user_id)).all()
        assert len(agents_made) == statuses.count(DraftStatus.PUBLISHED) == self.published


def test_two_tabs_in_any_order_lose_nothing(session: Session) -> None:
    TwoTabs.session = session
    run_state_machine_as_test(TwoTabs, settings=settings(max_examples=15, stateful_step_count=20))


def test_the_database_itself_refuses_a_second_open_draft(session: Session, actor: Actor) -> None:
    begin(session, actor)
    columns = "organization_id, user_id, created_at, updated_at"
    copy = f"insert into wizard_draft (id, {columns}) select 'x', {columns} from wizard_draft where user_id = :me"
    with pytest.raises(Exception, match="wizard_draft_open"), session.begin_nested():
        session.execute(text(copy), {"me": actor.user_id})

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from kametrix import clock, db
from kametrix.crypto import token_hash, unseal
from kametrix.errors import Conflict, Forbidden, Invalid, NotFound
from kametrix.models import Agent, AuditLog, Organization, OrgRole, PhoneNumber, PhoneStatus, SyncState, TransactionType
from kametrix.services import agents, ledger, organization_settings
from kametrix.services.access import Actor
from kametrix.services.agents import AgentView
from tests.factories import create_agent, create_call, create_member, create_organization, create_phone_number
from tests.forms import agent_form

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def jobs(session: Session, name: str) -> list[dict[str, Any]]:
    found = session.connection().exec_driver_sql(
        "select args, lock, queueing_lock from procrastinate_jobs where task_name = %s and status = 'todo' order by id", (name,)
    )
    return [{**row.args, "lock": row.lock, "once": row.queueing_lock} for row in found]


def buy(session: Session, actor: Actor) -> None:
    ledger.post(
        session, organization_id=actor.organization_id, type=TransactionType.PURCHASE, amount=1000, key=f"pi:{actor.user_id}",
        description="Starter pack", user_id=actor.user_id, stripe_payment_id=f"pi_{actor.user_id}",
    )  # fmt: skip


def row_of(session: Session, view: AgentView) -> Agent:
    return session.get_one(Agent, view.id, populate_existing=True)


def test_a_new_agent_has_the_longest_free_number_and_is_on_its_way(session: Session) -> None:
    actor = create_member(session)
    create_phone_number(session, number="+14155550101", available_from=FRIDAY - timedelta(days=1))
    create_phone_number(session, number="+14155550102", available_from=FRIDAY - timedelta(days=9))
    create_phone_number(session, number="+14155550103", available_from=FRIDAY + timedelta(hours=1), created_at=FRIDAY - timedelta(days=30))
    with clock.at(FRIDAY):
        view = agents.create(session, actor, agent_form())
    assert (view.number, view.number_text, view.number_note) == ("+14155550102", "+1 415 555 0102", "")
    assert (view.sync_state, view.is_active, view.voice_name) == (SyncState.UPDATING, True, "Savannah")
    assert view.first_message.endswith(view.greeting)
    agent = row_of(session, view)
    assert jobs(session, "sync_agent") == [
        {"agent_id": agent.id, "attempt": 0, "lock": f"agent:{agent.id}", "once": f"sync_agent:{agent.id}"}
    ]
    assert token_hash(unseal(agent.webhook_token, place=f"agent.webhook_token.{agent.id}")) == agent.webhook_token_hash


def test_numbers_that_cannot_ring_are_not_given_away(session: Session) -> None:
    actor = create_member(session)
    create_phone_number(session, vapi_phone_id=None)
    create_phone_number(session, is_enabled=False)
    create_phone_number(session, status=PhoneStatus.RELEASED)
    view = agents.create(session, actor, agent_form())
    assert view.number is None
    assert "next one" in view.number_note


def test_before_the_first_purchase_the_second_agent_has_no_number_and_is_told_why(session: Session) -> None:
    actor = create_member(session)
    create_phone_number(session), create_phone_number(session)
    first, second = agents.create(session, actor, agent_form()), agents.create(session, actor, agent_form(name="Jo"))
    assert first.number
    assert second.number is None
    assert "first purchase" in second.number_note


def test_after_a_purchase_every_agent_has_its_own_number(session: Session) -> None:
    actor = create_member(session)
    buy(session, actor)
    create_phone_number(session), create_phone_number(session)
    assert len({agents.create(session, actor, agent_form()).number for _ in range(2)} - {None}) == 2


def test_a_form_sent_twice_makes_one_agent(session: Session) -> None:
    actor, other = create_member(session), create_member(session)
    first = agents.create(session, actor, agent_form(), submission="token-1")
    assert agents.create(session, actor, agent_form(name="Edited"), submission="token-1") == first
    assert agents.create(session, other, agent_form(), submission="token-1").id != first.id
    assert agents.create(session, actor, agent_form(), submission="token-2").id != first.id
    assert len(agents.all_of(session, actor)) == 2


def test_a_form_sent_again_after_its_agent_was_deleted_is_refused(session: Session) -> None:
    actor = create_member(session)
    agents.delete(session, actor, agents.create(session, actor, agent_form(), submission="token").id)
    with pytest.raises(Conflict):
        agents.create(session, actor, agent_form(), submission="token")


def test_the_form_comes_back_as_it_was_saved(session: Session) -> None:
    actor = create_member(session)
    form = agent_form(name="Zoë 👩🏽‍⚕️", business_name="مطعم الأرز", discloses_ai=False)
    view = agents.create(session, actor, form)
    assert agents.form_of(session, actor, view.id) == form


def test_a_form_somebody_else_saved_meanwhile_is_not_overwritten(session: Session) -> None:
    first = create_member(session, create_organization(session, timezone="Europe/Berlin"))
    second = create_member(session, session.get_one(Organization, first.organization_id), role=OrgRole.ADMIN, name="Robin Hale")
    view = agents.create(session, first, agent_form())
    opened = agents.version_of(agents.form_of(session, first, view.id))
    with clock.at(FRIDAY):
        agents.update(session, second, view.id, agent_form(greeting="Robin's greeting."), version=opened)
        with pytest.raises(Conflict) as told:
            agents.update(session, first, view.id, agent_form(greeting="My greeting."), version=opened)
    assert told.value.message == "Robin Hale saved this agent (Today, 13:00) while you were editing it."
    assert row_of(session, view).greeting == "Robin's greeting."
    seen = agents.version_of(agents.form_of(session, first, view.id))
    assert agents.update(session, first, view.id, agent_form(greeting="My greeting."), version=seen).greeting == "My greeting."


def test_one_s_own_other_window_is_told_as_such(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form())
    opened = agents.version_of(agents.form_of(session, actor, view.id))
    agents.update(session, actor, view.id, agent_form(greeting="One."), version=opened)
    with pytest.raises(Conflict, match="You saved this agent in another window"):
        agents.update(session, actor, view.id, agent_form(greeting="Two."), version=opened)


def test_a_switch_or_a_push_in_between_is_no_conflict_nor_is_the_same_change(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form())
    opened = agents.version_of(agents.form_of(session, actor, view.id))
    agents.set_active(session, actor, view.id, False)
    agents.retry(session, actor, view.id)
    agents.update(session, actor, view.id, agent_form(greeting="Same."), version=opened)
    assert agents.update(session, actor, view.id, agent_form(greeting=" Same. "), version=opened).greeting == "Same."


def test_a_zone_the_organization_moved_counts_as_a_change(session: Session) -> None:
    actor = create_member(session, create_organization(session, timezone="America/Los_Angeles"))
    view = agents.create(session, actor, agent_form())
    opened = agents.version_of(agents.form_of(session, actor, view.id))
    organization_settings.save_profile(session, actor, "Brightside", "Europe/Berlin", "en")
    with pytest.raises(Conflict):
        agents.update(session, actor, view.id, agent_form(greeting="Mine."), version=opened)


def test_of_many_who_save_at_once_one_wins_and_every_other_is_told(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        view = agents.create(session, actor, agent_form())
        opened = agents.version_of(agents.form_of(session, actor, view.id))

    def save(number: int) -> str:
        try:
            with db.transaction(actor) as session:
                return agents.update(session, actor, view.id, agent_form(greeting=f"Hello {number}."), version=opened).greeting
        except Conflict as error:
            return error.message

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(save, range(8)))
    won = [words for words in told if words.startswith("Hello")]
    assert len(won) == 1
    assert all("another window" in words for words in told if words not in won)
    with db.transaction() as session:
        assert session.get_one(Agent, view.id).greeting == won[0]


def test_a_blank_form_knows_the_organization(session: Session) -> None:
    actor = create_member(session, create_organization(session, name="Studio Nord", language="de", timezone="Europe/Berlin"))
    form = agents.blank(session, actor)
    assert (form.business_name, form.language, form.timezone) == ("Studio Nord", "de", "Europe/Berlin")
    assert form.greeting.startswith("Guten Tag")
    assert (form.discloses_ai, form.records_calls) == (True, True)


def test_a_change_is_a_new_revision_that_is_sent(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor, sync_state=SyncState.FAILED, sync_error="Refused")
    view = agents.update(session, actor, agent.id, agent_form(greeting="Welcome."))
    assert (view.greeting, view.sync_state, view.sync_error) == ("Welcome.", SyncState.UPDATING, None)
    assert row_of(session, view).revision == 2
    agents.update(session, actor, agent.id, agent_form(greeting="Welcome again."))
    assert len(jobs(session, "sync_agent")) == 1


def test_a_wrong_form_changes_nothing(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor)
    with pytest.raises(Invalid):
        agents.update(session, actor, agent.id, agent_form(name=""))
    with pytest.raises(Invalid):
        agents.create(session, actor, agent_form(voice_id="Spencer"))
    assert [view.name for view in agents.all_of(session, actor)] == ["Front desk"]
    assert jobs(session, "sync_agent") == []


def test_switching_is_sent_once(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor)
    assert agents.set_active(session, actor, agent.id, False).is_active is False
    agents.set_active(session, actor, agent.id, False)
    assert agent.revision == 2


def test_a_deleted_agent_leaves_its_calls_and_frees_its_number_after_a_while(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor)
    number, call = create_phone_number(session, agent), create_call(session, agent)
    with clock.at(FRIDAY):
        agents.delete(session, actor, agent.id)
        assert agents.create(session, actor, agent_form()).number is None
    assert (number.status, number.agent_id, number.organization_id) == (PhoneStatus.AVAILABLE, None, None)
    assert number.available_from == FRIDAY + timedelta(hours=24)
    assert jobs(session, "sync_agent")[0]["agent_id"] == agent.id
    assert jobs(session, "release_number")[0]["number_id"] == number.id
    assert len(jobs(session, "serve_waiting")) == 1
    assert call.agent_id == agent.id
    with pytest.raises(NotFound):
        agents.view(session, actor, agent.id)
    with pytest.raises(NotFound):
        agents.delete(session, actor, agent.id)


def test_trying_again_sends_it_now(session: Session) -> None:
    actor = create_member(session)
    agent = create_agent(session, actor, sync_state=SyncState.FAILED, sync_error="Refused")
    assert agents.retry(session, actor, agent.id).sync_state == SyncState.UPDATING
    assert jobs(session, "sync_agent")[0]["attempt"] == 0


def test_every_act_is_on_the_audit_trail(session: Session) -> None:
    actor = create_member(session)
    view = agents.create(session, actor, agent_form())
    agents.update(session, actor, view.id, agent_form(greeting="Hi."))
    agents.set_active(session, actor, view.id, False)
    agents.retry(session, actor, view.id)
    agents.delete(session, actor, view.id)
    session.flush()
    trail = session.exec(select(AuditLog).where(AuditLog.entity_id == view.id).order_by(col(AuditLog.created_at))).all()
    assert [row.action for row in trail] == ["AGENT_CREATE", "AGENT_UPDATE", "AGENT_TOGGLE_STATUS", "AGENT_RETRY", "AGENT_DELETE"]
    assert {row.actor_id for row in trail} == {actor.user_id}
    assert (trail[1].new_values or {})["greeting"] == "Hi."


def test_calls_of_the_week_count_from_monday_in_the_organization_s_zone(session: Session) -> None:
    actor = create_member(session, create_organization(session, timezone="Europe/Berlin"))
    agent = create_agent(session, actor)
    monday = datetime(2026, 11, 15, 23, tzinfo=UTC)
    for started_at in (monday - timedelta(seconds=1), monday, FRIDAY):
        create_call(session, agent, started_at=started_at)
    with clock.at(FRIDAY):
        assert agents.view(session, actor, agent.id).calls_this_week == 2


ACTS: list[Callable[[Session, Actor, str], Any]] = [
    lambda session, actor, agent_id: agents.update(session, actor, agent_id, agent_form()),
    lambda session, actor, agent_id: agents.set_active(session, actor, agent_id, False),
    agents.delete,
    agents.retry,
]
READS: list[Callable[[Session, Actor, str], Any]] = [agents.view, agents.form_of]


@pytest.mark.parametrize("act", [*ACTS, *READS])
def test_another_organization_s_agent_does_not_exist(session: Session, act: Callable[[Session, Actor, str], Any]) -> None:
    agent = create_agent(session, create_member(session))
    stranger = create_member(session)
    with pytest.raises(NotFound):
        act(session, stranger, agent.id)
    assert agents.all_of(session, stranger) == []
    assert (agent.revision, agent.deleted_at, agent.is_active) == (1, None, True)


@pytest.mark.parametrize("role", [OrgRole.VIEWER, OrgRole.AGENT])
def test_those_who_may_only_read_change_nothing(session: Session, role: OrgRole) -> None:
    organization = create_organization(session)
    agent = create_agent(session, create_member(session, organization))
    reader = create_member(session, organization, role=role)
    for act in (*ACTS, lambda session, actor, _: agents.create(session, actor, agent_form())):
        with pytest.raises(Forbidden):
            act(session, reader, agent.id)
    assert agents.view(session, reader, agent.id).name == "Front desk"


def test_under_row_security_an_agent_is_made_changed_and_deleted(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        number_id = create_phone_number(session).id
    with db.transaction(actor) as session:
        view = agents.create(session, actor, agent_form(), submission="one")
    with db.transaction(actor) as session:
        agents.update(session, actor, view.id, agent_form(name="Jo"))
        agents.set_active(session, actor, view.id, False)
    with db.transaction(actor) as session:
        agents.delete(session, actor, view.id)
    with db.transaction() as session:
        assert view.number == session.get_one(PhoneNumber, number_id).number
        assert session.get_one(PhoneNumber, number_id).status == PhoneStatus.AVAILABLE
        assert {job["agent_id"] for job in jobs(session, "sync_agent")} == {view.id}


def at_once(work: list[Callable[[], AgentView]]) -> list[AgentView]:
    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result() for future in [pool.submit(one) for one in work]]


def creating(actor: Actor, **given: Any) -> Callable[[], AgentView]:
    def work() -> AgentView:
        with db.transaction(actor) as session:
            return agents.create(session, actor, agent_form(), **given)

    return work


def test_twenty_organizations_at_once_share_ten_numbers(database: str) -> None:
    with db.transaction() as session:
        actors = [create_member(session) for _ in range(20)]
        for _ in range(10):
            create_phone_number(session)
    given = [view.number for view in at_once([creating(actor) for actor in actors])]
    assert len(given) == 20
    assert len({number for number in given if number}) == 10
    assert given.count(None) == 10


def test_one_organization_s_agents_made_at_once_take_one_number(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
        for _ in range(8):
            create_phone_number(session)
    given = [view.number for view in at_once([creating(actor)] * 8)]
    assert given.count(None) == 7


def test_a_form_sent_eight_times_at_once_makes_one_agent(database: str) -> None:
    with db.transaction() as session:
        actor = create_member(session)
    assert len({view.id for view in at_once([creating(actor, submission="same")] * 8)}) == 1


def test_the_view_tells_who_silenced_the_agent(session: Session) -> None:
    owner = create_member(session)
    agent = create_agent(session, owner)
    number = create_phone_number(session, agent)
    session.flush()
    seen = agents.view(session, owner, agent.id)
    assert (seen.is_number_on, seen.is_organization_answering) == (True, True)
    number.is_enabled = False
    session.get_one(Organization, owner.organization_id).ai_enabled = False
    session.flush()
    seen = agents.view(session, owner, agent.id)
    assert (seen.is_number_on, seen.is_organization_answering) == (False, False)

"""The pool in the operator's hands: entered, imported, given, taken, switched; told to the provider by the real client."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import Conflict, Invalid
from kametrix.jobs.agents import sync_agent
from kametrix.jobs.phone_numbers import release_number, sync_numbers
from kametrix.models import Agent, PhoneNumber, PhoneStatus, TransactionType
from kametrix.services import ledger, live, number_claims
from kametrix.services.access import Actor
from kametrix.services.admin import number_acts, number_entry, number_sync, numbers
from kametrix.services.admin.numbers import Kind
from kametrix.services.keyset import Place
from kametrix.services.phone_numbers import merge
from kametrix.settings import settings
from tests.factories import create_agent, create_member, create_operator, create_organization, create_phone_number
from tests.services.test_agents import jobs
from tests.vapi_fake import FakeVapi, running


@pytest.fixture
def vapi(database: str) -> Iterator[FakeVapi]:
    with running() as fake:
        os.environ["VAPI_BASE_URL"] = fake.url
        settings.cache_clear()
        yield fake
        live.flush()


@pytest.fixture
def operator(session: Session) -> Actor:
    return create_operator(session)


def fresh(session: Session, number: PhoneNumber) -> PhoneNumber:
    return session.get_one(PhoneNumber, number.id, populate_existing=True)


def test_a_number_entered_by_hand_waits_for_the_provider_and_is_matched(session: Session, operator: Actor) -> None:
    assert number_entry.add(session, operator, " +1 415 555 0101 ", "Front") == "+1 415 555 0101"
    [row] = numbers.page(session, operator, Kind.UNKNOWN, "", Place()).page.rows
    assert (row.number, row.name, row.is_known) == ("+14155550101", "Front", False)
    agent = create_agent(session, create_member(session))
    with pytest.raises(Conflict, match="does not know this number"):
        number_acts.assign(session, operator, row.id, agent.id)
    merge(session, [{"id": "pn", "number": "+14155550101", "status": "active"}])
    assert session.get_one(PhoneNumber, row.id, populate_existing=True).vapi_phone_id == "pn"


@pytest.mark.parametrize(
    "number", ["", "4155550101", "+1", "+0155550101", "tel:+14155550101", "+14155550101 ext 5", "+1415555010101010101"]
)
def test_what_is_no_number_is_told_at_the_field(session: Session, operator: Actor, number: str) -> None:
    with pytest.raises(Invalid) as refused:
        number_entry.add(session, operator, number, "")
    assert "number" in refused.value.errors


def test_a_number_that_is_known_is_told_with_who_has_it(session: Session, operator: Actor) -> None:
    for name, number in (("Mia", "+14155550101"), ("Ida", "+14155550102")):
        create_phone_number(session, create_agent(session, create_member(session), name=name), number=number)
    with pytest.raises(Conflict, match="belongs to Mia"):
        number_entry.add(session, operator, "+1 415 555 0101", "")


def test_every_line_of_an_import_is_accounted_for(session: Session, operator: Actor) -> None:
    create_phone_number(session, number="+14155550100")
    head, quoted = "\ufeffnumber,name\r\n", '"+14155550103","A, B"'
    text = f"{head}+14155550101,Front\n\n+1 (415) 555-0102; Back office\n+14155550101\nnonsense\n+14155550100\n{quoted}\n"
    done = number_entry.import_lines(session, operator, text)
    assert done.added == 3
    assert [(one.line, one.why) for one in done.known] == [(5, "Stands in line 2 already."), (7, "In the pool already.")]
    assert [(one.line, one.text) for one in done.invalid] == [(6, "nonsense")]
    names = dict(session.exec(select(PhoneNumber.number, PhoneNumber.friendly_name)).all())
    assert names["+14155550102"] == "Back office"


def test_ten_thousand_lines_are_added_together_and_one_more_is_refused(session: Session, operator: Actor) -> None:
    lines = [f"+1415{5550000 + place:07d},Line {place}" for place in range(10_000)]
    done = number_entry.import_lines(session, operator, "\n".join(lines))
    assert (done.added, done.known, done.invalid) == (10_000, (), ())
    for text in ("\n".join([*lines, "+14155559999"]), "+14155550101," + "x" * 1_000_000, " \n "):
        with pytest.raises(Invalid):
            number_entry.import_lines(session, operator, text)
    assert numbers.page(session, operator, None, "", Place()).counts[""] == 10_000


def test_a_number_is_given_once_and_to_an_agent_without_one(session: Session, operator: Actor) -> None:
    one, two = create_agent(session, create_member(session), name="Mia"), create_agent(session, create_member(session), name="Ida")
    free, other, off = create_phone_number(session), create_phone_number(session), create_phone_number(session, is_enabled=False)
    assert {candidate.name for candidate in numbers.candidates(session, operator, "")} == {"Mia", "Ida"}
    assert number_acts.assign(session, operator, free.id, one.id).organizations == (one.organization_id,)
    for number, agent, why in ((other, one, "has .* already"), (free, two, "belongs to Mia"), (off, two, "switched off")):
        with pytest.raises(Conflict, match=why):
            number_acts.assign(session, operator, number.id, agent.id)
    assert [job["agent_id"] for job in jobs(session, "sync_agent")] == [one.id]
    assert [candidate.name for candidate in numbers.candidates(session, operator, "id")] == ["Ida"]


def test_a_number_that_changed_hands_meanwhile_is_not_taken_from_the_next(session: Session, operator: Actor) -> None:
    first, second = create_agent(session, create_member(session)), create_agent(session, create_member(session))
    number = create_phone_number(session, first)
    number_claims.free(session, first.id)
    number_acts.assign(session, operator, number.id, second.id)
    for act in (number_acts.release, number_acts.withdraw):
        with pytest.raises(Conflict, match="changed hands"):
            act(session, operator, number.id, agent_id=first.id)
    assert fresh(session, number).agent_id == second.id


def test_a_number_is_taken_from_the_agent_that_has_it_and_no_other(session: Session, operator: Actor) -> None:
    agent = create_agent(session, create_member(session))
    held, other = create_phone_number(session, agent), create_phone_number(session)
    with pytest.raises(Conflict, match="changed hands"):
        number_acts.release(session, operator, other.id, agent_id=agent.id)
    assert fresh(session, held).agent_id == agent.id


def test_a_withdrawn_number_stays_out_until_it_is_switched_on(session: Session, operator: Actor) -> None:
    agent = create_agent(session, create_member(session))
    number = create_phone_number(session, agent, number="+14155550101", vapi_phone_id="pn")
    number_acts.withdraw(session, operator, number.id, agent_id=agent.id)
    merge(session, [{"id": "pn", "number": "+14155550101", "status": "active"}])
    assert (fresh(session, number).status, number.is_enabled, number.agent_id) == (PhoneStatus.RELEASED, False, None)
    number_acts.set_enabled(session, operator, number.id, True)
    assert fresh(session, number).status == PhoneStatus.AVAILABLE


@pytest.mark.parametrize("search", ["mia", "fjord", "main line", "555 0101"])
def test_a_number_is_shown_with_who_has_it_and_found_by_that(session: Session, operator: Actor, search: str) -> None:
    owner = create_member(session, create_organization(session, name="Fjord Cycles"))
    mia = create_agent(session, owner, name="Mia")
    create_phone_number(session, mia, number="+14155550101", friendly_name="Main line")
    create_phone_number(session, create_agent(session, create_member(session), name="Ida"), number="+14155550199")
    [row] = numbers.page(session, operator, None, search, Place()).page.rows
    assert (row.number, row.agent, row.organization) == ("+14155550101", "Mia", "Fjord Cycles")


def test_a_number_that_is_off_is_given_to_nobody(session: Session, operator: Actor) -> None:
    number = create_phone_number(session)
    number_acts.set_enabled(session, operator, number.id, False)
    assert number_claims.claim(session, create_agent(session, create_member(session))) is None


def test_a_number_switched_on_again_serves_who_waits(session: Session, operator: Actor) -> None:
    number = create_phone_number(session, is_enabled=False)
    number_acts.set_enabled(session, operator, number.id, True)
    assert len(jobs(session, "serve_waiting")) == 1


def test_a_comparison_the_provider_did_not_answer_may_be_begun_again(session: Session, operator: Actor) -> None:
    number_sync.begin(session, operator)
    number_sync.give_up(session, operator)
    number_sync.begin(session, operator)


def test_a_comparison_that_died_is_in_the_way_for_two_minutes(session: Session, operator: Actor) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with clock.at(noon):
        number_sync.begin(session, operator)
    with clock.at(noon + timedelta(seconds=119)), pytest.raises(Conflict, match="running already"):
        number_sync.begin(session, operator)
    with clock.at(noon + timedelta(minutes=2)):
        number_sync.begin(session, operator)


def test_a_second_comparison_while_one_runs_is_told(database: str) -> None:
    with db.transaction() as session:
        operator = create_operator(session)
        number_sync.begin(session, operator)
    with pytest.raises(Conflict, match="running already"), db.transaction() as session:
        number_sync.begin(session, operator)
    with db.transaction() as session:
        count = number_sync.merge(session, operator, [])
    assert (count.added, count.total) == (0, 0)
    with db.transaction() as session:
        number_sync.begin(session, operator)


def paying_agent() -> tuple[Actor, Agent]:
    """An agent that answers without asking us: its organization bought once."""
    with db.transaction() as session:
        owner = create_member(session)
        ledger.post(
            session, organization_id=owner.organization_id, type=TransactionType.PURCHASE, amount=1000, key=f"pi:{owner.user_id}",
            description="Starter pack", user_id=owner.user_id, stripe_payment_id=f"pi_{owner.user_id}",
        )  # fmt: skip
        return create_operator(session), create_agent(session, owner, vapi_assistant_id=None)


def test_what_the_operator_decides_reaches_the_provider(vapi: FakeVapi) -> None:
    operator, agent = paying_agent()
    listed = vapi.add_number("+14155550123")
    with db.transaction() as session:
        number_entry.add(session, operator, "+14155550123", "")
        number_id = session.exec(select(PhoneNumber.id)).one()
        session.get_one(Agent, agent.id).is_active = True
        create_phone_number(session, session.get_one(Agent, agent.id), number="+14155550199", vapi_phone_id=None)
    sync_numbers(0)  # the agent has a number, so the new one stays free
    with db.transaction() as session:
        own = session.exec(select(PhoneNumber).where(PhoneNumber.number == "+14155550199")).one()
        number_acts.withdraw(session, operator, own.id, agent_id=agent.id)
        number_acts.assign(session, operator, number_id, agent.id)
    sync_agent(agent.id)
    with db.transaction() as session:
        assistant = session.get_one(Agent, agent.id).vapi_assistant_id
    assert assistant
    assert vapi.numbers[listed["id"]].get("assistantId") == assistant
    for is_on in (False, True):
        with db.transaction() as session:
            number_acts.set_enabled(session, operator, number_id, is_on)
        sync_agent(agent.id)
        shown = vapi.numbers[listed["id"]]
        assert (shown.get("assistantId"), bool((shown.get("server") or {}).get("url"))) == ((assistant, True) if is_on else (None, False))
    with db.transaction() as session:
        number_acts.release(session, operator, number_id, agent_id=agent.id)
    release_number(number_id)
    assert vapi.numbers[listed["id"]].get("assistantId") is None
    assert not (vapi.numbers[listed["id"]].get("server") or {}).get("url")

"""The audit trail as people read it: an organization's own, and the platform's; in words, with what changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import Invalid
from kametrix.models import AuditLog
from kametrix.services import audit, audit_trail
from kametrix.services.access import Actor
from kametrix.services.admin import audit_log
from kametrix.services.audit_rows import Wanted, days
from kametrix.services.audit_words import Change
from kametrix.services.keyset import Place
from tests import factories
from tests.services.test_calls import counted_rows

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVERYTHING = Wanted()


def changed(session: Session, actor: Actor, at: datetime = NOON) -> str:
    agent = factories.create_agent(session, actor, name="Mia")
    with clock.at(at):
        old, new = {"greeting": "Hello", "name": "Mia", "revision": 1}, {"greeting": "Good day", "name": "Mia", "revision": 2}
        audit.record(session, actor, "AGENT_UPDATE", entity="agent", entity_id=agent.id, old=old, new=new)
    session.flush()
    return agent.id


def test_an_act_is_told_in_a_sentence_with_what_changed(session: Session) -> None:
    owner = factories.create_member(session, email="robin@example.com")
    changed(session, owner)
    [row] = audit_trail.page(session, owner, EVERYTHING, Place()).rows
    assert row.sentence == "robin@example.com changed the agent Mia: greeting"
    assert row.changes == (Change("Greeting", "Hello", "Good day"),)


def test_a_page_reads_the_names_it_shows_and_no_others(session: Session) -> None:
    owner = factories.create_member(session)
    changed(session, owner)

    def rows() -> int:
        with counted_rows(session) as brought:
            audit_trail.page(session, owner, EVERYTHING, Place())
        return sum(brought)

    alone = rows()
    for _ in range(5):
        factories.create_phone_number(session, factories.create_agent(session, owner))
    assert rows() == alone


def test_an_organization_reads_its_own_trail_and_no_other(database: str) -> None:
    with db.transaction() as session:
        mine, theirs = factories.create_member(session), factories.create_member(session)
        changed(session, mine), changed(session, theirs)
    with db.transaction(mine) as session:
        rows = audit_trail.page(session, mine, EVERYTHING, Place()).rows
        assert [row.actor_id for row in rows] == [mine.user_id]
        assert audit_trail.page(session, mine, Wanted(organization=theirs.organization_id), Place()).rows == []
        assert audit_trail.page(session, mine, Wanted(person=theirs.user_id), Place()).rows == []


def test_an_organization_does_not_learn_which_operator_acted_nor_from_where(session: Session) -> None:
    owner, operator = factories.create_member(session), factories.create_operator(session)
    audit.record(
        session, Actor(operator.user_id, operator.email, "", operator.role, frozenset(), "203.0.113.9", "Firefox/1"), "AGENT_RETRY",
        entity="agent", entity_id="a", organization_id=owner.organization_id, by_operator=True,
    )  # fmt: skip
    session.flush()
    [row] = audit_trail.page(session, owner, EVERYTHING, Place()).rows
    assert (row.who, row.actor_id, row.place) == ("Kametrix", "", "")
    [full] = audit_log.page(session, operator, EVERYTHING, Place()).rows
    assert (full.who, full.actor_id, full.place) == (operator.email, operator.user_id, "203.0.113.9, Firefox")


def test_filters_narrow_the_log(session: Session) -> None:
    operator = factories.create_operator(session)
    robin, ruth = factories.create_member(session, email="robin@example.com"), factories.create_member(session, email="ruth@example.com")
    agent_id = changed(session, robin)
    changed(session, ruth, NOON + timedelta(days=1))

    def who(wanted: Wanted) -> list[str]:
        return [row.who for row in audit_log.page(session, operator, wanted, Place()).rows]

    assert who(EVERYTHING) == ["ruth@example.com", "robin@example.com"]
    for wanted in (
        Wanted(actor="ROBIN"), Wanted(person=robin.user_id), Wanted(person=agent_id), Wanted(organization=robin.organization_id),
        Wanted(entity="agent", entity_id=agent_id), Wanted(until=NOON + timedelta(hours=1)),
    ):  # fmt: skip
        assert who(wanted) == ["robin@example.com"], wanted
    assert who(Wanted(since=NOON + timedelta(hours=1))) == ["ruth@example.com"]
    later = NOON + timedelta(days=1)
    assert (who(Wanted(since=later)), who(Wanted(until=later))) == (["ruth@example.com"], ["robin@example.com"])
    assert who(Wanted(action="AGENT_DELETE")) == who(Wanted(actor="%")) == []


def test_a_day_begins_and_ends_in_the_readers_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    since, until = days("2026-03-29", "2026-03-29", zone)  # the clocks go forward: 23 hours
    assert since
    assert until
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=23)
    assert days("", "", zone) == (None, None)
    for broken in ("yesterday", "2026-02-31", "9999-12-31x"):
        with pytest.raises(Invalid):
            days(broken, "", zone)
    with pytest.raises(Invalid):
        days("", "9999-12-31", zone)


def test_refusals_are_noted_a_few_times_and_no_more(session: Session) -> None:
    member = factories.create_member(session)
    for _ in range(20):
        audit.denied(session, member, "OverviewState.load")
    session.flush()
    rows = session.exec(select(AuditLog).where(AuditLog.action == "ACCESS_DENIED")).all()
    assert (len(rows), rows[0].actor_id, rows[0].organization_id) == (5, member.user_id, None)
